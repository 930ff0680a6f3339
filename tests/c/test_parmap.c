/* The parallel map: every function, from C. With WITH_MPI (tests/mpi) on the ranks of MPI_COMM_WORLD. */
#define _GNU_SOURCE
#ifdef WITH_MPI
#include <dicod_mpi.h>
#endif

#include "check.h"
#include <dlfcn.h>
#include <signal.h>
#include <sys/time.h>

#define N 100

static int rank, n_ranks = 1;
static dicod_context *context;
static dicod_parmap *map, *other; /* both on the context */

static void begin(int n_threads)
{
#ifdef WITH_MPI
    OK(dicod_context_create_mpi(MPI_COMM_WORLD, n_threads, &context));
#else
    OK(dicod_context_create(n_threads, &context));
#endif
    OK(dicod_context_get_ranks(context, &rank, &n_ranks));
    OK(parmap_create(context, &map));
    OK(parmap_create(context, &other));
}

static void end(void)
{
    parmap_free(&other);
    parmap_free(&map);
    CHECK(map == NULL);
    FAILS(DICOD_ERROR_NULL_POINTER, "map", parmap_run(map, 0, NULL, NULL, NULL, 0, 0, NULL, 0, 0, NULL, NULL));
    parmap_free(&map);
    parmap_free(NULL);
    OK(dicod_context_free(&context));
}

/* Arrays */

typedef struct {
    int32_t bad[2];
    int32_t code;
} plan;

static int32_t square(void *userdata, const parmap_task *task, const void *input, void *output)
{
    const plan *p = userdata;
    double x;
    int64_t index = -1, attempt = -1;
    int32_t on = -1, worker = -1;
    memcpy(&x, input, sizeof x);
    parmap_task_get_place(task, &index, &attempt, &on, &worker);
    if (index != parmap_task_get_index(task) || attempt != 0 || on != rank || worker < 0) return 99;
    x *= x;
    memcpy(output, &x, sizeof x);
    if (index == p->bad[0] || index == p->bad[1]) {
        parmap_task_explain(task, "out of luck");
        return p->code;
    }
    return 0;
}

static void maps_over_arrays(void)
{
    static double in[N], out[2 * N];
    static int32_t statuses[N];
    const char *schedules[] = {"dynamic", "block", "cyclic", "guided"};
    for (int s = 0; s < 4; s++)
        for (int chunk = 0; chunk < 3; chunk++) {
            plan p = {{-1, -1}, 7};
            parmap_report report = PARMAP_REPORT_INIT;
            OK(parmap_set_string(map, "schedule", schedules[s]));
            OK(parmap_set_integer(map, "chunk", chunk));
            for (int i = 0; i < N; i++) in[i] = rank == 0 ? i + 0.5 : -1;
            for (int i = 0; i < 2 * N; i++) out[i] = -1;
            OK(parmap_run(map, N, square, &p, in, 8, 0, out, 8, 16, statuses, &report));
            for (int i = 0; i < N; i++) CHECK(out[2 * i] == (i + 0.5) * (i + 0.5) && out[2 * i + 1] == -1 && statuses[i] == 0);
            CHECK(report.status == 0 && report.done == N && report.total == N && report.failed == 0 && report.failure_index == -1);

            p.bad[0] = 41, p.bad[1] = 17;
            FAILS(PARMAP_ERROR_TASK, "out of luck", parmap_run(map, N, square, &p, in, 8, 0, out, 8, 16, statuses, &report));
            CHECK(report.failure_index == 17 && report.failure_code == 7 && strcmp(report.failure_message, "out of luck") == 0);
            CHECK(report.failure_rank >= 0 && report.failure_rank < n_ranks && report.done == 18 && report.unfinished == N - 18);
            for (int i = 0; i < N; i++) {
                CHECK(statuses[i] == (i < 17 ? 0 : i == 17 ? 7 : PARMAP_NOT_RUN));
                CHECK(out[2 * i] == (i < 17 ? (i + 0.5) * (i + 0.5) : 0));
            }
            int64_t first = -1, last = -1, n = -1;
            OK(parmap_get_unfinished(map, 1, &first, &last, &n));
            CHECK(n == 1 && first == 18 && last == N);

            OK(parmap_set_string(map, "errors", "continue"));
            STATUS(PARMAP_SOME_FAILED, parmap_run(map, N, square, &p, in, 8, 0, rank ? NULL : out, 8, 16, statuses, &report));
            for (int i = 0; i < N; i++) CHECK(statuses[i] == (i == 17 || i == 41 ? 7 : 0));
            CHECK(report.failed == 2 && report.failure_index == 17 && report.done == N);
            OK(parmap_set_string(map, "errors", "cancel"));
        }
    OK(parmap_set_string(map, "schedule", "dynamic"));
    OK(parmap_set_integer(map, "chunk", 0));
    OK(parmap_run(map, 0, square, NULL, NULL, 8, 0, NULL, 8, 0, NULL, NULL));
}

static int32_t random_numbers(void *userdata, const parmap_task *task, const void *input, void *output)
{
    double *to = output;
    uint64_t key = 0;
    (void)userdata, (void)input;
    if (parmap_task_uniform(task, 2, to) || parmap_task_get_key(task, &key)) return 1;
    memcpy(to + 2, &key, 8);
    return 0;
}

static void random_numbers_are_the_tasks(void)
{
    static double numbers[3 * N], again[3 * N];
    OK(parmap_set_integer(map, "seed", 5));
    OK(parmap_run(map, N, random_numbers, NULL, NULL, 0, 0, numbers, 24, 0, NULL, NULL));
    OK(parmap_set_integer(map, "chunk", 7));
    OK(parmap_set_string(map, "schedule", "block"));
    OK(parmap_run(map, N, random_numbers, NULL, NULL, 0, 0, again, 24, 0, NULL, NULL));
    CHECK(memcmp(numbers, again, sizeof numbers) == 0);
    dicod_parmap *alone = NULL;
    OK(parmap_create(NULL, &alone));
    OK(parmap_set_integer(alone, "seed", 5));
    OK(parmap_run(alone, N, random_numbers, NULL, NULL, 0, 0, again, 24, 0, NULL, NULL));
    CHECK(memcmp(numbers, again, sizeof numbers) == 0);
    parmap_free(&alone);
    for (int i = 0; i < N; i++) CHECK(numbers[3 * i] >= 0 && numbers[3 * i] < 1 && numbers[3 * i] != numbers[3 * i + 1]);
    parmap_pull *pull = NULL;
    uint64_t key = 0;
    int64_t index = 0;
    OK(parmap_open(map, N, &pull));
    OK(parmap_pull_get_key(pull, 9, &key));
    CHECK(memcmp(&numbers[29], &key, 8) == 0);
    for (;;) {
        OK(parmap_next(pull, &index));
        if (index < 0) break;
        CHECK(parmap_pull_cancelled(pull, index) == 0);
        OK(parmap_done(pull, index, 0, NULL));
    }
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "index", parmap_done(pull, 0, 0, NULL));
    FAILS(DICOD_ERROR_INVALID_STATE, "in use", parmap_open(map, N, &pull));
    OK(parmap_close(&pull, NULL));
    CHECK(pull == NULL);
    OK(parmap_set_string(map, "schedule", "dynamic"));
    OK(parmap_set_integer(map, "chunk", 0));
}

static int32_t with_shared(void *userdata, const parmap_task *task, const void *input, void *output)
{
    const void *data = NULL;
    int64_t size = 0;
    dicod_context *team = NULL;
    int32_t members = 0;
    (void)userdata, (void)input, (void)output;
    parmap_task_get_shared(task, &data, &size);
    if (size != sizeof(double) || *(const double *)data != 2.5) return 1;
    if (parmap_task_get_context(task, &team) || dicod_context_get_ranks(team, NULL, &members)) return 2;
    if (members != 1) return 3;
    return dicod_context_free(&team) ? 4 : 0;
}

static int32_t endless(void *userdata, const parmap_task *task, const void *input, void *output)
{
    (void)userdata, (void)input, (void)output;
    while (!parmap_cancelled(task)) continue;
    return 1;
}

static int32_t stop_at_once(void *userdata, const parmap_progress *progress)
{
    int *calls = userdata;
    CHECK(progress->struct_size == (int64_t)sizeof *progress && progress->elapsed >= 0);
    CHECK(progress->total == 1000000000);
    ++*calls;
    return 1;
}

static int32_t nothing(void *userdata, const parmap_task *task, const void *input, void *output)
{
    (void)userdata, (void)task, (void)input, (void)output;
    return 0;
}

/* In a function of the program that a call on the context runs, that context serves nothing else, on one rank as on many: 0, or
 * which call was not refused. */
static int probing;

static int32_t not_refused(void)
{
    const int64_t signal = 20, atom = 2;
    const double x[20] = {1, 2, 3}, d[2] = {1, 1};
    double z[19];
    dicod_encoder *encoder = NULL;
    if (!probing) return 0;
    const dicod_status statuses[] = {
        dicod_solve(context, NULL, PROBLEM(1, &signal, 1, 1, 1, &atom), x, d, z, NULL),
        dicod_encoder_create(context, NULL, PROBLEM(1, &signal, 1, 1, 1, &atom), d, &encoder),
        parmap_run(other, 1, nothing, NULL, NULL, 0, 0, NULL, 0, 0, NULL, NULL),
        parmap_share(other, x, 8),
        dicod_context_set_log(context, NULL, NULL),
    };
    for (int i = 0; i < 5; i++)
        if (statuses[i] != DICOD_ERROR_INVALID_STATE) return 71 + i;
    /* one of its own does */
    return dicod_solve(NULL, NULL, PROBLEM(1, &signal, 1, 1, 1, &atom), x, d, z, NULL) == DICOD_OK ? 0 : 70;
}

static int32_t probe(void *userdata, const parmap_task *task, const void *input, void *output)
{
    (void)userdata, (void)task, (void)input, (void)output;
    return not_refused();
}

static int32_t probe_progress(void *userdata, const parmap_progress *progress)
{
    (void)userdata, (void)progress;
    return !CHECK(not_refused() == 0);
}

static int32_t probe_solve(void *userdata, const dicod_progress *progress)
{
    (void)progress;
    ++*(int *)userdata;
    return !CHECK(not_refused() == 0);
}

static void probe_log(void *userdata, int32_t level, const char *message)
{
    (void)level, (void)message;
    ++*(int *)userdata;
    CHECK(not_refused() == 0);
}

static void serves_one_call_at_a_time(void)
{
    const int64_t signal = 20, atom = 2;
    const double x[20] = {1, 2, 3}, d[2] = {1, 1};
    double z[19];
    int reports = 0, lines = 0;
    probing = 1;
    OK(parmap_set_progress(map, probe_progress, NULL));
    OK(parmap_run(map, N, probe, NULL, NULL, 0, 0, NULL, 0, 0, NULL, NULL));
    OK(parmap_set_progress(map, NULL, NULL));
    OK(dicod_context_set_progress(context, probe_solve, &reports));
    OK(dicod_context_set_log(context, probe_log, &lines));
    OK(dicod_solve(context, NULL, PROBLEM(1, &signal, 1, 1, 1, &atom), x, d, z, NULL));
    CHECK(reports > 0 && lines > 0);
    OK(dicod_context_set_progress(context, NULL, NULL));
    OK(dicod_context_set_log(context, NULL, NULL));
    probing = 0;
    OK(parmap_run(other, 1, nothing, NULL, NULL, 0, 0, NULL, 0, 0, NULL, NULL));
}

static void shares_stops_and_refuses(void)
{
    double value = 2.5;
    parmap_report report = PARMAP_REPORT_INIT;
    OK(parmap_share(map, rank ? NULL : &value, sizeof value));
    OK(parmap_run(map, N, with_shared, NULL, NULL, 0, 0, NULL, 0, 0, NULL, NULL));

    OK(parmap_set_real(map, "deadline", 0.05));
    FAILS(PARMAP_ERROR_TIMEOUT, "unfinished", parmap_run(map, N, endless, NULL, NULL, 0, 0, NULL, 0, 0, NULL, &report));
    CHECK(report.unfinished == N && report.done == 0);
    OK(parmap_set_real(map, "deadline", INFINITY));
    int calls = 0;
    OK(parmap_set_progress(map, stop_at_once, &calls));
    STATUS(PARMAP_ERROR_CANCELLED, parmap_run(map, 1000000000, nothing, NULL, NULL, 0, 0, NULL, 0, 0, NULL, NULL));
    CHECK(rank ? calls == 0 : calls == 2);
    OK(parmap_set_progress(map, NULL, NULL));
    parmap_cancel(map);
    parmap_cancel(NULL);
    OK(parmap_run(map, N, nothing, NULL, NULL, 0, 0, NULL, 0, 0, NULL, NULL));

    FAILS(DICOD_ERROR_UNKNOWN_OPTION, "chunk", parmap_set_integer(map, "chnk", 1));
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "at least 0", parmap_set_integer(map, "chunk", -1));
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "guided", parmap_set_string(map, "schedule", "static"));
    FAILS(DICOD_ERROR_NULL_POINTER, "map", parmap_set_real(NULL, "grace", 1));
    FAILS(DICOD_ERROR_NULL_POINTER, "map", parmap_create(context, NULL));
    FAILS(DICOD_ERROR_NULL_POINTER, "work", parmap_run(map, N, NULL, NULL, NULL, 0, 0, NULL, 0, 0, NULL, NULL));
    FAILS(DICOD_ERROR_NULL_POINTER, "inputs", parmap_run(map, N, nothing, NULL, NULL, 8, 0, NULL, 0, 0, NULL, NULL));
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "n_tasks", parmap_run(map, -1, nothing, NULL, NULL, 0, 0, NULL, 0, 0, NULL, NULL));
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "in_stride", parmap_run(map, 1, nothing, NULL, &value, 8, 4, NULL, 0, 0, NULL, NULL));
    report.struct_size = 8;
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "struct_size", parmap_run(map, 1, nothing, NULL, NULL, 0, 0, NULL, 0, 0, NULL, &report));
    OK(parmap_run(map, N, nothing, NULL, NULL, 0, 0, NULL, 0, 0, NULL, NULL));
    CHECK(parmap_task_get_index(NULL) == -1 && parmap_cancelled(NULL) == 0);
    CHECK(strstr(dicod_strerror(PARMAP_ERROR_STALLED), "waits") != NULL);
}

/* what is of no size is none: nothing is done with it for each of so many tasks */
static int32_t cancels(void *userdata, const parmap_task *task, const void *input, void *output)
{
    (void)userdata;
    if (parmap_task_get_index(task) == 20) parmap_cancel(map);
    return input || output;
}

static void of_no_size(void)
{
    char memory[16] = "nothing";
    parmap_report report = PARMAP_REPORT_INIT;
    STATUS(PARMAP_ERROR_CANCELLED, parmap_run(map, INT64_MAX, cancels, NULL, memory, 0, 0, memory + 8, 0, 0, NULL, &report));
    CHECK(report.total == INT64_MAX && report.unfinished == INT64_MAX - report.done);
    OK(parmap_set_integer(map, "chunk", INT64_MAX));
    STATUS(PARMAP_ERROR_CANCELLED, parmap_run(map, INT64_MAX, cancels, NULL, NULL, 0, 0, NULL, 0, 0, NULL, &report));
    /* over ranks some more are done until it has come around */
    CHECK(report.done >= 20 && report.unfinished == INT64_MAX - report.done);
    OK(parmap_set_integer(map, "chunk", 0));
}

static void on_alarm(int number)
{
    (void)number;
    parmap_cancel(map);
}

static void cancelled_by_a_signal(void)
{
    const struct itimerval soon = {{0, 0}, {0, 50000}};
    parmap_report report = PARMAP_REPORT_INIT;
    void (*before)(int) = signal(SIGALRM, on_alarm);
    if (rank == n_ranks - 1) setitimer(ITIMER_REAL, &soon, NULL);
    STATUS(PARMAP_ERROR_CANCELLED, parmap_run(map, N, endless, NULL, NULL, 0, 0, NULL, 0, 0, NULL, &report));
    CHECK(report.unfinished == N && report.done == 0);
    signal(SIGALRM, before);
}

typedef int (*get_threads)(void);
typedef void (*set_threads)(int);

static int32_t two_blas_threads(void *userdata, const parmap_task *task, const void *input, void *output)
{
    (void)task, (void)input, (void)output;
    return (*(get_threads *)userdata)() == 2 ? 0 : 1;
}

/* A setting of the process is the program's, in tasks too: its other threads would see a change. */
static void leaves_blas_alone(void)
{
    get_threads get;
    set_threads set;
    *(void **)&get = dlsym(RTLD_DEFAULT, "openblas_get_num_threads");
    *(void **)&set = dlsym(RTLD_DEFAULT, "openblas_set_num_threads");
    if (!get || !set) return;
    int before = get();
    set(2);
    if (get() == 2) OK(parmap_run(map, N, two_blas_threads, &get, NULL, 0, 0, NULL, 0, 0, NULL, NULL));
    set(before);
}

/* Streams */

typedef struct {
    int64_t given, taken, n, stop_at;
    int32_t fail_with;
} belt;

static int32_t produce(void *userdata, parmap_buffer *buffer)
{
    belt *b = userdata;
    if (b->given == b->n) return b->fail_with ? b->fail_with : PARMAP_END;
    void *data = NULL;
    int64_t size = 8 * (1 + b->given % 5);
    if (parmap_buffer_resize(buffer, size, &data)) return 50;
    FAILS(DICOD_ERROR_OUT_OF_MEMORY, "4611686018427387904 bytes", parmap_buffer_resize(buffer, INT64_C(1) << 62, &data));
    OK(parmap_buffer_resize(buffer, size, &data));
    for (int64_t i = 0; i < size / 8; i++) memcpy((char *)data + 8 * i, &b->given, 8);
    b->given++;
    return PARMAP_ITEM;
}

static int32_t total(void *userdata, const parmap_task *task, const void *input, int64_t size, parmap_buffer *output)
{
    const int64_t *values = input;
    int64_t sum = 0;
    (void)userdata, (void)task;
    for (int64_t i = 0; i < size / 8; i++) sum += values[i];
    return parmap_buffer_append(output, &sum, 8) ? 51 : 0;
}

static int32_t consume(void *userdata, int64_t index, int32_t status, const void *data, int64_t size)
{
    belt *b = userdata;
    CHECK(index == b->taken && status == 0 && size == 8 && *(const int64_t *)data == index * (1 + index % 5));
    b->taken++;
    return index == b->stop_at ? PARMAP_STOP : 0;
}

static void streams(void)
{
    parmap_report report = PARMAP_REPORT_INIT;
    belt b = {0, 0, 500, -1, 0};
    OK(parmap_set_integer(map, "max_outstanding", 6));
    OK(parmap_stream(map, produce, total, consume, &b, &report));
    CHECK(report.done == 500 && report.total == 500 && b.taken == (rank ? 0 : 500));
    b = (belt){0, 0, 500, 30, 0};
    STATUS(PARMAP_STOPPED, parmap_stream(map, produce, total, consume, &b, &report));
    CHECK(report.done == 31 && b.taken == (rank ? 0 : 31) && b.given <= 31 + 6);
    b = (belt){0, 0, 20, -1, 3};
    FAILS(PARMAP_ERROR_PRODUCER, "code 3", parmap_stream(map, produce, total, consume, &b, &report));
    CHECK(report.failure_index == 20 && report.failure_code == 3);
    b = (belt){0, 0, 0, -1, PARMAP_WAIT};
    STATUS(PARMAP_ERROR_STALLED, parmap_stream(map, produce, total, consume, &b, &report));
    FAILS(DICOD_ERROR_NULL_POINTER, "consume", parmap_stream(map, produce, total, NULL, &b, NULL));
    OK(parmap_set_integer(map, "max_outstanding", 0));
}

/* Calls by name */

static void calls_by_name(void)
{
    static double in[N], out[N];
    plan p = {{-1, -1}, 7};
    belt b = {0, 0, 50, -1, 0};
    OK(parmap_register(map, "square", square, &p));
    OK(parmap_register_item(map, "total", total, NULL));
    OK(parmap_serve(map));
    if (rank) {
        FAILS(DICOD_ERROR_INVALID_STATE, "rank 0", parmap_release(map));
        return;
    }
    double value = 2.5;
    OK(parmap_call_share(map, &value, sizeof value));
    for (int i = 0; i < N; i++) in[i] = i;
    OK(parmap_call(map, "square", N, in, 8, 0, out, 8, 0, NULL, NULL));
    for (int i = 0; i < N; i++) CHECK(out[i] == i * (double)i);
    OK(parmap_call_stream(map, "total", produce, consume, &b, NULL));
    CHECK(b.taken == 50);
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "square, total", parmap_call(map, "cube", N, in, 8, 0, out, 8, 0, NULL, NULL));
    OK(parmap_release(map));
}

/* Reductions */

static int32_t sum_fork(void *userdata, const void *pristine, void **state)
{
    (void)userdata;
    if (not_refused()) return not_refused();
    *state = malloc(sizeof(double));
    memcpy(*state, pristine, sizeof(double));
    return 0;
}
static int32_t sum_work(void *userdata, void *state, const parmap_task *task, const void *input)
{
    const int64_t *bad = userdata;
    *(double *)state += *(const double *)input;
    return parmap_task_get_index(task) == *bad ? 6 : 0;
}
static int32_t sum_pack(void *userdata, const void *state, parmap_buffer *buffer)
{
    (void)userdata;
    if (not_refused()) return not_refused();
    return parmap_buffer_append(buffer, state, sizeof(double)) != 0;
}
static int32_t sum_unpack(void *userdata, void *state, const void *data, int64_t size)
{
    (void)userdata;
    if (not_refused()) return not_refused();
    memcpy(state, data, (size_t)size);
    return 0;
}
static int32_t sum_join(void *userdata, void *into, const void *from)
{
    (void)userdata;
    if (not_refused()) return not_refused();
    *(double *)into += *(const double *)from;
    return 0;
}
static void sum_free(void *userdata, void *state)
{
    (void)userdata;
    free(state);
}

static double serial_sum;

static void reductions(void)
{
    static double in[N];
    int64_t bad = -1;
    double state = rank ? 77 : 0;
    parmap_report report = PARMAP_REPORT_INIT;
    parmap_reducer r = PARMAP_REDUCER_INIT;
    r.userdata = &bad, r.fork_state = sum_fork, r.work = sum_work, r.pack = sum_pack;
    r.unpack = sum_unpack, r.join_states = sum_join, r.free_state = sum_free;
    for (int i = 0; i < N; i++) in[i] = sin(i) * pow(10, i % 20 - 10);
    OK(parmap_set_integer(map, "chunk", 9));
    OK(parmap_reduce(map, N, &r, in, 8, 0, &state, &report));
    if (serial_sum == 0) { /* forks of nine, by hand */
        for (int i = 0; i < N; i += 9) {
            double part = 0;
            for (int j = i; j < i + 9 && j < N; j++) part += in[j];
            serial_sum += part;
        }
    }
    CHECK(state == serial_sum && report.done == N);
    state = 0, bad = 40;
    STATUS(PARMAP_ERROR_TASK, parmap_reduce(map, N, &r, in, 8, 0, &state, &report));
    CHECK(state == 0 && report.failure_index == 40 && report.failure_code == 6);
    FAILS(DICOD_ERROR_NULL_POINTER, "state", parmap_reduce(map, N, &r, in, 8, 0, NULL, NULL));
    r.join_states = NULL;
    FAILS(DICOD_ERROR_NULL_POINTER, "join", parmap_reduce(map, N, &r, in, 8, 0, &state, NULL));
    OK(parmap_set_integer(map, "chunk", 0));
}

/* Flows: a node that learns the mean and takes it away */

typedef struct {
    double sum, n, mean;
} centre;

static int32_t centre_fork(const void *state, void **fork)
{
    if (not_refused()) return not_refused();
    centre *made = calloc(1, sizeof *made);
    made->mean = ((const centre *)state)->mean;
    *fork = made;
    return 0;
}
static int32_t centre_train(void *state, int64_t phase, const void *data, int64_t size)
{
    if (not_refused()) return not_refused();
    centre *c = state;
    if (phase != 0) return 1;
    for (int64_t i = 0; i < size / 8; i++) c->sum += ((const double *)data)[i], c->n++;
    return 0;
}
static int32_t centre_pack(const void *state, parmap_buffer *buffer)
{
    if (not_refused()) return not_refused();
    return parmap_buffer_append(buffer, state, sizeof(centre)) != 0;
}
static int32_t centre_unpack(void *state, const void *data, int64_t size)
{
    if (not_refused()) return not_refused();
    memcpy(state, data, (size_t)size);
    return 0;
}
static int32_t centre_join(void *state, const void *fork)
{
    if (not_refused()) return not_refused();
    ((centre *)state)->sum += ((const centre *)fork)->sum;
    ((centre *)state)->n += ((const centre *)fork)->n;
    return 0;
}
static int32_t centre_stop(void *state, int64_t phase)
{
    if (not_refused()) return not_refused();
    centre *c = state;
    c->mean = c->sum / c->n;
    return phase != 0;
}
static int32_t centre_execute(void *state, const void *data, int64_t size, parmap_buffer *output)
{
    if (not_refused()) return not_refused();
    void *to = NULL;
    if (parmap_buffer_resize(output, size, &to)) return 1;
    for (int64_t i = 0; i < size / 8; i++) ((double *)to)[i] = ((const double *)data)[i] - ((centre *)state)->mean;
    return 0;
}

typedef struct {
    int64_t at, n, checkpoints;
    double sum;
    centre saved[2];
} chunks;

static int32_t chunk_restart(void *userdata)
{
    if (not_refused()) return not_refused();
    ((chunks *)userdata)->at = 0;
    return 0;
}
static int32_t chunk_produce(void *userdata, parmap_buffer *buffer)
{
    if (not_refused()) return not_refused();
    chunks *c = userdata;
    if (c->at == c->n) return PARMAP_END;
    double values[3] = {(double)c->at, 2.0 * (double)c->at, 7};
    c->at++;
    return parmap_buffer_append(buffer, values, sizeof values) ? 9 : PARMAP_ITEM;
}
static int32_t chunk_consume(void *userdata, int64_t index, int32_t status, const void *data, int64_t size)
{
    if (not_refused()) return not_refused();
    chunks *c = userdata;
    CHECK(index >= 0 && status == 0 && size == 24);
    for (int i = 0; i < 3; i++) c->sum += ((const double *)data)[i];
    return 0;
}
static int32_t chunk_checkpoint(void *userdata, int64_t node, const void *data, int64_t size)
{
    if (not_refused()) return not_refused();
    chunks *c = userdata;
    CHECK(size == sizeof(centre));
    memcpy(&c->saved[node], data, sizeof(centre));
    c->checkpoints++;
    return 0;
}

static void flows(void)
{
    centre states[2] = {{0, 0, 0}, {0, 0, 0}};
    parmap_node nodes[2] = {PARMAP_NODE_INIT, PARMAP_NODE_INIT};
    for (int i = 0; i < 2; i++) {
        nodes[i].state = &states[i], nodes[i].phases = 1, nodes[i].fork_state = centre_fork, nodes[i].train = centre_train;
        nodes[i].pack = centre_pack, nodes[i].unpack = centre_unpack, nodes[i].join_states = centre_join;
        nodes[i].stop = centre_stop, nodes[i].execute = centre_execute, nodes[i].free_state = free;
    }
    parmap_flow *flow = NULL;
    chunks c = {0, 20, 0, 0, {{0, 0, 0}, {0, 0, 0}}};
    OK(parmap_flow_create(2, nodes, &flow));
    FAILS(DICOD_ERROR_INVALID_STATE, "not trained", parmap_flow_execute(flow, map, chunk_produce, chunk_consume, &c, NULL));
    FAILS(PARMAP_ERROR_NOT_RESTARTABLE, "again", parmap_flow_train(flow, map, NULL, chunk_produce, NULL, &c, NULL));
    parmap_flow_free(&flow);
    states[0] = states[1] = (centre){0, 0, 0};
    c.at = 0;
    OK(parmap_flow_create(2, nodes, &flow));
    OK(parmap_flow_train(flow, map, chunk_restart, chunk_produce, chunk_checkpoint, &c, NULL));
    CHECK(c.checkpoints == (rank ? 0 : 2));
    CLOSE(states[0].mean, (3 * 190.0 + 140) / 60, 1e-12);
    CLOSE(states[1].mean, 0, 1e-12);
    c.at = 0;
    OK(parmap_flow_execute(flow, map, chunk_produce, chunk_consume, &c, NULL));
    CLOSE(c.sum, 0, 1e-9);
    parmap_flow_free(&flow);
    CHECK(flow == NULL);

    centre mean = states[0];
    states[0] = states[1] = (centre){0, 0, 0};
    OK(parmap_flow_create(2, nodes, &flow));
    FAILS(DICOD_ERROR_OUT_OF_RANGE, "node", parmap_flow_load(flow, 2, &mean, sizeof mean));
    const int probed = probing;
    probing = 0; /* it is no call on the context */
    OK(parmap_flow_load(flow, 0, &mean, sizeof mean));
    probing = probed;
    c = (chunks){0, 0, 0, 0, {{0, 0, 0}, {0, 0, 0}}};
    FAILS(PARMAP_ERROR_EMPTY, "no chunk", parmap_flow_train(flow, map, chunk_restart, chunk_produce, NULL, &c, NULL));
    parmap_flow_free(&flow);
    nodes[0].join_states = NULL;
    FAILS(DICOD_ERROR_NULL_POINTER, "join", parmap_flow_create(2, nodes, &flow));
}

/* Operators: a times x, and the squares of it */

typedef struct {
    double factor, at[2];
    int ended;
} scale;

static int32_t scale_eval(void *state, const double *x, double *y)
{
    for (int i = 0; i < 2; i++) y[i] = ((scale *)state)->factor * x[i];
    return 0;
}
static int32_t square_eval(void *state, const double *x, double *y)
{
    for (int i = 0; i < 2; i++) y[i] = ((scale *)state)->factor * x[i] * x[i];
    return 0;
}
static int32_t square_linearize(void *state, const double *x, double *y)
{
    memcpy(((scale *)state)->at, x, 16);
    return square_eval(state, x, y);
}
static int32_t square_derivative(void *state, const double *h, double *y)
{
    const scale *s = state;
    for (int i = 0; i < 2; i++) y[i] = 2 * s->factor * s->at[i] * h[i];
    return 0;
}
static void scale_end(void *state)
{
    ((scale *)state)->ended++;
}

static void operators(void)
{
    scale states[3] = {{2, {0, 0}, 0}, {3, {0, 0}, 0}, {5, {0, 0}, 0}};
    parmap_operator parts[3] = {PARMAP_OPERATOR_INIT, PARMAP_OPERATOR_INIT, PARMAP_OPERATOR_INIT};
    for (int i = 0; i < 3; i++) {
        parts[i].state = &states[i], parts[i].in_size = parts[i].out_size = 2;
        parts[i].eval = parts[i].adjoint = scale_eval, parts[i].end = scale_end;
    }
    double x[6] = {1, -1, 0.5, 4, 9, 9}, y[6], t[6];
    int64_t in_size = 0, out_size = 0;
    int32_t linear = 0;
    parmap_operators *all = NULL;
    OK(parmap_operators_create_vector(3, parts, &all));
    OK(parmap_operators_get_sizes(all, &in_size, &out_size, &linear));
    CHECK(in_size == 2 && out_size == 6 && linear == 1);
    OK(parmap_operators_eval(all, map, rank ? NULL : x, y));
    CHECK(y[0] == 2 && y[1] == -2 && y[2] == 3 && y[5] == -5);
    OK(parmap_operators_adjoint(all, map, rank ? NULL : y, t));
    CHECK(t[0] == 4 + 9 + 25 && t[1] == -38);
    FAILS(DICOD_ERROR_NULL_POINTER, "y", parmap_operators_eval(all, map, x, NULL));
    parmap_operators_free(&all);
    CHECK(all == NULL && states[0].ended == 1 && states[2].ended == 1);

    parts[1].linear = 0, parts[1].eval = square_eval;
    FAILS(DICOD_ERROR_NULL_POINTER, "linearize", parmap_operators_create_vector(3, parts, &all));
    parts[1].linearize = square_linearize, parts[1].derivative = parts[1].adjoint = square_derivative;
    const int64_t sizes[3] = {2, 2, 2};
    const int32_t takes[9] = {1, 0, 0, 0, 1, 0, 1, 0, 0};
    CHECK(states[0].ended == 1);
    OK(parmap_operators_create_distributed(3, parts, 3, sizes, takes, &all));
    FAILS(DICOD_ERROR_INVALID_STATE, "linearize", parmap_operators_adjoint(all, map, y, t));
    OK(parmap_operators_linearize(all, map, x, y));
    CHECK(y[1] == -2 && y[2] == 0.75 && y[3] == 48 && y[4] == 5);
    OK(parmap_operators_derivative(all, map, (double[]){1, 1, 1, 1, 1, 1}, y));
    CHECK(y[0] == 2 && y[2] == 3 && y[3] == 24 && y[5] == 5);
    OK(parmap_operators_adjoint(all, map, (double[]){1, 1, 1, 1, 1, 1}, t));
    CHECK(t[0] == 7 && t[1] == 7 && t[2] == 3 && t[3] == 24 && t[4] == 0 && t[5] == 0);
    parmap_operators_free(&all);
    CHECK(states[0].ended == 2);
}

/* Ensembles: shrink towards the nearest whole number, one evaluation per step */

static int32_t shrink(void *userdata, const parmap_task *task, parmap_member *member)
{
    int64_t *steps = member->state;
    (void)userdata, (void)task;
    if (member->struct_size != (int64_t)sizeof *member || member->n_parameters != 1 || member->state_size != 8) return 1;
    for (int64_t i = 0; i < member->limit && !member->converged; i++) {
        double whole = round(member->x[0]);
        member->x[0] = whole + (member->x[0] - whole) / 2;
        member->value = fabs(whole - 3) + fabs(member->x[0] - whole);
        member->evaluations++, ++*steps;
        member->converged = fabs(member->x[0] - whole) < 1e-9;
    }
    return *steps == member->evaluations ? 0 : 2;
}

static void ensembles(void)
{
    const double low = 0, high = 5;
    double x = 0, value = 0, sum = 0;
    int64_t n = 0, n_converged = 0, evaluations = 0, best = 0;
    parmap_ensemble *e = NULL;
    OK(parmap_ensemble_create(1, &low, &high, 24, NULL, 7, 8, &e));
    OK(parmap_ensemble_get_summary(e, &n, &n_converged, &evaluations, &best));
    CHECK(n == 24 && n_converged == 0 && evaluations == 0 && best == -1);
    OK(parmap_ensemble_round(e, map, -1, 100, shrink, NULL, NULL));
    OK(parmap_ensemble_get_summary(e, NULL, &n_converged, &evaluations, NULL));
    CHECK(evaluations == 100 && n_converged == 0);
    OK(parmap_ensemble_round(e, map, -1, -1, shrink, NULL, NULL));
    OK(parmap_ensemble_get_summary(e, &n, &n_converged, NULL, &best));
    CHECK(n_converged == 24 && best >= 0);
    OK(parmap_ensemble_get_member(e, best, &x, &value, NULL, NULL));
    CLOSE(x, 3, 1e-8);
    for (int64_t i = 0; i < n; i++) {
        OK(parmap_ensemble_get_member(e, i, NULL, &sum, &evaluations, NULL));
        CHECK(sum >= value);
    }
    FAILS(DICOD_ERROR_OUT_OF_RANGE, "index", parmap_ensemble_get_member(e, 24, &x, NULL, NULL, NULL));
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "per_member", parmap_ensemble_round(e, map, -2, -1, shrink, NULL, NULL));
    parmap_ensemble_free(&e);
    OK(parmap_ensemble_create(1, &low, &high, 0, (int64_t[]){5}, 7, 0, &e));
    OK(parmap_ensemble_get_member(e, 4, &x, NULL, NULL, NULL));
    CHECK(x == 4.5);
    parmap_ensemble_free(&e);
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "n_members", parmap_ensemble_create(1, &low, &high, 0, NULL, 7, 0, &e));
}

int main(int argc, char **argv)
{
#ifdef WITH_MPI
    int provided;
    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided);
#else
    (void)argc, (void)argv;
#endif
    for (int n_threads = 1; n_threads <= 3; n_threads += 2) {
        begin(n_threads);
        maps_over_arrays();
        random_numbers_are_the_tasks();
        serves_one_call_at_a_time();
        shares_stops_and_refuses();
        of_no_size();
        cancelled_by_a_signal();
        leaves_blas_alone();
        streams();
        calls_by_name();
        reductions();
        flows();
        probing = 1;
        reductions();
        flows();
        probing = 0;
        operators();
        ensembles();
        end();
    }
#ifdef WITH_MPI
    MPI_Finalize();
#endif
    return report("parmap");
}
