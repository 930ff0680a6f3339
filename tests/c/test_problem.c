/* What a call is about: a struct in which what is wrong is named, what does not count is not read, and which may stand without a
 * context. */
#include "problem.h"

static double x[NX], d[ND], z[NZ], other[NZ], back[NX], gram[NG];

static dicod_problem good(void)
{
    dicod_problem problem = DICOD_PROBLEM_2D(T0, T1, K, L0, L1);
    problem.n_channels = P;
    return problem;
}

static void initialisers(void)
{
    const dicod_problem empty = DICOD_PROBLEM_INIT, line = DICOD_PROBLEM_1D(64, 2, 3), block = DICOD_PROBLEM_3D(9, 8, 7, 4, 3, 2, 1);
    CHECK(empty.struct_size == sizeof empty && empty.n_axes == 0 && empty.n_atoms == 0 && empty.n_channels == 1 && empty.n_signals == 1);
    CHECK(line.n_axes == 1 && line.signal_shape[0] == 64 && line.n_atoms == 2 && line.atom_shape[0] == 3);
    CHECK(line.struct_size == sizeof line && line.n_channels == 1 && line.n_signals == 1);
    CHECK(block.n_axes == 3 && block.n_atoms == 4);
    EQUAL(block.signal_shape, 9, 8, 7, 0);
    EQUAL(block.atom_shape, 3, 2, 1, 0);
}

/* what lies beyond the axes is not read, and nothing of the struct is changed */
static void beyond(void)
{
    dicod_problem problem = good(), before;
    OK(dicod_solve(NULL, NULL, &problem, x, d, z, NULL));
    for (int a = 2; a < 4; a++) problem.signal_shape[a] = -7, problem.atom_shape[a] = INT64_MIN;
    before = problem;
    OK(dicod_solve(NULL, NULL, &problem, x, d, other, NULL));
    CHECK(memcmp(z, other, sizeof z) == 0 && memcmp(&before, &problem, sizeof before) == 0);
}

#define REFUSED(status, text, change) \
    do { \
        dicod_problem problem = good(); \
        double value_ = 7; \
        dicod_encoder *encoder_ = NULL; \
        dicod_learner *learner_ = NULL; \
        problem.change; \
        memcpy(other, z, sizeof z); \
        FAILS(status, text, dicod_solve(NULL, NULL, &problem, x, d, z, NULL)); \
        FAILS(status, text, dicod_lambda_max(NULL, NULL, &problem, x, d, &value_)); \
        FAILS(status, text, dicod_reconstruct(NULL, NULL, &problem, d, z, back)); \
        FAILS(status, text, dicod_objective(NULL, NULL, &problem, x, d, z, &value_, NULL)); \
        FAILS(status, text, dicod_learn(NULL, NULL, &problem, x, NULL, NULL, d, z, NULL)); \
        FAILS(status, text, dicod_encoder_create(NULL, NULL, &problem, d, &encoder_)); \
        FAILS(status, text, dicod_learner_create(NULL, NULL, &problem, NULL, &learner_)); \
        CHECK(memcmp(other, z, sizeof z) == 0 && value_ == 7 && !encoder_ && !learner_); \
    } while (0)

static void refused(void)
{
    int64_t valid[2] = {-5, -5};
    REFUSED(DICOD_ERROR_INVALID_ARGUMENT, "problem->struct_size must be at least 104, the sizeof of the struct, is 0", struct_size = 0);
    REFUSED(DICOD_ERROR_INVALID_ARGUMENT, "n_axes must be 1, 2 or 3, is 0", n_axes = 0);
    REFUSED(DICOD_ERROR_INVALID_ARGUMENT, "n_axes must be 1, 2 or 3, is 4", n_axes = 4);
    REFUSED(DICOD_ERROR_INVALID_SHAPE, "signal_shape must be lengths from 1 to 2^40 on every axis, is [0, 14]", signal_shape[0] = 0);
    REFUSED(DICOD_ERROR_INVALID_SHAPE, "atom_shape must be lengths from 1 to those of the signal, [16, 14], is [3, 15]",
            atom_shape[1] = 15);
    REFUSED(DICOD_ERROR_INVALID_ARGUMENT, "n_atoms", n_atoms = 0);
    REFUSED(DICOD_ERROR_INVALID_ARGUMENT, "n_channels", n_channels = -1);
    REFUSED(DICOD_ERROR_INVALID_ARGUMENT, "n_signals", n_signals = 0);
    FAILS(DICOD_ERROR_NULL_POINTER, "problem is NULL", dicod_solve(NULL, NULL, NULL, x, d, z, NULL));
    FAILS(DICOD_ERROR_NULL_POINTER, "problem is NULL", dicod_valid_shape(NULL, NULL, valid));
    FAILS(DICOD_ERROR_NULL_POINTER, "problem is NULL", dicod_gram(NULL, NULL, d, gram));
    EQUAL(valid, -5, -5);
}

/* the activations that go with a block, also of one that no memory could hold: what there is of it */
static void blocks(void)
{
    const dicod_problem line = DICOD_PROBLEM_1D(64, 1, 3);
    const int64_t large = INT64_C(1) << 62;
    const int64_t cases[][4] = {{10, 5, 10, 5},
                                {60, 4, 60, 2},
                                {-5, 10, 0, 5},
                                {10, INT64_MAX, 10, 52},
                                {10, INT64_MAX - 5, 10, 52},
                                {0, INT64_MAX, 0, 62},
                                {62, 2, 0, 0},
                                {100, INT64_MAX, 0, 0},
                                {large, large, 0, 0},
                                {INT64_MAX, 1, 0, 0},
                                {INT64_MIN, 1, 0, 0},
                                {INT64_MAX, INT64_MAX, 0, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t at = -7, length = -7;
        OK(dicod_valid_block(NULL, &line, &cases[i][0], &cases[i][1], &at, &length));
        if (!CHECK(at == cases[i][2] && length == cases[i][3]))
            printf("  case %d: at %lld, length %lld\n", (int)i, (long long)at, (long long)length);
    }
    const int64_t first = 0, negative = -1;
    int64_t at = -7, length = -7;
    FAILS(DICOD_ERROR_INVALID_SHAPE, "local_shape must be lengths of at least 0, is [-1]",
          dicod_valid_block(NULL, &line, &first, &negative, &at, &length));
    CHECK(at == -7 && length == -7);
}

/* everything that takes a context takes NULL for one thread of this process */
static void without_context(void)
{
    const dicod_problem problem = good();
    double value = 0;
    dicod_encoder *encoder = NULL, *factors = NULL;
    dicod_learner *learner = NULL, *again = NULL;
    dicod_parmap *map = NULL;
    uint8_t *saved;
    int64_t needed = 0;
    OK(dicod_gram(NULL, &problem, d, gram));
    OK(dicod_lambda_max(NULL, NULL, &problem, x, d, &value));
    OK(dicod_reconstruct(NULL, NULL, &problem, d, z, back));
    OK(dicod_objective(NULL, NULL, &problem, x, d, z, &value, NULL));
    OK(dicod_encoder_create(NULL, NULL, &problem, d, &encoder));
    OK(dicod_encoder_create_rank1(NULL, NULL, &problem, d, d + K * P, &factors));
    OK(dicod_learner_create(NULL, NULL, &problem, NULL, &learner));
    const void *channels[P] = {x, x + T0 * T1};
    dicod_const_array xa = DICOD_CONST_ARRAY_INIT;
    xa.n_axes = 2, xa.global_shape = problem.signal_shape, xa.n_channels = P, xa.channels = channels;
    OK(dicod_learner_step(learner, &xa, NULL));
    OK(dicod_learner_save(learner, 0, NULL, &needed));
    saved = malloc((size_t)needed);
    OK(dicod_learner_save(learner, needed, saved, &needed));
    OK(dicod_learner_restore(NULL, NULL, needed, saved, &again));
    OK(parmap_create(NULL, &map));
    free(saved);

    /* each _free says how it went, leaves NULL, and takes NULL */
    for (int twice = 0; twice < 2; twice++) {
        OK(dicod_encoder_free(&encoder));
        OK(dicod_encoder_free(&factors));
        OK(dicod_learner_free(&learner));
        OK(dicod_learner_free(&again));
        OK(parmap_free(&map));
        CHECK(!encoder && !factors && !learner && !again && !map);
    }
    OK(dicod_context_free(NULL));
    OK(dicod_options_free(NULL));
    OK(segmentation_free(NULL));
}

/* atoms of several sizes: what is beyond them is not read, and is as if it were zero */
static void sizes(void)
{
    static double cut[ND], holes[ND];
    static const int64_t shapes[2 * K] = {2, 1, L0, L1, 1, 3};
    int64_t found[2 * K + 1] = {0}, needed = 0, valid[2] = {0, 0};
    dicod_problem problem = good(), plain = good();
    dicod_encoder *encoder = NULL;
    double largest = 0, other_largest = 0, value = 0, term = 0;
    problem.atom_shapes = shapes;
    for (int i = 0; i < ND; i++) {
        const int k = i / (P * L0 * L1), a = i / L1 % L0, b = i % L1;
        const int inside = a < shapes[2 * k] && b < shapes[2 * k + 1];
        cut[i] = inside ? d[i] : 0;
        holes[i] = inside ? d[i] : NAN;
    }
    OK(dicod_valid_shape(NULL, &problem, valid));
    EQUAL(valid, V0, V1);
    OK(dicod_solve(NULL, NULL, &problem, x, holes, z, NULL));
    OK(dicod_solve(NULL, NULL, &plain, x, cut, other, NULL));
    for (int i = 0; i < NZ; i++) CHECK(fabs(z[i] - other[i]) < 1e-10);
    OK(dicod_lambda_max(NULL, NULL, &problem, x, holes, &largest));
    OK(dicod_lambda_max(NULL, NULL, &plain, x, cut, &other_largest));
    CHECK(largest == other_largest && largest > 0);
    OK(dicod_reconstruct(NULL, NULL, &problem, holes, z, back));
    static double expected[NX];
    model(cut, z, expected);
    for (int i = 0; i < NX; i++) CHECK(fabs(back[i] - expected[i]) < 1e-12);
    OK(dicod_objective(NULL, NULL, &problem, x, holes, z, &value, &term));
    CHECK(fabs(value - objective(x, cut, z, 0.1 * largest)) < 1e-10 && term < value);
    OK(dicod_gram(NULL, &problem, holes, gram));
    /* the first atom has two rows, the second meets it no farther: rows -2..2 are stored, and -2 + 2 is the first */
    CHECK(gram[0] == 0 && gram[(2 * L0 - 1) * (2 * L1 - 1) / 2] > 0);

    /* what was said is told */
    OK(dicod_encoder_create(NULL, NULL, &problem, holes, &encoder));
    OK(dicod_encoder_get_atom_shapes(encoder, 0, NULL, &needed));
    CHECK(needed == 2 * K);
    OK(dicod_encoder_get_atom_shapes(encoder, needed, found, &needed));
    CHECK(memcmp(found, shapes, sizeof shapes) == 0 && found[2 * K] == 0);
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "capacity", dicod_encoder_get_atom_shapes(encoder, 2 * K - 1, found, &needed));
    double atoms[ND];
    OK(dicod_encoder_get_dictionary(encoder, ND, atoms));
    CHECK(memcmp(atoms, cut, sizeof cut) == 0);
    OK(dicod_encoder_set_dictionary(encoder, holes));
    OK(dicod_encoder_free(&encoder));
    OK(dicod_encoder_create(NULL, NULL, &plain, d, &encoder));
    OK(dicod_encoder_get_atom_shapes(encoder, 2 * K, found, &needed));
    for (int k = 0; k < K; k++) CHECK(found[2 * k] == L0 && found[2 * k + 1] == L1);
    OK(dicod_encoder_free(&encoder));

    /* inside an atom nothing is ignored */
    holes[0] = NAN;
    FAILS(DICOD_ERROR_NOT_FINITE, "d[0, 0, 0, 0]", dicod_solve(NULL, NULL, &problem, x, holes, z, NULL));
    for (int bad = 0; bad < 3; bad++) {
        static const int64_t lengths[3] = {0, -3, L1 + 1};
        static const char *const texts[3] = {
            "atom_shapes[1, 1] (atom 1, axis 1) must be from 1 to 4, the length of the dictionary's atoms, is 0",
            "atom_shapes[1, 1] (atom 1, axis 1) must be from 1 to 4, the length of the dictionary's atoms, is -3",
            "atom_shapes[1, 1] (atom 1, axis 1) must be from 1 to 4, the length of the dictionary's atoms, is 5"};
        memcpy(found, shapes, sizeof shapes);
        found[3] = lengths[bad];
        REFUSED(DICOD_ERROR_INVALID_SHAPE, texts[bad], atom_shapes = found);
    }

    /* a program that knows the struct without them: what lies behind it is not read */
    problem.struct_size = 104;
    problem.atom_shapes = (const int64_t *)(uintptr_t)1;
    OK(dicod_solve(NULL, NULL, &problem, x, cut, z, NULL));
    CHECK(memcmp(z, other, sizeof z) == 0);
}

int main(void)
{
    fill(x, NX, 1);
    fill(d, ND, 2);
    initialisers();
    beyond();
    refused();
    blocks();
    sizes();
    without_context();
    return report("problem");
}
