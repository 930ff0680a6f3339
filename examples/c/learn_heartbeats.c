/* Learns what heart beats look like from an electrocardiogram, knowing nothing of hearts: two shapes that recur.
 *
 *   learn_heartbeats SIGNAL.npy OUTPUT_DIRECTORY
 *
 * Writes ecg-atoms.png: each learned shape in a colour of its own, and below ten seconds of the signal (grey) with what the
 * shapes make of them; and ecg-objective.png.
 */
#include "ecg.h"
#include "history.h"
#include "picture.h"
#include "support.h"

#include <dicod.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WIDTH = BEAT, KINDS = 2, SHOWN = 10 * RATE };

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
    double *x = ecg_read(argv[1], 2 * SHOWN, &length);
    ecg_remove_baseline(x, length);
    const int64_t valid = length - WIDTH + 1;
    double *d = allocate(KINDS * WIDTH, sizeof *d), *z = allocate((size_t)(KINDS * valid), sizeof *z);
    double *model = allocate((size_t)length, sizeof *model);
    history h = {0};

    dicod_context *context = NULL;
    dicod_options *options = NULL;
    dicod_learn_info info = DICOD_LEARN_INFO_INIT;
    CHECK(dicod_context_create(-1, &context));
    CHECK(dicod_options_create(&options));
    CHECK(dicod_options_parse(options, "reg=0.1 positive=1 learn_init=greedy-patches"));
    const dicod_problem problem = DICOD_PROBLEM_1D(length, KINDS, WIDTH);
    CHECK(dicod_learn(context, options, &problem, x, history_add, &h, d, z, &info));
    CHECK(dicod_reconstruct(context, options, &problem, d, z, model));
    printf("%d shapes of %d samples from %.0f s: %d iterations, %.2f s; objective %.2f, %d nonzeros\n", KINDS, WIDTH, (double)length / RATE,
           (int)info.iterations, info.seconds, info.objective, (int)info.nonzeros);

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
        curve(&p, d + k * WIDTH, WIDTH, left, TOP * 0.6, (PAGE / KINDS - 80.0) / WIDTH, 0.5 * TOP / most, distinct_colour(k));
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
    history_write(&h, argv[2], "ecg-objective.png");
    picture_free(&p);
    free(x);
    free(d);
    free(z);
    free(model);
    dicod_options_free(&options);
    dicod_context_free(&context);
    return 0;
}
