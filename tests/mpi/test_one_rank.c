/* A mistake on one rank only, in every collective function: each rank gets the same status and the message of that rank, nobody
 * waits for ever, and the next call goes through.
 *
 * A case makes one call; where it asks wrong() an argument can be wrong, and each is so in turn.
 */
#define _POSIX_C_SOURCE 200809L
#include "ranks.h"
#include <unistd.h>

enum { N = 60, L = 5, M = N - L + 1, K = 2, TASKS = 6 };

static int bad, at, mistake;

static int wrong(void)
{
    return ++at == mistake;
}

/* what only rank 0 is asked for */
static int wrong_at_root(void)
{
    return bad == 0 && wrong();
}

static const int64_t signal[1] = {N}, atom[1] = {L}, valid[1] = {M};
static double x[N], d[K * L], z[K * M], u[K], v[K * L];
static float xf[N], df[K * L], zf[K * M], uf[K], vf[K * L];
static dicod_context *context;
static dicod_options *options;
static dicod_encoder *encoder, *single;
static dicod_learner *learner;
static dicod_parmap *map;
static parmap_flow *flow;
static parmap_operators *operators;
static parmap_ensemble *ensemble;
static uint8_t saved[1 << 20];
static int64_t n_saved;

#define NOT(value) (wrong() ? 0 : (value))
#define NEGATIVE(value) (wrong() ? -1 : (value))

/* a problem with what can be wrong about it; NULL is one of that */
static dicod_problem *problem(void)
{
    static dicod_problem p;
    p = problem_of(1, signal, 1, 1, K, atom);
    p.n_axes = NEGATIVE(1);
    if (wrong()) p.struct_size = 8;
    if (wrong()) p.signal_shape[0] = 0;
    if (wrong()) p.atom_shape[0] = 0;
    if (wrong()) p.n_signals = 0;
    if (wrong()) p.n_channels = 0;
    if (wrong()) p.n_atoms = 0;
    return NOT(&p);
}

/* the arguments that all functions on plain arrays begin with */
#define SHAPES context, options, problem()

static dicod_info *info_of(void)
{
    static dicod_info info;
    info = (dicod_info)DICOD_INFO_INIT;
    if (wrong()) info.struct_size = 1;
    return &info;
}

static dicod_learn_info *learn_info_of(void)
{
    static dicod_learn_info info;
    info = (dicod_learn_info)DICOD_LEARN_INFO_INIT;
    if (wrong()) info.struct_size = 1;
    return &info;
}

static parmap_report *report_of(void)
{
    static parmap_report report;
    report = (parmap_report)PARMAP_REPORT_INIT;
    if (wrong()) report.struct_size = 1;
    return &report;
}

/* this rank's part of x or of z, with what can be wrong about it; NULL is one of that */
static dicod_array *part(const int64_t *global, int64_t fields, double *from)
{
    static int64_t first[1], shape[1];
    static void *channels[K];
    static dicod_array a;
    first[0] = global[0] * rank / n_ranks;
    shape[0] = global[0] * (rank + 1) / n_ranks - first[0];
    if (wrong()) shape[0] = -1;
    if (wrong()) first[0] = -1;
    for (int64_t f = 0; f < fields; f++) channels[f] = from + f * global[0] + (first[0] > 0 ? first[0] : 0);
    if (wrong()) channels[0] = NULL;
    a = (dicod_array)DICOD_ARRAY_INIT;
    a.n_axes = wrong() ? 7 : 1;
    a.global_shape = NOT(global);
    a.offset = first;
    a.local_shape = shape;
    a.n_channels = wrong() ? 9 : fields;
    a.channels = NOT(channels);
    if (wrong()) a.element_type = 5;
    if (wrong()) a.struct_size = 1;
    return NOT(&a);
}

/* the same, to be read */
static dicod_const_array *reading(const dicod_array *array)
{
    static dicod_const_array a;
    if (!array) return NULL;
    a = const_of(array);
    return &a;
}

/* contexts, and one call on plain arrays */

static dicod_status create_context(void)
{
    dicod_context *made = NULL;
    const int32_t n = NOT(1);
    const dicod_status status = dicod_context_create_mpi(MPI_COMM_WORLD, n, NOT(&made));
    dicod_context_free(&made);
    return status;
}

static dicod_status create_context_f(void)
{
    dicod_context *made = NULL;
    const int32_t n = NEGATIVE(1) - (mistake == at ? 2 : 0);
    const dicod_status status = dicod_context_create_mpi_f(MPI_Comm_c2f(MPI_COMM_WORLD), n, NOT(&made));
    dicod_context_free(&made);
    return status;
}

static dicod_status solve(void)
{
    return dicod_solve(SHAPES, NOT(x), NOT(d), wrong() ? x : NOT(z), info_of());
}

static dicod_status solve_f32(void)
{
    return dicod_solve_f32(SHAPES, NOT(xf), NOT(df), NOT(zf), info_of());
}

static dicod_status learn(void)
{
    double atoms[K * L];
    memcpy(atoms, d, sizeof atoms);
    return dicod_learn(SHAPES, NOT(x), NULL, NULL, NOT(atoms), wrong() ? x : z, learn_info_of());
}

static dicod_status learn_f32(void)
{
    float atoms[K * L];
    memcpy(atoms, df, sizeof atoms);
    return dicod_learn_f32(SHAPES, NOT(xf), NULL, NULL, NOT(atoms), zf, learn_info_of());
}

/* encoders */

#define CREATES(name, function, kind, ...) \
    static dicod_status name(void) \
    { \
        dicod_##kind *made = NULL; \
        const dicod_status status = function(SHAPES, __VA_ARGS__, NOT(&made)); \
        dicod_##kind##_free(&made); \
        return status; \
    }
CREATES(encoder_create, dicod_encoder_create, encoder, NOT(d))
CREATES(encoder_create_f32, dicod_encoder_create_f32, encoder, NOT(df))
CREATES(encoder_create_rank1, dicod_encoder_create_rank1, encoder, NOT(u), NOT(v))
CREATES(encoder_create_rank1_f32, dicod_encoder_create_rank1_f32, encoder, NOT(uf), NOT(vf))
CREATES(learner_create, dicod_learner_create, learner, d)
CREATES(learner_create_f32, dicod_learner_create_f32, learner, df)

static dicod_status set_dictionary(void)
{
    return dicod_encoder_set_dictionary(encoder, NOT(d));
}

static dicod_status set_dictionary_f32(void)
{
    return dicod_encoder_set_dictionary_f32(single, NOT(df));
}

/* the wrong type on one rank */
static dicod_status set_dictionary_of_another_type(void)
{
    return wrong() ? dicod_encoder_set_dictionary_f32(encoder, df) : dicod_encoder_set_dictionary(encoder, d);
}

static dicod_status set_dictionary_rank1(void)
{
    return dicod_encoder_set_dictionary_rank1(encoder, NOT(u), NOT(v));
}

static dicod_status set_dictionary_rank1_f32(void)
{
    return dicod_encoder_set_dictionary_rank1_f32(single, NOT(uf), NOT(vf));
}

static dicod_status encoder_solve(void)
{
    return dicod_encoder_solve(encoder, reading(part(signal, 1, x)), info_of());
}

static dicod_status set_z(void)
{
    return dicod_encoder_set_z(encoder, reading(part(valid, K, z)));
}

static dicod_status get_z(void)
{
    return dicod_encoder_get_z(encoder, part(valid, K, z));
}

static dicod_status get_sparse_block(void)
{
    static int64_t signals[K * M], atoms[K * M], positions[K * M], first[1], shape[1];
    static double values[K * M];
    int64_t count;
    first[0] = NEGATIVE(0);
    shape[0] = wrong() ? M + 1 : M;
    return dicod_encoder_get_sparse_block(encoder, NOT(first), NOT(shape), wrong() ? -1 : K * M, signals, atoms, positions, values,
                                          NOT(&count));
}

static dicod_status set_sparse(void)
{
    static int64_t atoms[1], positions[1];
    static double values[1];
    int64_t first[1], shape[1];
    int any = 0, no[7];
    for (int i = 0; i < 7; i++) any += no[i] = wrong();
    OK(dicod_encoder_get_region(encoder, first, shape));
    /* a rank without a region has nothing that could be wrong but the number */
    if (shape[0] == 0) return dicod_encoder_set_sparse(encoder, any ? -1 : 0, NULL, NULL, NULL, NULL);
    atoms[0] = no[0] ? K : 0, positions[0] = no[1] ? first[0] + shape[0] : first[0], values[0] = no[2] ? NAN : 1;
    return dicod_encoder_set_sparse(encoder, no[3] ? -1 : 1, NULL, no[4] ? NULL : atoms, no[5] ? NULL : positions, no[6] ? NULL : values);
}

/* learners */

static dicod_status learner_step(void)
{
    dicod_learn_step step = DICOD_LEARN_STEP_INIT;
    if (wrong()) step.struct_size = 1;
    return dicod_learner_step(learner, reading(part(signal, 1, x)), &step);
}

static dicod_status learner_run(void)
{
    return dicod_learner_run(learner, reading(part(signal, 1, x)), NULL, NULL, learn_info_of());
}

static dicod_status learner_encode(void)
{
    return dicod_learner_encode(learner, reading(part(signal, 1, x)), info_of());
}

static dicod_status learner_get_z(void)
{
    return dicod_learner_get_z(learner, part(valid, K, z));
}

/* what signals of a measurement need, of either handle; a weight or a factor that is none on one rank */

static dicod_array *bad_value(const int64_t *global, int64_t fields)
{
    static double values[K * N];
    for (int i = 0; i < K * N; i++) values[i] = 1 + i % 2;
    dicod_array *a = part(global, fields, values);
    if (wrong() && a && a->local_shape && a->local_shape[0] > 0) values[a->offset[0]] = -1;
    return a;
}

static dicod_status encoder_set_weights(void)
{
    return dicod_encoder_set_weights(encoder, reading(bad_value(signal, 1)));
}

static dicod_status encoder_set_penalties(void)
{
    return dicod_encoder_set_penalties(encoder, reading(bad_value(valid, K)));
}

static dicod_status encoder_path(void)
{
    const double reg[2] = {0.5, NEGATIVE(0.25)};
    return dicod_encoder_path(encoder, reading(part(signal, 1, x)), wrong() ? 0 : wrong() ? 1 : 2, NOT(reg), NULL, NULL, info_of());
}

static dicod_status encoder_reconstruct(void)
{
    static double to[N];
    return dicod_encoder_reconstruct(encoder, part(signal, 1, to));
}

static dicod_status encoder_residual(void)
{
    static double to[N];
    /* one description at a time */
    static dicod_array kept;
    dicod_array *of_x = part(signal, 1, x);
    static void *channel[1] = {to};
    static const int64_t none[1] = {0};
    kept = (dicod_array)DICOD_ARRAY_INIT;
    kept.n_axes = 1, kept.global_shape = signal, kept.offset = none, kept.local_shape = signal, kept.n_channels = wrong() ? 2 : 1;
    kept.channels = NOT(channel);
    if (wrong()) kept.element_type = DICOD_F32;
    return dicod_encoder_residual(encoder, reading(of_x), NOT(&kept));
}

static dicod_status encoder_objective(void)
{
    double value;
    return dicod_encoder_objective(encoder, reading(part(signal, 1, x)), NOT(&value), NULL);
}

static dicod_status learner_set_weights(void)
{
    dicod_status status = dicod_learner_set_weights(learner, reading(bad_value(signal, 1)));
    if (status == 0) status = dicod_learner_step(learner, reading(part(signal, 1, x)), NULL);
    return status;
}

static dicod_status learner_set_z(void)
{
    return dicod_learner_set_z(learner, reading(part(valid, K, z)));
}

static dicod_status learner_reconstruct(void)
{
    static double to[N];
    return dicod_learner_reconstruct(learner, part(signal, 1, to));
}

static dicod_status learner_objective(void)
{
    double value;
    return dicod_learner_objective(learner, reading(part(signal, 1, x)), NOT(&value), NULL);
}

static dicod_status sort_atoms(void)
{
    int64_t order[K];
    double explained[K];
    return dicod_learner_sort_atoms(learner, reading(part(signal, 1, x)), wrong() ? K + 1 : K, wrong() ? (int64_t *)(saved + 1) : order,
                                    wrong() ? (double *)(saved + 1) : explained);
}

static dicod_status initial_dictionary(void)
{
    double atoms[K * L];
    return dicod_initial_dictionary(SHAPES, reading(part(signal, 1, x)), NOT(atoms));
}

/* this rank's block of x, with what can be wrong about it */
static const int64_t *of_block(int64_t *first, int64_t *shape)
{
    first[0] = N * rank / n_ranks, shape[0] = N * (rank + 1) / n_ranks - first[0];
    if (wrong()) shape[0]++;
    if (wrong()) first[0]--;
    if (wrong()) shape[0] = -1;
    return first;
}

static dicod_status encoder_memory(void)
{
    int64_t bytes[4], first[1], shape[1];
    return dicod_encoder_memory(SHAPES,
                                wrong()       ? 16
                                    : wrong() ? DICOD_F32
                                              : DICOD_F64,
                                of_block(first, shape), shape, NOT(bytes), wrong() ? (int64_t *)(saved + 1) : bytes + 1, bytes + 2,
                                bytes + 3);
}

static dicod_status learner_memory(void)
{
    int64_t bytes[3], first[1], shape[1];
    return dicod_learner_memory(SHAPES,
                                wrong()       ? 16
                                    : wrong() ? DICOD_F32
                                              : DICOD_F64,
                                of_block(first, shape), shape, NOT(bytes), bytes + 1, wrong() ? (int64_t *)(saved + 1) : bytes + 2);
}

/* options that do not go together, or differ, on one rank */
static dicod_status another_option(void)
{
    static const char *texts[] = {"learn_crops=2",
                                  "learn_robust=0.5 learn_online=1",
                                  "learn_non_negative=1 learn_zero_mean=1",
                                  "learn_non_negative=1",
                                  "ridge=0.5",
                                  "reg_scale=per-atom",
                                  "learn_robust=0.5",
                                  "learn_crops=2 learn_crop_shape=20"};
    static void *channels[1];
    dicod_options *o = NULL;
    dicod_learner *made = NULL;
    const int64_t first[1] = {N * rank / n_ranks}, shape[1] = {N * (rank + 1) / n_ranks - first[0]};
    dicod_array a = DICOD_ARRAY_INIT;
    a.n_axes = 1, a.global_shape = signal, a.offset = first, a.local_shape = shape, a.n_channels = 1, a.channels = channels;
    channels[0] = x + first[0];
    OK(dicod_options_create(&o));
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (wrong()) OK(dicod_options_parse(o, texts[i]));
    dicod_status status = dicod_learner_create(context, o, PROBLEM(1, signal, 1, 1, K, atom), d, &made);
    if (status == 0) status = dicod_learner_step(made, reading(&a), NULL);
    dicod_learner_free(&made);
    dicod_options_free(&o);
    return status;
}

/* a window of one long signal that is not there on one rank */
static dicod_status step_of_crops(void)
{
    dicod_options *o = NULL;
    dicod_learner *made = NULL;
    OK(dicod_options_create(&o));
    OK(dicod_options_parse(o, "learn_crops=2 learn_crop_shape=20"));
    OK(dicod_learner_create(context, o, PROBLEM(1, signal, 1, 1, K, atom), d, &made));
    const dicod_status status = dicod_learner_step(made, reading(part(signal, 1, x)), NULL);
    dicod_learner_free(&made);
    dicod_options_free(&o);
    return status;
}

static dicod_status expect(void)
{
    dicod_handle_info expected = DICOD_HANDLE_INFO_INIT;
    OK(dicod_learner_describe(learner, &expected));
    if (wrong()) expected.n_atoms++;
    if (wrong()) expected.atom_shape[0]++;
    if (wrong()) expected.struct_size = 1;
    int64_t atoms[K] = {L, wrong() ? L - 1 : L};
    expected.atom_shapes = atoms;
    return dicod_learner_expect(learner, NOT(&expected));
}

static dicod_status save(void)
{
    return dicod_learner_save(learner,
                              wrong()               ? -1
                                  : wrong_at_root() ? 5
                                                    : (int64_t)sizeof saved,
                              wrong_at_root() ? NULL : saved, NOT(&n_saved));
}

static dicod_status save_file(void)
{
    return dicod_learner_save_file(learner, wrong_at_root() ? "/nowhere/file" : wrong() ? NULL : "test_one_rank.checkpoint");
}

static dicod_status restore(void)
{
    dicod_learner *made = NULL;
    const int64_t whole = wrong_at_root() ? n_saved - 8 : n_saved, size = rank ? 0 : whole;
    const dicod_status status = dicod_learner_restore(context, NULL, wrong() ? -1 : size, wrong_at_root() ? NULL : saved, NOT(&made));
    dicod_learner_free(&made);
    return status;
}

static dicod_status restore_file(void)
{
    dicod_learner *made = NULL;
    const char *path = wrong_at_root() ? "/nowhere/file" : wrong() ? NULL : "test_one_rank.checkpoint";
    const dicod_status status = dicod_learner_restore_file(context, NULL, path, NOT(&made));
    dicod_learner_free(&made);
    return status;
}

/* another type or another number of atoms on one rank: seen when an encoder is made, at the first step of a learner */

static dicod_status another_encoder(void)
{
    dicod_encoder *made = NULL;
    const int64_t n = wrong() ? 1 : K;
    const dicod_status status = wrong() ? dicod_encoder_create_f32(context, options, PROBLEM(1, signal, 1, 1, n, atom), df, &made)
                                        : dicod_encoder_create(context, options, PROBLEM(1, signal, 1, 1, n, atom), d, &made);
    dicod_encoder_free(&made);
    return status;
}

static dicod_status another_learner(void)
{
    static void *channels[1];
    dicod_learner *made = NULL;
    const int64_t n = wrong() ? 1 : K, first[1] = {N * rank / n_ranks}, shape[1] = {N * (rank + 1) / n_ranks - first[0]};
    const int single = wrong();
    dicod_array a = DICOD_ARRAY_INIT;
    a.n_axes = 1, a.global_shape = signal, a.offset = first, a.local_shape = shape, a.n_channels = 1, a.channels = channels;
    a.element_type = single ? DICOD_F32 : DICOD_F64;
    channels[0] = single ? (void *)(xf + first[0]) : (void *)(x + first[0]);
    dicod_status status = single ? dicod_learner_create_f32(context, options, PROBLEM(1, signal, 1, 1, n, atom), df, &made)
                                 : dicod_learner_create(context, options, PROBLEM(1, signal, 1, 1, n, atom), d, &made);
    if (status == 0) status = dicod_learner_step(made, reading(&a), NULL);
    dicod_learner_free(&made);
    return status;
}

/* maps */

static int32_t work(void *userdata, const parmap_task *task, const void *input, void *output)
{
    (void)userdata, (void)task;
    memcpy(output, input, 8);
    return 0;
}

static int32_t produce(void *userdata, parmap_buffer *buffer)
{
    int *left = userdata;
    if ((*left)-- == 0) return PARMAP_END;
    return parmap_buffer_append(buffer, "12345678", 8) ? 1 : PARMAP_ITEM;
}

static int32_t item(void *userdata, const parmap_task *task, const void *input, int64_t size, parmap_buffer *output)
{
    (void)userdata, (void)task;
    return parmap_buffer_append(output, input, size) ? 1 : 0;
}

static int32_t consume(void *userdata, int64_t index, int32_t status, const void *data, int64_t size)
{
    (void)userdata, (void)index, (void)status, (void)data, (void)size;
    return 0;
}

static dicod_status share_bytes(void)
{
    return parmap_share(map, wrong_at_root() ? NULL : x, wrong_at_root() ? -1 : (int64_t)sizeof x);
}

static dicod_status run(void)
{
    static int64_t in[TASKS], out[TASKS];
    static int32_t statuses[TASKS];
    return parmap_run(map,
                      wrong()       ? -1
                          : wrong() ? TASKS - 1
                                    : TASKS,
                      NOT(work), NULL, wrong_at_root() ? NULL : in,
                      wrong()       ? -8
                          : wrong() ? 4
                                    : 8,
                      wrong() ? -3 : 0, wrong_at_root() ? NULL : out,
                      wrong()       ? -8
                          : wrong() ? 16
                                    : 8,
                      wrong() ? 3 : 0, statuses, report_of());
}

static dicod_status stream(void)
{
    int left = TASKS;
    return parmap_stream(map, wrong_at_root() ? NULL : produce, NOT(item), wrong_at_root() ? NULL : consume, &left, report_of());
}

static dicod_status pull_tasks(void)
{
    parmap_pull *pull = NULL;
    int64_t index = 0;
    dicod_status status = parmap_open(map, wrong() ? -1 : wrong() ? 3 : TASKS, NOT(&pull));
    if (status) return status;
    while (parmap_next(pull, &index) == 0 && index >= 0) parmap_done(pull, index, 0, NULL);
    status = parmap_close(&pull, report_of());
    if (pull) parmap_close(&pull, NULL);
    return status;
}

static int32_t fork_state(void *userdata, const void *pristine, void **state)
{
    (void)userdata, (void)pristine;
    *state = NULL;
    return 0;
}

static int32_t reduce_task(void *userdata, void *state, const parmap_task *task, const void *input)
{
    (void)userdata, (void)state, (void)task, (void)input;
    return 0;
}

static int32_t pack(void *userdata, const void *state, parmap_buffer *buffer)
{
    (void)userdata, (void)state, (void)buffer;
    return 0;
}

static int32_t unpack(void *userdata, void *state, const void *bytes, int64_t size)
{
    (void)userdata, (void)state, (void)bytes, (void)size;
    return 0;
}

static int32_t join(void *userdata, void *state, const void *other)
{
    (void)userdata, (void)state, (void)other;
    return 0;
}

static dicod_status reduce(void)
{
    static int64_t in[TASKS];
    double state = 0;
    parmap_reducer r = PARMAP_REDUCER_INIT;
    r.fork_state = NOT(fork_state);
    r.work = NOT(reduce_task);
    r.pack = NOT(pack);
    r.unpack = NOT(unpack);
    r.join_states = NOT(join);
    if (wrong()) r.struct_size = 1;
    return parmap_reduce(map,
                         wrong()       ? -1
                             : wrong() ? 3
                                       : TASKS,
                         NOT(&r), wrong_at_root() ? NULL : in, wrong() ? -8 : 8, wrong() ? -1 : 0, NOT(&state), report_of());
}

/* flows, operators, ensembles */

static int32_t pass(void *state, const void *data, int64_t size, parmap_buffer *output)
{
    (void)state;
    return parmap_buffer_append(output, data, size) ? 1 : 0;
}

static dicod_status flow_train(void)
{
    int left = TASKS;
    return parmap_flow_train(NOT(flow), map, NULL, wrong_at_root() ? NULL : produce, NULL, &left, report_of());
}

static dicod_status flow_execute(void)
{
    int left = TASKS;
    return parmap_flow_execute(NOT(flow), map, wrong_at_root() ? NULL : produce, wrong_at_root() ? NULL : consume, &left, report_of());
}

static int32_t twice(void *state, const double *from, double *to)
{
    (void)state;
    to[0] = 2 * from[0];
    return 0;
}

static double one[1] = {1}, two[2];
static dicod_status operators_eval(void)
{
    return parmap_operators_eval(NOT(operators), map, wrong_at_root() ? NULL : one, NOT(two));
}

static dicod_status operators_linearize(void)
{
    return parmap_operators_linearize(NOT(operators), map, wrong_at_root() ? NULL : one, NOT(two));
}

static dicod_status operators_derivative(void)
{
    return parmap_operators_derivative(NOT(operators), map, wrong_at_root() ? NULL : one, NOT(two));
}

static dicod_status operators_adjoint(void)
{
    return parmap_operators_adjoint(NOT(operators), map, wrong_at_root() ? NULL : two, NOT(one));
}

static int32_t solver(void *userdata, const parmap_task *task, parmap_member *member)
{
    (void)userdata, (void)task;
    member->value = member->x[0];
    member->evaluations++;
    return 0;
}

static dicod_status ensemble_round(void)
{
    return parmap_ensemble_round(NOT(ensemble), map, wrong() ? -2 : -1, wrong() ? -2 : -1, NOT(solver), NULL, report_of());
}

/* clang-format off */
#define CASE(function) {#function, function}
static const struct {
    const char *name;
    dicod_status (*call)(void);
} cases[] = {
    CASE(create_context), CASE(create_context_f), CASE(solve), CASE(solve_f32), CASE(learn), CASE(learn_f32), CASE(encoder_create),
    CASE(encoder_create_f32), CASE(encoder_create_rank1), CASE(encoder_create_rank1_f32), CASE(set_dictionary),
    CASE(set_dictionary_f32), CASE(set_dictionary_of_another_type), CASE(set_dictionary_rank1), CASE(set_dictionary_rank1_f32),
    CASE(encoder_solve), CASE(encoder_set_weights), CASE(encoder_set_penalties), CASE(encoder_path), CASE(encoder_reconstruct),
    CASE(encoder_residual), CASE(encoder_objective), CASE(encoder_memory), CASE(learner_memory), CASE(initial_dictionary), CASE(set_z), CASE(get_z), CASE(get_sparse_block), CASE(set_sparse), CASE(learner_create), CASE(learner_create_f32),
    CASE(learner_step), CASE(learner_run), CASE(learner_encode), CASE(learner_get_z),
    CASE(learner_set_weights), CASE(learner_set_z), CASE(learner_reconstruct), CASE(learner_objective), CASE(sort_atoms), CASE(another_option),
    CASE(step_of_crops), CASE(expect), CASE(save), CASE(save_file), CASE(restore),
    CASE(restore_file), CASE(another_encoder), CASE(another_learner), CASE(share_bytes), CASE(run), CASE(stream), CASE(pull_tasks),
    CASE(reduce), CASE(flow_train),
    CASE(flow_execute), CASE(operators_eval), CASE(operators_linearize), CASE(operators_derivative), CASE(operators_adjoint),
    CASE(ensemble_round),
};
/* clang-format on */

/* the call with each mistake in turn, on each rank; what comes after the last one is the call without any */
static int go_through(const char *name, dicod_status (*call)(void))
{
    int mistakes = 0;
    for (bad = n_ranks - 1; bad >= 0; bad--) {
        for (int i = 1;; i++) {
            at = 0;
            mistake = rank == bad ? i : 0;
            const dicod_status status = call();
            if (i > at) {
                if (!CHECK(status >= 0)) printf("  %s without a mistake: status %d\n", name, status);
                break;
            }
            char text[400] = "", who[40];
            if (status < 0) dicod_last_error(sizeof text, text, NULL);
            snprintf(who, sizeof who, "rank %d", bad);
            const int failed = failures;
            CHECK(status < 0 && status != DICOD_ERROR_INTERNAL && status != DICOD_ERROR_COMMUNICATION);
            /* who differs from the others is not always told apart from them */
            CHECK(strstr(text, who) || strstr(text, "the same on every rank") || strstr(text, "different calls") ||
                  strstr(text, "on no rank") || strstr(text, "on one rank only"));
            same_everywhere(status);
            if (failures > failed)
                printf("  %s, mistake %d of rank %d, seen by rank %d: status %d, %s\n", name, i, bad, rank, status, text);
            mistakes++;
        }
    }
    return mistakes;
}

int main(int argc, char **argv)
{
    int mistakes = 0, all;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &n_ranks);
    for (int i = 0; i < N; i++) xf[i] = (float)(x[i] = noise(i));
    for (int i = 0; i < K * L; i++) df[i] = (float)(d[i] = noise(1000 + i)), vf[i] = (float)(v[i] = noise(2000 + i));
    for (int i = 0; i < K; i++) uf[i] = (float)(u[i] = 1);
    OK(dicod_context_create_mpi(MPI_COMM_WORLD, 1, &context));
    OK(dicod_options_create(&options));
    OK(dicod_options_set_real(options, "tol", 1e-3));
    OK(dicod_options_set_integer(options, "learn_max_iter", 1));
    OK(dicod_encoder_create(context, options, PROBLEM(1, signal, 1, 1, K, atom), d, &encoder));
    OK(dicod_encoder_create_f32(context, options, PROBLEM(1, signal, 1, 1, K, atom), df, &single));
    OK(dicod_learner_create(context, options, PROBLEM(1, signal, 1, 1, K, atom), d, &learner));
    OK(parmap_create(context, &map));
    parmap_node node = PARMAP_NODE_INIT;
    node.execute = pass;
    OK(parmap_flow_create(1, &node, &flow));
    parmap_operator o[2] = {PARMAP_OPERATOR_INIT, PARMAP_OPERATOR_INIT};
    for (int i = 0; i < 2; i++) o[i].in_size = o[i].out_size = 1, o[i].eval = twice, o[i].adjoint = twice;
    OK(parmap_operators_create_vector(2, o, &operators));
    double lower[1] = {0}, upper[1] = {1};
    OK(parmap_ensemble_create(1, lower, upper, 3, NULL, 0, 0, &ensemble));

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (argc > 1 && rank == 0) printf("%s\n", cases[i].name), fflush(stdout);
        alarm(60);
        mistakes += go_through(cases[i].name, cases[i].call);
    }
    alarm(0);

    parmap_ensemble_free(&ensemble);
    parmap_operators_free(&operators);
    parmap_flow_free(&flow);
    parmap_free(&map);
    dicod_learner_free(&learner);
    dicod_encoder_free(&single);
    dicod_encoder_free(&encoder);
    dicod_options_free(&options);
    OK(dicod_context_free(&context));
    if (rank == 0) printf("%d mistakes\n", mistakes), remove("test_one_rank.checkpoint");
    MPI_Allreduce(&failures, &all, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    MPI_Finalize();
    if (rank == 0 || failures) report("test_one_rank");
    return all != 0;
}
