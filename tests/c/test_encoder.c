/* The encoder handle: every function, from C, with arrays that lie as a host's do. */
#include "problem.h"

static double x[NX], d[ND], z[NZ], seen[NZ], u[K * P], v[K * L0 * L1];
static float xf[NX], df[ND], zf[NZ], uf[K * P], vf[K * L0 * L1];

#define SHAPES PROBLEM(2, signal_shape, 1, P, K, atom_shape)

static const int64_t valid_shape[2] = {V0, V1};

/* describes channels that lie one after the other, or, with `step` above 1, interleaved */
static dicod_array describe(void *base, int64_t size, const int64_t *shape, int64_t n, int64_t distance, void **channels,
                            const int64_t *strides)
{
    dicod_array a = DICOD_ARRAY_INIT;
    a.element_type = 8 * size;
    a.n_axes = 2;
    a.global_shape = shape;
    a.strides = strides;
    a.n_channels = n;
    for (int64_t c = 0; c < n; c++) channels[c] = (char *)base + c * distance * size;
    a.channels = channels;
    return a;
}

/* an encoder that has solved nothing gets the list of `seen` */
static void sets_what_was_got(int64_t count, int64_t *signal, int64_t *atom, int64_t *at, double *value)
{
    static double back[NZ];
    void *px[P], *pz[K];
    dicod_array ax = describe(x, 8, signal_shape, P, T0 * T1, px, NULL), az = describe(back, 8, valid_shape, K, V0 * V1, pz, NULL);
    dicod_encoder *e = NULL;
    dicod_options *o = NULL;
    dicod_info info = DICOD_INFO_INIT;
    int64_t n = 0;
    OK(dicod_options_create(&o));
    OK(dicod_options_set_integer(o, "warm_start", 1));
    OK(dicod_encoder_create(NULL, o, SHAPES, d, &e));
    OK(dicod_encoder_set_sparse(e, count, signal, atom, at, value));
    OK(dicod_encoder_get_z(e, &az));
    CHECK(memcmp(back, seen, sizeof back) == 0);
    OK(dicod_encoder_solve(e, READ(&ax), &info));
    CHECK(info.steps == 0 && info.nonzeros == count);

    /* what is refused leaves z */
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "n must", dicod_encoder_set_sparse(e, -1, signal, atom, at, value));
    FAILS(DICOD_ERROR_NULL_POINTER, "atom", dicod_encoder_set_sparse(e, 1, NULL, NULL, at, value));
    FAILS(DICOD_ERROR_NULL_POINTER, "position", dicod_encoder_set_sparse(e, 1, NULL, atom, NULL, value));
    FAILS(DICOD_ERROR_NULL_POINTER, "value", dicod_encoder_set_sparse(e, 1, NULL, atom, at, NULL));
    FAILS(DICOD_ERROR_NULL_POINTER, "encoder", dicod_encoder_set_sparse(NULL, 1, NULL, atom, at, value));
    int64_t none[2] = {1, -1}, odd[4] = {0, V1, at[0], at[1]}, twice[6] = {at[0], at[1], at[2], at[3], at[0], at[1]};
    FAILS(DICOD_ERROR_OUT_OF_RANGE, "signal[0] must be from 0 to 0, is 1", dicod_encoder_set_sparse(e, 1, none, atom, at, value));
    FAILS(DICOD_ERROR_OUT_OF_RANGE, "atom[1]", dicod_encoder_set_sparse(e, 2, NULL, none, at, value));
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "position[0]", dicod_encoder_set_sparse(e, 2, NULL, atom, odd, value));
    int64_t same[3] = {atom[0], atom[1], atom[0]};
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "position[2] must be another place than position[0]",
          dicod_encoder_set_sparse(e, 3, NULL, same, twice, value));
    const double wild[2] = {1, NAN};
    FAILS(DICOD_ERROR_NOT_FINITE, "value[1]", dicod_encoder_set_sparse(e, 2, NULL, atom, at, wild));
    memset(back, 0, sizeof back);
    OK(dicod_encoder_get_z(e, &az));
    CHECK(memcmp(back, seen, sizeof back) == 0);

    /* one of them, another one, none */
    OK(dicod_encoder_set_sparse(e, 1, NULL, atom + 1, at + 2, value + 1));
    OK(dicod_encoder_get_sparse(e, 0, NULL, NULL, NULL, NULL, &n));
    CHECK(n == 1);
    OK(dicod_encoder_set_sparse(e, 0, NULL, NULL, NULL, NULL));
    OK(dicod_encoder_get_sparse(e, 0, NULL, NULL, NULL, NULL, &n));
    CHECK(n == 0);
    dicod_encoder_free(&e);
    OK(dicod_options_set_integer(o, "positive", 1));
    OK(dicod_encoder_create(NULL, o, SHAPES, d, &e));
    const double below[1] = {-1};
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "value[0]", dicod_encoder_set_sparse(e, 1, NULL, atom, at, below));
    dicod_encoder_free(&e);

    /* no float can be */
    const double large[2] = {1, -1e300};
    to_float(d, df, ND);
    OK(dicod_encoder_create_f32(NULL, NULL, SHAPES, df, &e));
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "value[1] must be at most 3.4028235e38 in size, as float has it, is -1e300",
          dicod_encoder_set_sparse(e, 2, NULL, atom, at, large));
    FAILS(DICOD_ERROR_NOT_FINITE, "value[1]", dicod_encoder_set_sparse(e, 2, NULL, atom, at, wild));
    dicod_encoder_free(&e);
    dicod_options_free(&o);
}

static void gives_what_dicod_solve_gives(void)
{
    void *px[P], *pz[K];
    dicod_encoder *e = NULL;
    dicod_info info = DICOD_INFO_INIT, plain = DICOD_INFO_INIT;
    dicod_array ax = describe(x, 8, signal_shape, P, T0 * T1, px, NULL), az = describe(seen, 8, valid_shape, K, V0 * V1, pz, NULL);
    OK(dicod_solve(NULL, NULL, SHAPES, x, d, z, &plain));
    OK(dicod_encoder_create(NULL, NULL, SHAPES, d, &e));
    double lambda[K];
    FAILS(DICOD_ERROR_INVALID_STATE, NULL, dicod_encoder_get_lambda(e, K, lambda));
    OK(dicod_encoder_solve(e, READ(&ax), &info));
    CHECK(info.objective == plain.objective && info.steps == plain.steps);
    OK(dicod_encoder_get_z(e, &az));
    CHECK(memcmp(z, seen, sizeof z) == 0);

    /* the same signal, its channels interleaved and upside down in memory */
    static double turned[NX];
    const int64_t strides[2] = {-T1 * P, P};
    for (int p = 0; p < P; p++)
        for (int i = 0; i < T0; i++)
            for (int j = 0; j < T1; j++) turned[((T0 - 1 - i) * T1 + j) * P + p] = x[(p * T0 + i) * T1 + j];
    dicod_array at = describe(turned + (T0 - 1) * T1 * P, 8, signal_shape, P, 1, px, strides);
    OK(dicod_encoder_clear_z(e));
    OK(dicod_encoder_solve(e, READ(&at), NULL));
    OK(dicod_encoder_get_z(e, &az));
    for (int i = 0; i < NZ; i++) CLOSE(seen[i], z[i], 1e-12);

    int64_t count = 0, nonzeros = 0;
    OK(dicod_encoder_get_sparse(e, 0, NULL, NULL, NULL, NULL, &count));
    for (int i = 0; i < NZ; i++) nonzeros += seen[i] != 0;
    CHECK(count == nonzeros && count > 1);
    int64_t *signal = malloc(8 * (size_t)count), *atom = malloc(8 * (size_t)count), *at_ = malloc(16 * (size_t)count);
    double *value = malloc(8 * (size_t)count);
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "capacity", dicod_encoder_get_sparse(e, count - 1, signal, atom, at_, value, &nonzeros));
    OK(dicod_encoder_get_sparse(e, count, signal, atom, at_, value, &nonzeros));
    for (int64_t i = 0; i < count; i++) CHECK(signal[i] == 0 && seen[(atom[i] * V0 + at_[2 * i]) * V1 + at_[2 * i + 1]] == value[i]);
    OK(dicod_encoder_get_sparse(e, count, NULL, NULL, NULL, value, &nonzeros));
    sets_what_was_got(count, signal, atom, at_, value);
    free(signal), free(atom), free(at_), free(value);

    OK(dicod_encoder_get_lambda(e, K, lambda));
    CHECK(lambda[0] == lambda[K - 1]);
    CLOSE(lambda[0], plain.lambda, 1e-12);
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "n_atoms", dicod_encoder_get_lambda(e, K + 1, lambda));
    /* the tolerance of the atom with the least norm is the one in info */
    OK(dicod_encoder_get_tolerance(e, K, lambda));
    double most = 0;
    for (int k = 0; k < K; k++) most = lambda[k] > most ? lambda[k] : most;
    CLOSE(most, plain.tol, 1e-12);
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "n_atoms", dicod_encoder_get_tolerance(e, K + 1, lambda));
    dicod_encoder_free(&e);
    CHECK(e == NULL);
    dicod_encoder_free(&e);
    dicod_encoder_free(NULL);
}

static void starts_where_it_was(void)
{
    void *px[P], *pz[K];
    dicod_encoder *e = NULL;
    dicod_options *o = NULL;
    dicod_info first = DICOD_INFO_INIT, again = DICOD_INFO_INIT;
    dicod_array ax = describe(x, 8, signal_shape, P, T0 * T1, px, NULL), az = describe(seen, 8, valid_shape, K, V0 * V1, pz, NULL);
    OK(dicod_options_create(&o));
    OK(dicod_options_set_integer(o, "warm_start", 1));
    OK(dicod_encoder_create(NULL, o, SHAPES, d, &e));
    dicod_options_free(&o);
    OK(dicod_encoder_solve(e, READ(&ax), &first));
    OK(dicod_encoder_get_z(e, &az));
    OK(dicod_encoder_solve(e, READ(&ax), &again));
    CHECK(first.steps > 10 && again.steps < first.steps / 4);
    OK(dicod_encoder_clear_z(e));
    OK(dicod_encoder_set_z(e, READ(&az)));
    OK(dicod_encoder_solve(e, READ(&ax), &again));
    CHECK(again.steps < first.steps / 4);

    static double other[ND];
    for (int i = 0; i < ND; i++) other[i] = 2 * d[i];
    OK(dicod_encoder_set_dictionary(e, other));
    OK(dicod_encoder_clear_z(e));
    OK(dicod_encoder_solve(e, READ(&ax), &again));
    CLOSE(again.lambda_max, 2 * first.lambda_max, 1e-9);
    static double back[ND], back_u[K * P], back_v[K * L0 * L1];
    OK(dicod_encoder_get_dictionary(e, ND, back));
    CHECK(memcmp(back, other, sizeof back) == 0);
    FAILS(DICOD_ERROR_INVALID_STATE, "rank one", dicod_encoder_get_dictionary_rank1(e, K * P, back_u, K * L0 * L1, back_v));
    OK(dicod_encoder_set_dictionary_rank1(e, u, v));
    OK(dicod_encoder_solve(e, READ(&ax), NULL));
    OK(dicod_encoder_get_dictionary_rank1(e, K * P, back_u, K * L0 * L1, back_v));
    CHECK(memcmp(back_u, u, sizeof back_u) == 0 && memcmp(back_v, v, sizeof back_v) == 0);
    OK(dicod_encoder_get_dictionary(e, ND, back));
    for (int i = 0; i < ND; i++) CHECK(back[i] == u[i / (L0 * L1)] * v[i / (P * L0 * L1) * L0 * L1 + i % (L0 * L1)]);
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "n_values", dicod_encoder_get_dictionary(e, ND - 1, back));
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "n_v", dicod_encoder_get_dictionary_rank1(e, K * P, back_u, K * L0 * L1 + 1, back_v));
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "float", dicod_encoder_get_dictionary_f32(e, ND, df));
    FAILS(DICOD_ERROR_NULL_POINTER, "d", dicod_encoder_get_dictionary(e, ND, NULL));
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "v", dicod_encoder_get_dictionary_rank1(e, K * P, back_u, K * L0 * L1, back_u));

    FAILS(DICOD_ERROR_INVALID_ARGUMENT, NULL, dicod_encoder_set_dictionary_f32(e, df));
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, NULL, dicod_encoder_set_dictionary_rank1_f32(e, uf, vf));
    FAILS(DICOD_ERROR_NULL_POINTER, "d", dicod_encoder_set_dictionary(e, NULL));
    other[0] = NAN;
    FAILS(DICOD_ERROR_NOT_FINITE, "d", dicod_encoder_set_dictionary(e, other));
    dicod_encoder_free(&e);
}

static void takes_rank_one_and_float(void)
{
    void *px[P], *pz[K];
    dicod_encoder *e = NULL;
    dicod_info info = DICOD_INFO_INIT, full = DICOD_INFO_INIT;
    dicod_array ax = describe(x, 8, signal_shape, P, T0 * T1, px, NULL);
    static double product[ND];
    for (int k = 0; k < K; k++)
        for (int p = 0; p < P; p++)
            for (int i = 0; i < L0 * L1; i++) product[(k * P + p) * L0 * L1 + i] = u[k * P + p] * v[k * L0 * L1 + i];
    OK(dicod_solve(NULL, NULL, SHAPES, x, product, z, &full));
    OK(dicod_encoder_create_rank1(NULL, NULL, SHAPES, u, v, &e));
    OK(dicod_encoder_solve(e, READ(&ax), &info));
    CLOSE(info.objective, full.objective, 1e-9 * full.objective);
    dicod_encoder_free(&e);

    dicod_array af = describe(xf, 4, signal_shape, P, T0 * T1, px, NULL);
    OK(dicod_encoder_create_rank1_f32(NULL, NULL, SHAPES, uf, vf, &e));
    OK(dicod_encoder_solve(e, READ(&af), &info));
    CLOSE(info.objective, full.objective, 1e-3 * full.objective);
    OK(dicod_encoder_set_dictionary_rank1_f32(e, uf, vf));
    dicod_encoder_free(&e);

    dicod_array zz = describe(zf, 4, valid_shape, K, V0 * V1, pz, NULL);
    OK(dicod_encoder_create_f32(NULL, NULL, SHAPES, df, &e));
    OK(dicod_encoder_solve(e, READ(&af), &info));
    OK(dicod_encoder_get_z(e, &zz));
    OK(dicod_encoder_set_z(e, READ(&zz)));
    OK(dicod_encoder_set_dictionary_f32(e, df));
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "x", dicod_encoder_solve(e, READ(&ax), NULL));
    dicod_encoder_free(&e);
}

typedef struct {
    int64_t spans, visits, steps, most, last;
} seen_spans;

static int32_t count_spans(void *userdata, const dicod_span *span)
{
    seen_spans *s = userdata;
    CHECK(span->struct_size == sizeof *span && span->start >= 0 && span->seconds >= 0);
    s->spans++;
    if (span->activity == DICOD_SPAN_VISIT) {
        CHECK(span->tile >= 0 && span->sweep >= 0 && span->colour >= 0);
        s->visits++;
        s->steps += span->steps;
    }
    s->last = span->activity;
    return s->spans == s->most;
}

static void says_what_it_did(void)
{
    void *px[P];
    dicod_encoder *e = NULL;
    dicod_options *o = NULL;
    dicod_info info = DICOD_INFO_INIT;
    dicod_array ax = describe(x, 8, signal_shape, P, T0 * T1, px, NULL);
    seen_spans all = {0, 0, 0, -1, -1}, few = {0, 0, 0, 3, -1};
    int64_t needed = 0, again = 0;
    OK(dicod_encoder_create(NULL, NULL, SHAPES, d, &e));
    OK(dicod_encoder_solve(e, READ(&ax), NULL));
    FAILS(DICOD_ERROR_INVALID_STATE, "\"trace\"", dicod_encoder_get_trace(e, count_spans, &all));
    FAILS(DICOD_ERROR_INVALID_STATE, "\"trace\"", dicod_encoder_get_trace_json(e, 0, NULL, &needed));
    dicod_encoder_free(&e);
    OK(dicod_options_create(&o));
    OK(dicod_options_set_integer(o, "trace", 1));
    OK(dicod_encoder_create(NULL, o, SHAPES, d, &e));
    dicod_options_free(&o);
    OK(dicod_encoder_solve(e, READ(&ax), &info));
    OK(dicod_encoder_get_trace(e, count_spans, &all));
    CHECK(all.steps == info.steps && all.visits == info.visits && all.last == DICOD_SPAN_SOLVE);
    OK(dicod_encoder_get_trace(e, count_spans, &few));
    CHECK(few.spans == 3);
    OK(dicod_encoder_get_trace_json(e, 0, NULL, &needed));
    char *json = malloc((size_t)needed);
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "capacity", dicod_encoder_get_trace_json(e, needed - 1, json, &again));
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "capacity", dicod_encoder_get_trace_json(e, -1, json, &again));
    FAILS(DICOD_ERROR_NULL_POINTER, "json", dicod_encoder_get_trace_json(e, needed, NULL, &again));
    FAILS(DICOD_ERROR_NULL_POINTER, "needed", dicod_encoder_get_trace_json(e, needed, json, NULL));
    FAILS(DICOD_ERROR_NULL_POINTER, "visit", dicod_encoder_get_trace(e, NULL, NULL));
    OK(dicod_encoder_get_trace_json(e, needed, json, &again));
    CHECK(again == needed && (int64_t)strlen(json) == needed - 1);
    CHECK(strstr(json, "\"tile_bounds\": [[0, ") != NULL && strstr(json, "[\"solve\", -1, -1, -1, ") != NULL);
    free(json);
    dicod_encoder_free(&e);
}

static void tells_what_x_lies_on(void)
{
    static double b[NX], left[NX], built[NX], raised[NX];
    void *px[P], *pb[P], *pl[P], *pm[P];
    dicod_options *options = NULL;
    dicod_encoder *e = NULL;
    dicod_info info = DICOD_INFO_INIT, plain = DICOD_INFO_INIT;
    for (int i = 0; i < NX; i++) raised[i] = x[i] + 4096;
    dicod_array ax = describe(raised, 8, signal_shape, P, T0 * T1, px, NULL), ab = describe(b, 8, signal_shape, P, T0 * T1, pb, NULL),
                al = describe(left, 8, signal_shape, P, T0 * T1, pl, NULL), am = describe(built, 8, signal_shape, P, T0 * T1, pm, NULL);
    OK(dicod_options_create(&options));
    OK(dicod_options_set_string(options, "background", "mean"));
    OK(dicod_encoder_create(NULL, options, SHAPES, d, &e));
    FAILS(DICOD_ERROR_INVALID_STATE, "the background is not known before a solve", dicod_encoder_get_background(e, &ab));
    OK(dicod_encoder_solve(e, READ(&ax), &info));
    OK(dicod_encoder_get_background(e, &ab));
    double least = b[0], most = b[0];
    for (int p = 0; p < P; p++) {
        double sum = 0;
        for (int i = 0; i < T0 * T1; i++) sum += raised[p * T0 * T1 + i];
        CLOSE(b[p * T0 * T1 + 7], sum / (T0 * T1), 1e-9);
        CHECK(b[p * T0 * T1] == b[p * T0 * T1 + T0 * T1 - 1]);
        if (b[p * T0 * T1] < least) least = b[p * T0 * T1];
        if (b[p * T0 * T1] > most) most = b[p * T0 * T1];
    }
    CHECK(info.background_least == least && info.background_most == most);
    OK(dicod_encoder_residual(e, READ(&ax), &al));
    OK(dicod_encoder_reconstruct(e, &am));
    for (int i = 0; i < NX; i++) CHECK(left[i] == raised[i] - b[i] - built[i]);
    /* what was taken out by hand is solved the same, bit for bit */
    for (int i = 0; i < NX; i++) left[i] = raised[i] - b[i];
    OK(dicod_solve(NULL, NULL, SHAPES, left, d, z, &plain));
    CHECK(plain.objective == info.objective && plain.duality_gap == info.duality_gap && plain.lambda_max == info.lambda_max);
    CHECK(plain.background_least == 0 && plain.background_most == 0);
    char text[600];
    int64_t needed;
    OK(dicod_info_text(&info, sizeof text, text, &needed));
    CHECK(strstr(text, "; background 4.09") != NULL);
    FAILS(DICOD_ERROR_NULL_POINTER, "background", dicod_encoder_get_background(e, NULL));
    ab.n_channels = P + 1;
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "background->n_channels", dicod_encoder_get_background(e, &ab));
    dicod_encoder_free(&e);
    OK(dicod_options_set_string(options, "background", "smooth"));
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "\"background_length\" must be given", dicod_solve(NULL, options, SHAPES, x, d, z, NULL));
    dicod_options_free(&options);
}

static void tells_what_z_stands_for(void)
{
    static double built[NX], left[NX], back[NX], other[T0 * T1 * P];
    void *px[P], *pm[P], *pr[P], *pf[P], *pz[K];
    dicod_encoder *e = NULL;
    dicod_info info = DICOD_INFO_INIT;
    double objective = -1, data_term = -1, wanted[2];
    dicod_array ax = describe(x, 8, signal_shape, P, T0 * T1, px, NULL), am = describe(built, 8, signal_shape, P, T0 * T1, pm, NULL),
                ar = describe(left, 8, signal_shape, P, T0 * T1, pr, NULL);
    OK(dicod_encoder_create(NULL, NULL, SHAPES, d, &e));
    /* z = 0 before the first solve */
    OK(dicod_encoder_residual(e, READ(&ax), &ar));
    CHECK(memcmp(left, x, sizeof x) == 0);
    OK(dicod_encoder_objective(e, READ(&ax), &objective, &data_term));
    CHECK(objective == data_term && objective > 0);
    OK(dicod_solve(NULL, NULL, SHAPES, x, d, z, NULL));
    OK(dicod_encoder_solve(e, READ(&ax), &info));
    OK(dicod_encoder_reconstruct(e, &am));
    OK(dicod_reconstruct(NULL, NULL, SHAPES, d, z, back));
    CHECK(memcmp(built, back, sizeof back) == 0);
    OK(dicod_encoder_residual(e, READ(&ax), &ar));
    for (int i = 0; i < NX; i++) CHECK(left[i] == x[i] - back[i]);
    OK(dicod_encoder_objective(e, READ(&ax), &objective, &data_term));
    OK(dicod_objective(NULL, NULL, SHAPES, x, d, z, &wanted[0], &wanted[1]));
    CLOSE(objective, wanted[0], 1e-12 * wanted[0]);
    CLOSE(data_term, wanted[1], 1e-12 * wanted[0]);
    CLOSE(objective, info.objective, 1e-12 * wanted[0]);
    OK(dicod_encoder_objective(e, READ(&ax), &wanted[0], NULL));
    CHECK(wanted[0] == objective);

    /* a block in the middle, channels interleaved and upside down; then nothing */
    const int64_t offset[2] = {3, 2}, shape[2] = {5, 4}, strides[2] = {-4 * P, P}, none[2] = {0, 0};
    for (int i = 0; i < (int)(sizeof other / sizeof *other); i++) other[i] = 7;
    dicod_array part = describe(other + 4 * 4 * P, 8, signal_shape, P, 1, pf, strides);
    part.offset = offset, part.local_shape = shape;
    OK(dicod_encoder_reconstruct(e, &part));
    for (int p = 0; p < P; p++)
        for (int i = 0; i < 5; i++)
            for (int j = 0; j < 4; j++) CHECK(other[((4 - i) * 4 + j) * P + p] == built[(p * T0 + i + 3) * T1 + j + 2]);
    CHECK(other[5 * 4 * P] == 7);
    OK(dicod_encoder_residual(e, READ(&ax), &part));
    for (int p = 0; p < P; p++)
        for (int i = 0; i < 5; i++)
            for (int j = 0; j < 4; j++) CHECK(other[((4 - i) * 4 + j) * P + p] == left[(p * T0 + i + 3) * T1 + j + 2]);
    part.local_shape = none;
    OK(dicod_encoder_reconstruct(e, &part));
    OK(dicod_encoder_residual(e, READ(&ax), &part));

    /* in place */
    memcpy(back, x, sizeof x);
    dicod_array same = describe(back, 8, signal_shape, P, T0 * T1, pf, NULL);
    OK(dicod_encoder_residual(e, READ(&same), &same));
    CHECK(memcmp(back, left, sizeof left) == 0);

    /* what is refused leaves all as it is */
    memset(left, 1, sizeof left);
    memcpy(back, left, sizeof left);
    FAILS(DICOD_ERROR_NULL_POINTER, "encoder", dicod_encoder_reconstruct(NULL, &ar));
    FAILS(DICOD_ERROR_NULL_POINTER, "x", dicod_encoder_reconstruct(e, NULL));
    FAILS(DICOD_ERROR_NULL_POINTER, "residual", dicod_encoder_residual(e, READ(&ax), NULL));
    FAILS(DICOD_ERROR_NULL_POINTER, "x", dicod_encoder_residual(e, NULL, &ar));
    FAILS(DICOD_ERROR_NULL_POINTER, "objective", dicod_encoder_objective(e, READ(&ax), NULL, NULL));
    FAILS(DICOD_ERROR_NULL_POINTER, "x", dicod_encoder_objective(e, NULL, &objective, NULL));
    const int64_t far[2] = {T0 - 1, 0}, still[2] = {0, 0};
    ar.offset = far, ar.local_shape = shape;
    FAILS(DICOD_ERROR_INVALID_SHAPE, "residual->local_shape", dicod_encoder_residual(e, READ(&ax), &ar));
    ar.offset = ar.local_shape = NULL, ar.strides = still;
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "x->strides", dicod_encoder_reconstruct(e, &ar));
    ar.strides = NULL, ar.n_channels = P + 1;
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "n_signals * n_channels", dicod_encoder_reconstruct(e, &ar));
    ar.n_channels = P, ar.element_type = DICOD_F32;
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "element_type", dicod_encoder_reconstruct(e, &ar));
    ar.element_type = DICOD_F64;
    const double kept = x[5];
    x[5] = NAN;
    FAILS(DICOD_ERROR_NOT_FINITE, "x[0, 0, 0, 5]", dicod_encoder_residual(e, READ(&ax), &ar));
    FAILS(DICOD_ERROR_NOT_FINITE, "x[0, 0, 0, 5]", dicod_encoder_objective(e, READ(&ax), &objective, NULL));
    x[5] = kept;
    CHECK(memcmp(back, left, sizeof left) == 0 && objective == wanted[0]);

    dicod_encoder_free(&e);

    /* a dictionary with which it overflows */
    static float huge[ND], before[NX];
    for (int i = 0; i < ND; i++) huge[i] = 1e18f * df[i];
    memset(zf, 0, sizeof zf);
    zf[0] = 1e30f;
    dicod_array az = describe(zf, 4, valid_shape, K, V0 * V1, pz, NULL), af = describe(xf, 4, signal_shape, P, T0 * T1, pf, NULL);
    OK(dicod_encoder_create_f32(NULL, NULL, SHAPES, df, &e));
    OK(dicod_encoder_set_z(e, READ(&az)));
    OK(dicod_encoder_set_dictionary_f32(e, huge));
    memcpy(before, xf, sizeof xf);
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "the largest value of z", dicod_encoder_reconstruct(e, &af));
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "the largest value of z", dicod_encoder_residual(e, READ(&af), &af));
    double value = 5;
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "the objective of x and z", dicod_encoder_objective(e, READ(&af), &value, NULL));
    CHECK(memcmp(before, xf, sizeof xf) == 0 && value == 5);
    dicod_encoder_free(&e);
}

/* What weights and factors make of x and d may be no number any more: then it is refused, not called infinite. */
static void says_what_overflows(void)
{
    const int64_t signal = 12, atom = 1;
    double wide[12], heavy[12], factors[12], lambda = 7;
    const double large = 1e90;
    void *px[1], *pw[1], *pf[1];
    for (int i = 0; i < 12; i++) wide[i] = 1e90 / (i + 1), heavy[i] = 1e140, factors[i] = 1e-140;
    dicod_array ax = describe(wide, 8, &signal, 1, 12, px, NULL), aw = describe(heavy, 8, &signal, 1, 12, pw, NULL);
    dicod_array af = describe(factors, 8, &signal, 1, 12, pf, NULL);
    ax.n_axes = aw.n_axes = af.n_axes = 1;
    for (int weighted = 0; weighted < 2; weighted++) {
        dicod_encoder *e = NULL;
        dicod_info info = DICOD_INFO_INIT;
        OK(dicod_encoder_create(NULL, NULL, PROBLEM(1, &signal, 1, 1, 1, &atom), &large, &e));
        OK(weighted ? dicod_encoder_set_weights(e, READ(&aw)) : dicod_encoder_set_penalties(e, READ(&af)));
        FAILS(DICOD_ERROR_INVALID_ARGUMENT, "lambda_max of x must be finite", dicod_encoder_solve(e, READ(&ax), &info));
        FAILS(DICOD_ERROR_INVALID_ARGUMENT, "lambda_max of x must be finite", dicod_encoder_objective(e, READ(&ax), &lambda, NULL));
        CHECK(lambda == 7);
        /* it works on */
        OK(weighted ? dicod_encoder_clear_weights(e) : dicod_encoder_clear_penalties(e));
        OK(dicod_encoder_solve(e, READ(&ax), &info));
        CHECK(isfinite(info.lambda_max) && info.lambda_max > 0);
        dicod_encoder_free(&e);
    }
}

/* Lists of a block are of what there is, whatever the numbers. */
static void lists_of_bad_blocks(void)
{
    dicod_encoder *e = NULL;
    dicod_learner *learner = NULL;
    void *px[P];
    int64_t count = -7;
    dicod_array ax = describe(x, 8, signal_shape, P, T0 * T1, px, NULL);
    OK(dicod_encoder_create(NULL, NULL, SHAPES, d, &e));
    OK(dicod_encoder_solve(e, READ(&ax), NULL));
    OK(dicod_learner_create(NULL, NULL, SHAPES, d, &learner));
    for (int i = 0; i < N_BAD_BLOCKS; i++) {
        const int64_t *offset = bad_blocks[i][0], *shape = bad_blocks[i][1];
        const char *text = i < N_NEGATIVE ? "local_shape must be lengths of at least 0" : "inside the valid domain";
        FAILS(DICOD_ERROR_INVALID_SHAPE, text, dicod_encoder_get_sparse_block(e, offset, shape, 0, NULL, NULL, NULL, NULL, &count));
        FAILS(DICOD_ERROR_INVALID_SHAPE, text, dicod_learner_get_sparse_block(learner, offset, shape, 0, NULL, NULL, NULL, NULL, &count));
        CHECK(count == -7);
    }
    dicod_learner_free(&learner);
    dicod_encoder_free(&e);
}

static void refuses_what_cannot_be(void)
{
    void *px[P], *pz[K];
    dicod_encoder *e = NULL;
    const int64_t other[2] = {T0, T1 + 1}, still[2] = {0, 0}, far[2] = {INT64_MAX, 1};
    FAILS(DICOD_ERROR_NULL_POINTER, "encoder", dicod_encoder_create(NULL, NULL, SHAPES, d, NULL));
    FAILS(DICOD_ERROR_NULL_POINTER, "d", dicod_encoder_create(NULL, NULL, SHAPES, NULL, &e));
    CHECK(e == NULL);
    FAILS(DICOD_ERROR_NULL_POINTER, "encoder", dicod_encoder_clear_z(NULL));
    OK(dicod_encoder_create(NULL, NULL, SHAPES, d, &e));
#define REFUSED(status, text, change) \
    do { \
        dicod_array a = describe(x, 8, signal_shape, P, T0 * T1, px, NULL); \
        change; \
        FAILS(status, text, dicod_encoder_solve(e, READ(&a), NULL)); \
    } while (0)
    REFUSED(DICOD_ERROR_INVALID_ARGUMENT, "struct_size", a.struct_size = 1);
    REFUSED(DICOD_ERROR_INVALID_ARGUMENT, "element_type", a.element_type = 16);
    REFUSED(DICOD_ERROR_INVALID_ARGUMENT, "n_axes", a.n_axes = 3);
    REFUSED(DICOD_ERROR_INVALID_ARGUMENT, "n_channels", a.n_channels = P + 1);
    REFUSED(DICOD_ERROR_INVALID_SHAPE, "15", a.global_shape = other);
    REFUSED(DICOD_ERROR_NULL_POINTER, "global_shape", a.global_shape = NULL);
    REFUSED(DICOD_ERROR_NULL_POINTER, "channels", a.channels = NULL);
    REFUSED(DICOD_ERROR_INVALID_ARGUMENT, "channels", px[1] = (char *)px[1] + 3);
    REFUSED(DICOD_ERROR_INVALID_ARGUMENT, "strides", a.strides = far);
    FAILS(DICOD_ERROR_NULL_POINTER, "x", dicod_encoder_solve(e, NULL, NULL));
    dicod_array az = describe(seen, 8, valid_shape, K, V0 * V1, pz, still);
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "strides", dicod_encoder_get_z(e, &az));
    az.strides = NULL, az.n_channels = K + 1;
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "n_signals * n_atoms of the handle", dicod_encoder_set_penalties(e, READ(&az)));
    FAILS(DICOD_ERROR_NULL_POINTER, "count", dicod_encoder_get_sparse(e, 0, NULL, NULL, NULL, NULL, NULL));
    dicod_encoder_free(&e);
}

enum { POINTS = 6 };

/* what a path tells, and who is asked on the way */
typedef struct walk {
    dicod_encoder *e;
    const dicod_const_array *x;
    const double *reg;
    dicod_info info[POINTS];
    double z[POINTS][NZ];
    int64_t seen, stop_at;
    int is_float;
} walk;

static int32_t at_a_point(void *userdata, int64_t point, double reg, const dicod_info *info)
{
    walk *w = userdata;
    void *pz[K];
    static float taken[NZ];
    dicod_array az =
        w->is_float ? describe(taken, 4, valid_shape, K, V0 * V1, pz, NULL) : describe(w->z[point], 8, valid_shape, K, V0 * V1, pz, NULL);
    CHECK(point == w->seen++ && reg == w->reg[point]);
    CHECK(info->struct_size == sizeof *info);
    w->info[point] = *info;
    OK(dicod_encoder_get_z(w->e, &az));
    for (int i = 0; i < NZ && w->is_float; i++) w->z[point][i] = taken[i];
    double lambda[K];
    OK(dicod_encoder_get_lambda(w->e, K, lambda));
    CHECK(fmax(lambda[0], lambda[K - 1]) == info->lambda);
    /* the call that runs keeps what it needs */
    FAILS(DICOD_ERROR_INVALID_STATE, "context", dicod_encoder_clear_weights(w->e));
    return point == w->stop_at;
}

static void walks_a_path(int absolute, int per_atom, int is_float, int weighted)
{
    static walk w;
    static double alone[NZ];
    static float alone_f[NZ];
    void *px[P], *pz[K], *pw[P];
    double reg[POINTS], most = 1;
    const double of_atom[K] = {0.5, 1, 2};
    dicod_options *o = NULL;
    dicod_context *context = NULL;
    dicod_info last = DICOD_INFO_INIT;
    w = (walk){.stop_at = -1, .reg = reg, .is_float = is_float};
    dicod_array ax = is_float ? describe(xf, 4, signal_shape, P, T0 * T1, px, NULL) : describe(x, 8, signal_shape, P, T0 * T1, px, NULL);
    OK(dicod_context_create(2, &context));
    OK(dicod_options_create(&o));
    OK(dicod_options_set_real(o, "tol", is_float ? 1e-4 : 1e-8));
    if (absolute) OK(dicod_options_set_string(o, "reg_scale", "absolute"));
    if (absolute) OK(dicod_lambda_max(context, NULL, SHAPES, x, d, &most));
    if (per_atom) OK(dicod_options_set_reals(o, "reg_per_atom", K, of_atom));
    const double least = 0.05 * most;
    OK(dicod_reg_path(POINTS, most, least, reg));
    CHECK(reg[0] == most && reg[POINTS - 1] == least);
    for (int i = 1; i < POINTS; i++) CLOSE(reg[i] / reg[i - 1], pow(0.05, 1.0 / (POINTS - 1)), 1e-12);
    if (is_float) OK(dicod_encoder_create_f32(context, o, SHAPES, df, &w.e));
    else OK(dicod_encoder_create(context, o, SHAPES, d, &w.e));
    static double weights[NX];
    static float weights_f[NX];
    for (int i = 0; i < NX; i++) weights_f[i] = (float)(weights[i] = i % 7 ? 1 : 0.25);
    dicod_array aw =
        is_float ? describe(weights_f, 4, signal_shape, P, T0 * T1, pw, NULL) : describe(weights, 8, signal_shape, P, T0 * T1, pw, NULL);
    if (weighted) OK(dicod_encoder_set_weights(w.e, READ(&aw)));
    OK(dicod_encoder_path(w.e, READ(&ax), POINTS, reg, at_a_point, &w, &last));
    CHECK(w.seen == POINTS && memcmp(&last.objective, &w.info[POINTS - 1].objective, sizeof last.objective) == 0);
    CHECK(last.struct_size == sizeof last && last.status == DICOD_OK && last.nonzeros == w.info[POINTS - 1].nonzeros);
    int64_t steps = 0, steps_alone = 0;
    for (int i = 0; i < POINTS; i++) {
        /* the same by itself */
        dicod_encoder *e = NULL;
        dicod_info info = DICOD_INFO_INIT;
        double scaled[K];
        for (int k = 0; k < K; k++) scaled[k] = reg[i] * of_atom[k];
        if (per_atom) OK(dicod_options_set_reals(o, "reg_per_atom", K, scaled));
        else OK(dicod_options_set_real(o, "reg", reg[i]));
        if (is_float) OK(dicod_encoder_create_f32(context, o, SHAPES, df, &e));
        else OK(dicod_encoder_create(context, o, SHAPES, d, &e));
        if (weighted) OK(dicod_encoder_set_weights(e, READ(&aw)));
        OK(dicod_encoder_solve(e, READ(&ax), &info));
        dicod_array az =
            is_float ? describe(alone_f, 4, valid_shape, K, V0 * V1, pz, NULL) : describe(alone, 8, valid_shape, K, V0 * V1, pz, NULL);
        OK(dicod_encoder_get_z(e, &az));
        for (int j = 0; j < NZ && is_float; j++) alone[j] = alone_f[j];
        const dicod_info *found = &w.info[i];
        CHECK(found->status == DICOD_OK && found->lambda == info.lambda && found->lambda_max == info.lambda_max && found->tol == info.tol);
        CHECK(found->max_step <= found->tol && found->proven == info.proven);
        CHECK(found->objective >= info.objective - info.duality_gap - 1e-6 * is_float * info.objective);
        CHECK(info.objective >= found->objective - found->duality_gap - 1e-6 * is_float * info.objective);
        for (int j = 0; j < NZ; j++) CLOSE(w.z[i][j], alone[j], is_float ? 2e-2 : 1e-5);
        if (!i && !per_atom) CHECK(found->nonzeros == 0 && found->steps == 0);
        steps += found->steps, steps_alone += info.steps;
        dicod_encoder_free(&e);
    }
    CHECK(w.info[POINTS - 1].nonzeros > w.info[1].nonzeros);
    /* from point to point, not from zero each time */
    if (!per_atom && !weighted) CHECK(w.info[POINTS - 1].steps < steps_alone);
    if (!CHECK(steps < 2 * steps_alone)) printf("  %d steps, %d alone\n", (int)steps, (int)steps_alone);

    /* the caller stops it; the encoder keeps that point, and its own regularisation */
    w.seen = 0, w.stop_at = 2;
    STATUS(DICOD_CANCELLED, dicod_encoder_path(w.e, READ(&ax), POINTS, reg, at_a_point, &w, &last));
    CHECK(w.seen == 3 && last.status == DICOD_CANCELLED && w.info[2].status == DICOD_OK && last.lambda == w.info[2].lambda);
    int64_t n = 0;
    OK(dicod_encoder_get_sparse(w.e, 0, NULL, NULL, NULL, NULL, &n));
    CHECK(n == last.nonzeros && n > 0);
    OK(dicod_encoder_path(w.e, READ(&ax), POINTS, reg, NULL, NULL, NULL));
    double objective = 0, again = 0;
    OK(dicod_encoder_objective(w.e, READ(&ax), &objective, NULL));

    /* what is refused is named, and nothing has changed */
    double wrong[3] = {0.5, -0.25, 0.1};
    const char *name = "reg[1] must be at least 0 and finite, is -0.25";
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, name, dicod_encoder_path(w.e, READ(&ax), 3, wrong, at_a_point, &w, &last));
    wrong[1] = 0.2, wrong[2] = NAN;
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "reg[2]", dicod_encoder_path(w.e, READ(&ax), 3, wrong, at_a_point, &w, &last));
    wrong[2] = INFINITY;
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "reg[2]", dicod_encoder_path(w.e, READ(&ax), 3, wrong, at_a_point, &w, &last));
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "n_reg must be at least 1, is 0", dicod_encoder_path(w.e, READ(&ax), 0, reg, NULL, NULL, NULL));
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "n_reg", dicod_encoder_path(w.e, READ(&ax), -1, reg, NULL, NULL, NULL));
    FAILS(DICOD_ERROR_NULL_POINTER, "reg", dicod_encoder_path(w.e, READ(&ax), 2, NULL, NULL, NULL, NULL));
    FAILS(DICOD_ERROR_NULL_POINTER, "x", dicod_encoder_path(w.e, NULL, 2, reg, NULL, NULL, NULL));
    FAILS(DICOD_ERROR_NULL_POINTER, "encoder", dicod_encoder_path(NULL, READ(&ax), 2, reg, NULL, NULL, NULL));
    CHECK(w.seen == 3);
    OK(dicod_encoder_objective(w.e, READ(&ax), &again, NULL));
    CHECK(memcmp(&again, &objective, sizeof again) == 0);
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "n must be at least 1, is 0", dicod_reg_path(0, 1, 0.1, reg));
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "least must be positive and finite, is 0", dicod_reg_path(2, 1, 0, reg));
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "most", dicod_reg_path(2, INFINITY, 1, reg));
    FAILS(DICOD_ERROR_NULL_POINTER, "reg", dicod_reg_path(2, 1, 0.1, NULL));
    dicod_encoder_free(&w.e);

    /* a limit of steps is one for each point, and is told */
    OK(dicod_options_set_integer(o, "max_iter", 3));
    OK(dicod_options_set_reals(o, "reg_per_atom", 0, NULL));
    if (is_float) OK(dicod_encoder_create_f32(context, o, SHAPES, df, &w.e));
    else OK(dicod_encoder_create(context, o, SHAPES, d, &w.e));
    w.seen = 0, w.stop_at = -1;
    STATUS(DICOD_MAX_ITER, dicod_encoder_path(w.e, READ(&ax), POINTS, reg, at_a_point, &w, &last));
    CHECK(w.seen == POINTS && w.info[0].status == DICOD_OK && w.info[3].status == DICOD_MAX_ITER && w.info[3].steps == 3);
    dicod_encoder_free(&w.e);
    dicod_options_free(&o);
    dicod_context_free(&context);
}

int main(int argc, char **argv)
{
    (void)argv;
    fill(x, NX, 1);
    fill(d, ND, 2);
    fill(u, K * P, 3);
    fill(v, K * L0 * L1, 4);
    to_float(x, xf, NX);
    to_float(d, df, ND);
    to_float(u, uf, K * P);
    to_float(v, vf, K * L0 * L1);
    gives_what_dicod_solve_gives();
    starts_where_it_was();
    takes_rank_one_and_float();
    says_what_it_did();
    tells_what_x_lies_on();
    tells_what_z_stands_for();
    says_what_overflows();
    lists_of_bad_blocks();
    /* test_encoder few: one way, for valgrind */
    const int few = argc > 1;
    for (int way = few ? 3 : 0; way < (few ? 4 : 5); way++) walks_a_path(way & 1, way == 2, way == 3, way == 4);
    refuses_what_cannot_be();
    return report("encoder");
}
