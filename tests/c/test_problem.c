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

int main(void)
{
    fill(x, NX, 1);
    fill(d, ND, 2);
    initialisers();
    beyond();
    refused();
    blocks();
    without_context();
    return report("problem");
}
