/* What the C tests share: checks that count, and arrays to compare. */
#ifndef CHECK_H
#define CHECK_H

#include <dicod.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int checks, failures;

static int check(int holds, const char *file, int line, const char *what)
{
    checks++;
    if (!holds) {
        failures++;
        printf("%s:%d: %s\n", file, line, what);
    }
    return holds;
}
#define CHECK(condition) check((condition) != 0, __FILE__, __LINE__, #condition)

static inline void check_status(dicod_status got, dicod_status wanted, const char *text, const char *file, int line, const char *what)
{
    char message[400] = "";
    if (got < 0) dicod_last_error(sizeof message, message, NULL);
    /* what is worded for each language is marked inside */
    check(strpbrk(message, "\001\002\003") == NULL, file, line, "a message without marks");
    if (!check(got == wanted, file, line, what)) printf("  status %d (%s): %s\n", (int)got, dicod_strerror(got), message);
    if (text && !check(strstr(message, text) != NULL, file, line, what)) printf("  the message does not name \"%s\": %s\n", text, message);
}
#define OK(call) check_status((call), DICOD_OK, NULL, __FILE__, __LINE__, #call)
#define STATUS(wanted, call) check_status((call), (wanted), NULL, __FILE__, __LINE__, #call)
/* an error whose message holds `text` */
#define FAILS(wanted, text, call) check_status((call), (wanted), (text), __FILE__, __LINE__, #call)

/* a problem from lists of lengths; PROBLEM has its address, for as long as a call takes */
static inline dicod_problem problem_of(int64_t n_axes, const int64_t *signal_shape, int64_t n_signals, int64_t n_channels, int64_t n_atoms,
                                       const int64_t *atom_shape)
{
    dicod_problem problem = DICOD_PROBLEM_INIT;
    problem.n_axes = n_axes;
    for (int64_t a = 0; a < (n_axes <= 3 ? n_axes : 0); a++)
        problem.signal_shape[a] = signal_shape[a], problem.atom_shape[a] = atom_shape[a];
    problem.n_atoms = n_atoms, problem.n_channels = n_channels, problem.n_signals = n_signals;
    return problem;
}
#define PROBLEM(...) ((dicod_problem[1]){problem_of(__VA_ARGS__)})

/* an array that was described to be written, to be read */
static inline dicod_const_array const_of(const dicod_array *a)
{
    return (dicod_const_array){a->struct_size,  a->element_type, a->n_axes,
                               a->global_shape, a->offset,       a->local_shape,
                               a->strides,      a->n_channels,   (const void *const *)a->channels};
}
#define READ(array) ((dicod_const_array[1]){const_of(array)})

/* compares with the numbers that follow `n` */
#define EQUAL(got, ...) \
    do { \
        const int64_t wanted_[] = {__VA_ARGS__}; \
        CHECK(memcmp((got), wanted_, sizeof wanted_) == 0); \
    } while (0)

#define CLOSE(a, b, tolerance) CHECK(fabs((double)(a) - (double)(b)) <= (tolerance))

static int report(const char *name)
{
    printf("%s: %d checks, %d failures\n", name, checks, failures);
    return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}

#endif
