/* Put before a test (-include): every call of the library is made by a host whose floating-point environment is not the
 * default one, and is that host's again afterwards. Callbacks that call the library are seen to run in it. Which one the
 * environment says: DICOD_TEST_HOST = traps, or all: traps, rounding upward, flush to zero. AS_HOST_CALLS is a generated
 * file with a macro for each function. */
#ifndef AS_HOST_H
#define AS_HOST_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dicod.h>
#include <fenv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef __SSE2__
#include <xmmintrin.h>
#endif

typedef struct {
    int rounding, traps, flags;
    unsigned flushes;
} host_state;

static inline host_state host_now(void)
{
    host_state now = {fegetround(), fegetexcept(), fetestexcept(FE_ALL_EXCEPT), 0};
#ifdef __SSE2__
    now.flushes = _mm_getcsr() & 0x8040;
#endif
    return now;
}

static _Thread_local int host_depth;
static host_state host_wanted;

static inline void host_differs(const char *when, const char *call, host_state a, host_state b)
{
    fesetenv(FE_DFL_ENV);
    printf("%s %s: rounding %d, traps %x, flags %x, flushes %x instead of %d, %x, %x, %x\n", when, call, a.rounding, a.traps, a.flags,
           a.flushes, b.rounding, b.traps, b.flags, b.flushes);
    exit(EXIT_FAILURE);
}

/* Begins a call: the environment before it. */
static inline fenv_t host_begins(const char *call)
{
    static const char *mode;
    static _Thread_local int is_main;
    fenv_t before;
    if (!mode) {
        const char *given = getenv("DICOD_TEST_HOST");
        mode = given ? given : "all";
        is_main = 1;
    }
    fegetenv(&before);
    if (host_depth++ > 0 || !is_main) {
        host_state now = host_now();
        if (memcmp(&now, &host_wanted, sizeof now) != 0) host_differs("callback that calls", call, now, host_wanted);
        return before;
    }
    /* What callbacks raise is raised before, and traps where they exist. */
    feraiseexcept(FE_INEXACT | FE_UNDERFLOW);
#ifdef __SSE2__
    _mm_setcsr(_mm_getcsr() | 2); /* a subnormal number was met */
    if (strcmp(mode, "all") == 0) _mm_setcsr(_mm_getcsr() | 0x8040);
#endif
    if (strcmp(mode, "all") == 0) fesetround(FE_UPWARD);
    feclearexcept(FE_INVALID | FE_DIVBYZERO | FE_OVERFLOW);
    feenableexcept(FE_INVALID | FE_DIVBYZERO | FE_OVERFLOW);
    host_wanted = host_now();
    return before;
}

static inline void host_ends(const fenv_t *before, const char *call)
{
    host_state now = host_now();
    if (memcmp(&now, &host_wanted, sizeof now) != 0) host_differs("after", call, now, host_wanted);
    if (--host_depth == 0) fesetenv(before);
}

#define HOST_CALL(call) \
    __extension__({ \
        const fenv_t before_ = host_begins(#call); \
        __typeof__(call) result_ = (call); \
        host_ends(&before_, #call); \
        result_; \
    })
#define HOST_CALL_VOID(call) \
    __extension__({ \
        const fenv_t before_ = host_begins(#call); \
        call; \
        host_ends(&before_, #call); \
    })

#include AS_HOST_CALLS

#endif
