/* Arrays that share memory, what a handle holds, and checkpoints of another shape than the caller believes. */
#include "problem.h"

static double x[NX], d[ND], z[NZ], memory[NX + ND + NZ + NG];
static double seen[1];
static const int64_t valid_shape[2] = {V0, V1};

#define SHAPES PROBLEM(2, signal_shape, 1, P, K, atom_shape)

/* `memory` as x, d and z that overlap by one element: it is as it was */
#define REFUSED(text, call) \
    do { \
        double before_[NX + ND + NZ + NG]; \
        fill(memory, NX + ND + NZ + NG, 9); \
        memcpy(before_, memory, sizeof memory); \
        FAILS(DICOD_ERROR_INVALID_ARGUMENT, text, call); \
        CHECK(memcmp(before_, memory, sizeof memory) == 0); \
    } while (0)

static void overlaps(void)
{
    double *const m = memory;
    dicod_options *given = NULL;
    OK(dicod_options_create(&given));
    OK(dicod_options_set_string(given, "learn_init", "given"));
    REFUSED("overlap x", dicod_solve(NULL, NULL, SHAPES, m, d, m, NULL));
    REFUSED("overlap x", dicod_solve(NULL, NULL, SHAPES, m, d, m + NX - 1, NULL));
    REFUSED("overlap x", dicod_solve(NULL, NULL, SHAPES, m + NZ - 1, d, m, NULL));
    REFUSED("overlap d", dicod_solve(NULL, NULL, SHAPES, x, m, m + ND - 1, NULL));
    REFUSED("overlap x", dicod_learn(NULL, given, SHAPES, m, NULL, NULL, m + NX - 1, z, NULL));
    REFUSED("overlap x", dicod_learn(NULL, given, SHAPES, m, NULL, NULL, d, m + NX - 1, NULL));
    REFUSED("overlap d", dicod_learn(NULL, given, SHAPES, x, NULL, NULL, m, m + ND - 1, NULL));
    REFUSED("overlap z", dicod_reconstruct(NULL, NULL, SHAPES, d, m, m + NZ - 1));
    REFUSED("overlap d", dicod_reconstruct(NULL, NULL, SHAPES, m, z, m + ND - 1));
    REFUSED("overlap d", dicod_gram(NULL, PROBLEM(2, atom_shape, 1, P, K, atom_shape), m, m + ND - 1));
    REFUSED("overlap x", dicod_lambda_max(NULL, NULL, SHAPES, m, d, m + 3));
    REFUSED("overlap z", dicod_objective(NULL, NULL, SHAPES, x, d, m, m + 3, NULL));
    REFUSED("overlap d", dicod_objective(NULL, NULL, SHAPES, x, m, z, seen, m + 3));
    REFUSED("overlap objective", dicod_objective(NULL, NULL, SHAPES, x, d, m, m + NZ, m + NZ));

    /* neighbours, and what is only read twice */
    memcpy(m, x, sizeof x);
    memcpy(m + NX + NZ, d, sizeof d);
    OK(dicod_solve(NULL, NULL, SHAPES, m, m + NX + NZ, m + NX, NULL));
    OK(dicod_solve(NULL, NULL, SHAPES, x, d, z, NULL));
    CHECK(memcmp(m, x, sizeof x) == 0 && memcmp(m + NX, z, sizeof z) == 0 && memcmp(m + NX + NZ, d, sizeof d) == 0);
    OK(dicod_solve(NULL, NULL, SHAPES, x, x, z, NULL));

    /* lists of activations */
    void *xs[P] = {x, x + T0 * T1};
    dicod_array xa = DICOD_ARRAY_INIT;
    dicod_encoder *encoder = NULL;
    int64_t count = 0, lists[4][4 * NZ];
    double value[NZ];
    xa.n_axes = 2, xa.global_shape = signal_shape, xa.n_channels = P, xa.channels = xs;
    OK(dicod_encoder_create(NULL, NULL, SHAPES, d, &encoder));
    OK(dicod_encoder_solve(encoder, READ(&xa), NULL));
    OK(dicod_encoder_get_sparse(encoder, 0, NULL, NULL, NULL, NULL, &count));
    CHECK(count > 1);
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "overlap position",
          dicod_encoder_get_sparse(encoder, count, NULL, NULL, lists[0], (double *)(lists[0] + 2 * count - 1), &count));
    OK(dicod_encoder_get_sparse(encoder, count, lists[0], lists[1], lists[2], value, &count));

    /* what an encoder holds */
    dicod_handle_info info = DICOD_HANDLE_INFO_INIT;
    dicod_options *options = NULL;
    double reg = 0;
    OK(dicod_encoder_describe(encoder, &info));
    CHECK(info.struct_size == (int64_t)sizeof info && info.element_type == DICOD_F64 && info.n_axes == 2);
    CHECK(info.n_signals == 1 && info.n_channels == P && info.n_atoms == K && info.n_coded == 1 && info.iterations == 0);
    CHECK(info.bytes > (int64_t)sizeof x);
    EQUAL(info.signal_shape, T0, T1, 0);
    EQUAL(info.atom_shape, L0, L1, 0);
    EQUAL(info.valid_shape, V0, V1, 0);
    dicod_encoder_free(&encoder);
    OK(dicod_options_set_real(given, "reg", 0.375));
    OK(dicod_encoder_create(NULL, given, SHAPES, d, &encoder));
    OK(dicod_encoder_get_options(encoder, &options));
    OK(dicod_options_get_real(options, "reg", &reg));
    CHECK(reg == 0.375);
    info.struct_size--;
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "info->struct_size", dicod_encoder_describe(encoder, &info));
    FAILS(DICOD_ERROR_NULL_POINTER, "info", dicod_encoder_describe(encoder, NULL));
    FAILS(DICOD_ERROR_NULL_POINTER, "encoder", dicod_encoder_describe(NULL, &info));
    FAILS(DICOD_ERROR_NULL_POINTER, "options", dicod_encoder_get_options(encoder, NULL));
    dicod_options_free(&options);
    dicod_encoder_free(&encoder);
    dicod_options_free(&given);
}

/* a frozen support without a start, and atoms that were forgotten */
static void meaningless(void)
{
    dicod_options *options = NULL;
    dicod_encoder *encoder = NULL;
    dicod_learner *learner = NULL;
    double zeros[ND] = {0};
    OK(dicod_options_create(&options));
    OK(dicod_options_set_integer(options, "frozen_support", 1));
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "warm_start", dicod_solve(NULL, options, SHAPES, x, d, z, NULL));
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "warm_start", dicod_encoder_create(NULL, options, SHAPES, d, &encoder));
    OK(dicod_options_set_integer(options, "warm_start", 1));
    OK(dicod_solve(NULL, options, SHAPES, x, d, z, NULL));
    dicod_options_free(&options);
    OK(dicod_options_create(&options));
    OK(dicod_options_set_string(options, "learn_init", "given"));
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "is zero everywhere", dicod_learn(NULL, options, SHAPES, x, NULL, NULL, zeros, z, NULL));
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "learn_init", dicod_learner_create(NULL, options, SHAPES, zeros, &learner));
    zeros[5] = 0.5;
    OK(dicod_options_set_integer(options, "learn_max_iter", 1));
    STATUS(DICOD_MAX_ITER, dicod_learn(NULL, options, SHAPES, x, NULL, NULL, zeros, NULL, NULL));
    dicod_options_free(&options);
}

/* Arrays of the size that is believed in lie in the heap, alone: valgrind sees who goes beyond. */
static void believed(dicod_learner *l, int64_t n, dicod_status wanted)
{
    double *room = malloc((size_t)n * sizeof *room);
    dicod_status status = dicod_learner_get_dictionary(l, n, room);
    CHECK(status == wanted);
    float *narrow = malloc((size_t)n * sizeof *narrow);
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "float", dicod_learner_get_dictionary_f32(l, n, narrow));
    FAILS(DICOD_ERROR_INVALID_STATE, "learn_rank_one", dicod_learner_get_dictionary_rank1(l, K * P, room, K * L0 * L1, room));
    free(narrow);
    free(room);
}

/* the shape of each atom by itself */
static void expects_shapes_of_atoms(dicod_learner *plain)
{
    dicod_options *options = NULL;
    dicod_learner *l = NULL, *again = NULL;
    dicod_handle_info expected = DICOD_HANDLE_INFO_INIT;
    int64_t shapes[2 * K] = {2, L1, L0, L1, L0, 1}, needed = 0;
    const int64_t kept[2 * K] = {2, L1, L0, L1, L0, 1};
    OK(dicod_options_create(&options));
    OK(dicod_options_set_string(options, "learn_init", "given"));
    dicod_problem problem = problem_of(2, signal_shape, 1, P, K, atom_shape);
    problem.atom_shapes = shapes;
    OK(dicod_learner_create(NULL, options, &problem, d, &l));
    OK(dicod_learner_save(l, 0, NULL, &needed));
    unsigned char *saved = malloc((size_t)needed);
    OK(dicod_learner_save(l, needed, saved, &needed));
    OK(dicod_learner_restore(NULL, NULL, needed, saved, &again));
    OK(dicod_learner_expect(again, &expected));
    expected.atom_shapes = shapes;
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "n_axes must be 2, that of the learner, where atom_shapes are expected, is 0",
          dicod_learner_expect(again, &expected));
    expected.n_axes = 2;
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "n_atoms must be 3, that of the learner, where atom_shapes are expected, is 0",
          dicod_learner_expect(again, &expected));
    expected.n_atoms = K;
    OK(dicod_learner_expect(again, &expected));
    for (int i = 0; i < 2 * K; i++) {
        shapes[i]++;
        char text[80];
        snprintf(text, sizeof text, "the shape of atom %d must be [%d, %d], that of the learner, is [%d, %d]", i / 2, (int)kept[i / 2 * 2],
                 (int)kept[i / 2 * 2 + 1], (int)shapes[i / 2 * 2], (int)shapes[i / 2 * 2 + 1]);
        FAILS(DICOD_ERROR_INVALID_SHAPE, text, dicod_learner_expect(again, &expected));
        shapes[i]--;
    }
    /* one that has none of their own has those of all */
    FAILS(DICOD_ERROR_INVALID_SHAPE, "the shape of atom 0 must be [3, 4], that of the learner, is [2, 4]",
          dicod_learner_expect(plain, &expected));
    for (int k = 0; k < K; k++) shapes[2 * k] = L0, shapes[2 * k + 1] = L1;
    OK(dicod_learner_expect(plain, &expected));
    FAILS(DICOD_ERROR_INVALID_SHAPE, "the shape of atom 0", dicod_learner_expect(again, &expected));
    expected.atom_shapes = (const int64_t *)(const void *)((const char *)shapes + 1);
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "atom_shapes", dicod_learner_expect(again, &expected));
    free(saved);
    dicod_options_free(&options);
    dicod_learner_free(&l);
    dicod_learner_free(&again);
}

static void restored(void)
{
    dicod_options *options = NULL;
    dicod_learner *l = NULL, *again = NULL;
    dicod_handle_info info = DICOD_HANDLE_INFO_INIT, expected = DICOD_HANDLE_INFO_INIT;
    void *xs[2 * P] = {x, x + T0 * T1, x, x + T0 * T1};
    dicod_array xa = DICOD_ARRAY_INIT;
    int64_t needed = 0;
    xa.n_axes = 2, xa.global_shape = signal_shape, xa.n_channels = 2 * P, xa.channels = xs;
    OK(dicod_options_create(&options));
    OK(dicod_options_set_integer(options, "learn_batch", 1));
    OK(dicod_options_set_integer(options, "seed", 11));
    OK(dicod_learner_create(NULL, options, PROBLEM(2, signal_shape, 2, P, K, atom_shape), NULL, &l));
    OK(dicod_learner_step(l, READ(&xa), NULL));
    OK(dicod_learner_save(l, 0, NULL, &needed));
    unsigned char *saved = malloc((size_t)needed);
    OK(dicod_learner_save(l, needed, saved, &needed));
    OK(dicod_learner_restore(NULL, NULL, needed, saved, &again));
    OK(dicod_learner_describe(again, &info));
    CHECK(info.element_type == DICOD_F64 && info.n_axes == 2 && info.n_signals == 2 && info.n_channels == P);
    CHECK(info.n_atoms == K && info.n_coded == 1 && info.iterations == 1 && info.bytes > 0);
    EQUAL(info.signal_shape, T0, T1, 0);
    EQUAL(info.atom_shape, L0, L1, 0);
    EQUAL(info.valid_shape, V0, V1, 0);
    dicod_options_free(&options);
    int64_t seed = 0;
    OK(dicod_learner_get_options(again, &options));
    OK(dicod_options_get_integer(options, "seed", &seed));
    CHECK(seed == 11);

    /* what is contradicted is named, with both */
    OK(dicod_learner_expect(again, &expected));
    OK(dicod_learner_expect(again, &info));
    expected = info;
    expected.n_atoms = 4;
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "n_atoms must be 3, that of the learner, is 4", dicod_learner_expect(again, &expected));
    expected = info;
    expected.element_type = DICOD_F32;
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "element_type", dicod_learner_expect(again, &expected));
    expected = info;
    expected.atom_shape[0] = L1, expected.atom_shape[1] = L0;
    FAILS(DICOD_ERROR_INVALID_SHAPE, "atom_shape must be [3, 4], that of the learner, is [4, 3]", dicod_learner_expect(again, &expected));
    expects_shapes_of_atoms(again);
    FAILS(DICOD_ERROR_NULL_POINTER, "expected", dicod_learner_expect(again, NULL));
    expected.struct_size = 8;
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "expected->struct_size", dicod_learner_expect(again, &expected));
    believed(again, ND, DICOD_OK);
    believed(again, ND - P * L0 * L1, DICOD_ERROR_INVALID_ARGUMENT);
    believed(again, ND + P * L0 * L1, DICOD_ERROR_INVALID_ARGUMENT);
    double *room = malloc(ND * sizeof *room);
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "n_values must be 72", dicod_learner_get_dictionary(again, 5, room));
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "n_values", dicod_learner_get_dictionary(again, -1, room));
    FAILS(DICOD_ERROR_NULL_POINTER, "d", dicod_learner_get_dictionary(again, ND, NULL));
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "n_u", dicod_learner_get_dictionary_rank1(again, K, room, K * L0 * L1, room));
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "n_v", dicod_learner_get_dictionary_rank1(again, K * P, room, K * L0, room));
    void *zs[K] = {z, z + V0 * V1, z + 2 * V0 * V1};
    dicod_array za = DICOD_ARRAY_INIT;
    za.n_axes = 2, za.global_shape = valid_shape, za.n_channels = K - 1, za.channels = zs;
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "n_channels", dicod_learner_get_z(again, &za));
    za.n_channels = K;
    OK(dicod_learner_get_z(again, &za));
    free(room);
    free(saved);
    dicod_options_free(&options);
    dicod_learner_free(&l);
    dicod_learner_free(&again);
}

int main(void)
{
    fill(x, NX, 1);
    fill(d, ND, 2);
    overlaps();
    meaningless();
    restored();
    return report("handles");
}
