/* Messages: sentences that name the argument, its value and what is allowed, in the words of the caller's language. */
#include "check.h"

enum { N0 = 6, N1 = 5, P = 2, K = 3, L = 2 };

/* the message of the last error in a language */
static const char *in_language(int32_t language)
{
    static char text[400];
    OK(dicod_last_error_in(language, sizeof text, text, NULL));
    return text;
}

static void says(dicod_status status, const char *c, const char *fortran, const char *julia)
{
    const char *wanted[] = {c, fortran, julia};
    CHECK(status < 0);
    for (int32_t language = DICOD_LANGUAGE_C; language <= DICOD_LANGUAGE_JULIA; language++) {
        const char *text = in_language(language);
        if (!CHECK(strcmp(text, wanted[language]) == 0)) printf("  %s\n  %s\n", text, wanted[language]);
    }
    char plain[400];
    OK(dicod_last_error(sizeof plain, plain, NULL));
    CHECK(strcmp(plain, c) == 0);
}

static void same(dicod_status status, const char *text)
{
    says(status, text, text, text);
}

#define IN_USE "the map is in use by another thread, by the call that runs this callback, or by tasks that are pulled, until "

static int32_t fails_at_3(void *userdata, const parmap_task *task, const void *input, void *output)
{
    (void)userdata, (void)input, (void)output;
    return parmap_task_get_index(task) == 3 ? 7 : 0;
}

static int32_t fork_code;
static int32_t fork_fails(void *userdata, const void *pristine, void **state)
{
    (void)userdata, (void)pristine, (void)state;
    return fork_code;
}
static int32_t adds(void *userdata, void *state, const parmap_task *task, const void *input)
{
    (void)userdata, (void)state, (void)task, (void)input;
    return 0;
}
static int32_t packs(void *userdata, const void *state, parmap_buffer *buffer)
{
    (void)userdata;
    return parmap_buffer_append(buffer, state, sizeof(double)) != 0;
}
static int32_t unpacks(void *userdata, void *state, const void *data, int64_t size)
{
    (void)userdata;
    memcpy(state, data, (size_t)size);
    return 0;
}
static int32_t joins(void *userdata, void *into, const void *from)
{
    (void)userdata, (void)into, (void)from;
    return 0;
}
static int32_t keeps(void *state, const void *data, int64_t size, parmap_buffer *output)
{
    (void)state;
    return parmap_buffer_append(output, data, size) != 0;
}

int main(void)
{
    static double x[P * N0 * N1], d[K * P * L * L], z[K * (N0 - 1) * (N1 - 1)];
    const int64_t signal[2] = {N0, N1}, atom[2] = {L, L}, long_atom[2] = {L, 9};
    for (int i = 0; i < P * N0 * N1; i++) x[i] = sin(i);
    for (int i = 0; i < K * P * L * L; i++) d[i] = cos(3 * i);
    dicod_options *o = NULL;
    OK(dicod_options_create(&o));

    /* axes, entries, counts */
    x[(1 * N0 + 2) * N1 + 4] = NAN;
    says(dicod_solve(NULL, o, PROBLEM(2, signal, 1, P, K, atom), x, d, z, NULL), "x[0, 1, 2, 4] must be a finite number, is NaN",
         "x(5, 3, 2, 1) must be a finite number, is NaN", "x[5, 3, 2, 1] must be a finite number, is NaN");
    says(dicod_solve(NULL, o, PROBLEM(2, signal, 1, P, K, long_atom), x, d, z, NULL),
         "atom_shape must be lengths from 1 to those of the signal, [6, 5], is [2, 9]",
         "the shape of an atom must be lengths from 1 to those of the signal, (5, 6), is (9, 2)",
         "the shape of an atom must be lengths from 1 to those of the signal, (5, 6), is (9, 2)");
    const int64_t tiles[3] = {4, 0, 4};
    says(dicod_options_set_integers(o, "tile_shape", 3, tiles), "option \"tile_shape[1]\" must be at least 1, is 0",
         "option \"tile_shape(2)\" must be at least 1, is 0", "option \"tile_shape[2]\" must be at least 1, is 0");
    const double regs[2] = {1, -2};
    says(dicod_options_set_reals(o, "reg_per_atom", 2, regs), "option \"reg_per_atom[1]\" must be at least 0, is -2",
         "option \"reg_per_atom(2)\" must be at least 0, is -2", "option \"reg_per_atom[2]\" must be at least 0, is -2");
    dicod_segmentation *s = NULL;
    const int64_t counts[2] = {3, 2};
    int64_t bounds[4];
    OK(segmentation_create_by_count(2, signal, NULL, counts, NULL, &s));
    says(segmentation_get_segment_bounds(s, 6, 1, bounds), "i_seg must be from 0 to 5, is 6", "segment must be from 1 to 6, is 7",
         "the segment must be from 1 to 6, is 7");
    segmentation_free(&s);
    dicod_parmap *map = NULL;
    OK(parmap_create(NULL, &map));
    says(parmap_run(map, 5, fails_at_3, NULL, NULL, 0, 0, NULL, 0, 0, NULL, NULL), "task 3 failed with code 7 on rank 0, worker 0",
         "task 4 failed with code 7 on rank 0, worker 0", "task 4 failed with code 7 on rank 0, worker 0");

    parmap_pull *pull = NULL;
    OK(parmap_open(map, 5, &pull));
    says(parmap_run(map, 5, fails_at_3, NULL, NULL, 0, 0, NULL, 0, 0, NULL, NULL), IN_USE "parmap_close()", IN_USE "%close",
         IN_USE "close");
    STATUS(PARMAP_ERROR_CANCELLED, parmap_close(&pull, NULL));
    says(parmap_set_real(NULL, "grace", 1), "map is NULL, but it must point to a map", "map was not created", "map was closed");
    says(parmap_get_real(map, "grace", NULL), "value is NULL, but it must point to room for the result",
         "value is missing: room for the result", "value is missing: room for the result");

    dicod_encoder *encoder = NULL;
    dicod_const_array array = DICOD_CONST_ARRAY_INIT;
    OK(dicod_encoder_create(NULL, NULL, PROBLEM(2, signal, 1, P, K, atom), d, &encoder));
    array.n_axes = 2;
    says(dicod_encoder_solve(encoder, &array, NULL), "x->global_shape is NULL, but it must point to one value per axis",
         "the domain of x is missing: one value per axis", "the domain of x is missing: one value per axis");
    dicod_encoder_free(&encoder);

    /* nodes, norms, numbers that are not finite, callbacks outside tasks */
    parmap_flow *flow = NULL;
    parmap_node nodes[2] = {PARMAP_NODE_INIT, PARMAP_NODE_INIT};
    nodes[0].execute = keeps, nodes[1].struct_size = 8;
    same(parmap_flow_create(0, nodes, &flow), "n_nodes must be at least 1, is 0");
    same(parmap_flow_create(-1, nodes, &flow), "n_nodes must be at least 1, is -1");
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "nodes[1].struct_size must be at least", parmap_flow_create(2, nodes, &flow));
    static float xf[P * N0 * N1], df[K * P * L * L], zf[K * (N0 - 1) * (N1 - 1)];
    for (int i = 0; i < K * P * L * L; i++) df[i] = 1e-30f;
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "must be from 1e-19 to 1e19, so that its square and the inverse of that can be computed, is",
          dicod_solve_f32(NULL, o, PROBLEM(2, signal, 1, P, K, atom), xf, df, zf, NULL));
    same(dicod_options_set_real(o, "gap_tol", INFINITY), "option \"gap_tol\" must be at least 0 and finite, is inf");
    const int64_t huge[3] = {10000000, 10000000, 10000000}, small[3] = {1, 1, 1};
    FAILS(DICOD_ERROR_OUT_OF_MEMORY, "out of memory: more than 2^63 bytes for the signals",
          dicod_solve(NULL, o, PROBLEM(3, huge, 8, P, K, small), x, d, z, NULL));
    parmap_reducer reducer = PARMAP_REDUCER_INIT;
    reducer.fork_state = fork_fails, reducer.work = adds, reducer.pack = packs, reducer.unpack = unpacks, reducer.join_states = joins;
    for (fork_code = 7; fork_code > -8; fork_code -= 12) {
        double total = 0.5;
        STATUS(PARMAP_ERROR_TASK, parmap_reduce(map, 20, &reducer, NULL, 0, 0, &total, NULL));
        same(PARMAP_ERROR_TASK,
             fork_code == 7
                 ? "a callback failed with code 7: fork to join the others into"
                 : "a callback failed with code -2: fork to join the others into: returned -5: it must return 0 or a positive code");
        CHECK(total == 0.5);
    }

    /* keys of others, setters */
    same(dicod_options_set_real(o, "lamda", 1), "there is no option \"lamda\"; did you mean \"reg\"?");
    same(dicod_options_set_real(o, "wavelength", 1), "there is no option \"wavelength\"");
    says(dicod_options_set_integer(o, "n_jobs", 4),
         "there is no option \"n_jobs\": threads are the context's: dicod_context_create(n_threads, &context)",
         "there is no option \"n_jobs\": threads are the context's: call context%create(n_threads=n)",
         "there is no option \"n_jobs\": threads are the context's: Context(threads=n)");
    says(dicod_options_set_real(o, "seed", 1.5), "option \"seed\" must be an integer (dicod_options_set_integer), is the real number 1.5",
         "option \"seed\" must be an integer, is the real number 1.5", "option \"seed\" must be an integer, is the real number 1.5");
    says(parmap_set_real(map, "chunk", 1.5), "setting \"chunk\" must be an integer (parmap_set_integer), is the real number 1.5",
         "setting \"chunk\" must be an integer, is the real number 1.5", "setting \"chunk\" must be an integer, is the real number 1.5");
    same(parmap_set_real(map, "timeout", 1.5), "there is no setting \"timeout\"; did you mean \"deadline\"?");

    /* what a binding refuses */
    OK(dicod_set_last_error("of a binding"));
    same(-2, "of a binding");
    OK(dicod_fail_next(DICOD_ERROR_INVALID_SHAPE, "x does not fit"));
    STATUS(DICOD_ERROR_INVALID_SHAPE, dicod_solve(NULL, o, PROBLEM(-1, signal, 1, P, K, atom), x, d, z, NULL));
    same(DICOD_ERROR_INVALID_SHAPE, "x does not fit");
    /* once, and in any call */
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "n_axes", dicod_solve(NULL, o, PROBLEM(-1, signal, 1, P, K, atom), x, d, z, NULL));
    OK(dicod_fail_next(DICOD_ERROR_INVALID_SHAPE, "x does not fit"));
    FAILS(DICOD_ERROR_INVALID_SHAPE, "x does not fit", parmap_run(NULL, -1, NULL, NULL, NULL, 0, 0, NULL, 0, 0, NULL, NULL));
    OK(parmap_run(map, 3, fails_at_3, NULL, NULL, 0, 0, NULL, 0, 0, NULL, NULL));
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "status must be negative, is 0", dicod_fail_next(0, "fine"));
    FAILS(DICOD_ERROR_NULL_POINTER, "message", dicod_fail_next(-2, NULL));
    FAILS(DICOD_ERROR_NULL_POINTER, "message", dicod_set_last_error(NULL));
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "language must be 0, 1 or 2, is 3", dicod_last_error_in(3, 0, NULL, NULL));
    parmap_free(&map);
    dicod_options_free(&o);
    return report("messages");
}
