/*
 * The library inside a program with MPI traffic of its own: nothing of it is disturbed, errors are
 * returned, the same on every rank, and the communicator is usable afterwards.
 *
 * With the argument kill or exit: a rank is lost in a solve, and the job has to end.
 */
#define _POSIX_C_SOURCE 200809L
#include "ranks.h"
#include <signal.h>
#include <unistd.h>

enum { N = 96, L = 6, K = 4, M = N - L + 1 };

static double d[K * L * L];

/* rows from first to last of a field of N x N */
typedef struct {
    int64_t global[2], offset[2], shape[2];
    double *values;
    void *channel;
    dicod_array array;
} rows;

static void make_rows(rows *r, int64_t first, int64_t last)
{
    *r = (rows){{N, N}, {first, 0}, {last - first, N}, calloc((size_t)((last - first) * N + 1), sizeof(double)), NULL, DICOD_ARRAY_INIT};
    for (int64_t i = 0; i < (last - first) * N; i++) r->values[i] = noise(first * N + i);
    r->channel = r->values;
    r->array.n_axes = 2;
    r->array.global_shape = r->global;
    r->array.offset = r->offset;
    r->array.local_shape = r->shape;
    r->array.n_channels = 1;
    r->array.channels = &r->channel;
}

static void share(MPI_Comm comm, rows *r)
{
    int me, size;
    MPI_Comm_rank(comm, &me);
    MPI_Comm_size(comm, &size);
    make_rows(r, (int64_t)N * me / size, (int64_t)N * (me + 1) / size);
}

static dicod_encoder *make(dicod_context *context)
{
    const int64_t signal[2] = {N, N}, atom[2] = {L, L};
    dicod_encoder *encoder = NULL;
    dicod_options *options = NULL;
    OK(dicod_options_create(&options));
    OK(dicod_options_set_real(options, "tol", 1e-3));
    OK(dicod_encoder_create(context, options, PROBLEM(2, signal, 1, 1, K, atom), d, &encoder));
    dicod_options_free(&options);
    return encoder;
}

static void handles(void)
{
    dicod_context *context = NULL;
    MPI_Errhandler before, after;
    MPI_Comm_get_errhandler(MPI_COMM_WORLD, &before);
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "MPI_COMM_NULL", dicod_context_create_mpi(MPI_COMM_NULL, 1, &context));
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "comm", dicod_context_create_mpi_f(123456, 1, &context));
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "comm", dicod_context_create_mpi_f(-77, 1, &context));
    CHECK(context == NULL);
    if (n_ranks > 1) {
        MPI_Comm half, inter;
        MPI_Comm_split(MPI_COMM_WORLD, rank % 2, rank, &half);
        MPI_Intercomm_create(half, 0, MPI_COMM_WORLD, 1 - rank % 2, 5, &inter);
        FAILS(DICOD_ERROR_INVALID_ARGUMENT, "intercommunicator", dicod_context_create_mpi(inter, 1, &context));
        MPI_Comm_free(&inter);
        MPI_Fint stale = MPI_Comm_c2f(half);
        MPI_Comm_free(&half);
        dicod_status status = dicod_context_create_mpi_f(stale, 1, &context);
        CHECK(status < 0);
    }
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "n_threads", dicod_context_create_mpi(MPI_COMM_WORLD, rank == n_ranks - 1 ? 0 : 1, &context));
    FAILS(DICOD_ERROR_NULL_POINTER, "context", dicod_context_create_mpi(MPI_COMM_WORLD, 1, NULL));
    MPI_Comm_get_errhandler(MPI_COMM_WORLD, &after);
    CHECK(before == after);
    /* far more than there are communicators, if they were not freed */
    for (int i = 0; i < (n_ranks <= 2 ? 3000 : 200); i++) {
        OK(dicod_context_create_mpi(MPI_COMM_WORLD, 1, &context));
        OK(dicod_context_free(&context));
        if (failures) break;
    }
}

/* messages of the program's own are on their way during solves on several communicators at once */
static void traffic(void)
{
    MPI_Comm world, half;
    MPI_Comm_dup(MPI_COMM_WORLD, &world);
    MPI_Comm_split(MPI_COMM_WORLD, rank % 2, -rank, &half);
    dicod_context *all = NULL, *some = NULL, *self = NULL;
    OK(dicod_context_create_mpi(world, 1, &all));
    OK(dicod_context_create_mpi(half, 2, &some));
    OK(dicod_context_create_mpi(MPI_COMM_SELF, 1, &self));
    /* the duplicates are the library's own */
    MPI_Comm_free(&half);

    int got[2] = {-1, -1}, sent[2] = {100 + rank, 200 + rank};
    MPI_Request requests[4];
    MPI_Irecv(&got[0], 1, MPI_INT, MPI_ANY_SOURCE, MPI_ANY_TAG, world, &requests[0]);
    MPI_Irecv(&got[1], 1, MPI_INT, MPI_ANY_SOURCE, MPI_ANY_TAG, MPI_COMM_WORLD, &requests[1]);

    dicod_encoder *encoders[3] = {make(all), make(some), make(self)};
    rows mine[3];
    dicod_info info[3] = {DICOD_INFO_INIT, DICOD_INFO_INIT, DICOD_INFO_INIT};
    share(MPI_COMM_WORLD, &mine[0]);
    int32_t r, n;
    OK(dicod_context_get_ranks(some, &r, &n));
    make_rows(&mine[1], (int64_t)N * r / n, (int64_t)N * (r + 1) / n);
    make_rows(&mine[2], 0, N);
    for (int i = 0; i < 3; i++) OK(dicod_encoder_solve(encoders[i], READ(&mine[i].array), &info[i]));
    CHECK(info[0].objective == info[1].objective && info[1].objective == info[2].objective);
    CHECK(info[0].steps == info[1].steps && info[1].steps == info[2].steps);
    CHECK(n_ranks == 1 || info[0].messages > 0);
    CHECK(info[2].messages == 0);

    /* nobody has taken them */
    CHECK(got[0] == -1 && got[1] == -1);
    MPI_Barrier(MPI_COMM_WORLD);
    const int next = (rank + 1) % n_ranks, last = (rank + n_ranks - 1) % n_ranks;
    MPI_Isend(&sent[0], 1, MPI_INT, next, 1, world, &requests[2]);
    MPI_Isend(&sent[1], 1, MPI_INT, next, 1, MPI_COMM_WORLD, &requests[3]);
    MPI_Waitall(4, requests, MPI_STATUSES_IGNORE);
    CHECK(got[0] == 100 + last && got[1] == 200 + last);

    for (int i = 0; i < 3; i++) {
        dicod_encoder_free(&encoders[i]);
        free(mine[i].values);
    }
    OK(dicod_context_free(&all));
    OK(dicod_context_free(&some));
    OK(dicod_context_free(&self));
    MPI_Comm_free(&world);
}

static int stop_at(void *userdata, const dicod_progress *progress)
{
    int *calls = userdata;
    (void)progress;
    return ++*calls == 2;
}

static void errors(void)
{
    dicod_context *context = NULL;
    OK(dicod_context_create_mpi(MPI_COMM_WORLD, 1, &context));
    const int bad = n_ranks / 2, i_am_bad = rank == bad;
    char who[40];
    snprintf(who, sizeof who, "rank %d: ", bad);
    const char *named = n_ranks > 1 ? who : "";
    dicod_encoder *encoder = make(context);
    rows mine;
    share(MPI_COMM_WORLD, &mine);
    dicod_info first = DICOD_INFO_INIT, info = DICOD_INFO_INIT;
    OK(dicod_encoder_solve(encoder, READ(&mine.array), &first));
    const double kept = mine.values[3];
    dicod_status status;

    if (i_am_bad) mine.values[3] = NAN;
    FAILS(DICOD_ERROR_NOT_FINITE, named, status = dicod_encoder_solve(encoder, READ(&mine.array), &info));
    same_everywhere(status);
    mine.values[3] = kept;
    FAILS(DICOD_ERROR_NULL_POINTER, named, status = dicod_encoder_solve(encoder, i_am_bad ? NULL : READ(&mine.array), &info));
    same_everywhere(status);
    mine.array.n_channels = i_am_bad ? 2 : 1;
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "n_channels", status = dicod_encoder_solve(encoder, READ(&mine.array), &info));
    same_everywhere(status);
    mine.array.n_channels = 1;
    if (n_ranks > 1) {
        if (i_am_bad) mine.shape[0]--;
        FAILS(DICOD_ERROR_INVALID_SHAPE, "on no rank", status = dicod_encoder_solve(encoder, READ(&mine.array), &info));
        same_everywhere(status);
        if (i_am_bad) mine.shape[0]++, mine.offset[0]--;
        FAILS(DICOD_ERROR_INVALID_SHAPE, "on ranks", status = dicod_encoder_solve(encoder, READ(&mine.array), &info));
        same_everywhere(status);
        if (i_am_bad) mine.offset[0]++;
    }
    /* what happens on the way: cancelled by one */
    int calls = 0;
    dicod_options *options = NULL;
    OK(dicod_options_create(&options));
    OK(dicod_options_set_real(options, "tol", 1e-6));
    OK(dicod_options_set_real(options, "progress_interval", 0.0));
    const int64_t signal[2] = {N, N}, atom[2] = {L, L};
    dicod_encoder *other = NULL;
    OK(dicod_encoder_create(context, options, PROBLEM(2, signal, 1, 1, K, atom), d, &other));
    if (i_am_bad) OK(dicod_context_set_progress(context, stop_at, &calls));
    STATUS(DICOD_CANCELLED, dicod_encoder_solve(other, READ(&mine.array), &info));
    OK(dicod_context_set_progress(context, NULL, NULL));
    dicod_encoder_free(&other);
    /* another dictionary here and there */
    if (i_am_bad) d[0] += 1;
    if (n_ranks > 1) {
        FAILS(DICOD_ERROR_INVALID_ARGUMENT, "the same on every rank",
              status = dicod_encoder_create(context, options, PROBLEM(2, signal, 1, 1, K, atom), d, &other));
        same_everywhere(status);
        CHECK(other == NULL);
    }
    if (i_am_bad) d[0] -= 1;
    FAILS(DICOD_ERROR_NULL_POINTER, named,
          status = dicod_encoder_create(context, options, PROBLEM(2, signal, 1, 1, K, atom), i_am_bad ? NULL : d, &other));
    same_everywhere(status);
    dicod_options_free(&options);

    /* all goes on as before */
    OK(dicod_encoder_solve(encoder, READ(&mine.array), &info));
    CHECK(info.objective == first.objective && info.steps == first.steps);
    dicod_encoder_free(&encoder);
    OK(dicod_context_free(&context));
    free(mine.values);
}

static int lose_a_rank(void *userdata, const dicod_progress *progress)
{
    (void)progress;
    if (*(const char *)userdata == 'k') kill(getpid(), SIGKILL);
    _exit(0);
}

int main(int argc, char **argv)
{
    dicod_context *context = NULL;
    FAILS(DICOD_ERROR_INVALID_STATE, "not initialised", dicod_context_create_mpi(MPI_COMM_WORLD, 1, &context));
    FAILS(DICOD_ERROR_INVALID_STATE, "not initialised", dicod_context_create_mpi_f(0, 1, &context));
    int provided;
    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &n_ranks);
    for (int i = 0; i < K * L * L; i++) d[i] = noise(-1 - i);
    if (argc > 1) {
        rows mine;
        share(MPI_COMM_WORLD, &mine);
        OK(dicod_context_create_mpi(MPI_COMM_WORLD, 1, &context));
        dicod_encoder *encoder = make(context);
        if (rank == 1) OK(dicod_context_set_progress(context, lose_a_rank, argv[1]));
        dicod_encoder_solve(encoder, READ(&mine.array), NULL);
        MPI_Barrier(MPI_COMM_WORLD);
        MPI_Finalize();
        return 0;
    }
    handles();
    traffic();
    errors();
    /* a context that is left over */
    OK(dicod_context_create_mpi(MPI_COMM_WORLD, 1, &context));
    dicod_encoder *encoder = make(context);
    rows mine;
    share(MPI_COMM_WORLD, &mine);
    int all;
    MPI_Allreduce(&failures, &all, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    MPI_Finalize();
    FAILS(DICOD_ERROR_INVALID_STATE, "finalised", dicod_encoder_solve(encoder, READ(&mine.array), NULL));
    FAILS(DICOD_ERROR_INVALID_STATE, "finalised", dicod_context_free(&context));
    CHECK(context == NULL);
    dicod_encoder_free(&encoder);
    FAILS(DICOD_ERROR_INVALID_STATE, "finalised", dicod_context_create_mpi(MPI_COMM_WORLD, 1, &context));
    free(mine.values);
    if (rank == 0 || failures) report("test_host");
    return all != 0 || failures != 0;
}
