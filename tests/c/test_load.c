/* A host that loads the library as a plug-in, again and again: test_load LIBRARY [ROUNDS]. In each round a thread of the
 * host's opens it, solves with threads, closes it and ends. Then what is left of that thread has to come to its end, too. */
#define _GNU_SOURCE
#include "check.h"
#include <dirent.h>
#include <dlfcn.h>
#include <pthread.h>
#include <unistd.h>

enum { T = 300, L = 12, K = 4, NZ = K * (T - L + 1) };

static const char *library;
static double x[T], d[K * L], first[NZ], z[NZ];

/* The function `name` of an open library: C does not turn one kind of pointer into the other. */
#define FIND(name) \
    __typeof__(&name) name##_ = NULL; \
    *(void **)&name##_ = dlsym(handle, #name); \
    CHECK(name##_ != NULL)

static void open_solve_close(int with_context)
{
    void *handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);
    if (!CHECK(handle != NULL)) {
        printf("  %s\n", dlerror());
        exit(EXIT_FAILURE);
    }
    FIND(dicod_context_create);
    FIND(dicod_context_free);
    FIND(dicod_solve);
    FIND(dicod_options_create);
    FIND(dicod_options_set_integers);
    FIND(dicod_options_free);
    const dicod_problem problem = DICOD_PROBLEM_1D(T, K, L);
    const int64_t tile = 40;
    dicod_context *context = NULL;
    dicod_options *options = NULL;
    if (with_context) CHECK(dicod_context_create_(3, &context) == DICOD_OK);
    CHECK(dicod_options_create_(&options) == DICOD_OK);
    CHECK(dicod_options_set_integers_(options, "tile_shape", 1, &tile) == DICOD_OK);
    CHECK(dicod_solve_(context, options, &problem, x, d, z, NULL) == DICOD_OK);
    dicod_options_free_(&options);
    dicod_context_free_(&context);
    CHECK(dlclose(handle) == 0);
}

static void *host(void *round)
{
    open_solve_close(*(int *)round % 4 != 3);
    return NULL;
}

static int entries(const char *folder)
{
    int n = 0;
    DIR *list = opendir(folder);
    while (readdir(list)) n++;
    closedir(list);
    return n;
}

typedef struct {
    long pages;
    int mappings, files;
} state;

static state now(void)
{
    state s = {0, 0, 0};
    FILE *file = fopen("/proc/self/statm", "r");
    CHECK(fscanf(file, "%*d %ld", &s.pages) == 1);
    fclose(file);
    file = fopen("/proc/self/maps", "r");
    for (int c; (c = fgetc(file)) != EOF;) s.mappings += c == '\n';
    fclose(file);
    s.files = entries("/proc/self/fd");
    return s;
}

int main(int n, char **arguments)
{
    if (n < 2) return EXIT_FAILURE;
    library = arguments[1];
    const int rounds = n > 2 ? atoi(arguments[2]) : 1000;
    for (int i = 0; i < T; i++) x[i] = i * 7919 % 101 - 50;
    for (int i = 0; i < K * L; i++) d[i] = i * 31 % 17 - 8;
    state begin = {0, 0, 0};
    for (int round = 0; round < rounds; round++) {
        pthread_t thread;
        CHECK(pthread_create(&thread, NULL, host, &round) == 0);
        CHECK(pthread_join(thread, NULL) == 0);
        if (round == 0) memcpy(first, z, sizeof z);
        CHECK(memcmp(first, z, sizeof z) == 0);
        if (round == rounds / 5) begin = now();
    }
    /* The main thread, too, which nothing of the kind happens to. */
    open_solve_close(1);
    const state end = now();
    printf("%d rounds: %ld pages, %d mappings, %d files more\n", rounds, end.pages - begin.pages, end.mappings - begin.mappings,
           end.files - begin.files);
    if (rounds >= 1000) {
        CHECK(end.pages - begin.pages < 256);
        CHECK(end.mappings - begin.mappings < 8);
        CHECK(end.files == begin.files);
    }
    return report("load");
}
