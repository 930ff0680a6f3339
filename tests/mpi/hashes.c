/* Prints a hash of everything that has to keep its bits, whatever becomes of the code:
 *
 *   hashes [N [THREADS]]    N problems, 500 if not given, with one thread or as many
 *
 * A line a case: z, the numbers that a solve tells, dictionaries and checkpoints of learners, results of maps. The lines are
 * the same for any number of ranks and of threads (scripts/hashes.sh compares them), and on one machine those of an earlier
 * tree: what differs was changed.
 */
#include "ranks.h"

static uint64_t hashed(uint64_t hash, const void *data, size_t size)
{
    const unsigned char *bytes = data;
    for (size_t i = 0; i < size; i++) hash = (hash ^ bytes[i]) * 0x100000001b3u;
    return hash;
}

static const uint64_t EMPTY = 0xcbf29ce484222325u;

/* numbers that look random, the same on every rank */
static uint64_t state;

static int64_t below(int64_t n)
{
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (int64_t)((state >> 33) % (uint64_t)n);
}

enum { MOST = 3 * 4000, MOST_D = 6 * 3 * 64 };

typedef struct {
    int64_t n_axes, signal[3], atom[3], valid[3], signals, channels, atoms, n_d, n_z;
    int is_float;
    double scale, d[MOST_D];
    float d_f32[MOST_D];
} problem;

static dicod_options *options_of(problem *p, int number)
{
    static const char *const strategies[] = {"locally-greedy", "locally-greedy", "greedy", "random", "cyclic", "cyclic-shuffled"};
    dicod_options *o = NULL;
    OK(dicod_options_create(&o));
    OK(dicod_options_set_string(o, "strategy", strategies[below(6)]));
    OK(dicod_options_set_real(o, "tol", pow(10, -(double)(1 + below(5)))));
    OK(dicod_options_set_real(o, "reg", 0.05 + 0.1 * (double)below(6)));
    OK(dicod_options_set_integer(o, "positive", below(3) == 0));
    OK(dicod_options_set_integer(o, "seed", number));
    OK(dicod_options_set_integer(o, "warm_start", 1));
    OK(dicod_options_set_integer(o, "max_iter", 20000));
    int64_t wraps[3];
    for (int a = 0; a < 3; a++) wraps[a] = below(4) == 0;
    OK(dicod_options_set_integers(o, "periodic", p->n_axes, wraps));
    OK(dicod_valid_shape(o, PROBLEM(p->n_axes, p->signal, 1, 1, 1, p->atom), p->valid));
    p->n_z = p->signals * p->atoms;
    for (int64_t a = 0; a < p->n_axes; a++) p->n_z *= p->valid[a];
    return o;
}

static void make_problem(problem *p, int number)
{
    static const int64_t signals[3] = {600, 26, 9}, atoms[3] = {40, 6, 3};
    state = (uint64_t)number * 0x9e3779b97f4a7c15u + 7;
    memset(p, 0, sizeof *p);
    p->n_axes = 1 + below(3);
    p->signals = 1 + below(2);
    p->channels = 1 + below(3);
    p->atoms = 1 + below(5);
    p->is_float = below(2) == 0;
    p->scale = pow(10, (double)(below(7) - 3));
    p->n_d = p->atoms * p->channels;
    for (int64_t a = 0; a < p->n_axes; a++) {
        p->atom[a] = 1 + below(atoms[p->n_axes - 1]);
        p->signal[a] = p->atom[a] + below(signals[p->n_axes - 1]);
        p->n_d *= p->atom[a];
    }
    const int mixed = below(3) == 0;
    const int64_t volume = p->n_d / p->atoms;
    for (int64_t i = 0; i < p->n_d; i++) {
        p->d[i] = noise(7919 * number + i) * (mixed ? pow(10, (double)(i / volume % 3) - 1) : 1);
        p->d_f32[i] = (float)p->d[i];
    }
}

/* this rank's block of the signals; another way to spread them for each number */
static void bring(const problem *p, int number, held *x)
{
    int64_t offset[3], shape[3];
    double scale = p->scale;
    spread(number % N_WAYS, rank, n_ranks, p->n_axes, p->signal, offset, shape);
    hold(x, p->n_axes, p->signal, offset, shape, p->signals * p->channels, n_ranks > 1, p->is_float);
    each(x, set_noise, &scale);
}

/* the whole of a field, on every rank */
static void whole(const problem *p, int64_t fields, held *z)
{
    static const int64_t zero[3];
    hold(z, p->n_axes, p->valid, zero, p->valid, fields, 0, p->is_float);
}

static uint64_t hash_held(uint64_t hash, const held *h)
{
    return hashed(hash, h->memory, (size_t)(h->fields * h->stored) * (h->is_float ? sizeof(float) : sizeof(double)));
}

static void say(const char *kind, int number, uint64_t hash)
{
    uint64_t first = hash;
    MPI_Bcast(&first, 1, MPI_UINT64_T, 0, MPI_COMM_WORLD);
    CHECK(first == hash);
    if (rank == 0) printf("%s %d %016llx\n", kind, number, (unsigned long long)hash);
}

static void solve(dicod_context *context, problem *p, int number)
{
    dicod_encoder *encoder = NULL;
    dicod_info info = DICOD_INFO_INIT;
    held x, z;
    make_problem(p, number);
    dicod_options *o = options_of(p, number);
    if (p->is_float)
        OK(dicod_encoder_create_f32(context, o, PROBLEM(p->n_axes, p->signal, p->signals, p->channels, p->atoms, p->atom), p->d_f32,
                                    &encoder));
    else OK(dicod_encoder_create(context, o, PROBLEM(p->n_axes, p->signal, p->signals, p->channels, p->atoms, p->atom), p->d, &encoder));
    bring(p, number, &x);
    whole(p, p->signals * p->atoms, &z);
    uint64_t hash = EMPTY;
    for (int again = 0; again < 2; again++) {
        CHECK(dicod_encoder_solve(encoder, READ(&x.array), &info) >= 0);
        OK(dicod_encoder_get_z(encoder, &z.array));
        const double told[] = {info.lambda, info.lambda_max, info.objective, info.duality_gap, info.max_step, info.tol};
        const int64_t counts[] = {info.steps, info.nonzeros, info.status};
        hash = hash_held(hash, &z);
        hash = hashed(hashed(hash, told, sizeof told), counts, sizeof counts);
    }
    say("solve", number, hash);
    drop(&x);
    drop(&z);
    dicod_encoder_free(&encoder);
    dicod_options_free(&o);
}

static void learn(dicod_context *context, problem *p, int number)
{
    static unsigned char saved[1 << 20];
    static const char *const inits[] = {"greedy-patches", "random-patches", "random", "given"};
    dicod_learner *learner = NULL;
    held x;
    make_problem(p, number);
    dicod_options *o = options_of(p, number);
    OK(dicod_options_set_real(o, "tol", 1e-2));
    OK(dicod_options_set_string(o, "strategy", "locally-greedy"));
    OK(dicod_options_set_string(o, "learn_init", inits[below(4)]));
    OK(dicod_options_set_string(o, "learn_statistics", below(2) ? "fft" : "auto"));
    OK(dicod_options_set_integer(o, "learn_online", below(4) == 0));
    OK(dicod_options_set_integer(o, "learn_rank_one", below(4) == 0));
    OK(dicod_options_set_integer(o, "learn_window", below(4) == 0));
    OK(dicod_options_set_real(o, "learn_redraw_below", below(4) == 0 ? 0.5 : 0));
    if (p->is_float)
        OK(dicod_learner_create_f32(context, o, PROBLEM(p->n_axes, p->signal, p->signals, p->channels, p->atoms, p->atom), p->d_f32,
                                    &learner));
    else OK(dicod_learner_create(context, o, PROBLEM(p->n_axes, p->signal, p->signals, p->channels, p->atoms, p->atom), p->d, &learner));
    bring(p, number, &x);
    uint64_t hash = EMPTY;
    for (int i = 0; i < 3; i++) {
        dicod_learn_step step = DICOD_LEARN_STEP_INIT;
        OK(dicod_learner_step(learner, READ(&x.array), &step));
        const double told[] = {step.objective_z, step.objective_d, step.lambda};
        hash = hashed(hash, told, sizeof told);
        if (p->is_float) {
            OK(dicod_learner_get_dictionary_f32(learner, p->n_d, p->d_f32));
            hash = hashed(hash, p->d_f32, (size_t)p->n_d * sizeof(float));
        } else {
            OK(dicod_learner_get_dictionary(learner, p->n_d, p->d));
            hash = hashed(hash, p->d, (size_t)p->n_d * sizeof(double));
        }
    }
    int64_t size = 0;
    OK(dicod_learner_save(learner, sizeof saved, saved, &size));
    MPI_Bcast(&size, 1, MPI_INT64_T, 0, MPI_COMM_WORLD);
    MPI_Bcast(saved, (int)size, MPI_BYTE, 0, MPI_COMM_WORLD);
    say("learn", number, hashed(hash, saved, (size_t)size));
    drop(&x);
    dicod_learner_free(&learner);
    dicod_options_free(&o);
}

static int32_t draw(void *userdata, const parmap_task *task, const void *input, void *output)
{
    (void)userdata;
    double values[4], *to = output;
    if (parmap_task_uniform(task, 4, values)) return 1;
    for (int i = 0; i < 4; i++) to[i] = values[i] + *(const double *)input;
    return 0;
}

static void map(dicod_context *context, int number)
{
    enum { MOST_TASKS = 300 };
    static const char *const schedules[] = {"dynamic", "cyclic", "guided"};
    double in[MOST_TASKS], out[4 * MOST_TASKS];
    dicod_parmap *map = NULL;
    state = (uint64_t)number;
    const int64_t n = 1 + below(MOST_TASKS);
    for (int64_t i = 0; i < n; i++) in[i] = noise(i);
    memset(out, 0, sizeof out);
    OK(parmap_create(context, &map));
    OK(parmap_set_integer(map, "seed", number));
    OK(parmap_set_string(map, "schedule", schedules[below(3)]));
    OK(parmap_run(map, n, draw, NULL, in, sizeof *in, sizeof *in, out, 4 * sizeof *out, 4 * sizeof *out, NULL, NULL));
    MPI_Bcast(out, (int)(4 * n), MPI_DOUBLE, 0, MPI_COMM_WORLD);
    say("map", number, hashed(EMPTY, out, (size_t)n * 4 * sizeof *out));
    parmap_free(&map);
}

int main(int argc, char **argv)
{
    static problem p;
    dicod_context *context = NULL;
    const int n = argc > 1 ? atoi(argv[1]) : 500, n_threads = argc > 2 ? atoi(argv[2]) : 1;
    int provided;
    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &n_ranks);
    OK(dicod_context_create_mpi(MPI_COMM_WORLD, n_threads, &context));
    for (int i = 0; i < n; i++) {
        solve(context, &p, i);
        if (i % 5 == 0) learn(context, &p, i);
        if (i % 10 == 0) map(context, i);
    }
    OK(dicod_context_free(&context));
    int all;
    MPI_Allreduce(&failures, &all, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    if (failures) report("hashes");
    MPI_Finalize();
    return all != 0;
}
