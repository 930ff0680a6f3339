/* Ranks without MPI: threads of this program, connected by a transport of its own (thread_ranks.c), solve one problem together, and
 * find the same z as one alone, bit for bit.
 *
 *   transport_threads [MOST_RANKS]
 */
#include "support.h"
#include "thread_ranks.h"

#include <dicod.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SIDE = 160, K = 3, ATOM = 8, VALID = SIDE - ATOM + 1 };

/* What all ranks are told. */
static double x[SIDE][SIDE], d[K][ATOM][ATOM];

typedef struct {
    hub *hub;
    int32_t rank;
    dicod_info info;
    double *z;
} rank_of;

static double uniform(void)
{
    static uint64_t state = 5;
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (double)(state >> 11) * 0x1p-53;
}

/* Three textures, at random places and heights. */
static void make_problem(void)
{
    for (int k = 0; k < K; k++)
        for (int i = 0; i < ATOM; i++)
            for (int j = 0; j < ATOM; j++) d[k][i][j] = (k == 0 ? i - 3.5 : k == 1 ? j - 3.5 : (i + j) % 2 - 0.5) / 18;
    for (int n = 0; n < 400; n++) {
        const int k = (int)(uniform() * K), row = (int)(uniform() * VALID), column = (int)(uniform() * VALID);
        const double height = 2 * uniform() - 1;
        for (int i = 0; i < ATOM; i++)
            for (int j = 0; j < ATOM; j++) x[row + i][column + j] += height * d[k][i][j];
    }
}

static void solve(dicod_context *context, rank_of *me)
{
    const dicod_problem problem = DICOD_PROBLEM_2D(SIDE, SIDE, K, ATOM, ATOM);
    dicod_options *options = NULL;
    DICOD_CHECK(dicod_options_create(&options));
    DICOD_CHECK(dicod_options_parse(options, "reg=0.1 tol=1e-3"));
    me->info = (dicod_info)DICOD_INFO_INIT;
    DICOD_CHECK(dicod_solve(context, options, &problem, &x[0][0], &d[0][0][0], me->z, &me->info));
    DICOD_CHECK(dicod_options_free(&options));
}

static void *run(void *of)
{
    rank_of *me = of;
    dicod_transport transport;
    dicod_context *context = NULL;
    if (hub_connect(me->hub, me->rank, &transport) != 0) fail("no memory");
    DICOD_CHECK(dicod_context_create_on(&transport, 1, &context));
    solve(context, me);
    DICOD_CHECK(dicod_context_free(&context));
    return NULL;
}

int main(int argc, char **argv)
{
    const int most = argc > 1 ? atoi(argv[1]) : 4;
    const size_t bytes = sizeof(double) * K * VALID * VALID;
    if (most < 1 || most > 64) fail("%s ranks: from 1 to 64", argv[1]);
    make_problem();
    rank_of alone = {.z = malloc(bytes)};
    if (!alone.z) fail("no memory");
    solve(NULL, &alone);
    printf("%d x %d, %d atoms: %lld steps, %lld z that are not zero\n\n  ranks   steps       gap   seconds\n", SIDE, SIDE, K,
           (long long)alone.info.steps, (long long)alone.info.nonzeros);
    for (int n = 1; n <= most; n *= 2) {
        rank_of ranks[64];
        pthread_t threads[64];
        hub *shared = hub_create(n);
        if (!shared) fail("no memory");
        for (int i = 0; i < n; i++) {
            ranks[i] = (rank_of){.hub = shared, .rank = i, .z = malloc(bytes)};
            if (!ranks[i].z || pthread_create(&threads[i], NULL, run, &ranks[i]) != 0) fail("no thread for rank %d", i);
        }
        for (int i = 0; i < n; i++) pthread_join(threads[i], NULL);
        for (int i = 0; i < n; i++) {
            if (memcmp(ranks[i].z, alone.z, bytes) != 0) fail("rank %d of %d has found another z", i, n);
            free(ranks[i].z);
        }
        printf("%7d %7lld %9.2g %9.3f\n", n, (long long)ranks[0].info.steps, ranks[0].info.duality_gap, ranks[0].info.seconds);
    }
    printf("\nthe same z, bit for bit, on every rank of each\n");
    free(alone.z);
    return 0;
}
