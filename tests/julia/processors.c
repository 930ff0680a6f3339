/* Preloaded, says that there are four processors: Julia 1.5 starts no more threads than there are. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <unistd.h>

long sysconf(int name)
{
    static long (*next)(int);
    if (!next) *(void **)&next = dlsym(RTLD_NEXT, "sysconf");
    return name == _SC_NPROCESSORS_ONLN ? 4 : next(name);
}
