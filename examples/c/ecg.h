/* An electrocardiogram: the recording in examples/data. */
#ifndef ECG_H
#define ECG_H

#include <stdint.h>

enum {
    RATE = 360, /* samples a second */
    BEAT = 250  /* samples of a beat: 0.7 s */
};

/* Reads a one-dimensional .npy file of 16-bit counts, `least` of them at least; gives back millivolt. */
double *ecg_read(const char *path, int64_t least, int64_t *length);

/* The baseline is the median over one second, smoothed: beats are short, they do not move it. */
void ecg_remove_baseline(double *x, int64_t n);

double median(const double *values, int64_t n);

/* Mean over 2 * reach + 1 samples around each; where the signal ends, over those that there are. */
double *running_mean(const double *x, int64_t n, int64_t reach);

#endif
