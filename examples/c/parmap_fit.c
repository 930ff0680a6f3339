/* Fits by many starts of a local solver: parmap_ensemble_round() runs the caller's own Nelder-Mead from random points,
 * on all cores, and the best one wins. First Rosenbrock's valley, then the shape of a heartbeat as a sum of bumps,
 * which from most starts ends in a local minimum.
 *
 *   parmap_fit SIGNAL.npy OUTPUT_DIRECTORY [STARTS]
 */
#include "ecg.h"
#include "picture.h"
#include "support.h"

#include <dicod.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    WIDTH = BEAT,
    PEAK = 100, /* where the highest sample of a beat is */
    BUMPS = 5,  /* P, Q, R, S and T wave */
    MOST = 3 * BUMPS + 1,
    ROUND = 2000 /* evaluations of each start in one round */
};

typedef double function(const double *x, int n, const void *data);

typedef struct {
    function *f;
    const void *data;
    const double *lower, *upper;
} problem;

/* Nelder-Mead ---------------------------------------------------------------------------------------------------- */

typedef struct {
    double x[MOST], value;
} vertex;

static int by_value(const void *a, const void *b)
{
    double x = ((const vertex *)a)->value, y = ((const vertex *)b)->value;
    return (x > y) - (x < y);
}

/* The point at `t` on the line from `from` (0) to `to` (1). */
static vertex along(const problem *p, const double *from, const double *to, double t, int n, parmap_member *member)
{
    vertex v;
    for (int i = 0; i < n; i++) v.x[i] = from[i] + t * (to[i] - from[i]);
    v.value = p->f(v.x, n, p->data);
    member->evaluations++;
    return v;
}

/* One start: walks downhill until the simplex is small or the evaluations are used up; the next round begins with a
 * fresh, smaller simplex at the best point. */
static int32_t nelder_mead(void *userdata, const parmap_task *task, parmap_member *member)
{
    const problem *p = userdata;
    int n = (int)member->n_parameters;
    int64_t last = member->evaluations + member->limit;
    double *spread = member->state; /* of the first simplex, part of the box */
    if (member->limit < 2 * n + 4) return 0;
    if (*spread == 0) *spread = 0.1;

    vertex simplex[MOST + 1];
    for (int k = 0; k <= n; k++) {
        simplex[k] = along(p, member->x, member->x, 0, n, member);
        if (k == 0) continue;
        simplex[k].x[k - 1] += *spread * (p->upper[k - 1] - p->lower[k - 1]);
        simplex[k].value = p->f(simplex[k].x, n, p->data);
    }
    while (member->evaluations + n + 2 <= last && !parmap_cancelled(task)) {
        qsort(simplex, (size_t)n + 1, sizeof *simplex, by_value);
        vertex *worst = &simplex[n], best = simplex[0];
        if (worst->value - best.value <= 1e-12 * (fabs(best.value) + 1e-12)) {
            member->converged = *spread < 1e-3;
            break;
        }
        double centre[MOST] = {0};
        for (int k = 0; k < n; k++)
            for (int i = 0; i < n; i++) centre[i] += simplex[k].x[i] / n;
        vertex reflected = along(p, centre, worst->x, -1, n, member);
        if (reflected.value < best.value) {
            vertex expanded = along(p, centre, worst->x, -2, n, member);
            *worst = expanded.value < reflected.value ? expanded : reflected;
        } else if (reflected.value < simplex[n - 1].value) {
            *worst = reflected;
        } else {
            int outside = reflected.value < worst->value;
            vertex contracted = along(p, centre, worst->x, outside ? -0.5 : 0.5, n, member);
            if (contracted.value < (outside ? reflected.value : worst->value)) {
                *worst = contracted;
            } else {
                for (int k = 1; k <= n; k++) simplex[k] = along(p, best.x, simplex[k].x, 0.5, n, member);
            }
        }
    }
    qsort(simplex, (size_t)n + 1, sizeof *simplex, by_value);
    memcpy(member->x, simplex[0].x, (size_t)n * sizeof(double));
    member->value = simplex[0].value;
    *spread /= 5;
    return 0;
}

/* What is fitted ------------------------------------------------------------------------------------------------- */

static double rosenbrock(const double *x, int n, const void *data)
{
    double sum = 0;
    (void)data;
    for (int i = 0; i + 1 < n; i++) sum += 100 * pow(x[i + 1] - x[i] * x[i], 2) + pow(1 - x[i], 2);
    return sum;
}

/* Sum of bumps: height, place and width of each; and a level. Seconds from the peak, millivolt. */
static double wave(const double *x, double t)
{
    double sum = x[3 * BUMPS];
    for (int b = 0; b < BUMPS; b++) {
        double u = (t - x[3 * b + 1]) / (fabs(x[3 * b + 2]) + 1e-3);
        sum += x[3 * b] * exp(-u * u / 2);
    }
    return sum;
}

static double time_of(int sample)
{
    return (double)(sample - PEAK) / RATE;
}

/* Mean square of what is left of a beat; places outside of it cost. */
static double misfit(const double *x, int n, const void *data)
{
    const double *beat = data;
    double sum = 0;
    (void)n;
    for (int i = 0; i < WIDTH; i++) sum += pow(beat[i] - wave(x, time_of(i)), 2);
    for (int b = 0; b < BUMPS; b++) sum += pow(fmax(fabs(x[3 * b + 1]) - 0.45, 0), 2) * 1e3;
    return sum / WIDTH;
}

/* The mean beat of the first minute: windows around samples that are the highest far around. */
static void mean_beat(const char *path, double *beat)
{
    const int n = 60 * RATE;
    int count = 0;
    int64_t length;
    double *x = ecg_read(path, n, &length), highest = 0;
    for (int i = 0; i < n; i++) highest = fmax(highest, x[i]);
    memset(beat, 0, WIDTH * sizeof *beat);
    for (int i = RATE; i + RATE < n; i++) {
        int top = x[i] > 0.5 * highest;
        for (int j = i - RATE / 4; top && j <= i + RATE / 4; j++) top = x[j] < x[i] || j == i;
        if (!top) continue;
        for (int j = 0; j < WIDTH; j++) beat[j] += x[i - PEAK + j];
        count++;
    }
    if (count == 0) fail("%s: no beat was found", path);
    for (int j = 0; j < WIDTH; j++) beat[j] /= count;
    free(x);
}

/* ---------------------------------------------------------------------------------------------------------------- */

/* Rounds until all starts have converged: the ensemble is the caller's to free. */
static parmap_ensemble *solve(problem *p, int n, int64_t starts, int threads, int quiet, double *seconds)
{
    dicod_context *context = NULL;
    dicod_parmap *map = NULL;
    parmap_ensemble *ensemble = NULL;
    parmap_report report = PARMAP_REPORT_INIT;
    CHECK(dicod_context_create(threads, &context));
    CHECK(parmap_create(context, &map));
    char title[] = "starts";
    if (!quiet) CHECK(parmap_set_progress(map, parmap_progress_bar, title));
    CHECK(parmap_ensemble_create(n, p->lower, p->upper, starts, NULL, 1, sizeof(double), &ensemble));
    int64_t converged = 0;
    *seconds = 0;
    for (int round = 0; converged < starts && round < 100; round++) {
        CHECK(parmap_ensemble_round(ensemble, map, ROUND, -1, nelder_mead, p, &report));
        CHECK(parmap_ensemble_get_summary(ensemble, NULL, &converged, NULL, NULL));
        *seconds += report.seconds;
    }
    parmap_free(&map);
    CHECK(dicod_context_free(&context));
    return ensemble;
}

static int same(const parmap_ensemble *a, const parmap_ensemble *b, int64_t starts)
{
    for (int64_t i = 0; i < starts; i++) {
        double x[MOST] = {0}, y[MOST] = {0}, u, v;
        int64_t m, n;
        CHECK(parmap_ensemble_get_member(a, i, x, &u, &m, NULL));
        CHECK(parmap_ensemble_get_member(b, i, y, &v, &n, NULL));
        if (memcmp(x, y, sizeof x) != 0 || memcmp(&u, &v, sizeof u) != 0 || m != n) return 0;
    }
    return 1;
}

/* Solves with one thread and with all cores, prints a row; the ensemble is the caller's to free. */
static parmap_ensemble *compare(const char *name, problem *p, int n, int64_t starts)
{
    double one, all;
    parmap_ensemble *serial = solve(p, n, starts, 1, 1, &one), *found = solve(p, n, starts, -1, 0, &all);
    int64_t evaluations, best, converged, near = 0;
    double value;
    CHECK(parmap_ensemble_get_summary(found, NULL, &converged, &evaluations, &best));
    if (best < 0) fail("no start gave a number");
    CHECK(parmap_ensemble_get_member(found, best, NULL, &value, NULL, NULL));
    for (int64_t i = 0; i < starts; i++) {
        double other;
        CHECK(parmap_ensemble_get_member(found, i, NULL, &other, NULL, NULL));
        near += other <= 1.01 * value + 1e-9;
    }
    printf("%-12s %7lld %10lld %12lld %9lld %12.4g %9.2f s %7.2f s   %s\n", name, (long long)starts, (long long)converged,
           (long long)evaluations, (long long)near, value, one, all, same(serial, found, starts) ? "yes" : "NO");
    parmap_ensemble_free(&serial);
    return found;
}

static void draw(const parmap_ensemble *ensemble, const double *beat, int64_t starts, const char *path)
{
    enum { LEFT = 40, ACROSS = 3, UP = 150, HEIGHT = 520 };
    picture p = picture_create(2 * LEFT + ACROSS * WIDTH, HEIGHT, grey(1));
    double x[WIDTH], y[WIDTH], lowest = INFINITY, highest = -INFINITY, fit[MOST];
    for (int i = 0; i < WIDTH; i++) {
        lowest = fmin(lowest, beat[i]);
        highest = fmax(highest, beat[i]);
        x[i] = LEFT + ACROSS * i;
    }
    double scale = (HEIGHT - 2.0 * LEFT) / (highest - lowest);
    int64_t best;
    CHECK(parmap_ensemble_get_summary(ensemble, NULL, NULL, NULL, &best));
    for (int64_t m = 0; m <= starts; m++) {
        /* all starts in grey, the best one on top */
        CHECK(parmap_ensemble_get_member(ensemble, m < starts ? m : best, fit, NULL, NULL, NULL));
        for (int i = 0; i < WIDTH; i++) y[i] = HEIGHT - LEFT - scale * (wave(fit, time_of(i)) - lowest);
        picture_polyline(&p, x, y, WIDTH, m < starts ? 1 : 3, m < starts ? grey(0.8) : signed_colour(0.9));
    }
    for (int i = 0; i < WIDTH; i += 3) picture_dot(&p, x[i], HEIGHT - LEFT - scale * (beat[i] - lowest), 2, grey(0));
    for (int b = 0; b < BUMPS; b++) picture_marker(&p, LEFT + ACROSS * (PEAK + RATE * fit[3 * b + 1]), LEFT - 8, 9, distinct_colour(b));
    picture_write(&p, path);
    picture_free(&p);
}

int main(int argc, char **argv)
{
    if (argc < 3 || argc > 4) {
        fprintf(stderr, "usage: %s SIGNAL.npy OUTPUT_DIRECTORY [STARTS]\n", argv[0]);
        return EXIT_FAILURE;
    }
    int64_t starts = argc == 4 ? strtoll(argv[3], NULL, 10) : 48;
    if (starts < 1) fail("STARTS = %s is not allowed: it must be at least 1", argv[3]);
    double beat[WIDTH], lower[MOST], upper[MOST];
    mean_beat(argv[1], beat);
    printf("%-12s %7s %10s %12s %9s %12s %11s %9s   %s\n", "", "starts", "converged", "evaluations", "near best", "best value", "1 thread",
           "all cores", "same bits");

    for (int i = 0; i < 4; i++) lower[i] = -5, upper[i] = 5;
    problem valley = {rosenbrock, NULL, lower, upper};
    parmap_ensemble *found = compare("Rosenbrock", &valley, 4, starts);
    parmap_ensemble_free(&found);

    for (int b = 0; b < BUMPS; b++) {
        lower[3 * b] = -1, upper[3 * b] = 2;              /* height */
        lower[3 * b + 1] = -0.25, upper[3 * b + 1] = 0.4; /* place */
        lower[3 * b + 2] = 0.005, upper[3 * b + 2] = 0.1; /* width */
    }
    lower[3 * BUMPS] = -0.5, upper[3 * BUMPS] = 0.5;
    problem shape = {misfit, beat, lower, upper};
    found = compare("heartbeat", &shape, MOST, starts);

    int64_t best;
    double fit[MOST];
    CHECK(parmap_ensemble_get_summary(found, NULL, NULL, NULL, &best));
    CHECK(parmap_ensemble_get_member(found, best, fit, NULL, NULL, NULL));
    printf("\nbest fit, start %lld:  height mV   place ms   width ms\n", (long long)best);
    for (int b = 0; b < BUMPS; b++)
        printf("  bump %d               %9.3f  %9.1f  %9.1f\n", b + 1, fit[3 * b], 1e3 * fit[3 * b + 1],
               1e3 * (fabs(fit[3 * b + 2]) + 1e-3));
    char *path = join_path(argv[2], "parmap_fit.png");
    draw(found, beat, starts, path);
    printf("picture: %s\n", path);
    free(path);
    parmap_ensemble_free(&found);
    return EXIT_SUCCESS;
}
