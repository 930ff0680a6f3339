/* What one call of dicod_solve() takes from C, in seconds: for benches/overhead.f90 and overhead.jl (make bench-calls). */
#define _POSIX_C_SOURCE 200809L
#include <dicod.h>
#include <stddef.h>
#include <time.h>

/* The mean of some calls with the option reg, or with no options if that is negative: one signal, channel, atom and axis. */
double seconds_in_c(int64_t signal, int64_t atom, const double *x, const double *d, double *z, double reg, int64_t calls)
{
    dicod_options *options = NULL;
    if (reg >= 0) {
        dicod_options_create(&options);
        dicod_options_set_real(options, "reg", reg);
    }
    const dicod_problem problem = DICOD_PROBLEM_1D(signal, 1, atom);
    struct timespec begin, end;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    for (int64_t i = 0; i < calls; i++) {
        dicod_info info = DICOD_INFO_INIT;
        dicod_solve(NULL, options, &problem, x, d, z, &info);
    }
    clock_gettime(CLOCK_MONOTONIC, &end);
    dicod_options_free(&options);
    return ((double)(end.tv_sec - begin.tv_sec) + 1e-9 * (double)(end.tv_nsec - begin.tv_nsec)) / (double)calls;
}
