/* The same calls from C: what the Fortran tests compare with, byte by byte. Options are text: "reg=0.2 periodic=0,1". */
#include <dicod.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static dicod_status set(dicod_options *options, const char *key, char *value)
{
    int64_t n_options = 0, n = 0, integers[8];
    double reals[8];
    dicod_option_info info = DICOD_OPTION_INFO_INIT;
    dicod_options_get_count(&n_options);
    for (int64_t i = 0; i < n_options; i++) {
        dicod_options_describe(i, &info);
        if (strcmp(info.key, key) == 0) break;
    }
    if (strcmp(info.value_type, "string") == 0) return dicod_options_set_string(options, key, value);
    const int real = strncmp(info.value_type, "real", 4) == 0;
    for (char *one = strtok(value, ","); one; one = strtok(NULL, ",")) {
        if (real) reals[n++] = strtod(one, NULL);
        else integers[n++] = strtoll(one, NULL, 10);
    }
    const int many = info.value_type[strlen(info.value_type) - 1] == 's';
    if (real) return many ? dicod_options_set_reals(options, key, n, reals) : dicod_options_set_real(options, key, reals[0]);
    return many ? dicod_options_set_integers(options, key, n, integers) : dicod_options_set_integer(options, key, integers[0]);
}

static dicod_status options_of(const char *text, dicod_options **options)
{
    char copy[400];
    strcpy(copy, text);
    dicod_status status = dicod_options_create(options);
    for (char *rest = copy; status == 0 && *rest;) {
        char *key = rest, *value = strchr(rest, '=');
        *value++ = 0;
        rest = value + strcspn(value, " ");
        if (*rest) *rest++ = 0;
        status = set(*options, key, value);
    }
    return status;
}

static dicod_problem problem_of(int64_t n_axes, const int64_t *signal, int64_t n_signals, int64_t n_channels, int64_t n_atoms,
                                const int64_t *atom)
{
    dicod_problem problem = DICOD_PROBLEM_INIT;
    problem.n_axes = n_axes;
    memcpy(problem.signal_shape, signal, (size_t)n_axes * sizeof *signal);
    memcpy(problem.atom_shape, atom, (size_t)n_axes * sizeof *atom);
    problem.n_signals = n_signals, problem.n_channels = n_channels, problem.n_atoms = n_atoms;
    return problem;
}

#define REFERENCES(real, suffix) \
    dicod_status reference_solve##suffix(const char *text, int64_t n_axes, const int64_t *signal, int64_t n_signals, int64_t n_channels, \
                                         int64_t n_atoms, const int64_t *atom, const real *x, const real *d, real *z, dicod_info *info) \
    { \
        const dicod_problem problem = problem_of(n_axes, signal, n_signals, n_channels, n_atoms, atom); \
        dicod_options *options = NULL; \
        dicod_status status = options_of(text, &options); \
        if (status == 0) status = dicod_solve##suffix(NULL, options, &problem, x, d, z, info); \
        dicod_options_free(&options); \
        return status; \
    } \
    dicod_status reference_learn##suffix(const char *text, int64_t n_axes, const int64_t *signal, int64_t n_signals, int64_t n_channels, \
                                         int64_t n_atoms, const int64_t *atom, const real *x, real *d, real *z) \
    { \
        const dicod_problem problem = problem_of(n_axes, signal, n_signals, n_channels, n_atoms, atom); \
        dicod_options *options = NULL; \
        dicod_status status = options_of(text, &options); \
        if (status == 0) status = dicod_learn##suffix(NULL, options, &problem, x, NULL, NULL, d, z, NULL); \
        dicod_options_free(&options); \
        return status; \
    }
REFERENCES(double, )
REFERENCES(float, _f32)
