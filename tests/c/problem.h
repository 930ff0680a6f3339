/* A small random problem, and its model written out in plain loops to compare with. */
#ifndef PROBLEM_H
#define PROBLEM_H

#include "check.h"

enum { T0 = 16, T1 = 14, L0 = 3, L1 = 4, P = 2, K = 3, V0 = T0 - L0 + 1, V1 = T1 - L1 + 1 };
enum { NX = P * T0 * T1, ND = K * P * L0 * L1, NZ = K * V0 * V1, NG = K * K * (2 * L0 - 1) * (2 * L1 - 1) };

static const int64_t signal_shape[2] = {T0, T1}, atom_shape[2] = {L0, L1};

/* blocks that are in no domain, those with negative lengths first: offset, shape */
enum { N_NEGATIVE = 3, N_BAD_BLOCKS = 9 };
#define HALF (INT64_C(1) << 62)
static const int64_t bad_blocks[N_BAD_BLOCKS][2][2] = {
    {{0, 0}, {-1, 3}},        {{0, 0}, {3, -3}},        {{0, 0}, {0, -1}},
    {{5, 0}, {INT64_MAX, 3}}, {{0, INT64_MAX}, {3, 1}}, {{HALF, 0}, {HALF, 3}},
    {{-1, 0}, {3, 3}},        {{0, INT64_MIN}, {1, 1}}, {{INT64_MAX, INT64_MAX}, {INT64_MAX, INT64_MAX}},
};

/* uniform in -1..1, always the same */
static inline void fill(double *values, int n, unsigned seed)
{
    uint64_t state = seed;
    for (int i = 0; i < n; i++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        values[i] = (double)(state >> 33) / 1073741824.0 - 1.0;
    }
}

static inline void to_float(const double *from, float *to, int n)
{
    for (int i = 0; i < n; i++) to[i] = (float)from[i];
}

static inline void model(const double *d, const double *z, double *x)
{
    memset(x, 0, NX * sizeof *x);
    for (int k = 0; k < K; k++)
        for (int i = 0; i < V0; i++)
            for (int j = 0; j < V1; j++)
                for (int p = 0; p < P; p++)
                    for (int a = 0; a < L0; a++)
                        for (int b = 0; b < L1; b++)
                            x[(p * T0 + i + a) * T1 + j + b] += z[(k * V0 + i) * V1 + j] * d[((k * P + p) * L0 + a) * L1 + b];
}

/* sum over channels of d_k at (i, j) times r */
static inline double correlation(const double *r, const double *d, int k, int i, int j)
{
    double sum = 0;
    for (int p = 0; p < P; p++)
        for (int a = 0; a < L0; a++)
            for (int b = 0; b < L1; b++) sum += r[(p * T0 + i + a) * T1 + j + b] * d[((k * P + p) * L0 + a) * L1 + b];
    return sum;
}

static inline double largest_correlation(const double *x, const double *d)
{
    double largest = 0;
    for (int k = 0; k < K; k++)
        for (int i = 0; i < V0; i++)
            for (int j = 0; j < V1; j++) largest = fmax(largest, fabs(correlation(x, d, k, i, j)));
    return largest;
}

static inline double objective(const double *x, const double *d, const double *z, double lambda)
{
    static double r[NX];
    double sum = 0;
    model(d, z, r);
    for (int i = 0; i < NX; i++) sum += 0.5 * (x[i] - r[i]) * (x[i] - r[i]);
    for (int i = 0; i < NZ; i++) sum += lambda * fabs(z[i]);
    return sum;
}

/* the longest step that coordinate descent could still do */
static inline double longest_step(const double *x, const double *d, const double *z, double lambda)
{
    static double r[NX];
    double longest = 0;
    model(d, z, r);
    for (int i = 0; i < NX; i++) r[i] = x[i] - r[i];
    for (int k = 0; k < K; k++) {
        double norm = 0;
        for (int i = 0; i < P * L0 * L1; i++) norm += d[k * P * L0 * L1 + i] * d[k * P * L0 * L1 + i];
        for (int i = 0; i < V0; i++)
            for (int j = 0; j < V1; j++) {
                double old = z[(k * V0 + i) * V1 + j], c = correlation(r, d, k, i, j) + old * norm;
                double best = fabs(c) > lambda ? copysign(fabs(c) - lambda, c) / norm : 0;
                longest = fmax(longest, fabs(best - old));
            }
    }
    return longest;
}

#endif
