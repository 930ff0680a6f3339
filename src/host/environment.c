/* What a thread has that belongs to its program: the floating-point environment (rounding, flush to zero, traps, flags)
 * and errno. Rust cannot do this: it takes the default environment for granted. */

#include <errno.h>
#include <fenv.h>
#include <stdint.h>

/* src/host/mod.rs has the same. */
typedef struct {
#if defined(__x86_64__)
    uint32_t sse;
    uint16_t control, status;
#else
    uint64_t floats[8];
#endif
    int32_t error;
    int32_t unused;
} dicod_environment;

/* Keeps the environment of the thread and gives it the default one. */
void dicod_environment_enter(dicod_environment *kept);
/* Gives the thread what was kept, flags too. */
void dicod_environment_leave(const dicod_environment *kept);
/* Adds the flags of one environment to another. The thread is in the default one, and again at the end. */
void dicod_environment_add_flags(dicod_environment *to, const dicod_environment *from);

#if defined(__x86_64__)
#include <xmmintrin.h>

/* fegetenv() and fesetenv() would do, but take half a microsecond: they load all of the x87 unit, which nothing here uses. */
enum { X87_DEFAULT = 0x37f, SSE_DEFAULT = 0x1f80, FLAGS = 0x3f };

static uint16_t x87_control(void)
{
    uint16_t control;
    __asm__ volatile("fnstcw %0" : "=m"(control));
    return control;
}

static uint16_t x87_status(void)
{
    uint16_t status;
    __asm__ volatile("fnstsw %0" : "=m"(status));
    return status;
}

static void set_x87_control(uint16_t control)
{
    if (x87_control() != control) __asm__ volatile("fldcw %0" : : "m"(control));
}

void dicod_environment_enter(dicod_environment *kept)
{
    kept->error = errno;
    kept->sse = _mm_getcsr();
    kept->control = x87_control();
    kept->status = x87_status();
    _mm_setcsr(SSE_DEFAULT);
    set_x87_control(X87_DEFAULT);
}

void dicod_environment_leave(const dicod_environment *kept)
{
    if ((x87_status() ^ kept->status) & FLAGS) {
        uint32_t all[7];
        __asm__ volatile("fnstenv %0" : "=m"(all));
        all[1] = (all[1] & ~(uint32_t)FLAGS) | (kept->status & FLAGS);
        __asm__ volatile("fldenv %0" : : "m"(all));
    }
    /* Last: flags may be up whose traps come on. */
    set_x87_control(kept->control);
    _mm_setcsr(kept->sse);
    errno = kept->error;
}

void dicod_environment_add_flags(dicod_environment *to, const dicod_environment *from)
{
    to->sse |= (from->sse | from->status) & FLAGS;
}

#else

_Static_assert(sizeof(fenv_t) <= sizeof(uint64_t[8]), "fenv_t is larger than its room");

void dicod_environment_enter(dicod_environment *kept)
{
    kept->error = errno;
    fegetenv((fenv_t *)(void *)kept->floats);
    fesetenv(FE_DFL_ENV);
}

void dicod_environment_leave(const dicod_environment *kept)
{
    fesetenv((const fenv_t *)(const void *)kept->floats);
    errno = kept->error;
}

void dicod_environment_add_flags(dicod_environment *to, const dicod_environment *from)
{
    dicod_environment unused;
    fexcept_t flags;
    int raised;
    dicod_environment_leave(from);
    raised = fetestexcept(FE_ALL_EXCEPT);
    fegetexceptflag(&flags, raised);
    /* Set, not raised: `to` may trap. */
    dicod_environment_leave(to);
    fesetexceptflag(&flags, raised);
    dicod_environment_enter(to);
    dicod_environment_enter(&unused);
}

#endif
