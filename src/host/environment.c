/* What a thread has that belongs to its program: the floating-point environment (rounding, flush to zero, traps, flags)
 * and errno. Rust cannot do this: it takes the default environment for granted. */

#include <errno.h>
#include <fenv.h>
#include <stdint.h>

#if defined(__x86_64__)
#include <xmmintrin.h>
#define X86 1
#else
#define X86 0
#endif

/* src/host/mod.rs has the same. */
typedef struct {
    uint64_t floats[8];
    uint32_t sse;
    int32_t odd;
    int32_t error;
    int32_t unused;
} dicod_environment;

_Static_assert(sizeof(fenv_t) <= sizeof(uint64_t[8]), "fenv_t is larger than its room");

#define FLOATS(environment) ((fenv_t *)(void *)(environment)->floats)

#if X86
enum { X87_DEFAULT = 0x37f, X87_FLAGS = 0x3f, SSE_DEFAULT = 0x1f80, SSE_FLAGS = 0x3f };

/* Whether the x87 unit, which nothing here uses, is as a program finds it. */
static int is_fresh(void)
{
    uint16_t control, status;
    __asm__ volatile("fnstcw %0" : "=m"(control));
    __asm__ volatile("fnstsw %0" : "=m"(status));
    return control == X87_DEFAULT && (status & X87_FLAGS) == 0;
}
#endif

/* Keeps the environment of the thread and gives it the default one. Loading all of it takes long on x86 (each
 * parmap_cancelled() of a task does this): the x87 unit is left alone where it is fresh. */
void dicod_environment_enter(dicod_environment *kept)
{
    kept->error = errno;
#if X86
    kept->sse = _mm_getcsr();
    kept->odd = !is_fresh();
    if (kept->odd) {
        fegetenv(FLOATS(kept));
        fesetenv(FE_DFL_ENV);
    }
    _mm_setcsr(SSE_DEFAULT);
#else
    fegetenv(FLOATS(kept));
    fesetenv(FE_DFL_ENV);
#endif
}

/* Gives the thread what was kept, flags too. */
void dicod_environment_leave(const dicod_environment *kept)
{
#if X86
    if (kept->odd)
        fesetenv(FLOATS(kept));
    else if (!is_fresh())
        fesetenv(FE_DFL_ENV);
    _mm_setcsr(kept->sse);
#else
    fesetenv(FLOATS(kept));
#endif
    errno = kept->error;
}

/* Adds the flags of one environment to another. The thread is in the default one. */
void dicod_environment_add_flags(dicod_environment *to, const dicod_environment *from)
{
    dicod_environment unused;
    dicod_environment_leave(from);
#if X86
    to->sse |= (uint32_t)fetestexcept(FE_ALL_EXCEPT) & SSE_FLAGS;
#else
    /* Not raised: `to` may trap. */
    const int raised = fetestexcept(FE_ALL_EXCEPT);
    fexcept_t flags;
    fegetexceptflag(&flags, raised);
    fesetenv(FLOATS(to));
    fesetexceptflag(&flags, raised);
    fegetenv(FLOATS(to));
#endif
    dicod_environment_enter(&unused);
}
