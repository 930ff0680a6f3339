/* Learns the patterns that a photograph is made of, grey or in colour, and draws them.
 *
 *   learn_image IMAGE OUTPUT_DIRECTORY NAME [ATOMS [SIDE [CROP [ITERATIONS]]]]
 *
 * IMAGE: binary PGM or PPM. Of it the middle CROP x CROP pixels are used (256). Writes NAME-atoms.png, the most used atom
 * first, and NAME-objective.png, the objective after each half-step.
 */
#include "history.h"
#include "picture.h"
#include "support.h"

#include <dicod.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    int64_t n_channels, shape[2];
    double *x; /* channel by channel: without slow changes of brightness, all together unit variance */
} photograph;

/* Next number of the header, comments skipped. */
static long header_number(const unsigned char *bytes, size_t size, size_t *at)
{
    while (*at < size && !(bytes[*at] >= '0' && bytes[*at] <= '9')) {
        if (bytes[*at] == '#')
            while (*at < size && bytes[*at] != '\n') ++*at;
        if (*at < size) ++*at;
    }
    long number = 0;
    while (*at < size && bytes[*at] >= '0' && bytes[*at] <= '9' && number < 1000000) number = 10 * number + (bytes[(*at)++] - '0');
    return number;
}

/* Each value becomes the mean over 2 * reach + 1 around it, along one axis: count lines of n values. */
static void blur(double *x, long count, long n, long line, long step, long reach)
{
    double *sums = allocate((size_t)n + 1, sizeof *sums);
    for (long l = 0; l < count; l++) {
        double *at = x + l * line;
        for (long i = 0; i < n; i++) sums[i + 1] = sums[i] + at[i * step];
        for (long i = 0; i < n; i++) {
            long from = i > reach ? i - reach : 0, to = i + reach + 1 < n ? i + reach + 1 : n;
            at[i * step] = (sums[to] - sums[from]) / (double)(to - from);
        }
    }
    free(sums);
}

/* Patterns are what is smaller than an atom: the rest is taken away. */
static void remove_brightness(double *x, long height, long width, long reach)
{
    double *slow = allocate((size_t)(height * width), sizeof *slow);
    memcpy(slow, x, (size_t)(height * width) * sizeof *slow);
    for (int twice = 0; twice < 2; twice++) {
        blur(slow, height, width, width, 1, reach);
        blur(slow, width, height, 1, width, reach);
    }
    for (long i = 0; i < height * width; i++) x[i] -= slow[i];
    free(slow);
}

static photograph read_photograph(const char *path, long crop, long least)
{
    size_t size, at = 2;
    unsigned char *bytes = read_file(path, &size);
    if (size < 2 || bytes[0] != 'P' || (bytes[1] != '5' && bytes[1] != '6'))
        fail("%s is neither a binary PGM file nor a binary PPM file", path);
    long channels = bytes[1] == '5' ? 1 : 3;
    long width = header_number(bytes, size, &at), height = header_number(bytes, size, &at);
    long white = header_number(bytes, size, &at);
    at++;
    if (width < least || height < least || white < 1 || white > 255)
        fail("%s: %ld x %ld pixels up to %ld; wanted at least %ld x %ld, up to 255", path, width, height, white, least, least);
    if (at > size || size - at < (size_t)(channels * width * height)) fail("%s is cut short", path);
    long h = height < crop ? height : crop, w = width < crop ? width : crop;
    photograph image = {channels, {h, w}, allocate((size_t)(channels * h * w), sizeof(double))};
    const unsigned char *pixels = bytes + at;
    double squares = 0;
    for (long c = 0; c < channels; c++) {
        double *x = image.x + c * h * w;
        for (long i = 0; i < h; i++)
            for (long j = 0; j < w; j++) {
                long row = i + (height - h) / 2, column = j + (width - w) / 2;
                x[i * w + j] = pixels[(row * width + column) * channels + c];
            }
        remove_brightness(x, h, w, least / 4);
        for (long i = 0; i < h * w; i++) squares += x[i] * x[i];
    }
    double deviation = sqrt(squares / (double)(channels * h * w));
    for (long i = 0; i < channels * h * w && deviation > 0; i++) image.x[i] /= deviation;
    free(bytes);
    return image;
}

static picture draw_atom(const double *d, int64_t n_channels, int side)
{
    double most = 1e-12;
    for (int64_t i = 0; i < n_channels * side * side; i++) most = fmax(most, fabs(d[i]));
    picture p = picture_create(side, side, grey(0.5));
    for (int i = 0; i < side * side; i++) {
        double rgb[3];
        for (int c = 0; c < 3; c++) {
            double value = 0.5 + 0.5 * d[(n_channels == 3 ? c : 0) * side * side + i] / most;
            rgb[c] = fmin(fmax(value, 0), 1);
        }
        p.pixels[i] = (colour){grey(rgb[0]).r, grey(rgb[1]).r, grey(rgb[2]).r};
    }
    picture large = picture_scaled(&p, side > 0 ? (5 * 12 + side - 1) / side : 1);
    picture_free(&p);
    return large;
}

int main(int argc, char **argv)
{
    if (argc < 4 || argc > 8) fail("usage: %s IMAGE OUTPUT_DIRECTORY NAME [ATOMS [SIDE [CROP [ITERATIONS]]]]", argv[0]);
    long numbers[4] = {25, 12, 256, 30};
    const long least[4] = {1, 2, 16, 1}, most[4] = {1000, 64, 4096, MOST_ITERATIONS};
    const char *what[4] = {"ATOMS", "SIDE", "CROP", "ITERATIONS"};
    for (int i = 4; i < argc; i++) {
        char *end;
        numbers[i - 4] = strtol(argv[i], &end, 10);
        if (*end || numbers[i - 4] < least[i - 4] || numbers[i - 4] > most[i - 4])
            fail("%s is \"%s\", wanted a number from %ld to %ld", what[i - 4], argv[i], least[i - 4], most[i - 4]);
    }
    const int64_t n_atoms = numbers[0];
    const int side = (int)numbers[1];
    photograph image = read_photograph(argv[1], numbers[2], 2 * side);
    const int64_t depth = image.n_channels * side * side;
    double *d = allocate((size_t)(n_atoms * depth), sizeof *d);
    history h = {.nonzeros = allocate((size_t)n_atoms, sizeof(int64_t))};

    dicod_context *context = NULL;
    dicod_options *options = NULL;
    dicod_learn_info info = DICOD_LEARN_INFO_INIT;
    CHECK(dicod_context_create(-1, &context));
    CHECK(dicod_options_create(&options));
    CHECK(dicod_options_parse(options, "reg=0.05 tol=1e-2"));
    CHECK(dicod_options_set_integer(options, "learn_max_iter", numbers[3]));
    dicod_problem problem = DICOD_PROBLEM_2D(image.shape[0], image.shape[1], n_atoms, side, side);
    problem.n_channels = image.n_channels;
    CHECK(dicod_learn(context, options, &problem, image.x, history_add, &h, d, NULL, &info));
    printf("%d atoms of %d x %d x %d from %d x %d pixels: %d iterations, %.2f s (z %.2f, statistics %.2f, d %.2f)\n", (int)n_atoms,
           (int)image.n_channels, side, side, (int)image.shape[0], (int)image.shape[1], (int)info.iterations, info.seconds, info.seconds_z,
           info.seconds_statistics, info.seconds_d);
    printf("objective %.2f (gap %.2f), lambda %.3g, %d nonzeros, %d atoms drawn anew\n", info.objective, info.duality_gap, info.lambda,
           (int)info.nonzeros, (int)info.redrawn);

    /* the most used atom first */
    picture *parts = allocate((size_t)n_atoms, sizeof *parts);
    for (int64_t place = 0; place < n_atoms; place++) {
        int64_t best = 0;
        for (int64_t k = 1; k < n_atoms; k++)
            if (h.nonzeros[k] > h.nonzeros[best]) best = k;
        h.nonzeros[best] = -1;
        parts[place] = draw_atom(d + best * depth, image.n_channels, side);
    }
    picture mosaic = picture_mosaic(parts, (int)n_atoms, (int)ceil(sqrt((double)n_atoms)), 4, grey(1));
    char file[200];
    snprintf(file, sizeof file, "%s-atoms.png", argv[3]);
    char *path = join_path(argv[2], file);
    picture_write(&mosaic, path);
    printf("wrote %s\n", path);
    free(path);
    snprintf(file, sizeof file, "%s-objective.png", argv[3]);
    history_write(&h, argv[2], file);

    for (int64_t k = 0; k < n_atoms; k++) picture_free(&parts[k]);
    picture_free(&mosaic);
    free(parts);
    free(h.nonzeros);
    free(image.x);
    free(d);
    dicod_options_free(&options);
    dicod_context_free(&context);
    return 0;
}
