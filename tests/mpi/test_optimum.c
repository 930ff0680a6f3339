/*
 * What the tests of the published solver ask for over MPI, in both schedules: no step above the tolerance is
 * left; a warm start from an exact answer without regularisation stays there; a frozen support stays frozen; the
 * objective is the one that plain loops give. Every rank holds a slab; z is checked whole on each.
 */
#include "check.h"
#include <dicod_mpi.h>

enum { P = 2, K = 3, MOST = 64 * 64 };

static int rank, n_ranks;

/* two axes in all cases: the first has length 1 where there is one */
typedef struct {
    int64_t n_axes, signal[2], atom[2], valid[2];
    double x[P * MOST], d[K * P * 64], z[K * MOST];
} problem;

static problem p;

static double noise(int64_t i)
{
    uint64_t x = (uint64_t)i * 0x9e3779b97f4a7c15u + 0x1234567;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return (double)(int64_t)(x ^ (x >> 31)) / 9223372036854775808.0;
}

static int64_t volume(const int64_t *shape)
{
    return shape[0] * shape[1];
}

/* x -= sign * z * d */
static void subtract(double *x, const double *z, double sign)
{
    for (int64_t k = 0; k < K; k++)
        for (int64_t u = 0; u < volume(p.valid); u++) {
            const double value = sign * z[k * volume(p.valid) + u];
            if (value == 0) continue;
            for (int64_t c = 0; c < P; c++)
                for (int64_t s = 0; s < volume(p.atom); s++) {
                    const int64_t y = u / p.valid[1] + s / p.atom[1], at = u % p.valid[1] + s % p.atom[1];
                    x[(c * p.signal[0] + y) * p.signal[1] + at] -= value * p.d[(k * P + c) * volume(p.atom) + s];
                }
        }
}

/* F(z), and the largest step that is left among coordinates of `support` (NULL: all): of z, and as it is told, in units of z
 * of the atom of least norm */
static double objective(double lambda, const double *support, double *largest, double *told)
{
    static double r[P * MOST];
    double sum = 0, least = INFINITY;
    memcpy(r, p.x, sizeof r);
    subtract(r, p.z, 1);
    for (int64_t i = 0; i < P * volume(p.signal); i++) sum += 0.5 * r[i] * r[i];
    *largest = *told = 0;
    for (int64_t k = 0; k < K; k++) {
        double norm = 0;
        for (int64_t i = 0; i < P * volume(p.atom); i++) norm += pow(p.d[k * P * volume(p.atom) + i], 2);
        least = fmin(least, sqrt(norm));
        for (int64_t u = 0; u < volume(p.valid); u++) {
            const double z = p.z[k * volume(p.valid) + u];
            double best = norm * z;
            sum += lambda * fabs(z);
            if (support && support[k * volume(p.valid) + u] == 0) continue;
            for (int64_t c = 0; c < P; c++)
                for (int64_t s = 0; s < volume(p.atom); s++) {
                    const int64_t y = u / p.valid[1] + s / p.atom[1], at = u % p.valid[1] + s % p.atom[1];
                    best += r[(c * p.signal[0] + y) * p.signal[1] + at] * p.d[(k * P + c) * volume(p.atom) + s];
                }
            best = (best > lambda ? best - lambda : best < -lambda ? best + lambda : 0) / norm;
            *largest = fmax(*largest, fabs(best - z));
            *told = fmax(*told, sqrt(norm) * fabs(best - z));
        }
    }
    *told /= least;
    return sum;
}

/* describes this rank's slab of `fields` whole fields, or all of them */
typedef struct {
    int64_t offset[2], shape[2];
    void *channels[P > K ? P : K];
    dicod_array array;
} part;

static void describe(part *h, double *fields, int64_t n, const int64_t *global, int whole)
{
    static int64_t strides[2];
    h->array = (dicod_array)DICOD_ARRAY_INIT;
    for (int64_t a = 0; a < 2; a++) {
        h->offset[a] = 0;
        h->shape[a] = global[a];
    }
    if (!whole) {
        h->offset[1] = global[1] * rank / n_ranks;
        h->shape[1] = global[1] * (rank + 1) / n_ranks - h->offset[1];
    }
    strides[0] = global[1];
    strides[1] = 1;
    for (int64_t f = 0; f < n; f++) h->channels[f] = fields + f * volume(global) + h->offset[1];
    const int64_t first = 2 - p.n_axes;
    h->array.n_axes = p.n_axes;
    h->array.global_shape = global + first;
    h->array.offset = h->offset + first;
    h->array.local_shape = h->shape + first;
    h->array.strides = strides + first;
    h->array.n_channels = n;
    h->array.channels = h->channels;
}

static dicod_encoder *encoder_with(dicod_context *context, const dicod_options *options)
{
    dicod_encoder *encoder = NULL;
    const int64_t first = 2 - p.n_axes;
    OK(dicod_encoder_create(context, options, PROBLEM(p.n_axes, p.signal + first, 1, P, K, p.atom + first), p.d, &encoder));
    return encoder;
}

static void solve(dicod_encoder *encoder, dicod_info *info)
{
    part x, z;
    describe(&x, p.x, P, p.signal, 0);
    OK(dicod_encoder_solve(encoder, READ(&x.array), info));
    describe(&z, p.z, K, p.valid, 1);
    OK(dicod_encoder_get_z(encoder, &z.array));
}

static void set_z(dicod_encoder *encoder, double *values)
{
    part z;
    describe(&z, values, K, p.valid, 0);
    OK(dicod_encoder_set_z(encoder, READ(&z.array)));
}

static void one(dicod_context *context, const char *schedule, const char *strategy, const char *lock)
{
    static double start[K * MOST];
    dicod_info info = DICOD_INFO_INIT;
    double largest, told, found;
    dicod_options *options = NULL;
    const size_t n_z = (size_t)(K * volume(p.valid));
    OK(dicod_options_create(&options));
    OK(dicod_options_set_string(options, "schedule", schedule));
    OK(dicod_options_set_string(options, "strategy", strategy));
    OK(dicod_options_set_string(options, "soft_lock", lock));
    OK(dicod_options_set_string(options, "tol_scale", "absolute"));
    OK(dicod_options_set_real(options, "tol", 1e-3));
    OK(dicod_options_set_integer(options, "warm_start", 1));
    const int64_t tile[2] = {p.atom[0], p.atom[1]};
    OK(dicod_options_set_integers(options, "tile_shape", p.n_axes, tile + 2 - p.n_axes));

    /* the stopping criterion, and the objective */
    for (int64_t i = 0; i < P * volume(p.signal); i++) p.x[i] = noise(i);
    OK(dicod_options_set_real(options, "reg", 0.2));
    dicod_encoder *encoder = encoder_with(context, options);
    solve(encoder, &info);
    found = objective(info.lambda, NULL, &largest, &told);
    CHECK(info.status == DICOD_OK && info.nonzeros > 0);
    CHECK(largest <= 1e-3 * (1 + 1e-9));
    CLOSE(found, info.objective, 1e-10 * found);
    CLOSE(told, info.max_step, 1e-9);
    CHECK(info.max_step <= 1e-3 * (1 + 1e-9));
    dicod_encoder_free(&encoder);

    /* a frozen support: half of what is there, and little else */
    OK(dicod_options_set_integer(options, "frozen_support", 1));
    encoder = encoder_with(context, options);
    for (size_t i = 0; i < n_z; i++) start[i] = i % 2 ? p.z[i] : 0;
    set_z(encoder, start);
    solve(encoder, &info);
    int64_t outside = 0, inside = 0;
    for (size_t i = 0; i < n_z; i++) {
        outside += start[i] == 0 && p.z[i] != 0;
        inside += start[i] != 0 && p.z[i] != start[i];
    }
    CHECK(outside == 0 && inside > 0);
    found = objective(info.lambda, start, &largest, &told);
    CHECK(largest <= 1e-3 * (1 + 1e-9));
    CLOSE(found, info.objective, 1e-10 * found);
    dicod_encoder_free(&encoder);
    OK(dicod_options_set_integer(options, "frozen_support", 0));

    /* no regularisation, and a start that explains everything */
    memset(p.x, 0, sizeof p.x);
    for (size_t i = 0; i < n_z; i++) start[i] = noise((int64_t)i + 99) > 0.9 ? noise((int64_t)i) : 0;
    subtract(p.x, start, -1);
    OK(dicod_options_set_real(options, "reg", 0));
    encoder = encoder_with(context, options);
    set_z(encoder, start);
    solve(encoder, &info);
    CHECK(info.steps == 0 && memcmp(p.z, start, n_z * sizeof *start) == 0);
    CLOSE(info.objective, 0, 1e-20);
    dicod_encoder_free(&encoder);
    dicod_options_free(&options);
}

int main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &n_ranks);
    const int64_t signal[2][2] = {{1, 300}, {30, 44}}, atom[2][2] = {{1, 10}, {4, 5}};
    dicod_context *context = NULL;
    OK(dicod_context_create_mpi(MPI_COMM_WORLD, 1, &context));
    for (int axes = 1; axes <= 2; axes++) {
        p.n_axes = axes;
        for (int a = 0; a < 2; a++) {
            p.signal[a] = signal[axes - 1][a];
            p.atom[a] = atom[axes - 1][a];
            p.valid[a] = p.signal[a] - p.atom[a] + 1;
        }
        /* atoms of different norms */
        for (int64_t i = 0; i < K * P * volume(p.atom); i++) p.d[i] = 0.5 * noise(~i) * (double)(1 + i / (P * volume(p.atom)));
        const char *strategies[] = {"locally-greedy", "random", "cyclic", "cyclic-shuffled"};
        for (int s = 0; s < 4; s++) {
            one(context, "coloured", strategies[s], "border");
            one(context, "asynchronous", strategies[s], "border");
        }
        one(context, "asynchronous", "locally-greedy", "corner");
    }
    OK(dicod_context_free(&context));
    int all;
    MPI_Allreduce(&failures, &all, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    if (rank == 0 || failures) report("test_optimum");
    MPI_Finalize();
    return all != 0;
}
