/* The same calls from C: what the Julia tests compare with, byte by byte. Options come as lines "key type value...". */
#include <dicod.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static dicod_status set(dicod_options *options, const char *key, const char *type, const char *value)
{
    double reals[64];
    int64_t integers[64];
    int64_t n = 0;
    if (!strcmp(type, "string")) return dicod_options_set_string(options, key, value);
    for (char *end; *value; value = end, ++n) {
        reals[n] = strtod(value, &end);
        integers[n] = strtoll(value, NULL, 10);
        if (end == value || n == 63) return DICOD_ERROR_INVALID_ARGUMENT;
    }
    if (!strcmp(type, "real")) return dicod_options_set_real(options, key, reals[0]);
    if (!strcmp(type, "integer")) return dicod_options_set_integer(options, key, integers[0]);
    if (!strcmp(type, "reals")) return dicod_options_set_reals(options, key, n, reals);
    return dicod_options_set_integers(options, key, n, integers);
}

static dicod_status options_of(const char *text, dicod_options **options)
{
    char line[512], key[64], type[16];
    int used;
    dicod_status status = dicod_options_create(options);
    while (status == DICOD_OK && *text) {
        const size_t length = strcspn(text, "\n");
        if (length >= sizeof line) return DICOD_ERROR_INVALID_ARGUMENT;
        memcpy(line, text, length);
        line[length] = 0;
        text += length + (text[length] == '\n');
        if (sscanf(line, "%63s %15s %n", key, type, &used) != 2) return DICOD_ERROR_INVALID_ARGUMENT;
        status = set(*options, key, type, line + used);
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

dicod_status reference_solve(const char *text, int32_t bits, int64_t n_axes, const int64_t *signal, int64_t n_signals, int64_t n_channels,
                             int64_t n_atoms, const int64_t *atom, const void *x, const void *d, void *z, dicod_info *info)
{
    const dicod_problem problem = problem_of(n_axes, signal, n_signals, n_channels, n_atoms, atom);
    dicod_options *options = NULL;
    dicod_status status = options_of(text, &options);
    if (status == DICOD_OK && bits == 64) status = dicod_solve(NULL, options, &problem, x, d, z, info);
    else if (status == DICOD_OK) status = dicod_solve_f32(NULL, options, &problem, x, d, z, info);
    dicod_options_free(&options);
    return status;
}

dicod_status reference_learn(const char *text, int32_t bits, int64_t n_axes, const int64_t *signal, int64_t n_signals, int64_t n_channels,
                             int64_t n_atoms, const int64_t *atom, const void *x, void *d, void *z, dicod_learn_info *info)
{
    const dicod_problem problem = problem_of(n_axes, signal, n_signals, n_channels, n_atoms, atom);
    dicod_options *options = NULL;
    dicod_status status = options_of(text, &options);
    if (status == DICOD_OK && bits == 64) status = dicod_learn(NULL, options, &problem, x, NULL, NULL, d, z, info);
    else if (status == DICOD_OK) status = dicod_learn_f32(NULL, options, &problem, x, NULL, NULL, d, z, info);
    dicod_options_free(&options);
    return status;
}
