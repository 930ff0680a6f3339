/*
 * Learning is the same, bit for bit, on any number of ranks with any blocks: dictionary, activations,
 * objectives and checkpoints are compared with a learner without a communicator. A checkpoint of all ranks
 * is taken up by half of them and by one alone. Errors are the same on every rank, and the learner goes on.
 *
 * Many ranks on few cores are slow: fewer cases then. With "all": all of them; with "small": two small ones, for valgrind.
 */
#include "ranks.h"

enum { P = 2, K = 3, SIGNALS = 2, STEPS = 4, MOST_D = K * P * 30, MOST_BYTES = 1 << 20 };

/* one problem, and a way to learn it */
typedef struct {
    int64_t n_axes, signal[3], atom[3], valid[3], n_d;
    int number, is_float, n_threads;
    dicod_options *options;
    char name[100];
} problem;

/* what a learner did: compared as bytes */
typedef struct {
    double d[STEPS][MOST_D];
    double objectives[STEPS][4];
    int64_t counts[STEPS][K + 4];
    double lambda[K], last[4];
    int64_t sizes[2];
    unsigned char saved[2][MOST_BYTES]; /* half-way and at the end */
} story;

static double first_d[MOST_D];
static float first_d_f32[MOST_D];

static void make_problem(problem *p, int64_t n_axes, int periodic, int is_float, int number)
{
    static const int64_t signals[3][3] = {{300}, {34, 29}, {12, 11, 10}}, atoms[3][3] = {{23}, {6, 5}, {3, 2, 3}};
    static const char *const inits[] = {"greedy-patches", "random-patches", "random", "given"};
    *p = (problem){.n_axes = n_axes, .n_d = K * P, .number = number, .is_float = is_float, .n_threads = 1 + number % 2};
    snprintf(p->name, sizeof p->name, "%d axes, periodic %d, float %d, number %d", (int)n_axes, periodic, is_float, number);
    int64_t wraps[3] = {periodic, 0, periodic};
    const int64_t fixed[K] = {0, 1, 0};
    OK(dicod_options_create(&p->options));
    OK(dicod_options_set_integers(p->options, "periodic", n_axes, wraps));
    OK(dicod_options_set_real(p->options, "tol", 1e-2));
    OK(dicod_options_set_real(p->options, "learn_tol", 0));
    OK(dicod_options_set_integer(p->options, "learn_max_iter", STEPS));
    OK(dicod_options_set_integer(p->options, "seed", number));
    OK(dicod_options_set_integer(p->options, "positive", number % 2));
    OK(dicod_options_set_string(p->options, "learn_init", inits[number % 4]));
    OK(dicod_options_set_string(p->options, "learn_reg_reference", number % 6 == 5 ? "each" : "first"));
    OK(dicod_options_set_string(p->options, "learn_statistics", number % 3 == 1 ? "fft" : "auto"));
    OK(dicod_options_set_integer(p->options, "learn_rank_one", number % 3 == 0));
    OK(dicod_options_set_integer(p->options, "learn_window", number % 5 == 1));
    OK(dicod_options_set_integer(p->options, "learn_online", number % 5 == 2));
    OK(dicod_options_set_integer(p->options, "learn_batch", number % 5 == 3));
    OK(dicod_options_set_real(p->options, "learn_forgetting", 0.7));
    OK(dicod_options_set_real(p->options, "learn_redraw_below", number % 4 == 1 ? 0.5 : 0));
    if (number % 4 == 3) OK(dicod_options_set_integers(p->options, "learn_fixed_atoms", K, fixed));
    for (int64_t a = 0; a < n_axes; a++) {
        p->signal[a] = signals[n_axes - 1][a];
        p->atom[a] = atoms[n_axes - 1][a];
        p->n_d *= p->atom[a];
    }
    OK(dicod_valid_shape(p->options, PROBLEM(n_axes, p->signal, 1, 1, 1, p->atom), p->valid));
}

static int64_t n_codes(const problem *p)
{
    return (p->number % 5 == 3 ? 1 : SIGNALS) * K;
}

static dicod_learner *make(const problem *p, dicod_context *context)
{
    dicod_learner *learner = NULL;
    if (p->is_float)
        OK(dicod_learner_create_f32(context, p->options, PROBLEM(p->n_axes, p->signal, SIGNALS, P, K, p->atom), first_d_f32, &learner));
    else OK(dicod_learner_create(context, p->options, PROBLEM(p->n_axes, p->signal, SIGNALS, P, K, p->atom), first_d, &learner));
    return learner;
}

static void save(dicod_learner *learner, story *s, int which)
{
    OK(dicod_learner_save(learner, MOST_BYTES, s->saved[which], &s->sizes[which]));
}

/* iterations from number `from` on, and z at last: block r of n */
static void go_on(const problem *p, dicod_learner *learner, int from, int r, int n, story *s, held *z)
{
    double scale = 1;
    for (int i = from; i < STEPS; i++) {
        /* each time other blocks, which is like nothing for the learner */
        held x;
        int64_t offset[3], shape[3];
        spread((p->number + i) % N_WAYS, r, n, p->n_axes, p->signal, offset, shape);
        hold(&x, p->n_axes, p->signal, offset, shape, SIGNALS * P, n > 1 ? 2 : 0, p->is_float);
        each(&x, set_noise, &scale);
        dicod_learn_step step = DICOD_LEARN_STEP_INIT;
        OK(dicod_learner_step(learner, READ(&x.array), &step));
        const double objectives[4] = {step.objective_z, step.objective_d, step.lambda, step.lambda_max};
        const int64_t counts[4] = {step.iteration, step.redrawn, step.recentred, step.dict_iterations};
        memcpy(s->objectives[i], objectives, sizeof objectives);
        memcpy(s->counts[i], counts, sizeof counts);
        memcpy(s->counts[i] + 4, step.nonzeros, K * sizeof(int64_t));
        if (p->is_float) {
            float d[MOST_D];
            OK(dicod_learner_get_dictionary_f32(learner, p->n_d, d));
            for (int64_t j = 0; j < p->n_d; j++) s->d[i][j] = d[j];
        } else OK(dicod_learner_get_dictionary(learner, p->n_d, s->d[i]));
        if (i + 1 == STEPS / 2) save(learner, s, 0);
        if (i + 1 == STEPS) {
            dicod_info info = DICOD_INFO_INIT;
            OK(dicod_learner_encode(learner, READ(&x.array), &info));
            const double last[4] = {info.objective, info.duality_gap, info.lambda_max, (double)info.nonzeros};
            memcpy(s->last, last, sizeof last);
            if (p->number % 6 != 5) OK(dicod_learner_get_lambda(learner, K, s->lambda));
            save(learner, s, 1);
        }
        drop(&x);
    }
    int64_t offset[3], shape[3];
    spread((p->number + 1) % N_WAYS, r, n, p->n_axes, p->valid, offset, shape);
    hold(z, p->n_axes, p->valid, offset, shape, n_codes(p), n > 1, p->is_float);
    OK(dicod_learner_get_z(learner, &z->array));
}

/* from iteration `from` on, all is as it should be; bytes are on the first rank alone */
static void same(const problem *p, const char *how, const story *got, held *z, int from, int first, const story *wanted, const held *whole)
{
    const int before = failures;
    CHECK(memcmp(got->d[from], wanted->d[from], sizeof wanted->d - (size_t)from * sizeof wanted->d[0]) == 0);
    CHECK(memcmp(got->objectives[from], wanted->objectives[from],
                 sizeof wanted->objectives - (size_t)from * sizeof wanted->objectives[0]) == 0);
    CHECK(memcmp(got->counts[from], wanted->counts[from], sizeof wanted->counts - (size_t)from * sizeof wanted->counts[0]) == 0);
    CHECK(memcmp(got->last, wanted->last, sizeof wanted->last) == 0);
    CHECK(memcmp(got->lambda, wanted->lambda, sizeof wanted->lambda) == 0);
    for (int i = from > 0; i < 2; i++) {
        CHECK(got->sizes[i] == (first ? wanted->sizes[i] : 0));
        if (first) CHECK(memcmp(got->saved[i], wanted->saved[i], (size_t)wanted->sizes[i]) == 0);
    }
    comparison c = {whole->memory, 0, 0};
    each(z, compare, &c);
    CHECK(c.wrong == 0);
    if (failures > before) printf("  rank %d, %s: %s\n", rank, how, p->name);
}

/* half-way through, a checkpoint goes to the ranks of a communicator (none: one process alone) */
static void take_up(const problem *p, const char *how, MPI_Comm comm, const char *path, const story *all, const story *wanted,
                    const held *whole)
{
    int r = 0, n = 1;
    dicod_context *context = NULL;
    if (comm != MPI_COMM_NULL) {
        MPI_Comm_rank(comm, &r);
        MPI_Comm_size(comm, &n);
        OK(dicod_context_create_mpi(comm, p->n_threads, &context));
    }
    dicod_learner *learner = NULL;
    if (path) OK(dicod_learner_restore_file(context, NULL, path, &learner));
    /* what the others bring is of no account */
    else OK(dicod_learner_restore(context, NULL, r ? 0 : all->sizes[0], r ? NULL : all->saved[0], &learner));
    story *s = calloc(1, sizeof *s);
    held z;
    go_on(p, learner, STEPS / 2, r, n, s, &z);
    same(p, how, s, &z, STEPS / 2, r == 0, wanted, whole);
    drop(&z);
    free(s);
    dicod_learner_free(&learner);
    OK(dicod_context_free(&context));
}

static void one(const problem *p)
{
    story *wanted = calloc(1, sizeof *wanted), *got = calloc(1, sizeof *got);
    held whole, z;
    dicod_learner *learner = make(p, NULL);
    go_on(p, learner, 0, 0, 1, wanted, &whole);
    dicod_learner_free(&learner);
    CHECK(wanted->sizes[0] > 0);

    dicod_context *context = NULL;
    OK(dicod_context_create_mpi(MPI_COMM_WORLD, p->n_threads, &context));
    learner = make(p, context);
    go_on(p, learner, 0, rank, n_ranks, got, &z);
    same(p, "all ranks", got, &z, 0, rank == 0, wanted, &whole);
    drop(&z);
    dicod_learner_free(&learner);

    /* a file that all ranks write and read */
    char path[100];
    snprintf(path, sizeof path, "test_learn_%d.checkpoint", n_ranks);
    OK(dicod_learner_restore(context, NULL, got->sizes[0], got->saved[0], &learner));
    OK(dicod_learner_save_file(learner, path));
    dicod_learner_free(&learner);
    OK(dicod_context_free(&context));
    take_up(p, "all ranks, from a file", MPI_COMM_WORLD, path, NULL, wanted, &whole);
    MPI_Barrier(MPI_COMM_WORLD);
    if (rank == 0) CHECK(remove(path) == 0);

    /* written on all ranks, read on half of them, and on one */
    MPI_Comm half;
    MPI_Comm_split(MPI_COMM_WORLD, rank < (n_ranks + 1) / 2 ? 0 : MPI_UNDEFINED, rank, &half);
    if (half != MPI_COMM_NULL) {
        take_up(p, "half of the ranks", half, NULL, got, wanted, &whole);
        MPI_Comm_free(&half);
    }
    if (rank == 0) take_up(p, "no communicator", MPI_COMM_NULL, NULL, got, wanted, &whole);
    drop(&whole);
    free(wanted);
    free(got);
}

static int32_t stop_here(void *userdata, const dicod_learn_step *step)
{
    return *(int *)userdata && step->iteration == 1;
}

/* the one call, with everything on every rank */
static void one_call(const problem *p)
{
    int64_t n_x = SIGNALS * P, n_z = SIGNALS * K;
    for (int64_t a = 0; a < p->n_axes; a++) n_x *= p->signal[a], n_z *= p->valid[a];
    double *x = calloc((size_t)n_x, sizeof *x), *z[2], d[2][MOST_D];
    for (int64_t i = 0; i < n_x; i++) x[i] = noise(i);
    dicod_context *context = NULL;
    OK(dicod_context_create_mpi(MPI_COMM_WORLD, 1, &context));
    dicod_learn_info info[2] = {DICOD_LEARN_INFO_INIT, DICOD_LEARN_INFO_INIT};
    for (int i = 0; i < 2; i++) {
        z[i] = calloc((size_t)n_z, sizeof **z);
        memcpy(d[i], first_d, sizeof d[i]);
        STATUS(DICOD_MAX_ITER,
               dicod_learn(i ? context : NULL, p->options, PROBLEM(p->n_axes, p->signal, SIGNALS, P, K, p->atom), x, NULL, NULL, d[i], z[i],
                           &info[i]));
    }
    CHECK(memcmp(d[0], d[1], sizeof d[0]) == 0 && memcmp(z[0], z[1], (size_t)n_z * sizeof **z) == 0);
    CHECK(info[0].objective == info[1].objective && info[0].iterations == info[1].iterations);
    /* one rank wants to stop: all do, at the same place */
    int me = rank == n_ranks - 1;
    STATUS(
        DICOD_CANCELLED,
        dicod_learn(context, p->options, PROBLEM(p->n_axes, p->signal, SIGNALS, P, K, p->atom), x, stop_here, &me, d[0], NULL, &info[0]));
    CHECK(info[0].iterations == 2);
    OK(dicod_context_free(&context));
    free(x), free(z[0]), free(z[1]);
}

static void errors(const problem *p)
{
    const int bad = n_ranks / 2, i_am_bad = rank == bad;
    char who[40];
    snprintf(who, sizeof who, "rank %d: ", bad);
    const char *named = n_ranks > 1 ? who : "";
    dicod_context *context = NULL;
    OK(dicod_context_create_mpi(MPI_COMM_WORLD, 1, &context));
    dicod_learner *one = make(p, context), *other = NULL;
    dicod_status status;
    int64_t offset[3], shape[3], n;
    double scale = 1;
    held x;
    spread(SLABS, rank, n_ranks, p->n_axes, p->signal, offset, shape);
    hold(&x, p->n_axes, p->signal, offset, shape, SIGNALS * P, 0, 0);
    each(&x, set_noise, &scale);
    dicod_learn_step step = DICOD_LEARN_STEP_INIT;

#define ALL_FAIL(wanted, text, call) \
    do { \
        FAILS(wanted, text, status = (call)); \
        same_everywhere(status); \
    } while (0)
    double *values = x.memory;
    const double kept = values[1];
    if (i_am_bad) values[1] = NAN;
    ALL_FAIL(DICOD_ERROR_NOT_FINITE, named, dicod_learner_step(one, READ(&x.array), &step));
    values[1] = kept;
    ALL_FAIL(DICOD_ERROR_NULL_POINTER, named, dicod_learner_step(one, i_am_bad ? NULL : READ(&x.array), &step));
    ALL_FAIL(DICOD_ERROR_NULL_POINTER, named, dicod_learner_run(one, i_am_bad ? NULL : READ(&x.array), NULL, NULL, NULL));
    ALL_FAIL(DICOD_ERROR_NULL_POINTER, named, dicod_learner_encode(one, i_am_bad ? NULL : READ(&x.array), NULL));
    held z;
    spread(SLABS, rank, n_ranks, p->n_axes, p->valid, offset, shape);
    hold(&z, p->n_axes, p->valid, offset, shape, n_codes(p), 0, 0);
    ALL_FAIL(DICOD_ERROR_NULL_POINTER, named, dicod_learner_get_z(one, i_am_bad ? NULL : &z.array));
    drop(&z);
    x.array.n_channels -= i_am_bad;
    ALL_FAIL(DICOD_ERROR_INVALID_ARGUMENT, "n_channels", dicod_learner_step(one, READ(&x.array), &step));
    x.array.n_channels += i_am_bad;
    step.struct_size = i_am_bad ? 1 : (int64_t)sizeof step;
    ALL_FAIL(DICOD_ERROR_INVALID_ARGUMENT, named, dicod_learner_step(one, READ(&x.array), &step));
    step = (dicod_learn_step)DICOD_LEARN_STEP_INIT;
    if (n_ranks > 1) {
        if (i_am_bad) x.shape[0]--;
        ALL_FAIL(DICOD_ERROR_INVALID_SHAPE, "on no rank", dicod_learner_step(one, READ(&x.array), &step));
        if (i_am_bad) x.shape[0]++;
        double d[MOST_D];
        memcpy(d, first_d, sizeof d);
        d[0] += i_am_bad;
        dicod_options *given = NULL;
        OK(dicod_options_create(&given));
        OK(dicod_options_set_string(given, "learn_init", "given"));
        status = dicod_learner_create(context, given, PROBLEM(p->n_axes, p->signal, SIGNALS, P, K, p->atom), d, &other);
        if (status == DICOD_OK) status = dicod_learner_step(other, READ(&x.array), &step);
        check_status(status, DICOD_ERROR_INVALID_ARGUMENT, "the same on every rank", __FILE__, __LINE__, "other dictionary");
        same_everywhere(status);
        dicod_learner_free(&other);
        dicod_options_free(&given);
    }
    ALL_FAIL(DICOD_ERROR_NULL_POINTER, named,
             dicod_learner_create(context, NULL, i_am_bad ? NULL : PROBLEM(p->n_axes, p->signal, SIGNALS, P, K, p->atom), NULL, &other));
    ALL_FAIL(DICOD_ERROR_NULL_POINTER, named,
             dicod_learner_create(context, NULL, PROBLEM(p->n_axes, p->signal, SIGNALS, P, K, p->atom), NULL, i_am_bad ? NULL : &other));

    /* checkpoints: what the first rank cannot use, or cannot write, fails on all */
    unsigned char *bytes = malloc(MOST_BYTES);
    ALL_FAIL(DICOD_ERROR_NULL_POINTER, named, dicod_learner_save(one, MOST_BYTES, bytes, i_am_bad ? NULL : &n));
    ALL_FAIL(DICOD_ERROR_INVALID_ARGUMENT, "capacity", dicod_learner_save(one, 10, bytes, &n));
    ALL_FAIL(DICOD_ERROR_FILE, "cannot be written", dicod_learner_save_file(one, "no/such/folder/checkpoint"));
    ALL_FAIL(DICOD_ERROR_FILE, "cannot be read", dicod_learner_restore_file(context, NULL, "no/such/folder/checkpoint", &other));
    char path[100];
    snprintf(path, sizeof path, "test_learn_%d.checkpoint", n_ranks);
    OK(dicod_learner_save_file(one, path));
    ALL_FAIL(DICOD_ERROR_NULL_POINTER, named, dicod_learner_save_file(one, i_am_bad ? NULL : path));
    ALL_FAIL(DICOD_ERROR_NULL_POINTER, named, dicod_learner_restore_file(context, NULL, i_am_bad ? NULL : path, &other));
    if (rank == 0) CHECK(remove(path) == 0);
    OK(dicod_learner_step(one, READ(&x.array), &step));
    const double objective = step.objective_d;
    OK(dicod_learner_save(one, MOST_BYTES, bytes, &n));
    if (rank == 0) bytes[n / 2] ^= 1;
    ALL_FAIL(DICOD_ERROR_INVALID_ARGUMENT, "checksum", dicod_learner_restore(context, NULL, n, bytes, &other));
    if (rank == 0) bytes[n / 2] ^= 1;
    ALL_FAIL(DICOD_ERROR_INVALID_ARGUMENT, "all of its", dicod_learner_restore(context, NULL, rank ? n : n - 1, bytes, &other));
    ALL_FAIL(DICOD_ERROR_NULL_POINTER, named, dicod_learner_restore(context, NULL, n, bytes, i_am_bad ? NULL : &other));
    CHECK(other == NULL);

    /* all goes on as if nothing had happened */
    dicod_learner *untroubled = make(p, context);
    dicod_learn_step again = DICOD_LEARN_STEP_INIT;
    OK(dicod_learner_step(untroubled, READ(&x.array), &again));
    CHECK(again.objective_d == objective);
    OK(dicod_learner_step(one, READ(&x.array), &step));
    OK(dicod_learner_step(untroubled, READ(&x.array), &again));
    CHECK(again.objective_d == step.objective_d && again.iteration == 1);
    dicod_learner_free(&untroubled);
    dicod_learner_free(&one);
    OK(dicod_context_free(&context));
    free(bytes);
    drop(&x);
}

int main(int argc, char **argv)
{
    int provided;
    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &n_ranks);
    for (int64_t i = 0; i < MOST_D; i++) {
        first_d[i] = noise(~i);
        first_d_f32[i] = (float)first_d[i];
    }
    problem p;
    const int small = argc > 1 && strcmp(argv[1], "small") == 0, every = small || (argc == 1 && n_ranks > 4) ? 3 : 1;
    int number = 0;
    for (int64_t axes = 1; axes <= (small ? 1 : 3); axes++)
        for (int periodic = 0; periodic < 2; periodic++)
            for (int is_float = 0; is_float < 2; is_float++, number++) {
                if (number % every != 0) continue;
                make_problem(&p, axes, periodic, is_float, number);
                one(&p);
                dicod_options_free(&p.options);
            }
    make_problem(&p, 2, 0, 0, 4);
    one_call(&p);
    errors(&p);
    dicod_options_free(&p.options);
    int all;
    MPI_Allreduce(&failures, &all, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    if (rank == 0 || failures) report("test_learn");
    MPI_Finalize();
    return all != 0;
}
