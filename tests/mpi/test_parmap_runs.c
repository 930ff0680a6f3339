/* The parallel map run again and again on one handle, and while rank 0 is away.
 *
 *   mixed [RUNS [SEED]]: maps, streams, reductions, flows and ensembles in random order, of which some fail and some are cancelled
 *   busy: rank 0 is in its first task until the others have done all the rest
 *   no_room: the last rank has no room for the input of its task
 */
#define _DEFAULT_SOURCE
#include "check.h"
#include <dicod_mpi.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

static int rank, n_ranks;
static dicod_context *context;
static dicod_parmap *map;

/* mixed */

enum { MOST = 40 };

/* What happens at which task, -1: nowhere. */
typedef struct {
    int64_t n, fails, cancels, stops;
    int64_t made, seen;
    int64_t count, sum;
} events;

static uint64_t state;

/* SplitMix64, the same on every rank. */
static int64_t below(int64_t n)
{
    uint64_t z = state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return (int64_t)((z ^ (z >> 31)) % (uint64_t)n);
}

static int32_t meet(const events *e, int64_t index)
{
    if (index == e->cancels) parmap_cancel(map);
    return index == e->fails ? 4 : 0;
}

static int32_t work(void *userdata, const parmap_task *task, const void *input, void *output)
{
    *(int64_t *)output = 3 * *(const int64_t *)input + 1;
    return meet(userdata, parmap_task_get_index(task));
}

static int32_t produce(void *userdata, parmap_buffer *buffer)
{
    events *e = userdata;
    if (e->made == e->n) return PARMAP_END;
    return parmap_buffer_append(buffer, &e->made, sizeof e->made) ? 1 : (e->made++, PARMAP_ITEM);
}

static int32_t restart(void *userdata)
{
    ((events *)userdata)->made = 0;
    return 0;
}

static int32_t item(void *userdata, const parmap_task *task, const void *input, int64_t size, parmap_buffer *output)
{
    return parmap_buffer_append(output, input, size) ? 1 : meet(userdata, parmap_task_get_index(task));
}

static int32_t consume(void *userdata, int64_t index, int32_t status, const void *data, int64_t size)
{
    events *e = userdata;
    CHECK(index == e->seen && (status ? size == 0 : size == 8 && *(const int64_t *)data == index));
    e->seen++;
    return index == e->stops ? PARMAP_STOP : 0;
}

static int32_t fork_sum(void *userdata, const void *pristine, void **fork)
{
    (void)userdata, (void)pristine;
    return (*fork = calloc(1, sizeof(events))) ? 0 : 1;
}

static int32_t add(void *userdata, void *sum, const parmap_task *task, const void *input)
{
    events *e = sum;
    int32_t code = meet(userdata, parmap_task_get_index(task));
    if (code == 0) e->count++, e->sum += *(const int64_t *)input;
    return code;
}

static int32_t pack(void *userdata, const void *sum, parmap_buffer *buffer)
{
    (void)userdata;
    return parmap_buffer_append(buffer, sum, sizeof(events)) ? 1 : 0;
}

static int32_t unpack(void *userdata, void *sum, const void *data, int64_t size)
{
    (void)userdata;
    CHECK(size == sizeof(events));
    memcpy(sum, data, sizeof(events));
    return 0;
}

static int32_t join(void *userdata, void *into, const void *from)
{
    (void)userdata;
    ((events *)into)->count += ((const events *)from)->count;
    ((events *)into)->sum += ((const events *)from)->sum;
    return 0;
}

static void release(void *userdata, void *sum)
{
    (void)userdata;
    free(sum);
}

/* A node has events for its state. */
static int32_t fork_node(const void *node, void **fork)
{
    if (!(*fork = malloc(sizeof(events)))) return 1;
    memcpy(*fork, node, sizeof(events));
    ((events *)*fork)->count = ((events *)*fork)->sum = 0;
    return 0;
}

static int32_t train(void *node, int64_t phase, const void *data, int64_t size)
{
    events *e = node;
    CHECK(phase == 0 && size == 8);
    e->count++, e->sum += *(const int64_t *)data;
    return meet(e, *(const int64_t *)data);
}

static int32_t pack_node(const void *node, parmap_buffer *buffer)
{
    return pack(NULL, node, buffer);
}

static int32_t unpack_node(void *node, const void *data, int64_t size)
{
    return unpack(NULL, node, data, size);
}

static int32_t join_nodes(void *node, const void *fork)
{
    return join(NULL, node, fork);
}

static int32_t stop(void *node, int64_t phase)
{
    (void)node, (void)phase;
    return 0;
}

static int32_t execute(void *node, const void *data, int64_t size, parmap_buffer *output)
{
    (void)node;
    return parmap_buffer_append(output, data, size) ? 1 : 0;
}

static int32_t solve(void *userdata, const parmap_task *task, parmap_member *member)
{
    member->value = member->x[0];
    return meet(userdata, parmap_task_get_index(task));
}

static dicod_status run(int kind, events *e, parmap_report *report)
{
    int64_t inputs[MOST], outputs[MOST];
    const int64_t sum = e->n * (e->n - 1) / 2 - (e->fails > 0 ? e->fails : 0);
    parmap_reducer reducer = {sizeof reducer, e, fork_sum, add, pack, unpack, join, release};
    parmap_node node = PARMAP_NODE_INIT;
    parmap_flow *flow = NULL;
    parmap_ensemble *ensemble = NULL;
    events total = {0};
    const double low = 0, high = 1;
    dicod_status status = DICOD_OK;
    for (int64_t i = 0; i < e->n; i++) inputs[i] = i;
    switch (kind) {
    case 0:
        status = parmap_run(map, e->n, work, e, inputs, 8, 0, outputs, 8, 0, NULL, report);
        for (int64_t i = 0; i < e->n && status >= 0; i++) CHECK(outputs[i] == (i == e->fails ? 0 : 3 * i + 1));
        return status;
    case 1: return parmap_stream(map, produce, item, consume, e, report);
    case 2:
        status = parmap_reduce(map, e->n, &reducer, inputs, 8, 0, &total, report);
        if (status >= 0) CHECK(total.count == e->n - (status == PARMAP_SOME_FAILED) && total.sum == sum);
        return status;
    case 3:
        node.state = e, node.phases = 1, node.fork_state = fork_node, node.train = train, node.pack = pack_node;
        node.unpack = unpack_node, node.join_states = join_nodes, node.stop = stop, node.execute = execute, node.free_state = free;
        total = *e;
        OK(parmap_flow_create(1, &node, &flow));
        status = parmap_flow_train(flow, map, restart, produce, NULL, &total, report);
        if (status == DICOD_OK) CHECK(e->count == e->n && e->sum == e->n * (e->n - 1) / 2);
        OK(parmap_flow_free(&flow));
        return status;
    default:
        OK(parmap_ensemble_create(1, &low, &high, e->n, NULL, 3, 0, &ensemble));
        status = parmap_ensemble_round(ensemble, map, -1, -1, solve, e, report);
        OK(parmap_ensemble_free(&ensemble));
        return status;
    }
}

static void mixed(int64_t n_runs, uint64_t seed)
{
    static const char *const schedules[] = {"block", "cyclic", "dynamic", "guided"};
    state = seed;
    for (int64_t at = 0; at < n_runs; at++) {
        const int kind = (int)below(5), before = failures, goes_on = (int)below(2);
        events e = {.n = 1 + below(MOST - 1), .fails = -1, .cancels = -1, .stops = -1};
        if (below(3) == 0) e.fails = below(e.n);
        if (below(5) == 0) e.cancels = below(e.n);
        if (below(5) == 0 && kind == 1) e.stops = below(e.n);
        const events drawn = e;
        OK(parmap_set_string(map, "schedule", schedules[below(4)]));
        OK(parmap_set_string(map, "errors", goes_on ? "continue" : "cancel"));
        OK(parmap_set_integer(map, "chunk", below(5)));
        OK(parmap_set_integer(map, "retries", below(2)));
        OK(parmap_set_integer(map, "root_works", below(4) > 0));
        parmap_report report = PARMAP_REPORT_INIT;
        const dicod_status status = run(kind, &e, &report);
        const int fails = drawn.fails >= 0 && (drawn.stops < 0 || drawn.fails <= drawn.stops);
        if (drawn.cancels < 0) {
            const int stops = drawn.stops >= 0 && !(fails && !goes_on);
            CHECK(status == (stops ? PARMAP_STOPPED : fails ? (goes_on ? PARMAP_SOME_FAILED : PARMAP_ERROR_TASK) : DICOD_OK));
            CHECK(report.done == (stops ? drawn.stops + 1 : fails && !goes_on ? drawn.fails + 1 : drawn.n));
            CHECK(report.failed == fails && (stops || report.failure_index == (fails ? drawn.fails : -1)));
        } else {
            CHECK(status >= 0 || status == PARMAP_ERROR_CANCELLED || (fails && status == PARMAP_ERROR_TASK));
        }
        int64_t here[6] = {status, report.done, report.failure_index, -status, -report.done, -report.failure_index}, all[6];
        MPI_Allreduce(here, all, 6, MPI_INT64_T, MPI_MAX, MPI_COMM_WORLD);
        for (int i = 0; i < 3; i++) CHECK(all[i] == -all[i + 3]);
        if (failures > before)
            printf("rank %d, seed %llu, run %lld: kind %d, n %lld, fails %lld, cancels %lld, stops %lld, %s: status %d, done %lld\n", rank,
                   (unsigned long long)seed, (long long)at, kind, (long long)drawn.n, (long long)drawn.fails, (long long)drawn.cancels,
                   (long long)drawn.stops, goes_on ? "continue" : "cancel", status, (long long)report.done);
    }
}

/* busy */

enum { TASKS = 40, BEGUN = 1, DONE = 2 };

static int there(int from, int tag)
{
    int found;
    MPI_Iprobe(from, tag, MPI_COMM_WORLD, &found, MPI_STATUS_IGNORE);
    if (found) MPI_Recv(NULL, 0, MPI_BYTE, from, tag, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    return found;
}

static int32_t away(void *userdata, const parmap_task *task, const void *input, void *output)
{
    int *own = userdata;
    const time_t end = time(NULL) + 120;
    (void)task, (void)input, (void)output;
    if (rank > 0) {
        /* Nobody is done before rank 0 has begun. */
        for (int begun = (*own)++ > 0; !begun && time(NULL) < end;) begun = there(0, BEGUN);
        MPI_Send(NULL, 0, MPI_BYTE, 0, DONE, MPI_COMM_WORLD);
        return 0;
    }
    for (int other = 1; other < n_ranks && *own == 0; other++) MPI_Send(NULL, 0, MPI_BYTE, other, BEGUN, MPI_COMM_WORLD);
    /* It says nothing of time, and does not call the library. */
    int done = 0;
    if ((*own)++ > 0 || n_ranks == 1) return 0;
    while (done < TASKS - 1 && time(NULL) < end) done += there(MPI_ANY_SOURCE, DONE);
    return done < TASKS - 1;
}

static void busy(void)
{
    int own = 0;
    parmap_report report = PARMAP_REPORT_INIT;
    OK(parmap_set_integer(map, "chunk", 1));
    OK(parmap_run(map, TASKS, away, &own, NULL, 0, 0, NULL, 0, 0, NULL, &report));
    CHECK(report.done == TASKS && (rank > 0 || n_ranks == 1 || own == 1));
    if (rank > 0 && own == 0) MPI_Recv(NULL, 0, MPI_BYTE, 0, BEGUN, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
}

/* no_room */

enum { MIB = 1 << 20, LARGE = 64 };

static int32_t look(void *userdata, const parmap_task *task, const void *input, void *output)
{
    const unsigned char *bytes = input;
    (void)userdata, (void)output;
    for (int64_t i = 0; i < (int64_t)LARGE * MIB; i += 4097)
        if (bytes[i] != (unsigned char)(i + 3 * parmap_task_get_index(task))) return 1;
    return 0;
}

static void no_room(void)
{
    const int64_t size = (int64_t)LARGE * MIB, n = n_ranks - 1;
    unsigned char *inputs = rank == 0 ? calloc((size_t)n, (size_t)size) : NULL;
    long pages = 0;
    char text[200] = "", wanted[40];
    FILE *file = fopen("/proc/self/statm", "r");
    CHECK(file && fscanf(file, "%ld", &pages) == 1);
    if (file) fclose(file);
    for (int64_t at = 0; inputs && at < n * size; at++) inputs[at] = (unsigned char)(at % size + 3 * (at / size));
    OK(parmap_set_string(map, "schedule", "block"));
    OK(parmap_set_integer(map, "chunk", 1));
    OK(parmap_set_integer(map, "root_works", 0));
    OK(parmap_run(map, n, look, NULL, inputs, size, 0, NULL, 0, 0, NULL, NULL));
    struct rlimit before, full;
    getrlimit(RLIMIT_AS, &before);
    full = before;
    full.rlim_cur = (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE) + (rlim_t)MIB * (LARGE - 16);
    if (rank == n) setrlimit(RLIMIT_AS, &full);
    STATUS(DICOD_ERROR_OUT_OF_MEMORY, parmap_run(map, n, look, NULL, inputs, size, 0, NULL, 0, 0, NULL, NULL));
    setrlimit(RLIMIT_AS, &before);
    dicod_last_error(sizeof text, text, NULL);
    snprintf(wanted, sizeof wanted, "rank %d: out of memory", n_ranks - 1);
    CHECK(strstr(text, wanted) != NULL);
    OK(parmap_run(map, n, look, NULL, inputs, size, 0, NULL, 0, 0, NULL, NULL));
    free(inputs);
}

int main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    const char *what = argc > 1 ? argv[1] : "";
    OK(dicod_context_create_mpi(MPI_COMM_WORLD, 1, &context));
    OK(dicod_context_get_ranks(context, &rank, &n_ranks));
    OK(parmap_create(context, &map));
    if (strcmp(what, "mixed") == 0) mixed(argc > 2 ? atoll(argv[2]) : 60, argc > 3 ? (uint64_t)atoll(argv[3]) : 17);
    else if (strcmp(what, "no_room") == 0) no_room();
    else busy();
    parmap_free(&map);
    OK(dicod_context_free(&context));
    MPI_Finalize();
    return report(what);
}
