/* Beats on a baseline that wanders: the electrocardiogram as it was recorded, nothing taken from it by hand.
 *
 *   baseline SIGNAL.npy OUTPUT_DIRECTORY
 *
 * Learns two shapes of mean zero over a smooth background (options "background" and "learn_zero_mean"), encodes the recording with
 * them, and without the background for comparison. Writes baseline.png: the twenty seconds in which the baseline wanders most, the
 * recording grey, its background red, background and shapes together blue; the two shapes below.
 */
#include "ecg.h"
#include "picture.h"
#include "support.h"

#include <dicod.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { WIDTH = BEAT, KINDS = 2, SECONDS = 20, SHOWN = SECONDS * RATE, PAGE = 1000, TOP = 300, BOTTOM = 140 };

static void curve(picture *p, const double *values, int64_t count, double x, double y, double dx, double scale, colour c)
{
    double *xs = allocate((size_t)count, sizeof *xs), *ys = allocate((size_t)count, sizeof *ys);
    for (int64_t i = 0; i < count; i++) {
        xs[i] = x + dx * (double)i;
        ys[i] = y - scale * values[i];
    }
    picture_polyline(p, xs, ys, (int)count, 1.4, c);
    free(xs);
    free(ys);
}

/* Encodes x, and hands out what it lies on and what the shapes make of the rest. */
static dicod_info encode(dicod_context *context, const dicod_options *options, const dicod_problem *problem, const double *d, double *x,
                         double *background, double *model)
{
    dicod_encoder *encoder = NULL;
    dicod_info info = DICOD_INFO_INIT;
    dicod_array array = DICOD_ARRAY_INIT;
    dicod_const_array in = DICOD_CONST_ARRAY_INIT;
    const void *const signal = x;
    void *out = background;
    in.n_axes = array.n_axes = 1;
    in.n_channels = array.n_channels = 1;
    in.global_shape = array.global_shape = problem->signal_shape;
    in.channels = &signal;
    array.channels = &out;
    CHECK(dicod_encoder_create(context, options, problem, d, &encoder));
    CHECK(dicod_encoder_solve(encoder, &in, &info));
    CHECK(dicod_encoder_get_background(encoder, &array));
    out = model;
    CHECK(dicod_encoder_reconstruct(encoder, &array));
    CHECK(dicod_encoder_free(&encoder));
    return info;
}

/* Where the background changes most. */
static int64_t liveliest(const double *background, int64_t length)
{
    int64_t first = 0;
    double best = -1;
    for (int64_t from = 0; from + SHOWN <= length; from += RATE) {
        double least = INFINITY, most = -INFINITY;
        for (int64_t i = from; i < from + SHOWN; i++) {
            least = fmin(least, background[i]);
            most = fmax(most, background[i]);
        }
        if (most - least > best) {
            best = most - least;
            first = from;
        }
    }
    return first;
}

int main(int argc, char **argv)
{
    if (argc != 3) fail("usage: %s SIGNAL.npy OUTPUT_DIRECTORY", argv[0]);
    int64_t length;
    double *x = ecg_read(argv[1], 2 * SHOWN, &length);
    double *d = allocate(KINDS * WIDTH, sizeof *d), *b = allocate((size_t)length, sizeof *b);
    double *model = allocate((size_t)length, sizeof *model), *unused = allocate((size_t)length, sizeof *unused);

    dicod_context *context = NULL;
    dicod_options *options = NULL, *plain = NULL;
    dicod_learn_info learnt = DICOD_LEARN_INFO_INIT;
    CHECK(dicod_context_create(-1, &context));
    CHECK(dicod_options_create(&options));
    CHECK(dicod_options_create(&plain));
    /* longer than a beat, so that beats stay, and shorter than the drift */
    CHECK(dicod_options_parse(options, "reg=0.1 positive=1 learn_init=greedy-patches learn_zero_mean=1"));
    CHECK(dicod_options_parse(options, "background=smooth background_length=361"));
    CHECK(dicod_options_parse(plain, "reg=0.1 positive=1"));
    const dicod_problem problem = DICOD_PROBLEM_1D(length, KINDS, WIDTH);
    CHECK(dicod_learn(context, options, &problem, x, NULL, NULL, d, NULL, &learnt));
    printf("%d shapes of mean zero from %.0f s: %d iterations, %.2f s\n", KINDS, (double)length / RATE, (int)learnt.iterations,
           learnt.seconds);

    dicod_info without = encode(context, plain, &problem, d, x, unused, unused);
    dicod_info info = encode(context, options, &problem, d, x, b, model);
    printf("background from %.3f to %.3f mV\n", info.background_least, info.background_most);
    printf("with it:    objective %10.2f, at most %.2g %% above the minimum, %d nonzeros\n", info.objective,
           100 * info.duality_gap / info.objective, (int)info.nonzeros);
    printf("without it: objective %10.2f, at most %.2g %% above the minimum, %d nonzeros\n", without.objective,
           100 * without.duality_gap / without.objective, (int)without.nonzeros);

    int64_t first = liveliest(b, length);
    double least = INFINITY, most = -INFINITY;
    for (int64_t i = 0; i < length; i++) {
        model[i] += b[i];
        if (i < first || i >= first + SHOWN) continue;
        least = fmin(least, x[i]);
        most = fmax(most, x[i]);
    }
    picture p = picture_create(PAGE, TOP + BOTTOM, grey(1));
    double dx = (PAGE - 20.0) / SHOWN, scale = (TOP - 20) / (most - least), zero = TOP - 10 + scale * least;
    curve(&p, x + first, SHOWN, 10, zero, dx, scale, grey(0.7));
    curve(&p, model + first, SHOWN, 10, zero, dx, scale, hue(0.6, 0.9, 0.8));
    curve(&p, b + first, SHOWN, 10, zero, dx, scale, hue(0, 0.9, 0.8));
    for (int k = 0; k < KINDS; k++) {
        double peak = 1e-12;
        for (int i = 0; i < WIDTH; i++) peak = fmax(peak, fabs(d[k * WIDTH + i]));
        curve(&p, d + k * WIDTH, WIDTH, 40 + k * (PAGE / KINDS), TOP + 0.55 * BOTTOM, (PAGE / KINDS - 80.0) / WIDTH, 0.4 * BOTTOM / peak,
              distinct_colour(k));
    }
    char *path = join_path(argv[2], "baseline.png");
    picture_write(&p, path);
    printf("wrote %s (from second %d)\n", path, (int)(first / RATE));
    free(path);
    picture_free(&p);
    free(x);
    free(d);
    free(b);
    free(model);
    free(unused);
    dicod_options_free(&options);
    dicod_options_free(&plain);
    dicod_context_free(&context);
    return 0;
}
