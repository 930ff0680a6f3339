/* Solves by matrix products, with as many threads as the argument says, and prints a hash of the result: for blas.sh. Fails
 * if threads are started beside those that were asked for, or what OpenMP will do has changed. */
#define _GNU_SOURCE
#include <dicod.h>
#include <dlfcn.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static atomic_int started;

/* In front of the system's. */
int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *argument)
{
    int (*next)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
    *(void **)&next = dlsym(RTLD_NEXT, "pthread_create");
    started++;
    return next(thread, attributes, run, argument);
}

static int ask(const char *name)
{
    int (*get)(void);
    *(void **)&get = dlsym(RTLD_DEFAULT, name);
    return get ? get() : -1;
}

int main(int argc, char **argv)
{
    static const char *const settings[] = {"omp_get_max_threads", "omp_get_max_active_levels", "openblas_get_num_threads"};
    enum { N = 96, L = 12, K = 25, V = N - L + 1, SETTINGS = 3 };
    static double x[N * N], d[K * L * L], z[K * V * V];
    const dicod_problem problem = DICOD_PROBLEM_2D(N, N, K, L, L);
    const int n_threads = argc > 1 ? atoi(argv[1]) : 1;
    uint64_t random = 1, hash = 1469598103934665603u;
    int before[SETTINGS];
    dicod_options *options = NULL;
    dicod_context *context = NULL;
    for (int i = 0; i < N * N; i++) {
        random = random * 6364136223846793005u + 1442695040888963407u;
        x[i] = (double)(random >> 33) / 1073741824.0 - 1;
    }
    for (int i = 0; i < K * L * L; i++) d[i] = x[(i * 7) % (N * N)];
    dicod_options_create(&options);
    dicod_options_set_string(options, "correlation", "gemm");
    dicod_options_set_real(options, "reg", 0.5);
    dicod_options_set_real(options, "tol", 1e-6);
    dicod_context_create(n_threads, &context);
    for (int i = 0; i < SETTINGS; i++) before[i] = ask(settings[i]);
    started = 0;
    dicod_status status = dicod_solve(context, options, &problem, x, d, z, NULL);
    int failed = status != DICOD_OK;
    for (size_t i = 0; i < sizeof z; i++) hash = (hash ^ ((unsigned char *)z)[i]) * 1099511628211u;
    if (started != n_threads - 1) failed = 1, fprintf(stderr, "%d threads were started, for %d\n", started, n_threads);
    for (int i = 0; i < SETTINGS; i++) {
        int after = ask(settings[i]);
        if (after != before[i]) failed = 1, fprintf(stderr, "%s: %d, before %d\n", settings[i], after, before[i]);
    }
    printf("%016" PRIx64 "\n", hash);
    dicod_context_free(&context);
    dicod_options_free(&options);
    return failed;
}
