/* The parallel map where it could go wrong: bounded memory, many handles, large payloads, an idle handle, lost ranks.
 *
 *   memory [ITEMS]: items of 1 MiB, a slow consumer and a late first item; the root grows by less than 100 MiB
 *   handles [COUNT]: creates and frees
 *   large [GIB]: one payload, with a checksum
 *   share [COPIES [LIMIT]]: 64 MiB for all tasks; the ranks together hold so many copies, also where the
 *   first rank may write no files of more than LIMIT MiB
 *   idle: ranks that serve look for a call now and then only
 *   stuck: a task does not return before rank 0 has: after the grace period that waits for nobody, outputs or not
 *   kill, exit: a rank is lost in a task, and the job has to end
 *   teams: two ranks per task solve together
 */
#define _DEFAULT_SOURCE
#include "check.h"
#include <dicod_mpi.h>
#include <signal.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

static int rank, n_ranks;
static dicod_context *context;
static dicod_parmap *map;

static void rest(double seconds)
{
    struct timespec t = {(time_t)seconds, (long)(1e9 * (seconds - floor(seconds)))};
    nanosleep(&t, NULL);
}

static double resident_mib(void)
{
    long pages = 0, resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file && fscanf(file, "%ld %ld", &pages, &resident) != 2) resident = 0;
    if (file) fclose(file);
    return (double)resident * (double)sysconf(_SC_PAGESIZE) / 1048576;
}

/* memory */

typedef struct {
    int64_t at, n, taken;
    int64_t size;
    double most;
    uint64_t sum;
} belt;

static uint64_t checksum(const unsigned char *bytes, int64_t size)
{
    uint64_t sum = 0;
    for (int64_t i = 0; i < size; i += 64) sum = sum * 31 + bytes[i];
    return sum;
}

static int32_t produce(void *userdata, parmap_buffer *buffer)
{
    belt *b = userdata;
    void *data;
    if (b->at == b->n) return PARMAP_END;
    if (parmap_buffer_resize(buffer, b->size, &data)) return 1;
    memset(data, (int)(b->at % 251), (size_t)b->size);
    for (int64_t i = 0; i < b->size; i += 4099) ((unsigned char *)data)[i] = (unsigned char)(i + b->at);
    b->at++;
    b->sum += checksum(data, b->size);
    return PARMAP_ITEM;
}

static int32_t pass_on(void *userdata, const parmap_task *task, const void *input, int64_t size, parmap_buffer *output)
{
    (void)userdata;
    if (parmap_task_get_index(task) == 0) rest(0.5);
    return parmap_buffer_append(output, input, size) ? 1 : 0;
}

static int32_t consume(void *userdata, int64_t index, int32_t status, const void *data, int64_t size)
{
    belt *b = userdata;
    CHECK(status == 0 && index == b->taken && size == b->size);
    b->taken++;
    b->sum -= checksum(data, size);
    if (index % 16 == 0) rest(0.001);
    b->most = fmax(b->most, resident_mib());
    return 0;
}

static void memory(int64_t n)
{
    belt b = {0, n, 0, 1 << 20, 0, 0};
    OK(parmap_set_integer(map, "max_outstanding", 8));
    double before = resident_mib();
    OK(parmap_stream(map, produce, pass_on, consume, &b, NULL));
    if (rank == 0) {
        CHECK(b.sum == 0 && b.taken == n);
        printf("%lld items of 1 MiB: the root grew by %.1f MiB\n", (long long)n, b.most - before);
        CHECK(b.most - before < 100);
    }
}

static void large(double gib)
{
    belt b = {0, 1, 0, (int64_t)(gib * 1073741824), 0, 0};
    OK(parmap_set_integer(map, "root_works", 0));
    OK(parmap_stream(map, produce, pass_on, consume, &b, NULL));
    if (rank == 0) CHECK(b.sum == 0 && b.taken == 1);
}

/* share */

static double held_mib(void)
{
    char line[128];
    double kb = 0;
    FILE *file = fopen("/proc/self/smaps_rollup", "r");
    /* what several processes have in common is divided by their number */
    while (file && fgets(line, sizeof line, file))
        if (sscanf(line, "Pss: %lf kB", &kb) == 1) break;
    if (file) fclose(file);
    MPI_Allreduce(MPI_IN_PLACE, &kb, 1, MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD);
    return kb / 1024;
}

static int32_t adds_up(void *userdata, const parmap_task *task, const void *input, void *output)
{
    const void *data = NULL;
    int64_t size = 0;
    (void)userdata, (void)input;
    if (parmap_task_get_shared(task, &data, &size) || (uintptr_t)data % 64) return 1;
    *(uint64_t *)output = checksum(data, size);
    return 0;
}

static void share(double copies, double limit_mib)
{
    enum { SIZE = 64 << 20 };
    struct rlimit files;
    getrlimit(RLIMIT_FSIZE, &files);
    files.rlim_cur = limit_mib > 0 ? (rlim_t)(limit_mib * 1048576) : files.rlim_cur;
    if (rank == 0) setrlimit(RLIMIT_FSIZE, &files);
    uint64_t sums[16] = {0};
    unsigned char *mine = NULL;
    if (rank == 0) {
        mine = malloc(SIZE);
        for (int64_t i = 0; i < SIZE; i++) mine[i] = (unsigned char)(i * 2654435761u >> 24);
    }
    OK(parmap_set_string(map, "schedule", "block"));
    double before = held_mib();
    for (int round = 0; round < 2; round++) {
        OK(parmap_share(map, mine, rank ? -1 : SIZE));
        OK(parmap_run(map, n_ranks, adds_up, NULL, NULL, 0, 0, sums, 8, 0, NULL, NULL));
        for (int i = 0; i < n_ranks && rank == 0; i++) CHECK(sums[i] == checksum(mine, SIZE));
    }
    double held = (held_mib() - before) / 64;
    if (rank == 0) printf("%d ranks hold %.2f copies\n", n_ranks, held);
    CHECK(fabs(held - copies) < 0.25);
    OK(parmap_share(map, NULL, 0));
    CHECK(held_mib() - before < 16);
    free(mine);
}

/* handles */

static int32_t nothing(void *userdata, const parmap_task *task, const void *input, void *output)
{
    (void)userdata, (void)task, (void)input, (void)output;
    return 0;
}

static void handles(int64_t n)
{
    double before = 0;
    for (int64_t i = 0; i < n; i++) {
        dicod_parmap *one = NULL;
        OK(parmap_create(context, &one));
        if (i % 100 == 0) OK(parmap_run(one, 10, nothing, NULL, NULL, 0, 0, NULL, 0, 0, NULL, NULL));
        parmap_free(&one);
        if (i == n / 10) before = resident_mib();
    }
    CHECK(resident_mib() - before < 5);
    /* contexts, each with a communicator of its own */
    for (int64_t i = 0; i < n; i++) {
        dicod_context *own = NULL;
        OK(dicod_context_create_mpi(MPI_COMM_WORLD, 1, &own));
        OK(dicod_context_free(&own));
    }
    OK(parmap_run(map, 5000000, nothing, NULL, NULL, 0, 0, NULL, 0, 0, NULL, NULL));
}

/* idle */

/* How often the library asks MPI for a message: its calls come here first. */
static long asked;

int MPI_Iprobe(int source, int tag, MPI_Comm comm, int *flag, MPI_Status *status)
{
    asked++;
    return PMPI_Iprobe(source, tag, comm, flag, status);
}

int MPI_Improbe(int source, int tag, MPI_Comm comm, int *flag, MPI_Message *message, MPI_Status *status)
{
    asked++;
    return PMPI_Improbe(source, tag, comm, flag, message, status);
}

/* With no rest in between it would be millions. (What part of a core that is: make bench-map.) */
static void idle(void)
{
    asked = 0;
    if (rank == 0) {
        rest(4);
        OK(parmap_release(map));
    } else {
        OK(parmap_serve(map));
        CHECK(asked > 0);
    }
    printf("rank %d asked %ld times for a message in 4 seconds\n", rank, asked);
    CHECK(asked < 20000);
}

/* stuck */

static int32_t until_told(void *userdata, const parmap_task *task, const void *input, void *output)
{
    (void)userdata, (void)task;
    rest(0.01);
    if (rank == n_ranks - 1) MPI_Recv(NULL, 0, MPI_INT, 0, 77, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    memcpy(output, input, sizeof(double));
    return 0;
}

static void stuck(void)
{
    enum { TASKS = 100 };
    double in[TASKS], out[TASKS];
    int32_t statuses[TASKS];
    for (int i = 0; i < TASKS; i++) in[i] = i + 1;
    OK(parmap_set_real(map, "deadline", 0.05));
    OK(parmap_set_real(map, "grace", 0.05));
    OK(parmap_set_integer(map, "chunk", 1));
    parmap_report told = PARMAP_REPORT_INIT;
    STATUS(PARMAP_ERROR_TIMEOUT, parmap_run(map, TASKS, until_told, NULL, in, 8, 0, out, 8, 0, statuses, &told));
    if (rank == 0) MPI_Send(NULL, 0, MPI_INT, n_ranks - 1, 77, MPI_COMM_WORLD);
    int missing = 0;
    for (int i = 0; i < TASKS; i++) {
        missing += statuses[i] == PARMAP_NOT_RUN;
        CHECK(out[i] == (statuses[i] == 0 ? in[i] : 0));
    }
    CHECK(missing > 0 && missing == told.unfinished);
    /* It works on. */
    OK(parmap_set_real(map, "deadline", INFINITY));
    OK(parmap_run(map, TASKS, nothing, NULL, NULL, 0, 0, NULL, 0, 0, NULL, NULL));
}

/* kill, exit */

static int32_t lost(void *userdata, const parmap_task *task, const void *input, void *output)
{
    (void)input, (void)output;
    rest(0.01);
    if (rank == n_ranks - 1 && parmap_task_get_index(task) > 20) {
        if (strcmp(userdata, "kill") == 0) raise(SIGKILL);
        _exit(0);
    }
    return 0;
}

/* teams */

static int32_t solves(void *userdata, const parmap_task *task, const void *input, void *output)
{
    dicod_context *team = NULL;
    int32_t members = 0;
    int64_t signal[1] = {400}, atom[1] = {8};
    (void)userdata, (void)input;
    if (parmap_task_get_context(task, &team) || dicod_context_get_ranks(team, NULL, &members)) return 1;
    dicod_parmap *inner = NULL;
    double d[16], sums[4] = {0};
    for (int i = 0; i < 16; i++) d[i] = cos(i * (1 + i / 8));
    if (parmap_create(team, &inner)) return 2;
    /* a map inside, and an encoder, over the ranks of the team */
    if (parmap_run(inner, 4, nothing, NULL, NULL, 0, 0, sums, 8, 0, NULL, NULL)) return 3;
    parmap_free(&inner);
    MPI_Comm comm;
    MPI_Fint handle;
    int sum = 0, one = 1;
    if (parmap_task_get_comm(task, &comm) || parmap_task_get_comm_f(task, &handle)) return 6;
    MPI_Allreduce(&one, &sum, 1, MPI_INT, MPI_SUM, comm);
    if (sum != members || MPI_Comm_c2f(comm) != handle) return 7;
    dicod_encoder *encoder = NULL;
    if (dicod_encoder_create(team, NULL, PROBLEM(1, signal, 1, 1, 2, atom), d, &encoder)) return 4;
    dicod_encoder_free(&encoder);
    *(int64_t *)output = members;
    return dicod_context_free(&team) ? 5 : 0;
}

static void teams(void)
{
    int64_t members[7];
    if (n_ranks < 2) return;
    OK(parmap_set_integer(map, "ranks_per_task", 2));
    OK(parmap_run(map, 7, solves, NULL, NULL, 0, 0, members, 8, 0, NULL, NULL));
    for (int i = 0; i < 7; i++) CHECK(members[i] == 2);
}

/* differ: every pair of collective calls, one by rank 0 and another by all others */

enum { RUN, REDUCE, SHARE, OPEN, ENCODER, LEARNER, SOLVE, N_CALLS };

static int32_t fork_state(void *userdata, const void *state, void **copy)
{
    (void)userdata, (void)state;
    *copy = NULL;
    return 0;
}

static int32_t no_work(void *userdata, void *state, const parmap_task *task, const void *input)
{
    (void)userdata, (void)state, (void)task, (void)input;
    return 0;
}

static int32_t no_pack(void *userdata, const void *state, parmap_buffer *buffer)
{
    (void)userdata, (void)state, (void)buffer;
    return 0;
}

static int32_t no_unpack(void *userdata, void *state, const void *bytes, int64_t size)
{
    (void)userdata, (void)state, (void)bytes, (void)size;
    return 0;
}

static int32_t no_join(void *userdata, void *state, const void *other)
{
    (void)userdata, (void)state, (void)other;
    return 0;
}

static void no_free(void *userdata, void *state)
{
    (void)userdata, (void)state;
}

static dicod_status collective(int which)
{
    const int64_t signal[1] = {40}, atom[1] = {3};
    const double d[3] = {1, 2, 1}, x[40] = {0, 1};
    double state = 0, z[38];
    dicod_encoder *encoder = NULL;
    dicod_learner *learner = NULL;
    parmap_pull *pull = NULL;
    parmap_reducer reducer = PARMAP_REDUCER_INIT;
    dicod_status status = DICOD_OK;
    switch (which) {
    case RUN: return parmap_run(map, 9, nothing, NULL, NULL, 0, 0, NULL, 0, 0, NULL, NULL);
    case REDUCE:
        reducer.fork_state = fork_state, reducer.work = no_work, reducer.pack = no_pack, reducer.unpack = no_unpack;
        reducer.join_states = no_join, reducer.free_state = no_free;
        return parmap_reduce(map, 9, &reducer, NULL, 0, 0, &state, NULL);
    case SHARE: return parmap_share(map, d, sizeof d);
    case OPEN: return parmap_open(map, 9, &pull);
    case ENCODER:
        status = dicod_encoder_create(context, NULL, PROBLEM(1, signal, 1, 1, 1, atom), d, &encoder);
        dicod_encoder_free(&encoder);
        return status;
    case LEARNER:
        status = dicod_learner_create(context, NULL, PROBLEM(1, signal, 1, 1, 1, atom), NULL, &learner);
        dicod_learner_free(&learner);
        return status;
    default: return dicod_solve(context, NULL, PROBLEM(1, signal, 1, 1, 1, atom), x, d, z, NULL);
    }
}

static void differ(void)
{
    for (int first = 0; first < N_CALLS; first++) {
        for (int other = 0; other < N_CALLS; other++) {
            if (first == other) continue;
            dicod_status status = collective(rank == 0 ? first : other);
            char text[300] = "";
            dicod_last_error(sizeof text, text, NULL);
            CHECK(status == DICOD_ERROR_INVALID_STATE && strstr(text, "different calls"));
            if (status != DICOD_ERROR_INVALID_STATE) printf("rank %d, %d and %d: %d %s\n", rank, first, other, status, text);
            OK(parmap_run(map, 5, nothing, NULL, NULL, 0, 0, NULL, 0, 0, NULL, NULL));
        }
    }
}

int main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    const char *what = argc > 1 ? argv[1] : "";
    double size = argc > 2 ? strtod(argv[2], NULL) : 0;
    OK(dicod_context_create_mpi(MPI_COMM_WORLD, 1, &context));
    OK(dicod_context_get_ranks(context, &rank, &n_ranks));
    OK(parmap_create(context, &map));
    if (strcmp(what, "memory") == 0) memory(size > 0 ? (int64_t)size : 2000);
    else if (strcmp(what, "handles") == 0) handles(size > 0 ? (int64_t)size : 500);
    else if (strcmp(what, "large") == 0) large(size > 0 ? size : 0.125);
    else if (strcmp(what, "share") == 0) share(size > 0 ? size : 1, argc > 3 ? strtod(argv[3], NULL) : 0);
    else if (strcmp(what, "idle") == 0) idle();
    else if (strcmp(what, "stuck") == 0) stuck();
    else if (strcmp(what, "teams") == 0) teams();
    else if (strcmp(what, "differ") == 0) differ();
    else parmap_run(map, 1000, lost, argv[argc > 1], NULL, 0, 0, NULL, 0, 0, NULL, NULL);
    parmap_free(&map);
    OK(dicod_context_free(&context));
    MPI_Finalize();
    return report(what);
}
