/* Finds the beats in an electrocardiogram: where atoms made of a few of its own beats fire. Compares with a plain
 * detector of steep slopes.
 *
 *   heartbeats SIGNAL.npy OUTPUT_DIRECTORY [SECOND]
 *
 * SECOND: where the picture begins; otherwise where most beats of the second kind are.
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
    WIDTH = BEAT,          /* length of an atom */
    PEAK = 100,            /* where in an atom the beat is */
    KINDS = 2,             /* atoms: normal beat, ventricular beat */
    LEARN = 30 * RATE,     /* samples from which atoms are made */
    REFRACTORY = RATE / 4, /* no two beats are closer */
    NEAR = RATE / 20       /* 50 ms: the same beat */
};
static const double REGULARISATION = 0.1; /* of lambda_max */
static const double WEAKEST = 0.3;        /* least strength of a beat, of the median one of its kind */

/* Beats in the order of time. */
typedef struct {
    int64_t count;
    int64_t *at;
    int *kind;
    double *strength;
} beats;

static beats room_for_beats(int64_t count)
{
    size_t n = (size_t)count;
    return (beats){0, allocate(n, sizeof(int64_t)), allocate(n, sizeof(int)), allocate(n, sizeof(double))};
}

static void free_beats(beats *b)
{
    free(b->at);
    free(b->kind);
    free(b->strength);
}

/* The plain detector -------------------------------------------------------------------------------------------- */

static int64_t highest(const double *x, int64_t n, int64_t from, int64_t to)
{
    from = from > 0 ? from : 0;
    to = to < n ? to : n;
    int64_t best = from;
    for (int64_t i = from; i < to; i++)
        if (x[i] > x[best]) best = i;
    return best;
}

/* Beats are where the squared slope, averaged over 0.15 s, exceeds a part of what is usual for beats in the seconds
 * around, and none follows at once; the time is that of the highest sample there. */
static beats detect_slopes(const double *x, int64_t n)
{
    double *smooth = running_mean(x, n, 4), *slope = allocate((size_t)n, sizeof *slope);
    for (int64_t i = 4; i + 4 < n; i++) slope[i] = pow(smooth[i + 4] - smooth[i - 4], 2);
    double *power = running_mean(slope, n, RATE * 3 / 40);

    beats found = room_for_beats(n / REFRACTORY + 2);
    for (int64_t i = 0; i < n;) {
        /* usual: median over ten seconds around of the highest in each */
        double peaks[10];
        int64_t second = i / RATE - 5;
        if (second > n / RATE - 10) second = n / RATE - 10;
        if (second < 0) second = 0;
        for (int s = 0; s < 10; s++) peaks[s] = power[highest(power, n, (second + s) * RATE, (second + s + 1) * RATE)];
        double threshold = 0.25 * median(peaks, 10);
        int64_t stop = (i / RATE + 1) * RATE;
        for (; i < stop && i < n; i++) {
            if (power[i] <= threshold || i != highest(power, n, i - REFRACTORY, i + REFRACTORY + 1)) continue;
            found.at[found.count++] = highest(smooth, n, i - RATE / 10, i + RATE / 10);
        }
    }
    free(smooth);
    free(slope);
    free(power);
    return found;
}

/* Atoms --------------------------------------------------------------------------------------------------------- */

static double dot(const double *a, const double *b, int64_t n)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++) sum += a[i] * b[i];
    return sum;
}

/* Fades out at the ends, zero mean, unit norm. */
static void make_atom(const double *from, double *atom)
{
    enum { FADE = 30 };
    double sum = 0, weights = 0, weight[WIDTH];
    for (int i = 0; i < WIDTH; i++) {
        int edge = i < WIDTH - 1 - i ? i : WIDTH - 1 - i;
        weight[i] = edge < FADE ? (edge + 0.5) / FADE : 1;
        sum += weight[i] * from[i];
        weights += weight[i];
    }
    for (int i = 0; i < WIDTH; i++) atom[i] = weight[i] * (from[i] - sum / weights);
    double norm = sqrt(dot(atom, atom, WIDTH));
    if (norm == 0) fail("the signal is flat where a beat should be");
    for (int i = 0; i < WIDTH; i++) atom[i] /= norm;
}

/* One atom per kind of beat: the mean of the beats of that kind in the first seconds. The first kind is that of the
 * beat most like the others, the next that of the one least like the kinds before. */
static void make_dictionary(const double *x, const beats *detected, double *d)
{
    typedef double shape[WIDTH];
    int64_t count = 0;
    const double **window = allocate((size_t)detected->count, sizeof *window);
    for (int64_t i = 0; i < detected->count; i++) {
        int64_t begin = detected->at[i] - PEAK;
        if (begin >= 0 && begin + WIDTH <= LEARN) window[count++] = x + begin;
    }
    if (count < KINDS) fail("only %lld beats in the first seconds", (long long)count);

    shape *beat = allocate((size_t)count, sizeof *beat), seed[KINDS];
    for (int64_t i = 0; i < count; i++) make_atom(window[i], beat[i]);
    for (int k = 0; k < KINDS; k++) {
        int64_t best = 0;
        double best_score = -INFINITY;
        for (int64_t i = 0; i < count; i++) {
            double score = k == 0 ? 0 : INFINITY;
            if (k == 0)
                for (int64_t j = 0; j < count; j++) score += dot(beat[i], beat[j], WIDTH);
            for (int j = 0; j < k; j++) score = fmin(score, -dot(beat[i], seed[j], WIDTH));
            if (score > best_score) best = i, best_score = score;
        }
        memcpy(seed[k], beat[best], sizeof(shape));
    }
    int64_t members[KINDS] = {0};
    for (int k = 0; k < KINDS; k++) {
        shape mean = {0};
        for (int64_t i = 0; i < count; i++) {
            int nearest = 0;
            for (int j = 1; j < KINDS; j++)
                if (dot(beat[i], seed[j], WIDTH) > dot(beat[i], seed[nearest], WIDTH)) nearest = j;
            if (nearest != k) continue;
            members[k]++;
            for (int t = 0; t < WIDTH; t++) mean[t] += window[i][t];
        }
        make_atom(mean, d + k * WIDTH);
    }
    printf("%d atoms of %d samples from %lld beats in the first %d s:", KINDS, WIDTH, (long long)count, LEARN / RATE);
    for (int k = 0; k < KINDS; k++) printf(" %lld", (long long)members[k]);
    printf("\n");
    free(window);
    free(beat);
}

/* Sparse coding ------------------------------------------------------------------------------------------------- */

/* The activations that are not zero, as beats, in the order of atoms; and what they stand for. Atoms have to lie inside
 * the signal: so that a beat near an end is found, zeros are put around it. */
static beats encode(const double *x, int64_t n, const double *d, double *reconstruction)
{
    dicod_context *context = NULL;
    dicod_options *options = NULL;
    dicod_encoder *encoder = NULL;
    int64_t length = n + 2 * WIDTH, valid;

    CHECK(dicod_context_create(-1, &context));
    CHECK(dicod_context_set_progress(context, dicod_progress_bar, NULL));
    CHECK(dicod_options_create(&options));
    CHECK(dicod_options_set_real(options, "reg", REGULARISATION));
    CHECK(dicod_options_parse(options, "tol=1e-4 positive=1"));
    const dicod_problem problem = DICOD_PROBLEM_1D(length, KINDS, WIDTH);
    CHECK(dicod_valid_shape(options, &problem, &valid));
    CHECK(dicod_encoder_create(context, options, &problem, d, &encoder));

    double *padded = allocate((size_t)length, sizeof *padded);
    memcpy(padded + WIDTH, x, (size_t)n * sizeof *padded);
    dicod_const_array signal = DICOD_CONST_ARRAY_INIT;
    signal.n_axes = 1;
    signal.global_shape = &length;
    signal.n_channels = 1;
    signal.channels = (const void *const[]){padded};
    dicod_info info = DICOD_INFO_INIT;
    CHECK(dicod_encoder_solve(encoder, &signal, &info));
    print_table(&info, (double)n, (double)KINDS * (double)valid, dot(x, x, n));

    int64_t count;
    CHECK(dicod_encoder_get_sparse(encoder, 0, NULL, NULL, NULL, NULL, &count));
    if (count == 0) fail("no activations at all");
    int64_t *atom = allocate((size_t)count, sizeof *atom);
    beats active = room_for_beats(count);
    CHECK(dicod_encoder_get_sparse(encoder, count, NULL, atom, active.at, active.strength, &active.count));
    double *z = allocate((size_t)(KINDS * valid), sizeof *z);
    for (int64_t i = 0; i < count; i++) {
        active.kind[i] = (int)atom[i];
        z[atom[i] * valid + active.at[i]] = active.strength[i];
        active.at[i] += PEAK - WIDTH;
    }
    CHECK(dicod_reconstruct(context, options, &problem, d, z, padded));
    memcpy(reconstruction, padded + WIDTH, (size_t)n * sizeof *padded);

    free(padded);
    free(z);
    free(atom);
    dicod_encoder_free(&encoder);
    dicod_options_free(&options);
    dicod_context_free(&context);
    return active;
}

/* Beats are the peaks of the activations: what one atom does within 50 ms is one event, and of events that are too
 * close to each other the strongest is the beat; strength is measured by the median of its kind. */
static beats find_beats(const beats *active, int64_t n)
{
    beats events = room_for_beats(active->count), found = room_for_beats(active->count);
    double *strengths = allocate((size_t)active->count, sizeof *strengths), usual[KINDS];
    for (int64_t i = 0; i < active->count;) {
        int64_t j = i;
        double sum = 0, moment = 0;
        for (; j < active->count && active->kind[j] == active->kind[i] && active->at[j] - active->at[i] <= NEAR; j++) {
            sum += active->strength[j];
            moment += active->strength[j] * (double)active->at[j];
        }
        events.at[events.count] = (int64_t)lround(moment / sum);
        events.kind[events.count] = active->kind[i];
        events.strength[events.count++] = sum;
        i = j;
    }
    for (int k = 0; k < KINDS; k++) {
        int64_t members = 0;
        double most = 0;
        for (int64_t i = 0; i < events.count; i++)
            if (events.kind[i] == k) most = fmax(most, events.strength[i]);
        for (int64_t i = 0; i < events.count; i++)
            if (events.kind[i] == k && events.strength[i] > 0.3 * most) strengths[members++] = events.strength[i];
        usual[k] = median(strengths, members);
    }
    /* the event at each sample, if there is one that is strong enough for its kind */
    int64_t *event = allocate((size_t)n, sizeof *event);
    for (int64_t i = 0; i < events.count; i++) {
        if (events.at[i] < 0 || events.at[i] >= n) continue;
        events.strength[i] /= usual[events.kind[i]];
        if (events.strength[i] < WEAKEST) continue;
        int64_t *at = &event[events.at[i]];
        if (*at == 0 || events.strength[*at - 1] < events.strength[i]) *at = i + 1;
    }
    for (int64_t t = 0; t < n; t++) {
        if (event[t] == 0) continue;
        int64_t i = event[t] - 1;
        if (found.count > 0 && t - found.at[found.count - 1] < REFRACTORY) {
            if (events.strength[i] <= found.strength[found.count - 1]) continue;
            found.count--;
        }
        found.at[found.count] = t;
        found.kind[found.count] = events.kind[i];
        found.strength[found.count++] = events.strength[i];
    }
    free(event);
    free(strengths);
    free_beats(&events);
    return found;
}

/* Comparison ---------------------------------------------------------------------------------------------------- */

static void compare(const beats *found, const beats *detected, int64_t *only_found, int64_t *only_detected)
{
    int64_t agree = 0, missed = 0, extra = 0, i = 0, j = 0;
    double offset = 0;
    while (i < found->count || j < detected->count) {
        int64_t a = i < found->count ? found->at[i] : INT64_MAX / 2;
        int64_t b = j < detected->count ? detected->at[j] : INT64_MAX / 2;
        if (a - b <= NEAR && b - a <= NEAR) {
            agree++, i++, j++;
            offset += fabs((double)(a - b));
        } else if (a < b) {
            only_found[extra++] = a, i++;
        } else {
            only_detected[missed++] = b, j++;
        }
    }
    int64_t kinds[KINDS] = {0};
    for (i = 0; i < found->count; i++) kinds[found->kind[i]]++;
    printf("  beats found          %14lld  ", (long long)found->count);
    for (int k = 0; k < KINDS; k++) printf(" %lld of atom %d%s", (long long)kinds[k], k, k < KINDS - 1 ? "," : "\n");
    printf("  by plain detector    %14lld\n", (long long)detected->count);
    printf("  agree within 50 ms   %14lld   %.1f ms apart on average\n", (long long)agree,
           agree ? 1000.0 / RATE * offset / (double)agree : 0);
    printf("  sensitivity          %14.2f   %% of the detector's beats are found\n",
           100.0 * (double)agree / fmax((double)detected->count, 1));
    printf("  precision            %14.2f   %% of those found are the detector's\n", 100.0 * (double)agree / fmax((double)found->count, 1));
    if (extra) printf("  only found, at s    ");
    for (i = 0; i < extra; i++) printf(" %.2f", (double)only_found[i] / RATE);
    if (missed) printf("%s  only detected, at s ", extra ? "\n" : "");
    for (i = 0; i < missed; i++) printf(" %.2f", (double)only_detected[i] / RATE);
    if (extra || missed) printf("\n");
}

/* Picture ------------------------------------------------------------------------------------------------------- */

static colour kind_colour(int kind)
{
    const colour colours[3] = {{20, 130, 60}, {205, 40, 40}, {40, 80, 200}};
    return colours[kind % 3];
}

/* `seconds` of the signal in grey and of its reconstruction in blue, with a marker for every beat found, in the colour
 * of its kind, and below a tick for every one of the plain detector. */
static picture strip(const double *x, const double *reconstruction, const beats *found, const beats *detected, int64_t begin, int64_t count)
{
    enum { ACROSS = 1200, HIGH = 260, TOP = 34, BOTTOM = 24 };
    picture p = picture_create(ACROSS, HIGH, grey(1));
    double low = INFINITY, high = -INFINITY, step = (double)ACROSS / (double)count;
    for (int64_t i = begin; i < begin + count; i++) low = fmin(low, x[i]), high = fmax(high, x[i]);
    double unit = (HIGH - TOP - BOTTOM) / fmax(high - low, 1e-9);

    for (int64_t i = 0; i < count; i += RATE / 5) { /* a grid of 0.2 s and 0.5 mV */
        double u = (double)i * step;
        picture_line(&p, u, 0, u, HIGH, 1, i % RATE == 0 ? (colour){240, 190, 190} : (colour){252, 232, 232});
    }
    for (int v = (int)ceil(low * 2); v <= high * 2; v++) {
        double y = TOP + (high - v / 2.0) * unit;
        picture_line(&p, 0, y, ACROSS, y, 1, v == 0 ? (colour){240, 190, 190} : (colour){252, 232, 232});
    }
    const double *curves[2] = {x, reconstruction};
    double *u = allocate((size_t)count, sizeof *u), *v = allocate((size_t)count, sizeof *v);
    for (int c = 0; c < 2; c++) {
        for (int64_t i = 0; i < count; i++) {
            u[i] = (double)i * step;
            v[i] = TOP + (high - curves[c][begin + i]) * unit;
        }
        picture_polyline(&p, u, v, (int)count, c ? 1.6 : 2.6, c ? (colour){25, 90, 220} : grey(0.62));
    }
    for (int64_t i = 0; i < found->count; i++) {
        if (found->at[i] < begin || found->at[i] >= begin + count) continue;
        picture_marker(&p, (double)(found->at[i] - begin) * step, 24, 18, kind_colour(found->kind[i]));
    }
    for (int64_t i = 0; i < detected->count; i++) {
        double at = (double)(detected->at[i] - begin) * step;
        if (at >= 0 && at < ACROSS) picture_line(&p, at, HIGH - 16, at, HIGH - 5, 3, grey(0.15));
    }
    free(u);
    free(v);
    return p;
}

static picture atom_picture(const double *atom, colour c)
{
    enum { ACROSS = 260, HIGH = 150, EDGE = 10 };
    picture p = picture_create(ACROSS, HIGH, grey(1));
    double low = 0, high = 0, u[WIDTH], v[WIDTH];
    for (int i = 0; i < WIDTH; i++) low = fmin(low, atom[i]), high = fmax(high, atom[i]);
    for (int i = 0; i < WIDTH; i++) {
        u[i] = EDGE + i * (ACROSS - 2.0 * EDGE) / WIDTH;
        v[i] = EDGE + (high - atom[i]) * (HIGH - 2.0 * EDGE) / (high - low);
    }
    picture_polyline(&p, u, v, WIDTH, 2.4, c);
    return p;
}

/* Twenty seconds in two rows, from second `start` on, or if that is negative those with most beats that are not of the
 * first kind, and the atoms below. */
static void draw(int64_t start, const double *x, const double *reconstruction, int64_t n, const double *d, const beats *found,
                 const beats *detected, const char *directory)
{
    enum { ROW = 10 * RATE, GAP = 10 };
    int64_t best = 0, most = -1;
    for (int64_t begin = 0; begin + 2 * ROW <= n; begin += RATE) {
        int64_t others = 0;
        for (int64_t i = 0; i < found->count; i++) others += found->kind[i] > 0 && found->at[i] >= begin && found->at[i] < begin + 2 * ROW;
        if (others > most) best = begin, most = others;
    }
    if (start >= 0) best = start * RATE + 2 * ROW <= n ? start * RATE : n - 2 * ROW;
    colour frame = grey(0.85);
    picture rows[2], atoms[KINDS];
    for (int r = 0; r < 2; r++) rows[r] = strip(x, reconstruction, found, detected, best + r * ROW, ROW);
    for (int k = 0; k < KINDS; k++) atoms[k] = atom_picture(d + k * WIDTH, kind_colour(k));
    picture signal = picture_mosaic(rows, 2, 1, GAP, frame), below = picture_mosaic(atoms, KINDS, KINDS, GAP, frame);
    picture all = picture_create(signal.width, signal.height + below.height - GAP, frame);
    picture_paste(&all, &below, (all.width - below.width) / 2, signal.height - GAP);
    picture_paste(&all, &signal, 0, 0);

    char *path = join_path(directory, "ecg.png");
    picture_write(&all, path);
    printf("wrote %s (%d x %d): %.0f s to %.0f s\n", path, all.width, all.height, (double)best / RATE, (double)(best + 2 * ROW) / RATE);
    free(path);
    for (int r = 0; r < 2; r++) picture_free(&rows[r]);
    for (int k = 0; k < KINDS; k++) picture_free(&atoms[k]);
    picture_free(&signal);
    picture_free(&below);
    picture_free(&all);
}

int main(int argc, char **argv)
{
    char *end = "";
    long start = argc == 4 ? strtol(argv[3], &end, 10) : -1;
    if (argc < 3 || argc > 4 || *end || (argc == 4 && (start < 0 || start > 1000000))) {
        fprintf(stderr, "usage: %s SIGNAL.npy OUTPUT_DIRECTORY [SECOND]\n", argv[0]);
        return EXIT_FAILURE;
    }
    int64_t n;
    double *x = ecg_read(argv[1], LEARN, &n), d[KINDS * WIDTH];
    double *reconstruction = allocate((size_t)n, sizeof *reconstruction);
    ecg_remove_baseline(x, n);
    beats detected = detect_slopes(x, n);
    printf("%s: %.0f s at %d Hz, libdicod %s\n", argv[1], (double)n / RATE, RATE, dicod_version());
    make_dictionary(x, &detected, d);
    beats active = encode(x, n, d, reconstruction);
    beats found = find_beats(&active, n);

    int64_t *only_found = allocate((size_t)found.count, sizeof *only_found);
    int64_t *only_detected = allocate((size_t)detected.count, sizeof *only_detected);
    compare(&found, &detected, only_found, only_detected);
    draw(start, x, reconstruction, n, d, &found, &detected, argv[2]);

    free(only_found);
    free(only_detected);
    free_beats(&found);
    free_beats(&active);
    free_beats(&detected);
    free(reconstruction);
    free(x);
    return EXIT_SUCCESS;
}
