/* Restores a photograph from several blurred and noisy views: each blur is an operator, parmap_operators_* make one of
 * them, and conjugate gradients solve the normal equations (A*A + damping) x = A*y.
 *
 *   parmap_deblur IMAGE.pgm OUTPUT_DIRECTORY
 */
#include "picture.h"
#include "support.h"

#include <dicod.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { VIEWS = 4, TAPS = 169, ITERATIONS = 40 };
static const double NOISE = 0.01, DAMPING = 1e-2;

/* A blur: moves and weights, with the picture continued periodically. */
typedef struct {
    const char *name;
    int width, height, count;
    int dx[TAPS], dy[TAPS];
    double weight[TAPS];
} blur;

/* y(p) = sum of weight * x(p + move), or with sign -1 its adjoint, the moves the other way. */
static void apply(const blur *b, int sign, const double *x, double *y)
{
    int w = b->width, h = b->height;
    memset(y, 0, (size_t)w * (size_t)h * sizeof *y);
    for (int k = 0; k < b->count; k++)
        for (int v = 0; v < h; v++) {
            const double *from = x + (size_t)((v + sign * b->dy[k] + h) % h) * (size_t)w;
            double *to = y + (size_t)v * (size_t)w;
            int shift = (sign * b->dx[k] + w) % w;
            for (int u = 0; u < w - shift; u++) to[u] += b->weight[k] * from[u + shift];
            for (int u = w - shift; u < w; u++) to[u] += b->weight[k] * from[u + shift - w];
        }
}

static int32_t forward(void *state, const double *x, double *y)
{
    apply(state, 1, x, y);
    return 0;
}

static int32_t adjoint(void *state, const double *y, double *x)
{
    apply(state, -1, y, x);
    return 0;
}

static void make_blurs(blur *blurs, int width, int height)
{
    const char *names[VIEWS] = {"moved across", "moved down", "moved aslant", "out of focus"};
    for (int v = 0; v < VIEWS; v++) {
        blur *b = &blurs[v];
        *b = (blur){names[v], width, height, 0, {0}, {0}, {0}};
        for (int i = -6; i <= 6; i++)
            for (int j = -6; j <= 6; j++) {
                int in = v == 0 ? j == 0 : v == 1 ? i == 0 : v == 2 ? i == j : i * i + j * j <= 20;
                if (in) b->dx[b->count] = i, b->dy[b->count++] = j;
            }
        for (int k = 0; k < b->count; k++) b->weight[k] = 1.0 / b->count;
    }
}

static double random_number(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return (double)((z ^ (z >> 31)) >> 11) / 9007199254740992.0;
}

/* Normally distributed. */
static double noise(uint64_t *state)
{
    double radius = sqrt(-2 * log(1 - random_number(state)));
    return radius * cos(6.283185307179586 * random_number(state));
}

static double dot(const double *a, const double *b, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += a[i] * b[i];
    return sum;
}

/* On the second call: the seconds since the first, in seconds[1]. */
static void clock_seconds(double *seconds)
{
    struct timespec now;
    timespec_get(&now, TIME_UTC);
    double t = (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
    if (seconds[0] == 0) seconds[0] = t;
    else seconds[1] = t - seconds[0];
}

/* Decibel. */
static double quality(const double *x, const double *truth, size_t n)
{
    double square = 0;
    for (size_t i = 0; i < n; i++) square += pow(x[i] - truth[i], 2) / (double)n;
    return -10 * log10(square);
}

/* Restores the picture; the residual of each step goes to `residuals`, the difference of the adjoint test to `mismatch`. */
static void restore(blur *blurs, int threads, const double *y, size_t n, double *x, double *residuals, double *mismatch, double *seconds)
{
    dicod_context *context = NULL;
    dicod_parmap *map = NULL;
    parmap_operators *all = NULL;
    parmap_operator parts[VIEWS];
    for (int v = 0; v < VIEWS; v++) {
        parts[v] = (parmap_operator)PARMAP_OPERATOR_INIT;
        parts[v].state = &blurs[v];
        parts[v].in_size = parts[v].out_size = (int64_t)n;
        parts[v].eval = forward;
        parts[v].adjoint = adjoint;
    }
    CHECK(dicod_context_create(threads, &context));
    CHECK(parmap_create(context, &map));
    CHECK(parmap_operators_create_vector(VIEWS, parts, &all));

    double *ap = allocate(VIEWS * n, sizeof *ap), *normal = allocate(n, sizeof *normal), *r = allocate(n, sizeof *r),
           *p = allocate(n, sizeof *p);
    uint64_t state = 3;
    for (size_t i = 0; i < n; i++) p[i] = random_number(&state) - 0.5;
    CHECK(parmap_operators_eval(all, map, p, ap));
    CHECK(parmap_operators_adjoint(all, map, y, r));
    double left = dot(ap, y, VIEWS * n), right = dot(p, r, n);
    *mismatch = fabs(left - right) / fmax(fabs(left), fabs(right));

    /* r = A*y at the start, x = 0 */
    clock_seconds(seconds);
    memset(x, 0, n * sizeof *x);
    memcpy(p, r, n * sizeof *p);
    double square = dot(r, r, n), first = square;
    for (int step = 0; step < ITERATIONS; step++) {
        CHECK(parmap_operators_eval(all, map, p, ap));
        CHECK(parmap_operators_adjoint(all, map, ap, normal));
        for (size_t i = 0; i < n; i++) normal[i] += DAMPING * p[i];
        double length = square / dot(p, normal, n), before = square;
        for (size_t i = 0; i < n; i++) x[i] += length * p[i], r[i] -= length * normal[i];
        square = dot(r, r, n);
        for (size_t i = 0; i < n; i++) p[i] = r[i] + square / before * p[i];
        residuals[step] = sqrt(square / first);
    }
    clock_seconds(seconds);
    free(ap), free(normal), free(r), free(p);
    parmap_operators_free(&all);
    parmap_free(&map);
    CHECK(dicod_context_free(&context));
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: %s IMAGE.pgm OUTPUT_DIRECTORY\n", argv[0]);
        return EXIT_FAILURE;
    }
    size_t size;
    unsigned char *bytes = read_file(argv[1], &size);
    int width = 0, height = 0, white = 0, at = 0;
    char head[64] = "";
    memcpy(head, bytes, size < 63 ? size : 63);
    if (sscanf(head, "P5 %d %d %d%n", &width, &height, &white, &at) != 3 || width < 32 || height < 32 || white != 255 ||
        size < (size_t)at + 1 + (size_t)width * (size_t)height)
        fail("%s is not a binary PGM file of at least 32 x 32 pixels with 255 shades, without comments", argv[1]);
    size_t n = (size_t)width * (size_t)height;
    double *truth = allocate(n, sizeof *truth), *y = allocate(VIEWS * n, sizeof *y), *x = allocate(n, sizeof *x),
           *again = allocate(n, sizeof *again);
    for (size_t i = 0; i < n; i++) truth[i] = bytes[(size_t)at + 1 + i] / 255.0;
    free(bytes);

    blur *blurs = allocate(VIEWS, sizeof *blurs);
    make_blurs(blurs, width, height);
    uint64_t state = 1;
    for (int v = 0; v < VIEWS; v++) apply(&blurs[v], 1, truth, y + (size_t)v * n);
    for (size_t i = 0; i < VIEWS * n; i++) y[i] += NOISE * noise(&state);

    double residuals[ITERATIONS], mismatch, one[2] = {0, 0}, all[2] = {0, 0};
    restore(blurs, 1, y, n, again, residuals, &mismatch, one);
    restore(blurs, -1, y, n, x, residuals, &mismatch, all);

    printf("adjoint test: |<Ax, y> - <x, A*y>| / |<Ax, y>| = %.1e\n", mismatch);
    printf("conjugate gradients, residual after");
    for (int step = 0; step < ITERATIONS; step += 10) printf("  %d: %.1e", step + 1, residuals[step]);
    printf("  %d: %.1e\n\n%-16s %12s\n", ITERATIONS, residuals[ITERATIONS - 1], "", "quality");
    for (int v = 0; v < VIEWS; v++) printf("%-16s %9.2f dB\n", blurs[v].name, quality(y + (size_t)v * n, truth, n));
    printf("%-16s %9.2f dB\n\n", "restored", quality(x, truth, n));
    printf("one thread %.2f s, all cores %.2f s, same bits: %s\n", one[1], all[1], memcmp(x, again, n * sizeof *x) ? "NO" : "yes");

    picture parts[VIEWS + 2];
    for (int v = 0; v < VIEWS; v++) parts[v] = picture_of_values(y + (size_t)v * n, width, height, 0, 1);
    parts[VIEWS] = picture_of_values(x, width, height, 0, 1);
    parts[VIEWS + 1] = picture_of_values(truth, width, height, 0, 1);
    picture mosaic = picture_mosaic(parts, VIEWS + 2, 3, 8, grey(1));
    char *path = join_path(argv[2], "parmap_deblur.png");
    picture_write(&mosaic, path);
    printf("picture: %s (four views, restored, original)\n", path);
    for (int v = 0; v < VIEWS + 2; v++) picture_free(&parts[v]);
    picture_free(&mosaic);
    free(path), free(blurs), free(truth), free(y), free(x), free(again);
    return EXIT_SUCCESS;
}
