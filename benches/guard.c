/* What the boundary costs a call: its floating-point environment is kept, the default one set, and the other way round at the
 * end; panics are caught. A function that does nothing else, beside one that is not guarded. */
#define _POSIX_C_SOURCE 200809L
#include <dicod.h>
#include <fenv.h>
#include <stdio.h>
#include <time.h>

enum { CALLS = 2000000, ROUNDS = 5 };

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* nanoseconds per call, the best of some rounds */
static double guarded(const dicod_context *context)
{
    double best = 1e9;
    for (int round = 0; round < ROUNDS; round++) {
        const double start = seconds();
        for (int i = 0; i < CALLS; i++) dicod_context_get_ranks(context, NULL, NULL);
        const double each = (seconds() - start) / CALLS;
        if (each < best) best = each;
    }
    return 1e9 * best;
}

static double plain(void)
{
    double best = 1e9;
    for (int round = 0; round < ROUNDS; round++) {
        const double start = seconds();
        for (int i = 0; i < CALLS; i++) dicod_strerror(i % 2);
        const double each = (seconds() - start) / CALLS;
        if (each < best) best = each;
    }
    return 1e9 * best;
}

int main(void)
{
    dicod_context *context = NULL;
    dicod_context_create(1, &context);
    printf("| call | ns |\n| --- | --: |\n");
    printf("| not guarded | %.1f |\n| guarded (to be below 200) | %.1f |\n", plain(), guarded(context));
    fesetround(FE_UPWARD); /* in SSE and x87: all of the environment is kept and loaded */
    printf("| guarded, from a program with an environment of its own | %.1f |\n", guarded(context));
    fesetenv(FE_DFL_ENV);
    return dicod_context_free(&context) != DICOD_OK;
}
