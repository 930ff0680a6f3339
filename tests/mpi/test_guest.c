/* The library as a guest of a program's MPI:
 *
 *   handlers: threads that make contexts leave all error handlers as they are
 *   single: with MPI_THREAD_SINGLE one thread is all there is
 *   probe: a tool that stands before MPI, and knows no matched probes
 *   left [keep]: handles that are alive at MPI_Finalize are freed when the process ends, or never; nothing is said
 *   sessions: a communicator of a session without MPI_Init
 */
#define _POSIX_C_SOURCE 200809L
#include "ranks.h"
#include <pthread.h>

/* What a tool does: its function is found before that of the MPI library. */
static int broken;

int MPI_Improbe(int source, int tag, MPI_Comm comm, int *flag, MPI_Message *message, MPI_Status *status)
{
    return broken ? MPI_ERR_OTHER : PMPI_Improbe(source, tag, comm, flag, message, status);
}

/* handlers */

static void *make_contexts(void *comm)
{
    for (int i = 0; i < 300; i++) {
        dicod_context *context = NULL;
        if (dicod_context_create_mpi(*(MPI_Comm *)comm, 1, &context)) return comm;
        dicod_context_free(&context);
    }
    return NULL;
}

static void ignore(MPI_Comm *comm, int *code, ...)
{
    (void)comm, (void)code;
}

static void handlers(void)
{
    MPI_Comm places[2] = {MPI_COMM_WORLD, MPI_COMM_SELF}, comms[2];
    MPI_Errhandler own, kinds[3], before, after;
    int level;
    MPI_Query_thread(&level);
    MPI_Comm_create_errhandler(ignore, &own);
    kinds[0] = MPI_ERRORS_ARE_FATAL, kinds[1] = own, kinds[2] = MPI_ERRORS_RETURN;
    for (int i = 0; i < 2; i++) MPI_Comm_dup(MPI_COMM_SELF, &comms[i]);
    for (int kind = 0; kind < 3; kind++) {
        for (int i = 0; i < 2; i++) MPI_Comm_set_errhandler(places[i], kinds[kind]);
        if (level == MPI_THREAD_MULTIPLE) {
            pthread_t threads[2];
            for (int i = 0; i < 2; i++) pthread_create(&threads[i], NULL, make_contexts, &comms[i]);
            for (int i = 0; i < 2; i++) {
                void *failed;
                pthread_join(threads[i], &failed);
                CHECK(failed == NULL);
            }
        } else {
            CHECK(make_contexts(&comms[0]) == NULL);
        }
        for (int i = 0; i < 2; i++) {
            MPI_Comm_get_errhandler(places[i], &after);
            CHECK(after == kinds[kind]);
        }
    }
    for (int i = 0; i < 2; i++) MPI_Comm_set_errhandler(places[i], MPI_ERRORS_ARE_FATAL);
    /* one that a context is made of keeps its own */
    dicod_context *context = NULL;
    MPI_Comm_set_errhandler(comms[0], own);
    MPI_Comm_get_errhandler(comms[0], &before);
    OK(dicod_context_create_mpi(comms[0], 1, &context));
    OK(dicod_context_free(&context));
    MPI_Comm_get_errhandler(comms[0], &after);
    CHECK(before == after);
    /* handles that are none, whatever the level */
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "is MPI_COMM_NULL", dicod_context_create_mpi(MPI_COMM_NULL, 1, &context));
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "is a handle that MPI does not know", dicod_context_create_mpi_f(123456, 1, &context));
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "is a handle that MPI does not know", dicod_context_create_mpi_f(-77, 1, &context));
    for (int i = 0; i < 2; i++) MPI_Comm_free(&comms[i]);
    MPI_Errhandler_free(&own);
    const char *name = dicod_mpi_library();
    CHECK(strlen(name) > 4 && !strchr(name, '\n') && name[0] != ' ' && name[strlen(name) - 1] != ' ');
}

/* single */

static void single(void)
{
    dicod_context *context = NULL;
    dicod_status status;
    const int32_t several[] = {2, 1024};
    for (int i = 0; i < 2; i++) {
        const char *named = i ? "is 1024" : "is 2";
        FAILS(DICOD_ERROR_INVALID_ARGUMENT, named, status = dicod_context_create_mpi(MPI_COMM_WORLD, several[i], &context));
        same_everywhere(status);
        FAILS(DICOD_ERROR_INVALID_ARGUMENT, "MPI_THREAD_FUNNELED", dicod_context_create_mpi(MPI_COMM_WORLD, several[i], &context));
        /* a mistake of one rank only */
        const int last = rank == n_ranks - 1;
        FAILS(DICOD_ERROR_INVALID_ARGUMENT, named, status = dicod_context_create_mpi(MPI_COMM_WORLD, last ? several[i] : 1, &context));
        same_everywhere(status);
    }
    CHECK(context == NULL);
    OK(dicod_context_create_mpi(MPI_COMM_WORLD, 1, &context));
    OK(dicod_context_free(&context));
    /* this process alone is no matter of MPI's */
    OK(dicod_context_create(2, &context));
    OK(dicod_context_free(&context));
}

/* probe */

static int32_t add_one(void *userdata, const parmap_task *task, const void *input, void *output)
{
    (void)userdata, (void)task;
    *(int64_t *)output = *(const int64_t *)input + 1;
    return 0;
}

static void probe(void)
{
    enum { TASKS = 50 };
    dicod_context *context = NULL;
    dicod_parmap *map = NULL;
    int64_t in[TASKS], out[TASKS] = {0};
    for (int64_t i = 0; i < TASKS; i++) in[i] = 10 * i;
    OK(dicod_context_create_mpi(MPI_COMM_WORLD, 1, &context));
    OK(parmap_create(context, &map));
    broken = 1;
    OK(parmap_run(map, TASKS, add_one, NULL, in, 8, 0, out, 8, 0, NULL, NULL));
    for (int64_t i = 0; i < TASKS; i++) CHECK(out[i] == 10 * i + 1);
    parmap_free(&map);
    dicod_context_free(&context);
}

/* left */

enum { N = 60, L = 5 };
static dicod_context *context;
static dicod_encoder *encoder;
static dicod_learner *learner;
static dicod_parmap *map, *teams;
static parmap_pull *pull;

static int32_t nothing(void *userdata, const parmap_task *task, const void *input, void *output)
{
    (void)userdata, (void)task, (void)input, (void)output;
    return 0;
}

static void free_all(void)
{
    dicod_encoder_free(&encoder);
    dicod_learner_free(&learner);
    parmap_close(&pull, NULL);
    parmap_free(&map);
    parmap_free(&teams);
    if (dicod_context_free(&context) != DICOD_ERROR_INVALID_STATE || context || encoder || learner || map || teams || pull)
        printf("handles are left after MPI_Finalize\n");
}

static void left(void)
{
    const int64_t signal[1] = {N}, atom[1] = {L};
    double d[L], x[N], z[N - L + 1], share[4000] = {1};
    for (int i = 0; i < L; i++) d[i] = noise(i);
    for (int i = 0; i < N; i++) x[i] = noise(100 + i);
    OK(dicod_context_create_mpi(MPI_COMM_WORLD, 1, &context));
    OK(dicod_solve(context, NULL, PROBLEM(1, signal, 1, 1, 1, atom), x, d, z, NULL));
    OK(dicod_encoder_create(context, NULL, PROBLEM(1, signal, 1, 1, 1, atom), d, &encoder));
    OK(dicod_learner_create(context, NULL, PROBLEM(1, signal, 1, 1, 1, atom), d, &learner));
    OK(parmap_create(context, &map));
    OK(parmap_share(map, share, sizeof share));
    OK(parmap_run(map, 20, nothing, NULL, NULL, 0, 0, NULL, 0, 0, NULL, NULL));
    OK(parmap_create(context, &teams));
    OK(parmap_set_integer(teams, "ranks_per_task", n_ranks));
    OK(parmap_run(teams, 3, nothing, NULL, NULL, 0, 0, NULL, 0, 0, NULL, NULL));
    OK(parmap_open(map, 5, &pull));
}

/* sessions */

static int sessions(void)
{
#if MPI_VERSION >= 4
    MPI_Session session;
    MPI_Group group;
    MPI_Comm comm;
    MPI_Session_init(MPI_INFO_NULL, MPI_ERRORS_RETURN, &session);
    if (MPI_Group_from_session_pset(session, "mpi://WORLD", &group) ||
        MPI_Comm_create_from_group(group, "libdicod", MPI_INFO_NULL, MPI_ERRORS_RETURN, &comm)) {
        printf("skipped: this MPI makes no communicators of sessions\n");
        return 0;
    }
    MPI_Comm_rank(comm, &rank);
    FAILS(DICOD_ERROR_INVALID_STATE, "sessions", dicod_context_create_mpi(comm, 1, &context));
    FAILS(DICOD_ERROR_INVALID_STATE, "MPI_Init", dicod_context_create_mpi_f(MPI_Comm_c2f(comm), 1, &context));
    MPI_Group_free(&group);
    MPI_Comm_free(&comm);
    MPI_Session_finalize(&session);
    return report("test_guest sessions");
#else
    printf("skipped: this MPI has no sessions\n");
    return 0;
#endif
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    int provided;
    if (strcmp(what, "sessions") == 0) return sessions();
    if (strcmp(what, "single") == 0) MPI_Init_thread(&argc, &argv, MPI_THREAD_SINGLE, &provided);
    else if (argc > 2 && strcmp(argv[2], "funneled") == 0) MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided);
    else MPI_Init_thread(&argc, &argv, MPI_THREAD_MULTIPLE, &provided);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &n_ranks);
    if (strcmp(what, "handlers") == 0) handlers();
    else if (strcmp(what, "single") == 0) single();
    else if (strcmp(what, "probe") == 0) probe();
    else left();
    int all;
    MPI_Allreduce(&failures, &all, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    if (strcmp(what, "left") == 0) {
        if (argc < 3) atexit(free_all);
        MPI_Finalize();
        /* its output is looked at: there is none */
        return all != 0;
    }
    MPI_Finalize();
    report(what);
    return all != 0;
}
