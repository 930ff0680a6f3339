/* The same calls from C: what the Fortran tests compare with, byte by byte. */
#include <dicod.h>
#include <string.h>

static dicod_options *options_with(double reg, int64_t positive, int64_t n_axes, const int64_t *periodic)
{
    dicod_options *options = NULL;
    dicod_options_create(&options);
    dicod_options_set_real(options, "reg", reg);
    dicod_options_set_integer(options, "positive", positive);
    dicod_options_set_integers(options, "periodic", periodic ? n_axes : 0, periodic);
    return options;
}

dicod_status reference_solve(int64_t n_axes, const int64_t *signal, int64_t n_signals, int64_t n_channels, int64_t n_atoms,
                             const int64_t *atom, const double *x, const double *d, double reg, int64_t positive,
                             const int64_t *periodic, double *z, dicod_info *info)
{
    dicod_options *options = options_with(reg, positive, n_axes, periodic);
    const dicod_status status = dicod_solve(NULL, options, n_axes, signal, n_signals, n_channels, n_atoms, atom, x, d, z, info);
    dicod_options_free(&options);
    return status;
}

dicod_status reference_solve_f32(int64_t n_axes, const int64_t *signal, int64_t n_signals, int64_t n_channels, int64_t n_atoms,
                                 const int64_t *atom, const float *x, const float *d, double reg, int64_t positive,
                                 const int64_t *periodic, float *z, dicod_info *info)
{
    dicod_options *options = options_with(reg, positive, n_axes, periodic);
    const dicod_status status = dicod_solve_f32(NULL, options, n_axes, signal, n_signals, n_channels, n_atoms, atom, x, d, z, info);
    dicod_options_free(&options);
    return status;
}

dicod_status reference_learn(int64_t n_axes, const int64_t *signal, int64_t n_signals, int64_t n_channels, int64_t n_atoms,
                             const int64_t *atom, const double *x, int64_t max_iter, double *d, double *z)
{
    dicod_options *options = NULL;
    dicod_options_create(&options);
    dicod_options_set_integer(options, "learn_max_iter", max_iter);
    const dicod_status status = dicod_learn(NULL, options, n_axes, signal, n_signals, n_channels, n_atoms, atom, x, NULL, NULL, d,
                                            z, NULL);
    dicod_options_free(&options);
    return status;
}
