/* What an encoder or a learner will hold, told before it is made: about what it holds then. */
#if defined(__has_include)
#if __has_include(<features.h>)
#include <features.h>
#endif
#endif
#include "problem.h"
#ifdef __GLIBC__
#include <malloc.h>
#endif

/* Fields of some tiles, in one and two axes: no tile is quiet. Those take hardly anything. */
enum { S0 = 128, S1 = 112, N = S0 * S1, MOST_FIELDS = 4 };

static double x[MOST_FIELDS * N], w[MOST_FIELDS * N], d[ND];
static float xf[MOST_FIELDS * N], wf[MOST_FIELDS * N], df[ND];
static const int64_t plane[2] = {S0, S1}, line[1] = {N}, long_atom[1] = {L0 * L1};
static const int64_t sizes[2 * K] = {L0, L1, 2, 2, 1, L1};

/* bytes that malloc has given, as far as that is known; else 0 */
static double in_use(void)
{
#if defined(__GLIBC__) && (__GLIBC__ > 2 || (__GLIBC__ == 2 && __GLIBC_MINOR__ >= 33))
    struct mallinfo2 info = mallinfo2();
    return (double)(info.uordblks + info.hblkhd);
#else
    return 0;
#endif
}

enum { PLAIN = 0, WEIGHTS = 1, HOLES = 2, PENALTIES = 4, FLOATS = 8, LINE = 16, SIZES = 32, SIGNALS = 64 };

typedef struct {
    const char *options;
    int kind;
} what;

static void note(const what *c, const char *who, double told, double holds, double grown)
{
    /* no less than there is, and hardly more */
    const int failed = failures;
    CHECK(holds <= told && told <= 1.2 * holds);
    /* what the handle says of itself is so */
    if (grown > 0) CHECK(fabs(grown - holds) <= 0.1 * holds);
    if (failures > failed || getenv("DICOD_TEST_TELL"))
        printf("  %s, \"%s\", kind %d: %.0f told, %.0f held, %.0f taken from the system\n", who, c->options, c->kind, told, holds, grown);
}

static dicod_problem problem_for(const what *c)
{
    dicod_problem p = c->kind & LINE ? problem_of(1, line, 1, P, K, long_atom) : problem_of(2, plane, 1, P, K, atom_shape);
    if (c->kind & SIGNALS) p.n_signals = 2;
    if (c->kind & SIZES) p.atom_shapes = sizes;
    return p;
}

static dicod_array field(const what *c, int64_t n, double *values, float *floats, void **channels)
{
    dicod_array a = DICOD_ARRAY_INIT;
    a.element_type = c->kind & FLOATS ? DICOD_F32 : DICOD_F64;
    a.n_axes = c->kind & LINE ? 1 : 2;
    a.global_shape = c->kind & LINE ? line : plane;
    a.n_channels = n;
    for (int64_t i = 0; i < n; i++) channels[i] = c->kind & FLOATS ? (void *)(floats + i * N) : (void *)(values + i * N);
    a.channels = channels;
    return a;
}

/* x with noise everywhere, and holes where the case has some */
static void fill_fields(const what *c)
{
    fill(x, MOST_FIELDS * N, 1);
    for (int i = 0; i < MOST_FIELDS * N; i++) {
        if (c->kind & HOLES && i % 7 == 3) x[i] = NAN;
        w[i] = i % 5 ? 1 : 0.25;
    }
    to_float(x, xf, MOST_FIELDS * N);
    to_float(w, wf, MOST_FIELDS * N);
}

static void of_an_encoder(const what *c)
{
    void *px[MOST_FIELDS], *pw[MOST_FIELDS], *pp[2 * K];
    static double factors[2 * K * N];
    static float factors_f[2 * K * N];
    int64_t bytes = -1, gram = -1, weights = -1, penalties = -1;
    dicod_problem p = problem_for(c);
    dicod_options *o = NULL;
    dicod_encoder *e = NULL;
    dicod_info info = DICOD_INFO_INIT;
    fill_fields(c);
    dicod_array ax = field(c, p.n_signals * P, x, xf, px), aw = field(c, p.n_signals * P, w, wf, pw);
    OK(dicod_options_create(&o));
    OK(dicod_options_parse(o, c->options));
    OK(dicod_encoder_memory(NULL, o, &p, ax.element_type, NULL, NULL, &bytes, &gram, &weights, &penalties));
    const double before = in_use();
    if (c->kind & FLOATS) OK(dicod_encoder_create_f32(NULL, o, &p, df, &e));
    else OK(dicod_encoder_create(NULL, o, &p, d, &e));
    if (c->kind & WEIGHTS) OK(dicod_encoder_set_weights(e, READ(&aw)));
    if (c->kind & PENALTIES) {
        const int64_t n = c->kind & LINE ? N - L0 * L1 + 1 : 0, valid[2] = {n ? n : S0 - L0 + 1, S1 - L1 + 1};
        for (int i = 0; i < 2 * K * N; i++) factors_f[i] = (float)(factors[i] = 1 + i % 2);
        dicod_array ap = field(c, p.n_signals * K, factors, factors_f, pp);
        ap.global_shape = valid;
        OK(dicod_encoder_set_penalties(e, READ(&ap)));
    }
    OK(dicod_encoder_solve(e, READ(&ax), &info));
    CHECK(gram == info.bytes_gram && info.nonzeros > 0);
    const double told = (double)(bytes + (c->kind & WEIGHTS ? weights : 0) + (c->kind & PENALTIES ? penalties : 0));
    const double grown = in_use() - before;
    note(c, "encoder", told, (double)info.bytes, before > 0 && grown > 0 ? grown - (double)gram : 0);
    dicod_encoder_free(&e);
    dicod_options_free(&o);
}

static void of_a_learner(const what *c)
{
    void *px[MOST_FIELDS], *pw[MOST_FIELDS];
    int64_t bytes = -1, gram = -1, weights = -1;
    dicod_problem p = problem_for(c);
    dicod_options *o = NULL;
    dicod_learner *l = NULL;
    dicod_handle_info info = DICOD_HANDLE_INFO_INIT;
    fill_fields(c);
    dicod_array ax = field(c, p.n_signals * P, x, xf, px), aw = field(c, p.n_signals * P, w, wf, pw);
    OK(dicod_options_create(&o));
    OK(dicod_options_parse(o, c->options));
    OK(dicod_learner_memory(NULL, o, &p, ax.element_type, NULL, NULL, &bytes, &gram, &weights));
    const double before = in_use();
    if (c->kind & FLOATS) OK(dicod_learner_create_f32(NULL, o, &p, df, &l));
    else OK(dicod_learner_create(NULL, o, &p, d, &l));
    if (c->kind & WEIGHTS) OK(dicod_learner_set_weights(l, READ(&aw)));
    for (int step = 0; step < 2; step++) OK(dicod_learner_step(l, READ(&ax), NULL));
    OK(dicod_learner_describe(l, &info));
    const double told = (double)(bytes + gram + (c->kind & WEIGHTS ? weights : 0)), grown = in_use() - before;
    note(c, "learner", told, (double)info.bytes, before > 0 && grown > 0 ? grown : 0);
    dicod_learner_free(&l);
    dicod_options_free(&o);
}

/* clang-format off */
static const what encoders[] = {
    {"reg=0.75", PLAIN}, {"reg=0.75", FLOATS}, {"reg=0.75 tol=1e-7", LINE}, {"reg=0.75", WEIGHTS}, {"reg=0.75", WEIGHTS | FLOATS | SIGNALS},
    {"reg=0.75", WEIGHTS | LINE}, {"reg=0.75 missing=nan", HOLES}, {"reg=0.75 missing=nan", HOLES | FLOATS | LINE},
    {"reg=0.75 missing=nan", HOLES | WEIGHTS}, {"reg=0.75", PENALTIES}, {"reg=0.75 tol=1e-7", PENALTIES | WEIGHTS | LINE},
    {"reg=0.75", PENALTIES | FLOATS | SIGNALS}, {"reg=0.75 background=mean", PLAIN}, {"reg=0.75 background=smooth background_length=9", PLAIN},
    {"reg=0.75 background=smooth background_length=9 missing=nan", HOLES | FLOATS | SIGNALS}, {"reg=0.75", SIZES},
    {"reg=0.75", SIZES | WEIGHTS}, {"reg=0.75 proof=tight", SIGNALS}, {"reg=0.75 proof=tight", WEIGHTS | LINE}, {"reg=0.75 ridge=0.3", WEIGHTS},
    {"reg=0.75 schedule=published", WEIGHTS}, {"reg=0.75 periodic=1,0", WEIGHTS},
};
static const what learners[] = {
    {"reg=0.75", PLAIN}, {"reg=0.75", SIGNALS | FLOATS}, {"reg=0.75", LINE}, {"reg=0.75", WEIGHTS}, {"reg=0.75", WEIGHTS | FLOATS | LINE},
    {"reg=0.75 missing=nan", HOLES}, {"reg=0.75 missing=nan", HOLES | WEIGHTS | SIGNALS},
    {"reg=0.75 background=smooth background_length=9", SIGNALS}, {"reg=0.75 learn_online=1", PLAIN},
    {"reg=0.75 tol=1e-2 learn_batch=1", SIGNALS}, {"reg=0.75 tol=1e-2 learn_batch=1", SIGNALS | WEIGHTS}, {"reg=0.75 tol=1e-2 learn_crops=3 learn_crop_shape=60,50", SIGNALS},
    {"reg=0.75 learn_init=given", SIZES}, {"reg=0.75 learn_rank_one=1", WEIGHTS}, {"reg=0.75 learn_robust=0.1", PLAIN},
};
/* clang-format on */

/* What is far too large is told as fast: a signal of 2^40, and very many of them. */
static void of_what_there_is_no_room_for(void)
{
    const int64_t longest[2] = {INT64_C(1) << 40, 64};
    int64_t bytes = -1, weights = -1, other = -1;
    dicod_options *o = NULL;
    OK(dicod_encoder_memory(NULL, NULL, PROBLEM(2, longest, 1, P, K, atom_shape), DICOD_F64, NULL, NULL, &bytes, NULL, &weights, NULL));
    CHECK(bytes > (INT64_C(1) << 49) && bytes < (INT64_C(1) << 52) && weights > (INT64_C(1) << 49) && weights < (INT64_C(1) << 53));
    OK(dicod_learner_memory(NULL, NULL, PROBLEM(2, longest, 1, P, K, atom_shape), DICOD_F64, NULL, NULL, &other, NULL, NULL));
    CHECK(other > bytes && (double)other < 1.1 * (double)bytes);
    OK(dicod_learner_memory(NULL, NULL, PROBLEM(2, plane, INT64_C(1) << 26, P, K, atom_shape), DICOD_F64, NULL, NULL, &other, NULL, NULL));
    CHECK(other > (INT64_C(1) << 44) && other < (INT64_C(1) << 48));
    /* what learns from crops takes what these do, however long the signal is */
    OK(dicod_options_create(&o));
    OK(dicod_options_parse(o, "learn_crops=3 learn_crop_shape=60,50"));
    OK(dicod_learner_memory(NULL, o, PROBLEM(2, longest, 1, P, K, atom_shape), DICOD_F64, NULL, NULL, &other, NULL, &weights));
    OK(dicod_learner_memory(NULL, o, PROBLEM(2, plane, 1, P, K, atom_shape), DICOD_F64, NULL, NULL, &bytes, NULL, NULL));
    CHECK(other == bytes && weights == 0);
    dicod_options_free(&o);
}

static void of_what_cannot_be(void)
{
    dicod_options *o = NULL;
    int64_t results[4] = {-1, -2, -3, -4}, again[2] = {-1, -1};
    const int64_t none[2] = {0, 0}, far[2] = {1, 0}, first[2] = {3, 0};
    dicod_problem p = problem_of(2, plane, 1, P, K, atom_shape);
    OK(dicod_options_create(&o));
    for (int learns = 0; learns < 2; learns++) {
#define ASK(problem, type, offset, shape, to) \
    (learns ? dicod_learner_memory(NULL, o, problem, type, offset, shape, to, results + 1, results + 2) \
            : dicod_encoder_memory(NULL, o, problem, type, offset, shape, to, results + 1, results + 2, results + 3))
        OK(ASK(&p, DICOD_F64, none, plane, results));
        again[0] = results[0];
        OK(ASK(&p, DICOD_F64, NULL, NULL, results));
        CHECK(results[0] == again[0] && results[0] > 0 && results[1] > 0 && results[2] > 0);
        int64_t before[4];
        memcpy(before, results, sizeof before);
        FAILS(DICOD_ERROR_NULL_POINTER, "bytes", ASK(&p, DICOD_F64, NULL, NULL, NULL));
        FAILS(DICOD_ERROR_NULL_POINTER, "problem", ASK(NULL, DICOD_F64, NULL, NULL, results));
        FAILS(DICOD_ERROR_INVALID_ARGUMENT, "element_type must be 64 (double) or 32 (float), is 16", ASK(&p, 16, NULL, NULL, results));
        FAILS(DICOD_ERROR_INVALID_SHAPE, "on no rank", ASK(&p, DICOD_F64, NULL, none, results));
        FAILS(DICOD_ERROR_INVALID_SHAPE, "inside the domain", ASK(&p, DICOD_F64, far, NULL, results));
        for (int i = 0; i < N_BAD_BLOCKS; i++)
            FAILS(DICOD_ERROR_INVALID_SHAPE, i < N_NEGATIVE ? "local_shape must be lengths of at least 0" : "inside the domain",
                  ASK(&p, DICOD_F64, bad_blocks[i][0], bad_blocks[i][1], results));
        FAILS(DICOD_ERROR_INVALID_SHAPE, "on no rank", ASK(&p, DICOD_F64, first, none, results));
        dicod_problem bad = p;
        bad.atom_shape[1] = S1 + 1;
        FAILS(DICOD_ERROR_INVALID_SHAPE, "atom_shape", ASK(&bad, DICOD_F64, NULL, NULL, results));
        const int64_t too_large[2 * K] = {L0, L1, L0 + 1, L1, L0, L1};
        bad = p, bad.atom_shapes = too_large;
        FAILS(DICOD_ERROR_INVALID_SHAPE, "atom_shapes", ASK(&bad, DICOD_F64, NULL, NULL, results));
        CHECK(memcmp(before, results, sizeof before) == 0);
    }
    int64_t bytes = -1;
    char *crooked = (char *)results + 1;
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "bytes_weights",
          dicod_learner_memory(NULL, o, &p, DICOD_F64, NULL, NULL, &bytes, NULL, (int64_t *)(void *)crooked));
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "bytes_penalties",
          dicod_encoder_memory(NULL, o, &p, DICOD_F64, NULL, NULL, &bytes, NULL, NULL, (int64_t *)(void *)crooked));
    /* options that no learner takes are refused here, too */
    OK(dicod_options_parse(o, "learn_batch=2"));
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "option \"learn_batch\" must be at most 1",
          dicod_learner_memory(NULL, o, &p, DICOD_F64, NULL, NULL, &bytes, NULL, NULL));
    CHECK(bytes == -1);
    dicod_options_free(&o);
}

/* few: not all of them, which valgrind makes slow */
int main(int argc, char **argv)
{
    const size_t step = argc > 1 && !strcmp(argv[1], "few") ? 4 : 1;
    fill(d, ND, 2);
    to_float(d, df, ND);
    for (size_t i = 0; i < sizeof encoders / sizeof *encoders; i += step) of_an_encoder(encoders + i);
    for (size_t i = 0; i < sizeof learners / sizeof *learners; i += step) of_a_learner(learners + i);
    of_what_there_is_no_room_for();
    of_what_cannot_be();
    return report("memory");
}
