/* Dictionary learning through the header: one call, the handle, checkpoints, what is refused. */
#include "problem.h"

static double x[NX], d[ND], z[NZ], d2[ND], z2[NZ];
static float xf[NX], df[ND], zf[NZ];

typedef struct {
    int calls, stop_at;
    double last;
    int rose;
    int64_t nonzeros;
} story;

static int32_t listen(void *userdata, const dicod_learn_step *step)
{
    story *s = userdata;
    s->calls++;
    if (s->last > 0 && step->objective_z > s->last * (1 + 1e-12)) s->rose = 1;
    if (step->objective_d > step->objective_z) s->rose = 1;
    s->last = step->objective_d;
    s->nonzeros = 0;
    for (int64_t k = 0; k < step->n_atoms; k++) s->nonzeros += step->nonzeros[k];
    CHECK(step->struct_size == (int64_t)sizeof *step && step->n_atoms == K && step->lambda > 0);
    return s->calls == s->stop_at;
}

static double norm(const double *atom)
{
    double sum = 0;
    for (int i = 0; i < P * L0 * L1; i++) sum += atom[i] * atom[i];
    return sqrt(sum);
}

static dicod_array describe(int64_t type, const int64_t *shape, int64_t n, void **channels)
{
    dicod_array array = DICOD_ARRAY_INIT;
    array.element_type = type;
    array.n_axes = 2;
    array.global_shape = shape;
    array.n_channels = n;
    array.channels = channels;
    return array;
}

static void one_call(void)
{
    dicod_learn_info info = DICOD_LEARN_INFO_INIT;
    dicod_options *options = NULL;
    story s = {0};
    OK(dicod_options_create(&options));
    OK(dicod_options_set_integer(options, "learn_max_iter", 6));
    OK(dicod_options_set_real(options, "learn_tol", 0));
    OK(dicod_options_set_string(options, "learn_init", "greedy-patches"));
    STATUS(DICOD_MAX_ITER, dicod_learn(NULL, options, PROBLEM(2, signal_shape, 1, P, K, atom_shape), x, listen, &s, d, z, &info));
    CHECK(s.calls == 6 && !s.rose && s.nonzeros > 0);
    CHECK(info.status == DICOD_MAX_ITER && info.iterations == 6 && info.n_threads == 1);
    for (int k = 0; k < K; k++) CHECK(norm(d + k * P * L0 * L1) <= 1 + 1e-12);
    CLOSE(objective(x, d, z, info.lambda), info.objective, 1e-10 * info.objective);
    CHECK(info.objective <= s.last * (1 + 1e-12));

    /* in order of what they explain */
    static double sorted[ND];
    OK(dicod_options_set_integer(options, "learn_sort", 1));
    STATUS(DICOD_MAX_ITER, dicod_learn(NULL, options, PROBLEM(2, signal_shape, 1, P, K, atom_shape), x, NULL, NULL, sorted, z2, &info));
    CLOSE(objective(x, sorted, z2, info.lambda), info.objective, 1e-10 * info.objective);
    double left[K + 1];
    for (int k = 0; k <= K; k++) { /* what is left without one of them */
        static double part[NZ], r[NX];
        memcpy(part, z2, sizeof part);
        if (k < K) memset(part + k * V0 * V1, 0, V0 * V1 * sizeof *part);
        model(sorted, part, r);
        left[k] = 0;
        for (int i = 0; i < NX; i++) left[k] += 0.5 * (x[i] - r[i]) * (x[i] - r[i]);
        if (k && k < K) CHECK(left[k] <= left[k - 1] * (1 + 1e-12));
    }
    CHECK(left[0] > left[K] && left[0] > left[K - 1]);
    OK(dicod_options_set_integer(options, "learn_sort", 0));
    dicod_learner *learner = NULL;
    int64_t order[K] = {7, 7, 7};
    double explained[K];
    void *channels[P];
    dicod_array ax = describe(DICOD_F64, signal_shape, P, channels);
    for (int p = 0; p < P; p++) channels[p] = x + p * T0 * T1;
    OK(dicod_learner_create(NULL, options, PROBLEM(2, signal_shape, 1, P, K, atom_shape), d, &learner));
    FAILS(DICOD_ERROR_INVALID_STATE, "no dictionary", dicod_learner_sort_atoms(learner, READ(&ax), K, order, explained));
    STATUS(DICOD_MAX_ITER, dicod_learner_run(learner, READ(&ax), NULL, NULL, NULL));
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "n_atoms", dicod_learner_sort_atoms(learner, READ(&ax), K - 1, order, explained));
    FAILS(DICOD_ERROR_NULL_POINTER, "x", dicod_learner_sort_atoms(learner, NULL, K, order, explained));
    FAILS(DICOD_ERROR_NULL_POINTER, "learner", dicod_learner_sort_atoms(NULL, READ(&ax), K, order, explained));
    CHECK(order[0] == 7);
    OK(dicod_learner_sort_atoms(learner, READ(&ax), K, order, explained));
    OK(dicod_learner_get_dictionary(learner, ND, d2));
    CHECK(memcmp(d2, sorted, sizeof d2) == 0);
    for (int k = 0; k < K; k++) {
        CLOSE(explained[k], left[k] - left[K], 1e-9 * left[K]);
        for (int i = 0; i < P * L0 * L1; i++) CHECK(fabs(d2[k * P * L0 * L1 + i]) == fabs(d[order[k] * P * L0 * L1 + i]));
    }
    OK(dicod_learner_sort_atoms(learner, READ(&ax), K, NULL, NULL));
    dicod_learner_free(&learner);

    /* two threads, the same bits; z may be NULL; without options */
    dicod_context *context = NULL;
    OK(dicod_context_create(2, &context));
    STATUS(DICOD_MAX_ITER, dicod_learn(context, options, PROBLEM(2, signal_shape, 1, P, K, atom_shape), x, NULL, NULL, d2, z2, NULL));
    CHECK(memcmp(d, d2, sizeof d) == 0 && memcmp(z, z2, sizeof z) == 0);
    OK(dicod_options_set_real(options, "learn_tol", 0.5));
    OK(dicod_learn(context, options, PROBLEM(2, signal_shape, 1, P, K, atom_shape), x, NULL, NULL, d2, NULL, NULL));
    CHECK(dicod_learn(NULL, NULL, PROBLEM(2, signal_shape, 1, P, K, atom_shape), x, NULL, NULL, d2, NULL, NULL) >= 0);

    /* from a dictionary of the caller's, one atom of it fixed */
    int64_t fixed[K] = {0, 1, 0};
    double given[ND];
    fill(given, ND, 7);
    memcpy(d2, given, sizeof d2);
    OK(dicod_options_set_string(options, "learn_init", "given"));
    OK(dicod_options_set_integers(options, "learn_fixed_atoms", K, fixed));
    CHECK(dicod_learn(NULL, options, PROBLEM(2, signal_shape, 1, P, K, atom_shape), x, NULL, NULL, d2, NULL, NULL) >= 0);
    CHECK(memcmp(d2 + P * L0 * L1, given + P * L0 * L1, P * L0 * L1 * sizeof *d2) == 0);
    CHECK(memcmp(d2, given, P * L0 * L1 * sizeof *d2) != 0);

    /* float */
    OK(dicod_options_set_integers(options, "learn_fixed_atoms", 0, NULL));
    OK(dicod_options_set_string(options, "learn_init", "random"));
    CHECK(dicod_learn_f32(NULL, options, PROBLEM(2, signal_shape, 1, P, K, atom_shape), xf, NULL, NULL, df, zf, &info) >= 0);
    CHECK(info.objective > 0);

    /* cancelled: valid all the same */
    memset(&s, 0, sizeof s);
    s.stop_at = 2;
    OK(dicod_options_set_real(options, "learn_tol", 0));
    STATUS(DICOD_CANCELLED, dicod_learn(NULL, options, PROBLEM(2, signal_shape, 1, P, K, atom_shape), x, listen, &s, d2, z2, &info));
    CHECK(s.calls == 2 && info.iterations == 2);
    CLOSE(objective(x, d2, z2, info.lambda), info.objective, 1e-10 * info.objective);
    OK(dicod_options_set_real(options, "time_limit", 0));
    STATUS(DICOD_TIME_LIMIT, dicod_learn(NULL, options, PROBLEM(2, signal_shape, 1, P, K, atom_shape), x, NULL, NULL, d2, z2, &info));
    dicod_options_free(&options);
    dicod_context_free(&context);
}

static void step_by_step(void)
{
    dicod_options *options = NULL;
    dicod_learner *one = NULL, *other = NULL;
    dicod_learn_step step = DICOD_LEARN_STEP_INIT;
    dicod_info info = DICOD_INFO_INIT;
    void *xs[P] = {x, x + T0 * T1}, *zs[K] = {z, z + V0 * V1, z + 2 * V0 * V1};
    const int64_t valid_shape[2] = {V0, V1};
    dicod_array xa = describe(DICOD_F64, signal_shape, P, xs), za = describe(DICOD_F64, valid_shape, K, zs);
    OK(dicod_options_create(&options));
    OK(dicod_options_set_integer(options, "learn_rank_one", 1));
    OK(dicod_learner_create(NULL, options, PROBLEM(2, signal_shape, 1, P, K, atom_shape), (const double *)NULL, &one));
    FAILS(DICOD_ERROR_INVALID_STATE, "before the first step", dicod_learner_get_dictionary(one, ND, d));
    for (int i = 0; i < 3; i++) {
        OK(dicod_learner_step(one, READ(&xa), &step));
        CHECK(step.iteration == i && step.objective_d <= step.objective_z && step.n_atoms == K);
    }
    double lambda[K];
    OK(dicod_learner_get_lambda(one, K, lambda));
    CLOSE(lambda[0], step.lambda, 0);

    /* there and back, by memory and by file */
    int64_t needed = 0;
    OK(dicod_learner_save(one, 0, NULL, &needed));
    unsigned char *saved = malloc((size_t)needed), *again = malloc((size_t)needed);
    OK(dicod_learner_save(one, needed, saved, &needed));
    OK(dicod_learner_restore(NULL, NULL, needed, saved, &other));
    OK(dicod_learner_save(other, needed, again, &needed));
    CHECK(memcmp(saved, again, (size_t)needed) == 0);
    OK(dicod_learner_save_file(one, "test_learn.checkpoint"));
    dicod_learner_free(&other);
    OK(dicod_learner_restore_file(NULL, NULL, "test_learn.checkpoint", &other));
    remove("test_learn.checkpoint");
    OK(dicod_learner_step(one, READ(&xa), NULL));
    OK(dicod_learner_step(other, READ(&xa), &step));
    OK(dicod_learner_get_dictionary(one, ND, d));
    OK(dicod_learner_get_dictionary(other, ND, d2));
    CHECK(memcmp(d, d2, sizeof d) == 0);
    double u[K * P], v[K * L0 * L1];
    OK(dicod_learner_get_dictionary_rank1(one, K * P, u, K * L0 * L1, v));
    CLOSE(d[(1 * P + 1) * L0 * L1 + 3], u[1 * P + 1] * v[1 * L0 * L1 + 3], 1e-15);

    OK(dicod_learner_encode(one, READ(&xa), &info));
    OK(dicod_learner_get_z(one, &za));
    CLOSE(objective(x, d, z, info.lambda), info.objective, 1e-10 * info.objective);
    CHECK(info.objective <= step.objective_d * (1 + 1e-12));
    dicod_learn_info learnt = DICOD_LEARN_INFO_INIT;
    CHECK(dicod_learner_run(other, READ(&xa), NULL, NULL, &learnt) >= 0 && learnt.objective <= info.objective * (1 + 1e-12));

    /* what is refused */
    dicod_learner *none = NULL;
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "checkpoint", dicod_learner_restore(NULL, NULL, needed - 1, saved, &none));
    saved[needed / 2] ^= 1;
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "checksum", dicod_learner_restore(NULL, NULL, needed, saved, &none));
    FAILS(DICOD_ERROR_FILE, "no such place", dicod_learner_restore_file(NULL, NULL, "no such place/file", &none));
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "capacity", dicod_learner_save(one, 3, saved, &needed));
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "float", dicod_learner_get_dictionary_f32(one, ND, df));
    CHECK(none == NULL);
    dicod_learner_free(&one);
    dicod_learner_free(&other);
    dicod_learner_free(&other);
    dicod_learner_free(NULL);
    dicod_options_free(&options);
    free(saved);
    free(again);
}

/* learning from the first dictionary is learning */
static void draws_the_first_dictionary(void)
{
    static const char *const inits[] = {"random", "random-patches", "greedy-patches"};
    static double first[ND];
    static float first_f[ND];
    void *px[P];
    for (int p = 0; p < P; p++) px[p] = x + p * T0 * T1;
    dicod_array ax = describe(DICOD_F64, signal_shape, P, px);
    dicod_options *options = NULL, *given = NULL;
    OK(dicod_options_create(&options));
    OK(dicod_options_set_integer(options, "learn_max_iter", 2));
    OK(dicod_options_set_integer(options, "seed", 7));
    for (int i = 0; i < 3; i++) {
        OK(dicod_options_set_string(options, "learn_init", inits[i]));
        memset(first, 0, sizeof first);
        OK(dicod_initial_dictionary(NULL, options, PROBLEM(2, signal_shape, 1, P, K, atom_shape), READ(&ax), first));
        for (int k = 0; k < K; k++) CLOSE(norm(first + k * P * L0 * L1), 1, 1e-12);
        STATUS(DICOD_MAX_ITER, dicod_learn(NULL, options, PROBLEM(2, signal_shape, 1, P, K, atom_shape), x, NULL, NULL, d, z, NULL));
        OK(dicod_options_copy(options, &given));
        OK(dicod_options_set_string(given, "learn_init", "given"));
        memcpy(d2, first, sizeof first);
        STATUS(DICOD_MAX_ITER, dicod_learn(NULL, given, PROBLEM(2, signal_shape, 1, P, K, atom_shape), x, NULL, NULL, d2, z2, NULL));
        CHECK(memcmp(d, d2, sizeof d) == 0 && memcmp(z, z2, sizeof z) == 0);
        /* what was given is what it is */
        memcpy(d2, first, sizeof first);
        OK(dicod_initial_dictionary(NULL, given, PROBLEM(2, signal_shape, 1, P, K, atom_shape), READ(&ax), d2));
        CHECK(memcmp(d2, first, sizeof first) == 0);
        dicod_options_free(&given);
    }
    void *pf[P];
    for (int p = 0; p < P; p++) pf[p] = xf + p * T0 * T1;
    dicod_array af = describe(DICOD_F32, signal_shape, P, pf);
    to_float(x, xf, NX);
    OK(dicod_initial_dictionary_f32(NULL, options, PROBLEM(2, signal_shape, 1, P, K, atom_shape), READ(&af), first_f));
    for (int i = 0; i < ND; i++) CLOSE(first_f[i], first[i], 1e-5);

    memcpy(d2, first, sizeof first);
    FAILS(DICOD_ERROR_NULL_POINTER, "x", dicod_initial_dictionary(NULL, options, PROBLEM(2, signal_shape, 1, P, K, atom_shape), NULL, d2));
    FAILS(DICOD_ERROR_NULL_POINTER, "d",
          dicod_initial_dictionary(NULL, options, PROBLEM(2, signal_shape, 1, P, K, atom_shape), READ(&ax), NULL));
    FAILS(DICOD_ERROR_NULL_POINTER, "problem", dicod_initial_dictionary(NULL, options, NULL, READ(&ax), d2));
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "element_type",
          dicod_initial_dictionary(NULL, options, PROBLEM(2, signal_shape, 1, P, K, atom_shape), READ(&af), d2));
    const double kept = x[3];
    x[3] = INFINITY;
    FAILS(DICOD_ERROR_NOT_FINITE, "x[0, 0, 0, 3]",
          dicod_initial_dictionary(NULL, options, PROBLEM(2, signal_shape, 1, P, K, atom_shape), READ(&ax), d2));
    x[3] = kept;
    const int64_t part[2] = {T0 - 1, T1};
    ax.local_shape = part;
    FAILS(DICOD_ERROR_INVALID_SHAPE, NULL,
          dicod_initial_dictionary(NULL, options, PROBLEM(2, signal_shape, 1, P, K, atom_shape), READ(&ax), d2));
    CHECK(memcmp(d2, first, sizeof first) == 0);
    dicod_options_free(&options);
}

static int32_t nothing_more(void *userdata, const dicod_span *span)
{
    (void)span;
    ++*(int64_t *)userdata;
    return 1;
}

/* the activations of a learner, as an encoder has them */
static void has_what_an_encoder_has(void)
{
    static double built[NX], left[NX], wanted[NX], other[NZ];
    void *px[P], *pz[K], *pb[P], *pl[P];
    for (int p = 0; p < P; p++) px[p] = x + p * T0 * T1, pb[p] = built + p * T0 * T1, pl[p] = left + p * T0 * T1;
    for (int k = 0; k < K; k++) pz[k] = z + k * V0 * V1;
    const int64_t valid[2] = {V0, V1}, none[2] = {0, 0};
    dicod_array ax = describe(DICOD_F64, signal_shape, P, px), az = describe(DICOD_F64, valid, K, pz),
                ab = describe(DICOD_F64, signal_shape, P, pb), al = describe(DICOD_F64, signal_shape, P, pl);
    dicod_options *options = NULL;
    dicod_learner *learner = NULL, *again = NULL;
    dicod_learn_step step = DICOD_LEARN_STEP_INIT, next = DICOD_LEARN_STEP_INIT;
    int64_t count = -1, other_count = -1, offset[2], shape[2], needed = 0, spans = 0;
    double lambda[K], value = -1, data_term = -1, local[2];
    OK(dicod_options_create(&options));
    OK(dicod_options_set_integer(options, "trace", 1));
    OK(dicod_learner_create(NULL, options, PROBLEM(2, signal_shape, 1, P, K, atom_shape), NULL, &learner));

    /* before there is a dictionary */
    OK(dicod_learner_get_sparse(learner, 0, NULL, NULL, NULL, NULL, &count));
    OK(dicod_learner_get_region(learner, offset, shape));
    CHECK(count == 0 && shape[0] == 0 && shape[1] == 0);
    FAILS(DICOD_ERROR_INVALID_STATE, "first step", dicod_learner_reconstruct(learner, &ab));
    FAILS(DICOD_ERROR_INVALID_STATE, "first step", dicod_learner_residual(learner, READ(&ax), &ab));
    FAILS(DICOD_ERROR_INVALID_STATE, "first step", dicod_learner_objective(learner, READ(&ax), &value, NULL));
    memset(z, 0, sizeof z);
    FAILS(DICOD_ERROR_INVALID_STATE, "first step", dicod_learner_set_z(learner, READ(&az)));
    FAILS(DICOD_ERROR_INVALID_STATE, "\"trace\"", dicod_learner_get_trace(learner, nothing_more, &spans));
    OK(dicod_learner_clear_z(learner));

    OK(dicod_learner_step(learner, READ(&ax), &step));
    OK(dicod_learner_get_z(learner, &az));
    OK(dicod_learner_get_dictionary(learner, ND, d));
    OK(dicod_learner_get_lambda(learner, K, lambda));
    int64_t nonzeros = 0;
    for (int i = 0; i < NZ; i++) nonzeros += z[i] != 0;
    OK(dicod_learner_get_sparse(learner, 0, NULL, NULL, NULL, NULL, &count));
    CHECK(count == nonzeros && count > 3);
    int64_t *list = malloc(sizeof *list * (size_t)(4 * count));
    double *values = malloc(sizeof *values * (size_t)count);
    OK(dicod_learner_get_sparse(learner, count, list, list + count, list + 2 * count, values, &count));
    for (int64_t i = 0; i < count; i++)
        CHECK(list[i] == 0 && z[(list[count + i] * V0 + list[2 * count + 2 * i]) * V1 + list[2 * count + 2 * i + 1]] == values[i]);
    OK(dicod_learner_get_region(learner, offset, shape));
    CHECK(offset[0] == 0 && offset[1] == 0 && shape[0] == V0 && shape[1] == V1);
    OK(dicod_learner_get_sparse_block(learner, offset, shape, 0, NULL, NULL, NULL, NULL, &other_count));
    CHECK(other_count == count);
    OK(dicod_learner_get_sparse_block(learner, offset, none, 0, NULL, NULL, NULL, NULL, &other_count));
    CHECK(other_count == 0);
    OK(dicod_reconstruct(NULL, options, PROBLEM(2, signal_shape, 1, P, K, atom_shape), d, z, wanted));
    OK(dicod_learner_reconstruct(learner, &ab));
    CHECK(memcmp(built, wanted, sizeof built) == 0);
    OK(dicod_learner_residual(learner, READ(&ax), &al));
    for (int i = 0; i < NX; i++) CHECK(left[i] == x[i] - wanted[i]);
    local[0] = objective(x, d, z, lambda[0]);
    OK(dicod_learner_objective(learner, READ(&ax), &value, &data_term));
    CLOSE(value, local[0], 1e-12 * local[0]);
    CLOSE(value, step.objective_d, 1e-9 * local[0]);
    OK(dicod_learner_get_trace(learner, nothing_more, &spans));
    OK(dicod_learner_get_trace_json(learner, 0, NULL, &needed));
    CHECK(spans == 1 && needed > 100);

    /* none of it has changed what the next step does; and what is set counts, in a learner that was restored, too */
    OK(dicod_learner_save(learner, 0, NULL, &needed));
    uint8_t *bytes = malloc((size_t)needed);
    OK(dicod_learner_save(learner, needed, bytes, &needed));
    OK(dicod_learner_restore(NULL, NULL, needed, bytes, &again));
    OK(dicod_learner_reconstruct(again, &ab));
    CHECK(memcmp(built, wanted, sizeof built) == 0);
    OK(dicod_learner_get_sparse(again, 0, NULL, NULL, NULL, NULL, &other_count));
    CHECK(other_count == count);
    memset(other, 0, sizeof other);
    other[V1 + 2] = 0.5;
    for (int k = 0; k < K; k++) pz[k] = other + k * V0 * V1;
    OK(dicod_learner_set_z(again, READ(&az)));
    OK(dicod_learner_get_sparse(again, 1, NULL, NULL, NULL, &data_term, &other_count));
    CHECK(other_count == 1 && data_term == 0.5);
    OK(dicod_learner_reconstruct(again, &ab));
    CHECK(memcmp(built, wanted, sizeof built) != 0);
    OK(dicod_learner_clear_z(again));
    OK(dicod_learner_get_sparse(again, 0, NULL, NULL, NULL, NULL, &other_count));
    CHECK(other_count == 0);
    for (int k = 0; k < K; k++) pz[k] = z + k * V0 * V1;
    OK(dicod_learner_set_sparse(again, count, list, list + count, list + 2 * count, values));
    OK(dicod_learner_objective(again, READ(&ax), &data_term, NULL));
    CHECK(data_term == value);
    OK(dicod_learner_step(again, READ(&ax), &next));
    OK(dicod_learner_step(learner, READ(&ax), &step));
    CHECK(next.objective_z == step.objective_z && next.objective_d == step.objective_d && next.steps == step.steps);
    dicod_learner_free(&again);

    FAILS(DICOD_ERROR_NULL_POINTER, "learner", dicod_learner_get_sparse(NULL, 0, NULL, NULL, NULL, NULL, &count));
    FAILS(DICOD_ERROR_NULL_POINTER, "x", dicod_learner_reconstruct(learner, NULL));
    FAILS(DICOD_ERROR_NULL_POINTER, "learner", dicod_learner_clear_z(NULL));
    al.element_type = DICOD_F32;
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "element_type", dicod_learner_reconstruct(learner, &al));
    free(list), free(values), free(bytes);
    dicod_learner_free(&learner);
    dicod_options_free(&options);
}

static void refused(void)
{
    dicod_options *options = NULL;
    dicod_learn_info info = DICOD_LEARN_INFO_INIT;
    dicod_learner *learner = NULL;
    double before[ND];
    memcpy(before, d, sizeof d);
    OK(dicod_options_create(&options));
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "learn_forgetting", dicod_options_set_real(options, "learn_forgetting", 1.5));
    FAILS(DICOD_ERROR_UNKNOWN_OPTION, "learn_init", dicod_options_set_string(options, "learn_innit", "given"));
    OK(dicod_options_set_string(options, "learn_init", "given"));
    FAILS(DICOD_ERROR_NULL_POINTER, "d",
          dicod_learner_create(NULL, options, PROBLEM(2, signal_shape, 1, P, K, atom_shape), (const double *)NULL, &learner));
    OK(dicod_options_set_integer(options, "learn_batch", 2));
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "learn_batch",
          dicod_learn(NULL, options, PROBLEM(2, signal_shape, 1, P, K, atom_shape), x, NULL, NULL, d, NULL, &info));
    OK(dicod_options_set_integer(options, "learn_batch", 0));
    int64_t two[2] = {0, 1};
    OK(dicod_options_set_integers(options, "learn_fixed_atoms", 2, two));
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "learn_fixed_atoms",
          dicod_learn(NULL, options, PROBLEM(2, signal_shape, 1, P, K, atom_shape), x, NULL, NULL, d, NULL, &info));
    OK(dicod_options_set_integers(options, "learn_fixed_atoms", 0, NULL));
    OK(dicod_options_set_integer(options, "frozen_support", 1));
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "frozen_support",
          dicod_learn(NULL, options, PROBLEM(2, signal_shape, 1, P, K, atom_shape), x, NULL, NULL, d, NULL, &info));
    double kept = x[5];
    x[5] = NAN;
    FAILS(DICOD_ERROR_NOT_FINITE, "x[0, 0, 0, 5]",
          dicod_learn(NULL, NULL, PROBLEM(2, signal_shape, 1, P, K, atom_shape), x, NULL, NULL, d, NULL, &info));
    x[5] = kept;
    FAILS(DICOD_ERROR_NULL_POINTER, "x",
          dicod_learn(NULL, NULL, PROBLEM(2, signal_shape, 1, P, K, atom_shape), NULL, NULL, NULL, d, NULL, NULL));
    FAILS(DICOD_ERROR_NULL_POINTER, "d",
          dicod_learn(NULL, NULL, PROBLEM(2, signal_shape, 1, P, K, atom_shape), x, NULL, NULL, NULL, NULL, NULL));
    info.struct_size = 8;
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "info->struct_size",
          dicod_learn(NULL, NULL, PROBLEM(2, signal_shape, 1, P, K, atom_shape), x, NULL, NULL, d, NULL, &info));
    CHECK(memcmp(before, d, sizeof d) == 0 && learner == NULL);
    dicod_options_free(&options);
    /* weights and crops: said before anything is learned */
    dicod_options *crops = NULL;
    double ones[NX];
    void *pw[P];
    for (int i = 0; i < NX; i++) ones[i] = 1;
    for (int p = 0; p < P; p++) pw[p] = ones + p * T0 * T1;
    const dicod_array aw = describe(DICOD_F64, signal_shape, P, pw);
    OK(dicod_options_create(&crops));
    OK(dicod_options_parse(crops, "learn_crops=2 learn_crop_shape=8"));
    OK(dicod_learner_create(NULL, crops, PROBLEM(2, signal_shape, 1, P, K, atom_shape), NULL, &learner));
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "option \"learn_crops\" must be 0 where samples have weights, is 2",
          dicod_learner_set_weights(learner, READ(&aw)));
    for (int p = 0; p < P; p++) pw[p] = x + p * T0 * T1;
    OK(dicod_learner_step(learner, READ(&aw), NULL));
    dicod_learner_free(&learner);
    dicod_options_free(&crops);
}

int main(void)
{
    /* a signal with structure: two shapes at random places, and noise */
    double shapes[ND], places[NZ], noise[NX];
    fill(shapes, ND, 1);
    fill(places, NZ, 2);
    fill(noise, NX, 3);
    for (int i = 0; i < NZ; i++) places[i] = fabs(places[i]) > 0.96 ? places[i] : 0;
    model(shapes, places, x);
    for (int i = 0; i < NX; i++) x[i] += 0.05 * noise[i];
    to_float(x, xf, NX);
    one_call();
    step_by_step();
    has_what_an_encoder_has();
    draws_the_first_dictionary();
    refused();
    return report("learn");
}
