/* What belongs to the host: its floating-point environment and errno are after each call as before, callbacks run in
 * them, and results do not depend on them; signals go to its threads; tasks have the stack of its main thread. */
#define _GNU_SOURCE
#include "check.h"
#include <errno.h>
#include <fenv.h>
#include <locale.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#ifdef __SSE2__
#include <xmmintrin.h>
#endif

/* Environments of hosts */

enum { TRAPS = FE_INVALID | FE_DIVBYZERO | FE_OVERFLOW, FLUSH = 0x8040 };

typedef struct {
    int rounding, traps, flags;
    unsigned flushes;
} state;

static state now(void)
{
    state s = {fegetround(), fegetexcept(), fetestexcept(FE_ALL_EXCEPT), 0};
#ifdef __SSE2__
    s.flushes = _mm_getcsr() & FLUSH;
#endif
    return s;
}

static void become(state s)
{
    fesetenv(FE_DFL_ENV);
    feraiseexcept(s.flags);
    fesetround(s.rounding);
#ifdef __SSE2__
    _mm_setcsr(_mm_getcsr() | s.flushes);
#endif
    if (s.traps) feenableexcept(s.traps);
}

static int same(state a, state b)
{
    return a.rounding == b.rounding && a.traps == b.traps && a.flags == b.flags && a.flushes == b.flushes;
}

/* What callbacks have to see, how many of each kind have seen something else, and what they leave behind. */
enum { LOG, PROGRESS, EACH, SPAN, WORK, WATCH, PRODUCE, ITEM, CONSUME, FORK, REDUCE, PACK, UNPACK, JOIN, FREE, NODE, EVAL, SOLVER, KINDS };
static const char *const names[KINDS] = {"log",  "progress", "each", "span",   "work", "map progress", "produce", "item",     "consume",
                                         "fork", "reduce",   "pack", "unpack", "join", "free",         "node",    "operator", "solver"};
static state host;
static int error_of_host;
static atomic_int seen[KINDS], wrong[KINDS];

static void look(int kind)
{
    seen[kind]++;
    if (!same(now(), host) || errno != error_of_host) wrong[kind]++;
}

static void on_log(void *userdata, int32_t level, const char *message)
{
    (void)userdata, (void)level, (void)message;
    look(LOG);
}
static int32_t on_progress(void *userdata, const dicod_progress *progress)
{
    (void)userdata, (void)progress;
    look(PROGRESS);
    return 0;
}
static int32_t on_each(void *userdata, const dicod_learn_step *step)
{
    (void)userdata, (void)step;
    look(EACH);
    return 0;
}
static int32_t on_span(void *userdata, const dicod_span *span)
{
    (void)userdata, (void)span;
    look(SPAN);
    return 0;
}
static int32_t on_map_progress(void *userdata, const parmap_progress *progress)
{
    (void)userdata, (void)progress;
    look(WATCH);
    return 0;
}
static int32_t work(void *userdata, const parmap_task *task, const void *input, void *output)
{
    (void)userdata, (void)input;
    look(WORK);
    parmap_cancelled(task);
    look(WORK);
    return parmap_task_uniform(task, 1, output) != 0;
}
static int32_t produce(void *userdata, parmap_buffer *buffer)
{
    int64_t *left = userdata;
    look(PRODUCE);
    if ((*left)-- <= 0) return PARMAP_END;
    return parmap_buffer_append(buffer, left, 8) ? 1 : PARMAP_ITEM;
}
static int32_t item(void *userdata, const parmap_task *task, const void *input, int64_t size, parmap_buffer *output)
{
    (void)userdata, (void)task;
    look(ITEM);
    return parmap_buffer_append(output, input, size) != 0;
}
static int32_t consume(void *userdata, int64_t index, int32_t status, const void *data, int64_t size)
{
    (void)userdata, (void)index, (void)data, (void)size;
    look(CONSUME);
    return status;
}
static int32_t count_fork(void *userdata, const void *pristine, void **made)
{
    (void)userdata;
    look(FORK);
    int64_t *count = malloc(8); /* which may set errno */
    errno = error_of_host;
    memcpy(count, pristine, 8);
    *made = count;
    return 0;
}
static int32_t count_work(void *userdata, void *count, const parmap_task *task, const void *input)
{
    (void)userdata, (void)task, (void)input;
    look(REDUCE);
    ++*(int64_t *)count;
    return 0;
}
static int32_t count_pack(void *userdata, const void *count, parmap_buffer *buffer)
{
    (void)userdata;
    look(PACK);
    return parmap_buffer_append(buffer, count, 8) != 0;
}
static int32_t count_unpack(void *userdata, void *count, const void *data, int64_t size)
{
    (void)userdata;
    look(UNPACK);
    memcpy(count, data, (size_t)size);
    return 0;
}
static int32_t count_join(void *userdata, void *into, const void *from)
{
    (void)userdata;
    look(JOIN);
    *(int64_t *)into += *(const int64_t *)from;
    return 0;
}
static void count_free(void *userdata, void *count)
{
    (void)userdata;
    look(FREE);
    free(count);
    errno = error_of_host;
}
static int32_t node_fork(const void *node, void **made)
{
    return look(NODE), count_fork(NULL, node, made);
}
static int32_t node_can_fork(void *node, int64_t phase)
{
    return (void)node, (void)phase, look(NODE), 1;
}
static int32_t node_train(void *node, int64_t phase, const void *data, int64_t size)
{
    return (void)phase, (void)data, (void)size, look(NODE), count_work(NULL, node, NULL, NULL);
}
static int32_t node_pack(const void *node, parmap_buffer *buffer)
{
    return look(NODE), count_pack(NULL, node, buffer);
}
static int32_t node_unpack(void *node, const void *data, int64_t size)
{
    return look(NODE), count_unpack(NULL, node, data, size);
}
static int32_t node_join(void *node, const void *from)
{
    return look(NODE), count_join(NULL, node, from);
}
static int32_t node_stop(void *node, int64_t phase)
{
    return (void)node, (void)phase, look(NODE), 0;
}
static int32_t node_execute(void *node, const void *data, int64_t size, parmap_buffer *output)
{
    (void)node;
    look(NODE);
    return parmap_buffer_append(output, data, size) != 0;
}
static void node_free(void *node)
{
    look(NODE), count_free(NULL, node);
}
static int32_t restart(void *userdata)
{
    return look(NODE), *(int64_t *)userdata = 9, 0;
}
static int32_t checkpoint(void *userdata, int64_t node, const void *data, int64_t size)
{
    return (void)userdata, (void)node, (void)data, (void)size, look(NODE), 0;
}
static int32_t eval(void *scale, const double *x, double *y)
{
    (void)scale;
    look(EVAL);
    memcpy(y, x, 16);
    return 0;
}
static void ended(void *scale)
{
    (void)scale, look(EVAL);
}
static int32_t solver(void *userdata, const parmap_task *task, parmap_member *member)
{
    (void)userdata, (void)task;
    look(SOLVER);
    member->evaluations++;
    member->converged = 1;
    return 0;
}

/* Everything that computes or calls back. What comes of it goes into a hash. */

enum { N = 700, L = 9, K = 3, V = N - L + 1 };

static uint64_t hash;
static void take(const void *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++) hash = (hash ^ ((const unsigned char *)bytes)[i]) * 1099511628211u;
}

/* The call is made by the host, and leaves it as it was. */
#define AS_HOST(wanted, call) \
    do { \
        become(host); \
        errno = error_of_host; \
        dicod_status status_ = (call); \
        state after_ = now(); \
        int error_ = errno; \
        fesetenv(FE_DFL_ENV); \
        STATUS(wanted, status_); \
        if (!CHECK(same(after_, host))) printf("  %s: flags %x instead of %x\n", #call, after_.flags, host.flags); \
        CHECK(error_ == error_of_host); \
        take(&status_, sizeof status_); \
    } while (0)

static double x[N], d[K * L], first[K * L], z[K * V], other[N];
static float xf[N], df[K * L], zf[K * V];

static void values(void)
{
    uint64_t random = 7;
    for (int i = 0; i < N; i++) {
        random = random * 6364136223846793005u + 1442695040888963407u;
        x[i] = (double)(random >> 33) / 1073741824.0 - 1;
        if (i % 50 > 30) x[i] *= 1e-310; /* subnormal numbers */
    }
    for (int i = 0; i < K * L; i++) first[i] = d[i] = x[i + 7] + (i % 4) - 1.5;
    for (int i = 0; i < N; i++) xf[i] = (float)x[i];
    for (int i = 0; i < K * L; i++) df[i] = (float)d[i];
}

static void solves(dicod_context *context)
{
    const int64_t n = N, l = L;
    static const char *const correlations[] = {"direct", "gemm", "fft"};
    dicod_options *o = NULL;
    double number = 0, part = 0;
    OK(dicod_options_create(&o));
    OK(dicod_options_set_real(o, "progress_interval", 0));
    OK(dicod_options_set_real(o, "reg", 0.05));
    OK(dicod_options_set_integer(o, "learn_max_iter", 3));
    for (int i = 0; i < 3; i++) {
        OK(dicod_options_set_string(o, "correlation", correlations[i]));
        AS_HOST(DICOD_OK, dicod_solve(context, o, PROBLEM(1, &n, 1, 1, K, &l), x, d, z, NULL));
        take(z, sizeof z);
        AS_HOST(DICOD_OK, dicod_solve_f32(context, o, PROBLEM(1, &n, 1, 1, K, &l), xf, df, zf, NULL));
        take(zf, sizeof zf);
    }
    AS_HOST(DICOD_OK, dicod_lambda_max(context, o, PROBLEM(1, &n, 1, 1, K, &l), x, d, &number));
    take(&number, 8);
    AS_HOST(DICOD_OK, dicod_reconstruct(context, o, PROBLEM(1, &n, 1, 1, K, &l), d, z, other));
    take(other, sizeof other);
    AS_HOST(DICOD_OK, dicod_objective(context, o, PROBLEM(1, &n, 1, 1, K, &l), x, d, z, &number, &part));
    take(&number, 8);
    static double gram[K * K * (2 * L - 1)];
    AS_HOST(DICOD_OK, dicod_gram(context, PROBLEM(1, &l, 1, 1, K, &l), d, gram));
    take(gram, sizeof gram);

    /* what divides by nothing, is nothing, or is no number */
    OK(dicod_options_set_string(o, "reg_scale", "absolute"));
    OK(dicod_options_set_real(o, "reg", 0));
    OK(dicod_options_set_integer(o, "max_iter", 20));
    AS_HOST(DICOD_MAX_ITER, dicod_solve(context, o, PROBLEM(1, &n, 1, 1, K, &l), x, d, z, NULL));
    take(z, sizeof z);
    OK(dicod_options_set_string(o, "reg_scale", "relative"));
    OK(dicod_options_set_real(o, "reg", 0.1));
    memset(other, 0, sizeof other);
    AS_HOST(DICOD_OK, dicod_solve(context, o, PROBLEM(1, &n, 1, 1, K, &l), other, d, z, NULL));
    other[5] = NAN;
    AS_HOST(DICOD_ERROR_NOT_FINITE, dicod_solve(context, o, PROBLEM(1, &n, 1, 1, K, &l), other, d, z, NULL));
    AS_HOST(DICOD_ERROR_NULL_POINTER, dicod_solve(context, o, PROBLEM(1, &n, 1, 1, K, &l), NULL, d, z, NULL));
    AS_HOST(DICOD_ERROR_INVALID_ARGUMENT, dicod_options_set_real(o, "reg", NAN));

    /* learning, plain and in windows, from checkpoints too */
    dicod_learn_info info = DICOD_LEARN_INFO_INIT;
    OK(dicod_options_set_integer(o, "max_iter", 1000000));
    for (int window = 0; window < 2; window++) {
        memcpy(d, first, sizeof d);
        OK(dicod_options_set_integer(o, "learn_window", window));
        become(host);
        errno = error_of_host;
        dicod_status status = dicod_learn(context, o, PROBLEM(1, &n, 1, 1, K, &l), x, on_each, NULL, d, z, &info);
        state after = now();
        fesetenv(FE_DFL_ENV);
        CHECK(status >= 0 && same(after, host));
        take(d, sizeof d);
        take(z, sizeof z);
    }
    memcpy(d, first, sizeof d);

    /* an encoder on parts of arrays, with a trace */
    dicod_encoder *e = NULL;
    const int64_t zero = 0, v = V;
    void *channel = x, *maps[K] = {z, z + V, z + 2 * V};
    dicod_array of_x = DICOD_ARRAY_INIT, of_z = DICOD_ARRAY_INIT;
    of_x.n_axes = 1, of_x.global_shape = of_x.local_shape = &n, of_x.offset = &zero, of_x.n_channels = 1, of_x.channels = &channel;
    of_z.n_axes = 1, of_z.global_shape = of_z.local_shape = &v, of_z.offset = &zero, of_z.n_channels = K, of_z.channels = maps;
    OK(dicod_options_set_integer(o, "trace", 1));
    AS_HOST(DICOD_OK, dicod_encoder_create(context, o, PROBLEM(1, &n, 1, 1, K, &l), d, &e));
    AS_HOST(DICOD_OK, dicod_encoder_solve(e, READ(&of_x), NULL));
    AS_HOST(DICOD_OK, dicod_encoder_get_z(e, &of_z));
    take(z, sizeof z);
    AS_HOST(DICOD_OK, dicod_encoder_get_trace(e, on_span, NULL));
    AS_HOST(DICOD_OK, dicod_encoder_set_dictionary(e, d));
    dicod_encoder_free(&e);
    dicod_options_free(&o);
}

static void maps(const dicod_context *context)
{
    enum { TASKS = 40 };
    static double out[TASKS];
    dicod_parmap *map = NULL;
    OK(parmap_create(context, &map));
    OK(parmap_set_real(map, "progress_interval", 0));
    OK(parmap_set_progress(map, on_map_progress, NULL));
    AS_HOST(DICOD_OK, parmap_run(map, TASKS, work, NULL, NULL, 0, 0, out, 8, 0, NULL, NULL));
    take(out, sizeof out);
    int64_t left = 30;
    AS_HOST(DICOD_OK, parmap_stream(map, produce, item, consume, &left, NULL));

    int64_t count = 0;
    parmap_reducer r = PARMAP_REDUCER_INIT;
    r.fork_state = count_fork, r.work = count_work, r.pack = count_pack, r.unpack = count_unpack, r.join_states = count_join,
    r.free_state = count_free;
    AS_HOST(DICOD_OK, parmap_reduce(map, TASKS, &r, NULL, 0, 0, &count, NULL));
    CHECK(count == TASKS);

    parmap_flow *flow = NULL;
    parmap_node node = PARMAP_NODE_INIT;
    node.state = &count, node.phases = 2, node.can_fork = node_can_fork, node.fork_state = node_fork, node.train = node_train;
    node.pack = node.save = node_pack, node.unpack = node.load = node_unpack, node.join_states = node_join, node.stop = node_stop;
    node.execute = node_execute, node.free_state = node_free;
    OK(parmap_flow_create(1, &node, &flow));
    left = 9;
    AS_HOST(DICOD_OK, parmap_flow_train(flow, map, restart, produce, checkpoint, &left, NULL));
    left = 9;
    AS_HOST(DICOD_OK, parmap_flow_execute(flow, map, produce, consume, &left, NULL));
    parmap_flow_free(&flow);

    parmap_operators *all = NULL;
    parmap_operator one = PARMAP_OPERATOR_INIT;
    double y[2] = {1, 2}, t[2];
    one.in_size = one.out_size = 2, one.linear = 0, one.eval = one.linearize = one.derivative = one.adjoint = eval, one.end = ended;
    OK(parmap_operators_create_vector(1, &one, &all));
    AS_HOST(DICOD_OK, parmap_operators_eval(all, map, y, t));
    AS_HOST(DICOD_OK, parmap_operators_linearize(all, map, y, t));
    AS_HOST(DICOD_OK, parmap_operators_derivative(all, map, y, t));
    AS_HOST(DICOD_OK, parmap_operators_adjoint(all, map, y, t));
    AS_HOST(DICOD_OK, (parmap_operators_free(&all), DICOD_OK));

    parmap_ensemble *members = NULL;
    const double low = 0, high = 5;
    OK(parmap_ensemble_create(1, &low, &high, 8, NULL, 7, 0, &members));
    AS_HOST(DICOD_OK, parmap_ensemble_round(members, map, 1, -1, solver, NULL, NULL));
    parmap_ensemble_free(&members);
    parmap_free(&map);
}

static uint64_t everything(int n_threads)
{
    dicod_context *context = NULL;
    hash = 1469598103934665603u;
    OK(dicod_context_create(n_threads, &context));
    OK(dicod_context_set_log(context, on_log, NULL));
    OK(dicod_context_set_progress(context, on_progress, NULL));
    for (int i = 0; i < KINDS; i++) seen[i] = wrong[i] = 0;
    values();
    solves(context);
    maps(context);
    for (int i = 0; i < KINDS; i++)
        if (!CHECK(seen[i] > 0 && wrong[i] == 0))
            printf("  %d threads: %s: %d calls, %d not in the host's environment\n", n_threads, names[i], seen[i], wrong[i]);
    OK(dicod_context_free(&context));
    return hash;
}

static void environments(void)
{
    static const state hosts[] = {
        {FE_TONEAREST, 0, 0, 0},
        {FE_TONEAREST, 0, FE_ALL_EXCEPT, 0},
        {FE_TONEAREST, TRAPS, 0, 0},
        {FE_UPWARD, 0, FE_UNDERFLOW, 0},
        {FE_TOWARDZERO, TRAPS, FE_INEXACT, 0},
        {FE_TONEAREST, 0, FE_DIVBYZERO, FLUSH},
        {FE_DOWNWARD, TRAPS | FE_UNDERFLOW, 0, FLUSH},
    };
    uint64_t wanted = 0;
    for (int i = 0; i < (int)(sizeof hosts / sizeof *hosts); i++)
        for (int n_threads = 1; n_threads <= 3; n_threads += 2) {
            become(hosts[i]);
            host = now(); /* without what this machine does not have */
            fesetenv(FE_DFL_ENV);
            error_of_host = i % 2 ? ERANGE : 0;
            uint64_t found = everything(n_threads);
            if (wanted == 0) wanted = found;
            if (!CHECK(found == wanted)) printf("  host %d, %d threads\n", i, n_threads);
        }
}

/* What callbacks change is the host's to keep. */

static int32_t divides(void *userdata, const parmap_task *task, const void *input, void *output)
{
    (void)input, (void)output;
    if (parmap_task_get_index(task) % 2) feraiseexcept(FE_DIVBYZERO);
    if (*(int *)userdata) fesetround(FE_UPWARD), errno = EDOM;
    return 0;
}

static void changes_by_callbacks(void)
{
    for (int n_threads = 1; n_threads <= 3; n_threads += 2) {
        dicod_context *context = NULL;
        dicod_parmap *map = NULL;
        int rounds = n_threads == 1;
        OK(dicod_context_create(n_threads, &context));
        OK(parmap_create(context, &map));
        fesetenv(FE_DFL_ENV);
        errno = 0;
        dicod_status status = parmap_run(map, 100, divides, &rounds, NULL, 0, 0, NULL, 0, 0, NULL, NULL);
        state after = now();
        int error = errno;
        fesetenv(FE_DFL_ENV);
        OK(status);
        CHECK(after.flags == FE_DIVBYZERO);
        CHECK(after.rounding == (rounds ? FE_UPWARD : FE_TONEAREST) && error == (rounds ? EDOM : 0));
        parmap_free(&map);
        OK(dicod_context_free(&context));
    }
}

/* Stacks */

static void last_warning(void *userdata, int32_t level, const char *message)
{
    if (level == DICOD_LOG_WARNING) snprintf(userdata, 400, "%s", message);
}

static pthread_t main_thread;

/* The main thread, which works as well, has the stack that it has. */
static int32_t large_arrays(void *userdata, const parmap_task *task, const void *input, void *output)
{
    const int64_t mib = pthread_equal(pthread_self(), main_thread) ? 6 : *(const int64_t *)input;
    const size_t bytes = (size_t)mib << 20;
    volatile char local[bytes];
    (void)userdata, (void)task;
    for (size_t i = 0; i < bytes; i += 1024) local[i] = 1;
    *(int64_t *)output = local[0];
    return 0;
}

static void tasks_with_arrays_of(int64_t mib, int n_threads, dicod_status wanted, const char *message, const char *warning)
{
    dicod_context *context = NULL;
    dicod_parmap *map = NULL;
    int64_t in[8], out[8] = {0};
    char text[400] = "";
    for (int i = 0; i < 8; i++) in[i] = mib;
    OK(dicod_context_create(n_threads, &context));
    OK(dicod_context_set_log(context, last_warning, text));
    OK(parmap_create(context, &map));
    CHECK(warning ? strstr(text, warning) != NULL : *text == 0);
    check_status(parmap_run(map, 8, large_arrays, NULL, in, 8, 0, out, 8, 0, NULL, NULL), wanted, message, __FILE__, __LINE__,
                 "tasks with large arrays");
    CHECK(out[7] == (wanted == DICOD_OK));
    parmap_free(&map);
    OK(dicod_context_free(&context));
}

static void stacks(void)
{
    struct rlimit before, limit;
    getrlimit(RLIMIT_STACK, &before);
    limit = before;
    for (int n_threads = 1; n_threads <= 3; n_threads++) {
        if (before.rlim_max != RLIM_INFINITY && before.rlim_max < 16 << 20) continue;
        limit.rlim_cur = 8 << 20;
        CHECK(setrlimit(RLIMIT_STACK, &limit) == 0);
        tasks_with_arrays_of(6, n_threads, DICOD_OK, NULL, NULL);
        if (n_threads == 1) continue;
        limit.rlim_cur = 16 << 20;
        CHECK(setrlimit(RLIMIT_STACK, &limit) == 0);
        tasks_with_arrays_of(14, n_threads, DICOD_OK, NULL, NULL);
        setenv("OMP_STACKSIZE", " 40 m ", 1);
        tasks_with_arrays_of(38, n_threads, DICOD_OK, NULL, NULL);
        setenv("OMP_STACKSIZE", "plenty", 1);
        tasks_with_arrays_of(14, n_threads, DICOD_OK, NULL, "OMP_STACKSIZE = \"plenty\"");
        setenv("OMP_STACKSIZE", "1000000G", 1);
        tasks_with_arrays_of(1, n_threads, DICOD_ERROR_OUT_OF_MEMORY, "OMP_STACKSIZE", NULL);
        unsetenv("OMP_STACKSIZE");
    }
    setrlimit(RLIMIT_STACK, &before);
}

/* Signals */

static atomic_int handled_elsewhere, handled;

static void on_signal(int number)
{
    (void)number;
    handled++;
    if (!pthread_equal(pthread_self(), main_thread)) handled_elsewhere++;
}

static int32_t sends_a_signal(void *userdata, const parmap_task *task, const void *input, void *output)
{
    sigset_t mask;
    (void)userdata, (void)task, (void)input, (void)output;
    pthread_sigmask(SIG_SETMASK, NULL, &mask);
    const int own = !pthread_equal(pthread_self(), main_thread);
    kill(getpid(), SIGUSR1);
    return sigismember(&mask, SIGUSR1) != own || sigismember(&mask, SIGSEGV);
}

static void signals(void)
{
    void (*before)(int) = signal(SIGUSR1, on_signal);
    sigset_t blocked, after;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGUSR2);
    pthread_sigmask(SIG_BLOCK, &blocked, NULL);
    for (int n_threads = 1; n_threads <= 3; n_threads += 2) {
        dicod_context *context = NULL;
        dicod_parmap *map = NULL;
        OK(dicod_context_create(n_threads, &context));
        OK(parmap_create(context, &map));
        OK(parmap_run(map, 50, sends_a_signal, NULL, NULL, 0, 0, NULL, 0, 0, NULL, NULL));
        parmap_free(&map);
        OK(dicod_context_free(&context));
    }
    if (!CHECK(handled > 0 && handled_elsewhere == 0)) printf("  %d handled, %d elsewhere\n", handled, handled_elsewhere);
    pthread_sigmask(SIG_SETMASK, NULL, &after);
    CHECK(sigismember(&after, SIGUSR2) && !sigismember(&after, SIGUSR1));
    pthread_sigmask(SIG_UNBLOCK, &blocked, NULL);
    signal(SIGUSR1, before);
}

/* Everything else that a process has */

int main(void)
{
    extern char **environ;
    char place[4096], place_after[4096];
    const char *const language = setlocale(LC_ALL, "");
    char before[200];
    snprintf(before, sizeof before, "%s", language ? language : "C");
    CHECK(getcwd(place, sizeof place) != NULL);
    umask(027);
    main_thread = pthread_self();
    int n_variables = 0, n_after = 0;
    while (environ[n_variables]) n_variables++;

    environments();
    changes_by_callbacks();
    signals();

    while (environ[n_after]) n_after++;
    CHECK(n_after == n_variables && umask(022) == 027);
    CHECK(getcwd(place_after, sizeof place_after) != NULL && strcmp(place, place_after) == 0);
    CHECK(strcmp(setlocale(LC_ALL, NULL), before) == 0);
    stacks();
    return report("host");
}
