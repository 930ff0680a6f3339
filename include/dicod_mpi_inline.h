/*
 * libdicod over the MPI that a program is compiled with: dicod_mpi.h includes this where DICOD_MPI_INLINE is defined, and
 * describes the functions. They are static; nothing but libdicod has to be linked, and MPI. C99 or C++11.
 */
#ifndef DICOD_MPI_INLINE_H
#define DICOD_MPI_INLINE_H

#include <mpi.h>
#include <stdlib.h>
#include <string.h>

#include "dicod.h"

#if defined(__GNUC__)
#define DICOD_MPI_UNUSED __attribute__((unused))
#else
#define DICOD_MPI_UNUSED
#endif

/* The state of a transport: the library's duplicate of a communicator. */
typedef struct dicod_mpi_ranks {
    MPI_Comm comm;
} dicod_mpi_ranks;

static DICOD_MPI_UNUSED int32_t dicod_mpi_is_open(void *state)
{
    int begun = 0, over = 1;
    (void)state;
    if (MPI_Initialized(&begun) != MPI_SUCCESS || MPI_Finalized(&over) != MPI_SUCCESS) return 0;
    return begun && !over;
}

static DICOD_MPI_UNUSED void dicod_mpi_free(void *state)
{
    dicod_mpi_ranks *ranks = (dicod_mpi_ranks *)state;
    if (dicod_mpi_is_open(state)) MPI_Comm_free(&ranks->comm);
    free(ranks);
}

static DICOD_MPI_UNUSED void dicod_mpi_explain(void *state, int32_t error, int64_t capacity, char *buffer)
{
    char text[MPI_MAX_ERROR_STRING + 1];
    int n = 0;
    (void)state;
    if (capacity < 1) return;
    buffer[0] = 0;
    strcpy(text, "MPI is already finalised");
    if (error != 0) {
        if (MPI_Error_string(error, text, &n) != MPI_SUCCESS) return;
        text[n] = 0;
    }
    strncpy(buffer, text, (size_t)capacity - 1);
    buffer[capacity - 1] = 0;
}

/* A request on the heap: what MPI calls one differs in size. */
static DICOD_MPI_UNUSED int dicod_mpi_keep(MPI_Request **kept, void **request)
{
    *kept = (MPI_Request *)malloc(sizeof(MPI_Request));
    *request = *kept;
    return *kept ? MPI_SUCCESS : MPI_ERR_NO_MEM;
}

static DICOD_MPI_UNUSED int32_t dicod_mpi_send(void *state, int32_t to, int32_t tag, const void *bytes, int64_t n, void **request)
{
    MPI_Request *kept;
    int error = dicod_mpi_keep(&kept, request);
    if (error == MPI_SUCCESS) error = MPI_Isend((void *)bytes, (int)n, MPI_BYTE, to, tag, ((dicod_mpi_ranks *)state)->comm, kept);
    if (error != MPI_SUCCESS) free(kept);
    return error;
}

static DICOD_MPI_UNUSED int32_t dicod_mpi_test(void *state, void *request, int32_t *done)
{
    int is_done = 0;
    const int error = MPI_Test((MPI_Request *)request, &is_done, MPI_STATUS_IGNORE);
    (void)state;
    *done = is_done;
    if (error == MPI_SUCCESS && is_done) free(request);
    return error;
}

static DICOD_MPI_UNUSED int32_t dicod_mpi_probe(void *state, int32_t from, int32_t tag, int32_t *found, int32_t *source, int64_t *n)
{
    MPI_Status status;
    int is_there = 0, count = 0;
    int error = MPI_Iprobe(from < 0 ? MPI_ANY_SOURCE : from, tag, ((dicod_mpi_ranks *)state)->comm, &is_there, &status);
    *found = 0;
    if (error != MPI_SUCCESS || !is_there) return error;
    error = MPI_Get_count(&status, MPI_BYTE, &count);
    *found = 1, *source = status.MPI_SOURCE, *n = count;
    return error;
}

static DICOD_MPI_UNUSED int32_t dicod_mpi_receive(void *state, int32_t source, int32_t tag, void *bytes, int64_t n)
{
    return MPI_Recv(bytes, (int)n, MPI_BYTE, source, tag, ((dicod_mpi_ranks *)state)->comm, MPI_STATUS_IGNORE);
}

static DICOD_MPI_UNUSED int32_t dicod_mpi_reduce(void *state, int32_t how, int64_t n, const int64_t *values, int64_t *result,
                                                 void **request)
{
    MPI_Request *kept;
    int error = dicod_mpi_keep(&kept, request);
    const MPI_Op op = how == DICOD_REDUCE_SUM ? MPI_SUM : how == DICOD_REDUCE_MAX ? MPI_MAX : MPI_MIN;
    if (error == MPI_SUCCESS)
        error = MPI_Iallreduce((void *)values, result, (int)n, MPI_INT64_T, op, ((dicod_mpi_ranks *)state)->comm, kept);
    if (error != MPI_SUCCESS) free(kept);
    return error;
}

static int32_t dicod_mpi_split(void *state, int32_t colour, int32_t key, dicod_transport *part);
static int32_t dicod_mpi_node(void *state, dicod_transport *part);

/* Makes a transport of a communicator that is the library's own; frees that if it cannot. */
static DICOD_MPI_UNUSED int dicod_mpi_connect(MPI_Comm comm, dicod_transport *transport)
{
    dicod_transport made = DICOD_TRANSPORT_INIT;
    dicod_mpi_ranks *ranks = (dicod_mpi_ranks *)malloc(sizeof *ranks);
    int rank = 0, size = 1, provided = MPI_THREAD_SINGLE;
    int error = ranks ? MPI_Comm_set_errhandler(comm, MPI_ERRORS_RETURN) : MPI_ERR_NO_MEM;
    if (error == MPI_SUCCESS) error = MPI_Comm_rank(comm, &rank);
    if (error == MPI_SUCCESS) error = MPI_Comm_size(comm, &size);
    if (error == MPI_SUCCESS) error = MPI_Query_thread(&provided);
    if (error != MPI_SUCCESS) {
        free(ranks);
        MPI_Comm_free(&comm);
        return error;
    }
    ranks->comm = comm;
    made.state = ranks, made.rank = rank, made.n_ranks = size, made.may_have_threads = provided != MPI_THREAD_SINGLE;
    made.send = dicod_mpi_send, made.test = dicod_mpi_test, made.probe = dicod_mpi_probe, made.receive = dicod_mpi_receive;
    made.reduce = dicod_mpi_reduce, made.split = dicod_mpi_split, made.node = dicod_mpi_node;
    made.is_open = dicod_mpi_is_open, made.explain = dicod_mpi_explain, made.free = dicod_mpi_free;
    *transport = made;
    return MPI_SUCCESS;
}

static DICOD_MPI_UNUSED int32_t dicod_mpi_split(void *state, int32_t colour, int32_t key, dicod_transport *part)
{
    MPI_Comm comm = MPI_COMM_NULL;
    const int error = MPI_Comm_split(((dicod_mpi_ranks *)state)->comm, colour < 0 ? MPI_UNDEFINED : colour, key, &comm);
    return error != MPI_SUCCESS || comm == MPI_COMM_NULL ? error : dicod_mpi_connect(comm, part);
}

static DICOD_MPI_UNUSED int32_t dicod_mpi_node(void *state, dicod_transport *part)
{
    MPI_Comm comm = MPI_COMM_NULL;
    int rank = 0;
    int error = MPI_Comm_rank(((dicod_mpi_ranks *)state)->comm, &rank);
    if (error == MPI_SUCCESS)
        error = MPI_Comm_split_type(((dicod_mpi_ranks *)state)->comm, MPI_COMM_TYPE_SHARED, rank, MPI_INFO_NULL, &comm);
    return error != MPI_SUCCESS ? error : dicod_mpi_connect(comm, part);
}

/* Is it the handle of a communicator? Found out without an error that the program would see, as far as that can be done without a
 * change of its error handlers that it could see. */
static DICOD_MPI_UNUSED int dicod_mpi_is_known(MPI_Comm comm)
{
    const MPI_Comm predefined[2] = {MPI_COMM_WORLD, MPI_COMM_SELF};
    MPI_Errhandler before[2];
    MPI_Comm zero;
    MPI_Fint fortran;
    uint32_t bits;
    int i, inter, error, provided = MPI_THREAD_SINGLE;
    memset(&zero, 0, sizeof zero);
    if (memcmp(&comm, &zero, sizeof zero) == 0) return 0;
    fortran = MPI_Comm_c2f(comm);
    if (MPI_Comm_f2c(fortran) != comm) return 0;
    if (sizeof comm > sizeof bits) return 1;
    /* In MPICH and its relatives a handle is a number. Bits say what it stands for; whether there is a communicator with that
     * number only an error does. It is made to come back where no other thread of the program can be in MPI meanwhile. */
    bits = (uint32_t)fortran;
    if (bits >> 30 == 0 || (bits >> 26 & 15) != 1) return 0;
    if (MPI_Query_thread(&provided) != MPI_SUCCESS || provided == MPI_THREAD_MULTIPLE) return 1;
    for (i = 0; i < 2; i++)
        if (MPI_Comm_get_errhandler(predefined[i], &before[i]) != MPI_SUCCESS) return 1;
    for (i = 0; i < 2; i++) MPI_Comm_set_errhandler(predefined[i], MPI_ERRORS_RETURN);
    error = MPI_Comm_test_inter(comm, &inter);
    for (i = 0; i < 2; i++) {
        MPI_Comm_set_errhandler(predefined[i], before[i]);
        MPI_Errhandler_free(&before[i]);
    }
    return error == MPI_SUCCESS;
}

static DICOD_MPI_UNUSED dicod_status dicod_mpi_refuse(dicod_status status, const char *message)
{
    dicod_set_last_error(message);
    return status;
}

static DICOD_MPI_UNUSED dicod_status dicod_context_create_mpi(MPI_Comm comm, int32_t n_threads, dicod_context **context)
{
    dicod_transport transport;
    MPI_Comm duplicate = MPI_COMM_NULL;
    char text[MPI_MAX_ERROR_STRING + 100];
    int begun = 0, over = 0, inter = 0, error;
    dicod_status status;
    MPI_Initialized(&begun);
    MPI_Finalized(&over);
    if (!begun)
        return dicod_mpi_refuse(DICOD_ERROR_INVALID_STATE,
                                "MPI is not initialised: call MPI_Init before (MPI sessions alone are not enough)");
    if (over) return dicod_mpi_refuse(DICOD_ERROR_INVALID_STATE, "MPI is already finalised");
    if (comm == MPI_COMM_NULL)
        return dicod_mpi_refuse(DICOD_ERROR_INVALID_ARGUMENT,
                                "comm must be an intracommunicator that is not freed, is MPI_COMM_NULL");
    if (!dicod_mpi_is_known(comm))
        return dicod_mpi_refuse(DICOD_ERROR_INVALID_ARGUMENT,
                                "comm must be an intracommunicator that is not freed, is a handle that MPI does not know");
    error = MPI_Comm_test_inter(comm, &inter);
    if (error == MPI_SUCCESS && inter)
        return dicod_mpi_refuse(DICOD_ERROR_INVALID_ARGUMENT,
                                "comm must be an intracommunicator that is not freed, is an intercommunicator");
    if (error == MPI_SUCCESS) error = MPI_Comm_dup(comm, &duplicate);
    if (error == MPI_SUCCESS) error = dicod_mpi_connect(duplicate, &transport);
    if (error != MPI_SUCCESS) {
        strcpy(text, "MPI_Comm_dup: ");
        dicod_mpi_explain(NULL, error, MPI_MAX_ERROR_STRING, text + strlen(text));
        return dicod_mpi_refuse(DICOD_ERROR_COMMUNICATION, text);
    }
    status = dicod_context_create_on(&transport, n_threads, context);
    if (status < 0) dicod_mpi_free(transport.state);
    return status;
}

static DICOD_MPI_UNUSED dicod_status dicod_context_create_mpi_f(MPI_Fint comm, int32_t n_threads, dicod_context **context)
{
    return dicod_context_create_mpi(MPI_Comm_f2c(comm), n_threads, context);
}

static DICOD_MPI_UNUSED dicod_status parmap_task_get_comm(const parmap_task *task, MPI_Comm *comm)
{
    void *state = NULL;
    dicod_status status = parmap_task_get_transport(task, &state);
    if (status < 0) return status;
    if (!comm) return dicod_mpi_refuse(DICOD_ERROR_NULL_POINTER, "comm is NULL, not room for the communicator");
    *comm = state ? ((dicod_mpi_ranks *)state)->comm : MPI_COMM_SELF;
    return DICOD_OK;
}

static DICOD_MPI_UNUSED dicod_status parmap_task_get_comm_f(const parmap_task *task, MPI_Fint *comm)
{
    MPI_Comm found = MPI_COMM_SELF;
    dicod_status status = parmap_task_get_comm(task, &found);
    if (status < 0) return status;
    if (!comm) return dicod_mpi_refuse(DICOD_ERROR_NULL_POINTER, "comm is NULL, not room for the communicator");
    *comm = MPI_Comm_c2f(found);
    return DICOD_OK;
}

static DICOD_MPI_UNUSED const char *dicod_mpi_library(void)
{
    static char text[MPI_MAX_LIBRARY_VERSION_STRING + 1];
    if (!text[0]) {
        int n = 0;
        MPI_Get_library_version(text, &n);
        text[n] = 0;
        text[strcspn(text, "\r\n")] = 0;
    }
    return text;
}

#endif /* DICOD_MPI_INLINE_H */
