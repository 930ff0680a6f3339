/* Learns what heart beats look like from an electrocardiogram, knowing nothing of hearts: two shapes that recur.
 *
 *   learn_heartbeats SIGNAL.npy OUTPUT_DIRECTORY
 *
 * Writes ecg-atoms.png: each learned shape in a colour of its own, and below ten seconds of the signal (grey) with what the
 * shapes make of them; and ecg-objective.png.
 */
#include "picture.h"
#include "support.h"

#include <dicod.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    RATE = 360,  /* samples a second */
    WIDTH = 250, /* length of a shape: 0.7 s */
    KINDS = 2,
    MOST_STEPS = 400,
    SHOWN = 10 * RATE
};

/* Reads a one-dimensional .npy file of 16-bit counts; gives back millivolt. */
static double *read_npy(const char *path, int64_t *length)
{
    size_t size;
    unsigned char *bytes = read_file(path, &size);
    if (size < 10 || memcmp(bytes, "\x93NUMPY\1", 7) != 0) fail("%s is not a .npy file of version 1", path);
    size_t header = bytes[8] + 256u * bytes[9];
    if (size < 10 + header || header == 0) fail("%s is cut short", path);
    char *text = (char *)bytes + 10;
    text[header - 1] = '\0'; /* was a line end */
    if (!strstr(text, "'descr': '<u2'")) fail("%s: wanted little-endian uint16 ('<u2'), found %s", path, text);
    int64_t n = (int64_t)((size - 10 - header) / 2);
    if (n < 2 * SHOWN) fail("%s: %d samples, wanted at least %d", path, (int)n, 2 * SHOWN);
    double *signal = allocate((size_t)n, sizeof *signal);
    for (int64_t i = 0; i < n; i++) {
        const unsigned char *at = bytes + 10 + header + 2 * i;
        signal[i] = (at[0] + 256 * at[1] - 1024) / 200.0;
    }
    free(bytes);
    *length = n;
    return signal;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The baseline is the median over one second, between which lines are drawn: beats are short, they do not move it. */
static void remove_baseline(double *x, int64_t n)
{
    enum { REACH = RATE / 2, STEP = RATE / 4 };
    int64_t knots = n / STEP + 2;
    double *medians = allocate((size_t)knots, sizeof *medians), sorted[2 * REACH];
    for (int64_t k = 0; k < knots; k++) {
        int64_t middle = k * STEP, from = middle > REACH ? middle - REACH : 0, to = middle + REACH;
        if (to > n) to = n;
        if (from > to - REACH) from = to - REACH;
        memcpy(sorted, x + from, (size_t)(to - from) * sizeof *sorted);
        qsort(sorted, (size_t)(to - from), sizeof *sorted, by_value);
        medians[k] = sorted[(to - from) / 2];
    }
    for (int64_t i = 0; i < n; i++) {
        double part = (double)(i % STEP) / STEP;
        x[i] -= (1 - part) * medians[i / STEP] + part * medians[i / STEP + 1];
    }
    free(medians);
}

typedef struct {
    int count;
    double objective[MOST_STEPS];
} story;

static int32_t listen(void *userdata, const dicod_learn_step *step)
{
    story *s = userdata;
    if (s->count + 2 <= MOST_STEPS) {
        s->objective[s->count++] = step->objective_z;
        s->objective[s->count++] = step->objective_d;
    }
    return 0;
}

static void curve(picture *p, const double *values, int count, double x, double y, double dx, double scale, colour c)
{
    double *xs = allocate((size_t)count, sizeof *xs), *ys = allocate((size_t)count, sizeof *ys);
    for (int i = 0; i < count; i++) {
        xs[i] = x + dx * i;
        ys[i] = y - scale * values[i];
    }
    picture_polyline(p, xs, ys, count, 1.4, c);
    free(xs);
    free(ys);
}

int main(int argc, char **argv)
{
    if (argc != 3) fail("usage: %s SIGNAL.npy OUTPUT_DIRECTORY", argv[0]);
    int64_t length;
    double *x = read_npy(argv[1], &length);
    remove_baseline(x, length);
    const int64_t atom_shape = WIDTH, valid = length - WIDTH + 1;
    double *d = allocate(KINDS * WIDTH, sizeof *d), *z = allocate((size_t)(KINDS * valid), sizeof *z);
    double *model = allocate((size_t)length, sizeof *model);
    story s = {0, {0}};

    dicod_context *context = NULL;
    dicod_options *options = NULL;
    dicod_learn_info info = DICOD_LEARN_INFO_INIT;
    CHECK(dicod_context_create(-1, &context));
    CHECK(dicod_options_create(&options));
    CHECK(dicod_options_set_real(options, "reg", 0.1));
    CHECK(dicod_options_set_integer(options, "positive", 1));
    CHECK(dicod_options_set_string(options, "learn_init", "greedy-patches"));
    CHECK(dicod_learn(context, options, 1, &length, 1, 1, KINDS, &atom_shape, x, listen, &s, d, z, &info));
    CHECK(dicod_reconstruct(context, options, 1, &length, 1, 1, KINDS, &atom_shape, d, z, model));
    printf("%d shapes of %d samples from %.0f s: %d iterations, %.2f s; objective %.2f, %d nonzeros\n", KINDS, WIDTH,
           (double)length / RATE, (int)info.iterations, info.seconds, info.objective, (int)info.nonzeros);

    /* ten seconds in which both occur, if there are such */
    int64_t first = 0;
    double best = -1;
    for (int64_t from = 0; from + SHOWN < valid; from += RATE) {
        double least = INFINITY;
        for (int k = 0; k < KINDS; k++) {
            double sum = 0;
            for (int64_t i = from; i < from + SHOWN; i++) sum += z[k * valid + i];
            if (sum < least) least = sum;
        }
        if (least > best) {
            best = least;
            first = from;
        }
    }
    enum { PAGE = 1000, TOP = 180, BOTTOM = 200 };
    picture p = picture_create(PAGE, TOP + BOTTOM, grey(1));
    for (int k = 0; k < KINDS; k++) {
        double most = 1e-12, left = 40 + k * (PAGE / KINDS);
        for (int i = 0; i < WIDTH; i++) most = fmax(most, fabs(d[k * WIDTH + i]));
        curve(&p, d + k * WIDTH, WIDTH, left, TOP * 0.6, (PAGE / KINDS - 80.0) / WIDTH, 0.5 * TOP / most,
              distinct_colour(k));
    }
    double most = 1e-12;
    for (int i = 0; i < SHOWN; i++) most = fmax(most, fabs(x[first + i]));
    double middle = TOP + BOTTOM * 0.55, dx = (PAGE - 20.0) / SHOWN, scale = 0.42 * BOTTOM / most;
    curve(&p, x + first, SHOWN, 10, middle, dx, scale, grey(0.7));
    curve(&p, model + first, SHOWN, 10, middle, dx, scale, hue(0.6, 0.9, 0.8));
    for (int k = 0; k < KINDS; k++)
        for (int64_t i = first; i < first + SHOWN - WIDTH; i++)
            if (z[k * valid + i] > 0.3 * most)
                picture_dot(&p, 10 + dx * (double)(i - first + WIDTH / 2), TOP + BOTTOM - 8, 3, distinct_colour(k));
    char *path = join_path(argv[2], "ecg-atoms.png");
    picture_write(&p, path);
    printf("wrote %s\n", path);
    free(path);
    picture falling = picture_of_curve(s.objective, s.count, 600, 300, hue(0.6, 0.8, 0.8));
    path = join_path(argv[2], "ecg-objective.png");
    picture_write(&falling, path);
    printf("wrote %s\n", path);
    free(path);
    picture_free(&p);
    picture_free(&falling);
    free(x);
    free(d);
    free(z);
    free(model);
    dicod_options_free(&options);
    dicod_context_free(&context);
    return 0;
}
