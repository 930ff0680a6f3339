/*
 * The clock over ranks: a limit, a cancel on one rank and the callback of one rank end a call on all of them alike, in time,
 * wherever it is.
 *
 * Times are asserted here, on machines that may be busy with something else. So what counts is the less of two: how late a
 * rank was, and how much processor time its process has used since the call was to end.
 */
#define _POSIX_C_SOURCE 200809L /* clock_gettime, nanosleep */
#include "ranks.h"
#include <pthread.h>
#include <sched.h>
#include <time.h>

enum { N = 400, K = 24, L = 14 };

static double x[N * N], d[K * L * L];

static double now(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* what happens when a call is to end */
typedef struct {
    double begin, delay, used;
    dicod_context *cancels;
    volatile int done;
    pthread_t thread;
} alarm_clock;

static void *ring(void *data)
{
    alarm_clock *a = data;
    const struct timespec t = {(time_t)a->delay, (long)(1e9 * (a->delay - floor(a->delay)))};
    nanosleep(&t, NULL);
    a->used = now(CLOCK_PROCESS_CPUTIME_ID);
    /* the call may not have begun, or be done already */
    while (a->cancels && !dicod_cancel(a->cancels) && !a->done) sched_yield();
    return NULL;
}

static void set(alarm_clock *a, double delay, dicod_context *cancels)
{
    a->delay = delay;
    a->cancels = cancels;
    a->done = 0;
    a->begin = now(CLOCK_MONOTONIC);
    if (pthread_create(&a->thread, NULL, ring, a)) exit(EXIT_FAILURE);
}

static double late(alarm_clock *a)
{
    const double took = now(CLOCK_MONOTONIC) - a->begin, used = now(CLOCK_PROCESS_CPUTIME_ID);
    a->done = 1;
    pthread_join(a->thread, NULL);
    return fmin(took - a->delay, used - a->used);
}

static int32_t no(void *data, const dicod_progress *progress)
{
    int *calls = data;
    CHECK(progress->awake <= progress->tiles && progress->max_step >= 0);
    return ++*calls >= 2;
}

static dicod_options *options_with(const char *key, double value)
{
    dicod_options *options = NULL;
    OK(dicod_options_create(&options));
    OK(dicod_options_set_real(options, "tol", 1e-9));
    OK(dicod_options_set_real(options, "reg", 0.01));
    if (key) OK(dicod_options_set_real(options, key, value));
    return options;
}

/* all ranks say the same of how it ended, and what they say is consistent */
static void alike(dicod_status status, const dicod_info *info)
{
    int64_t mine[4] = {status, info->proven, info->nonzeros, info->steps}, first[4];
    memcpy(first, mine, sizeof first);
    MPI_Bcast(first, 4, MPI_INT64_T, 0, MPI_COMM_WORLD);
    CHECK(memcmp(first, mine, sizeof first) == 0);
    CHECK(isnan(info->objective) == !(info->proven & DICOD_PROVEN_RESULT));
    CHECK(isnan(info->lambda) == !(info->proven & DICOD_PROVEN_LAMBDA));
    const double stages = info->seconds_correlate + info->seconds_descend + info->seconds_certify + info->seconds_other;
    CHECK(fabs(stages - info->seconds) <= 0.01 * info->seconds);
}

typedef struct {
    dicod_context *context;
    held mine;
    double worst;
} setting;

static dicod_encoder *make(setting *s, dicod_options *options)
{
    const int64_t signal[2] = {N, N}, atom[2] = {L, L};
    dicod_encoder *encoder = NULL;
    OK(dicod_encoder_create(s->context, options, PROBLEM(2, signal, 1, 1, K, atom), d, &encoder));
    dicod_options_free(&options);
    return encoder;
}

/* Of forty limits from 2 ms to 1 s each second one, those that another number of ranks, or another MPI, leaves out; or all. */
static void limits(setting *s, int all)
{
#ifdef OPEN_MPI
    const int family = 0;
#else
    const int family = 1;
#endif
    int seen[4] = {0, 0, 0, 0};
    for (int i = all ? 0 : (n_ranks / 2 + family) % 2; i < 40; i += all ? 1 : 2) {
        const double limit = 0.002 * pow(500, i / 39.0);
        dicod_encoder *encoder = make(s, options_with("time_limit", limit));
        dicod_info info = DICOD_INFO_INIT;
        alarm_clock a;
        MPI_Barrier(MPI_COMM_WORLD);
        set(&a, limit, NULL);
        const dicod_status status = dicod_encoder_solve(encoder, READ(&s->mine.array), &info);
        const double lateness = late(&a);
        CHECK(status == DICOD_TIME_LIMIT || status == DICOD_OK);
        if (!CHECK(lateness <= fmax(0.05, 0.05 * limit))) printf("  limit %g: %g late\n", limit, lateness);
        s->worst = fmax(s->worst, lateness);
        alike(status, &info);
        seen[info.proven & 3]++;
        dicod_encoder_free(&encoder);
    }
    CHECK(seen[0] > 0 && seen[3] > 0);
}

static void one_rank_cancels(setting *s)
{
    for (int i = 0; i < 12; i++) {
        const double delay = 0.005 * pow(100, i / 11.0);
        const int who = i % n_ranks;
        dicod_encoder *encoder = make(s, options_with(NULL, 0));
        dicod_info info = DICOD_INFO_INIT;
        alarm_clock a;
        MPI_Barrier(MPI_COMM_WORLD);
        set(&a, delay, rank == who ? s->context : NULL);
        STATUS(DICOD_CANCELLED, dicod_encoder_solve(encoder, READ(&s->mine.array), &info));
        const double lateness = late(&a);
        if (!CHECK(lateness <= 0.05)) printf("  cancelled after %g: %g late\n", delay, lateness);
        s->worst = fmax(s->worst, lateness);
        alike(DICOD_CANCELLED, &info);
        CHECK(dicod_cancel(s->context) == 0);
        dicod_encoder_free(&encoder);
    }
}

static void one_callback_says_no(setting *s)
{
    const double intervals[4] = {0, 0.004, 0.05, 0.3};
    for (int i = 0; i < 4; i++) {
        int calls = 0;
        dicod_encoder *encoder = make(s, options_with("progress_interval", intervals[i]));
        dicod_info info = DICOD_INFO_INIT;
        if (rank == n_ranks - 1) OK(dicod_context_set_progress(s->context, no, &calls));
        STATUS(DICOD_CANCELLED, dicod_encoder_solve(encoder, READ(&s->mine.array), &info));
        OK(dicod_context_set_progress(s->context, NULL, NULL));
        alike(DICOD_CANCELLED, &info);
        CHECK(rank != n_ranks - 1 || calls >= 2);
        dicod_encoder_free(&encoder);
    }
}

/* learning on plain arrays, and what comes after it */
static void learning(setting *s)
{
    const int64_t signal[2] = {N, N}, atom[2] = {L, L};
    const int64_t n_z = (int64_t)K * (N - L + 1) * (N - L + 1);
    double *z = malloc((size_t)n_z * sizeof *z), *found = malloc(sizeof d);
    for (int i = 0; i < 8; i++) {
        const double limit = 0.02 * pow(30, i / 7.0);
        dicod_options *options = options_with("time_limit", i % 2 ? limit : INFINITY);
        OK(dicod_options_set_string(options, "learn_init", i % 4 < 2 ? "random-patches" : "greedy-patches"));
        dicod_learn_info info = DICOD_LEARN_INFO_INIT;
        alarm_clock a;
        MPI_Barrier(MPI_COMM_WORLD);
        set(&a, limit, i % 2 == 0 && rank == 0 ? s->context : NULL);
        const dicod_status status = dicod_learn(s->context, options, PROBLEM(2, signal, 1, 1, K, atom), x, NULL, NULL, found, z, &info);
        const double lateness = late(&a);
        CHECK(status == (i % 2 ? DICOD_TIME_LIMIT : DICOD_CANCELLED));
        /* z is some 30 MB, which each rank gets a copy of */
        if (!CHECK(lateness <= 0.1)) printf("  learning, %g: %g late\n", limit, lateness);
        int64_t bad = 0;
        for (int64_t k = 0; k < n_z; k++) bad += !isfinite(z[k]);
        for (int64_t k = 0; k < K * L * L; k++) bad += !isfinite(found[k]);
        CHECK(bad == 0);
        double first[2] = {found[0], found[K * L * L - 1]};
        MPI_Bcast(first, 2, MPI_DOUBLE, 0, MPI_COMM_WORLD);
        CHECK(first[0] == found[0] && first[1] == found[K * L * L - 1]);
        dicod_options_free(&options);
    }
    free(z);
    free(found);
}

/* a limit of one rank only is a mistake, also one that is over before anything is compared */
static void limit_of_one_rank(const setting *s)
{
    static double z[K * (N - L + 1) * (N - L + 1)];
    static const double limits[] = {1e-9, 1e-3, 0.1};
    const int64_t signal[2] = {N, N}, atom[2] = {L, L};
    for (int i = 0; i < 3 && n_ranks > 1; i++) {
        dicod_options *options = options_with("time_limit", rank == n_ranks - 1 ? limits[i] : INFINITY);
        dicod_status status;
        z[0] = 7;
        FAILS(DICOD_ERROR_INVALID_ARGUMENT, "option \"time_limit\" must be the same on every rank",
              status = dicod_solve(s->context, options, PROBLEM(2, signal, 1, 1, K, atom), x, d, z, NULL));
        same_everywhere(status);
        CHECK(z[0] == 7);
        dicod_options_free(&options);
    }
}

int main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &n_ranks);
    for (int64_t i = 0; i < N * N; i++) x[i] = noise(i);
    for (int64_t i = 0; i < K * L * L; i++) d[i] = noise(-1 - i);
    setting s = {NULL, {0}, 0};
    OK(dicod_context_create_mpi(MPI_COMM_WORLD, 1, &s.context));
    const int64_t global[2] = {N, N};
    int64_t offset[2], shape[2];
    double scale = 1;
    spread(SLABS, rank, n_ranks, 2, global, offset, shape);
    hold(&s.mine, 2, global, offset, shape, 1, 0, 0);
    each(&s.mine, set_noise, &scale);
    limits(&s, argc > 1 && strcmp(argv[1], "all") == 0);
    one_rank_cancels(&s);
    one_callback_says_no(&s);
    learning(&s);
    limit_of_one_rank(&s);
    printf("rank %d: %.1f ms late at most\n", rank, 1e3 * s.worst);
    drop(&s.mine);
    OK(dicod_context_free(&s.context));
    const int failed = report("clock");
    MPI_Finalize();
    return failed;
}
