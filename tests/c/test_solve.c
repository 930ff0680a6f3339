/* One call on plain arrays: every function, from C, against plain loops. */
#include "problem.h"

static double x[NX], d[ND], z[NZ], back[NX], gram[NG];
static float xf[NX], df[ND], zf[NZ], backf[NX], gramf[NG];

/* The arguments that stay the same. */
#define SHAPES PROBLEM(2, signal_shape, 1, P, K, atom_shape)

static dicod_options *tight(void)
{
    dicod_options *o = NULL;
    OK(dicod_options_create(&o));
    OK(dicod_options_set_real(o, "tol", 1e-9));
    OK(dicod_options_set_string(o, "tol_scale", "absolute"));
    return o;
}

static void solves(void)
{
    dicod_options *o = tight();
    dicod_info info = DICOD_INFO_INIT;
    int64_t valid[2] = {0, 0};
    double value = 0, data = 0;
    OK(dicod_valid_shape(o, PROBLEM(2, signal_shape, 1, 1, 1, atom_shape), valid));
    EQUAL(valid, V0, V1);
    OK(dicod_solve(NULL, o, SHAPES, x, d, z, &info));
    CHECK(info.status == DICOD_OK && info.n_threads == 1 && info.steps > 0 && info.nonzeros > 0);
    CLOSE(info.lambda_max, largest_correlation(x, d), 1e-12);
    CLOSE(info.lambda, 0.1 * info.lambda_max, 1e-12);
    CLOSE(info.objective, objective(x, d, z, info.lambda), 1e-11 * info.objective);
    CHECK(longest_step(x, d, z, info.lambda) <= 1.000001e-9);
    CHECK(info.duality_gap >= 0 && info.duality_gap <= 1e-6 * info.objective);
    CHECK(info.max_step <= 1e-9);

    OK(dicod_lambda_max(NULL, o, SHAPES, x, d, &value));
    CHECK(value == info.lambda_max);
    OK(dicod_objective(NULL, o, SHAPES, x, d, z, &value, &data));
    CLOSE(value, info.objective, 1e-12 * value);
    CLOSE(data, info.data_term, 1e-12 * value);
    OK(dicod_objective(NULL, o, SHAPES, x, d, z, &value, NULL));
    OK(dicod_reconstruct(NULL, o, SHAPES, d, z, back));
    double *plain = malloc(sizeof x);
    model(d, z, plain);
    for (int i = 0; i < NX; i++) CLOSE(back[i], plain[i], 1e-12);
    free(plain);
    dicod_options_free(&o);
}

/* the proof ends it, and what was not proven is not called so */
static void until_the_gap_is_proven(void)
{
    dicod_options *o = NULL;
    dicod_info info = DICOD_INFO_INIT;
    OK(dicod_options_create(&o));
    OK(dicod_options_parse(o, "tol=0.5 gap_tol=1e-6"));
    OK(dicod_solve(NULL, o, SHAPES, x, d, z, &info));
    CHECK(info.duality_gap > 0 && info.duality_gap <= 1e-6 * info.objective && info.proven & DICOD_PROVEN_RESULT);
    CLOSE(info.objective, objective(x, d, z, info.lambda), 1e-11 * info.objective);
    CHECK(info.tol < 1e-2 && longest_step(x, d, z, info.lambda) <= info.max_step * (1 + 1e-9));
    OK(dicod_options_set(o, "gap_tol", "0.9"));
    OK(dicod_solve(NULL, o, SHAPES, x, d, z, &info));
    CHECK(info.duality_gap <= 0.9 * info.objective);
    OK(dicod_options_set(o, "gap_tol", "1e-30"));
    STATUS(DICOD_PRECISION, dicod_solve(NULL, o, SHAPES, x, d, z, &info));
    OK(dicod_options_parse(o, "gap_tol=1e-6 max_iter=3"));
    STATUS(DICOD_MAX_ITER, dicod_solve(NULL, o, SHAPES, x, d, z, &info));
    OK(dicod_options_parse(o, "gap_tol=0 max_iter=-1"));
    OK(dicod_solve(NULL, o, SHAPES, x, d, z, &info));
    CHECK(info.duality_gap > 1e-6 * info.objective);
    dicod_options_free(&o);
}

static void solves_in_float(void)
{
    dicod_info info = DICOD_INFO_INIT, exact = DICOD_INFO_INIT;
    double value = 0, data = 0;
    OK(dicod_solve(NULL, NULL, SHAPES, x, d, z, &exact));
    OK(dicod_solve_f32(NULL, NULL, SHAPES, xf, df, zf, &info));
    CLOSE(info.objective, exact.objective, 1e-3 * exact.objective);
    OK(dicod_lambda_max_f32(NULL, NULL, SHAPES, xf, df, &value));
    CLOSE(value, exact.lambda_max, 1e-5 * value);
    OK(dicod_objective_f32(NULL, NULL, SHAPES, xf, df, zf, &value, &data));
    CLOSE(value, info.objective, 1e-5 * value);
    CLOSE(data, info.data_term, 1e-5 * value);
    OK(dicod_reconstruct_f32(NULL, NULL, SHAPES, df, zf, backf));
    for (int i = 0; i < NZ; i++) z[i] = zf[i];
    model(d, z, back);
    for (int i = 0; i < NX; i++) CLOSE(backf[i], back[i], 1e-4);
}

static void makes_the_gram_tensor(void)
{
    OK(dicod_gram(NULL, PROBLEM(2, atom_shape, 1, P, K, atom_shape), d, gram));
    OK(dicod_gram_f32(NULL, PROBLEM(2, atom_shape, 1, P, K, atom_shape), df, gramf));
    for (int k = 0, at = 0; k < K; k++)
        for (int l = 0; l < K; l++)
            for (int s = 1 - L0; s < L0; s++)
                for (int t = 1 - L1; t < L1; t++, at++) {
                    double sum = 0;
                    for (int p = 0; p < P; p++)
                        for (int a = 0; a < L0; a++)
                            for (int b = 0; b < L1; b++)
                                if (a + s >= 0 && a + s < L0 && b + t >= 0 && b + t < L1)
                                    sum += d[((k * P + p) * L0 + a) * L1 + b] * d[((l * P + p) * L0 + a + s) * L1 + b + t];
                    CLOSE(gram[at], sum, 1e-12);
                    CLOSE(gramf[at], sum, 1e-5);
                }
}

static void threads_do_not_matter(void)
{
    static double one[NZ], two[NZ];
    dicod_options *o = tight();
    dicod_context *c = NULL;
    int64_t tiles[2] = {3, 4};
    OK(dicod_options_set_integers(o, "tile_shape", 2, tiles));
    OK(dicod_context_create(2, &c));
    OK(dicod_solve(NULL, o, SHAPES, x, d, one, NULL));
    OK(dicod_solve(c, o, SHAPES, x, d, two, NULL));
    CHECK(memcmp(one, two, sizeof one) == 0);
    dicod_context_free(&c);
    dicod_options_free(&o);
}

static dicod_status inner_status;
static int calls, lines;
static dicod_context *running;

static int32_t stop(void *userdata, const dicod_progress *progress)
{
    calls++;
    CHECK(userdata == &calls && progress->struct_size >= (int64_t)sizeof *progress && progress->tiles > 0);
    inner_status = dicod_lambda_max(running, NULL, SHAPES, x, d, &(double){0});
    return 1;
}

static void listen(void *userdata, int32_t level, const char *message)
{
    lines++;
    CHECK(userdata == &lines && level >= DICOD_LOG_WARNING && level <= DICOD_LOG_DEBUG && message[0]);
}

static void ends_early_with_a_valid_result(void)
{
    dicod_options *o = tight();
    dicod_info info = DICOD_INFO_INIT;
    OK(dicod_options_set_integer(o, "max_iter", 5));
    STATUS(DICOD_MAX_ITER, dicod_solve(NULL, o, SHAPES, x, d, z, &info));
    CHECK(info.status == DICOD_MAX_ITER && info.steps <= 5);
    CLOSE(info.objective, objective(x, d, z, info.lambda), 1e-11 * info.objective);
    OK(dicod_options_set_integer(o, "max_iter", -1));

    OK(dicod_options_set_real(o, "time_limit", 0));
    STATUS(DICOD_TIME_LIMIT, dicod_solve(NULL, o, SHAPES, x, d, z, &info));
    OK(dicod_options_set_real(o, "time_limit", INFINITY));

    OK(dicod_options_set_real(o, "progress_interval", 0));
    OK(dicod_options_set_integer(o, "steps_per_visit", 1));
    OK(dicod_context_create(1, &running));
    OK(dicod_context_set_progress(running, stop, &calls));
    OK(dicod_context_set_log(running, listen, &lines));
    STATUS(DICOD_CANCELLED, dicod_solve(running, o, SHAPES, x, d, z, &info));
    CLOSE(info.objective, objective(x, d, z, info.lambda), 1e-11 * info.objective);
    CHECK(calls > 0 && lines > 0 && inner_status == DICOD_ERROR_INVALID_STATE);
    dicod_context_free(&running);

    OK(dicod_options_set_integer(o, "warm_start", 1));
    OK(dicod_solve(NULL, o, SHAPES, x, d, z, &info));
    CHECK(longest_step(x, d, z, info.lambda) <= 1.000001e-9);
    dicod_options_free(&o);
}

static void refuses_what_cannot_be(void)
{
    const int64_t big[2] = {17, 2}, zero[2] = {0, 14}, huge[2] = {INT64_MAX / 2, INT64_MAX / 2};
    const int64_t large[2] = {1 << 30, 1 << 30};
    int64_t valid[2] = {7, 7};
    dicod_info info = DICOD_INFO_INIT;
    for (int i = 0; i < NZ; i++) z[i] = 77;
#define SOLVE(n_axes, shape, N, P_, K_, atoms, x_, d_, z_) \
    dicod_solve(NULL, NULL, PROBLEM(n_axes, shape, N, P_, K_, atoms), x_, d_, z_, &info)
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "n_axes", SOLVE(0, signal_shape, 1, P, K, atom_shape, x, d, z));
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "n_axes", SOLVE(4, signal_shape, 1, P, K, atom_shape, x, d, z));
    FAILS(DICOD_ERROR_INVALID_SHAPE, "17", SOLVE(2, signal_shape, 1, P, K, big, x, d, z));
    FAILS(DICOD_ERROR_INVALID_SHAPE, "0", SOLVE(2, zero, 1, P, K, atom_shape, x, d, z));
    FAILS(DICOD_ERROR_INVALID_SHAPE, "signal_shape", SOLVE(2, huge, 1, P, K, atom_shape, x, d, z));
    FAILS(DICOD_ERROR_OUT_OF_MEMORY, NULL, SOLVE(2, large, 1, P, K, atom_shape, x, d, z));
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "n_signals", SOLVE(2, signal_shape, 0, P, K, atom_shape, x, d, z));
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "n_channels", SOLVE(2, signal_shape, 1, -1, K, atom_shape, x, d, z));
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "n_atoms", SOLVE(2, signal_shape, 1, P, 0, atom_shape, x, d, z));
    FAILS(DICOD_ERROR_NULL_POINTER, "x", SOLVE(2, signal_shape, 1, P, K, atom_shape, NULL, d, z));
    FAILS(DICOD_ERROR_NULL_POINTER, "d", SOLVE(2, signal_shape, 1, P, K, atom_shape, x, NULL, z));
    FAILS(DICOD_ERROR_NULL_POINTER, "z", SOLVE(2, signal_shape, 1, P, K, atom_shape, x, d, NULL));
    x[5] = NAN;
    FAILS(DICOD_ERROR_NOT_FINITE, "x", SOLVE(2, signal_shape, 1, P, K, atom_shape, x, d, z));
    fill(x, NX, 1);
    d[7] = INFINITY;
    FAILS(DICOD_ERROR_NOT_FINITE, "d", SOLVE(2, signal_shape, 1, P, K, atom_shape, x, d, z));
    FAILS(DICOD_ERROR_NOT_FINITE, "d", dicod_gram(NULL, PROBLEM(2, atom_shape, 1, P, K, atom_shape), d, gram));
    fill(d, ND, 2);
    info.struct_size = 3;
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "struct_size", SOLVE(2, signal_shape, 1, P, K, atom_shape, x, d, z));
    CHECK(info.status == 0 && info.steps == 0 && info.objective == 0);
    for (int i = 0; i < NZ; i++) CHECK(z[i] == 77);
    FAILS(DICOD_ERROR_INVALID_SHAPE, "17", dicod_valid_shape(NULL, PROBLEM(2, signal_shape, 1, 1, 1, big), valid));
    EQUAL(valid, 7, 7);
    FAILS(DICOD_ERROR_NULL_POINTER, "lambda_max", dicod_lambda_max(NULL, NULL, SHAPES, x, d, NULL));
    FAILS(DICOD_ERROR_NULL_POINTER, "objective", dicod_objective(NULL, NULL, SHAPES, x, d, z, NULL, NULL));
    FAILS(DICOD_ERROR_NULL_POINTER, "x", dicod_reconstruct(NULL, NULL, SHAPES, d, z, NULL));
    FAILS(DICOD_ERROR_NULL_POINTER, "gram", dicod_gram(NULL, PROBLEM(2, atom_shape, 1, P, K, atom_shape), d, NULL));
}

int main(void)
{
    fill(x, NX, 1);
    fill(d, ND, 2);
    to_float(x, xf, NX);
    to_float(d, df, ND);
    solves();
    until_the_gap_is_proven();
    solves_in_float();
    makes_the_gram_tensor();
    threads_do_not_matter();
    ends_early_with_a_valid_result();
    refuses_what_cannot_be();
    return report("solve");
}
