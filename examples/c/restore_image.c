/* Fills the holes of a photograph: single pixels on the left, scratches on the right, which are NaN for the library.
 *
 *   restore_image IMAGE.pgm OUTPUT_DIRECTORY
 *
 * Atoms are waves of 8 x 8 pixels, of four frequencies along each side. What is missing counts for nothing in the objective, so
 * the activations around a hole are those that explain what there is; what they stand for in the hole is what is filled in.
 */
#include "picture.h"
#include "support.h"

#include <dicod.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { SIDE = 8, WAVES = 4, K = WAVES * WAVES, ATOM = SIDE * SIDE };

/* Pixels from 0 to 1 of a binary PGM file without comments; free() them. */
static double *read_pgm(const char *path, int64_t *height, int64_t *width)
{
    size_t size;
    int w, h, white, start = 0;
    unsigned char *bytes = read_file(path, &size);
    if (size < 20 || sscanf((const char *)bytes, "P5 %d %d %d%n", &w, &h, &white, &start) != 3 || start == 0)
        fail("%s is not a binary PGM file", path);
    size_t n = (size_t)w * (size_t)h;
    if (w < 2 * SIDE || h < 2 * SIDE || white < 1 || white > 255 || size - (size_t)start - 1 < n) fail("%s is too small", path);
    double *x = allocate(n, sizeof *x);
    for (size_t i = 0; i < n; i++) x[i] = bytes[(size_t)start + 1 + i] / (double)white;
    free(bytes);
    *height = h;
    *width = w;
    return x;
}

/* Whether a pixel is lost. */
static int is_hole(int64_t i, int64_t j, int64_t width)
{
    if (j >= width / 2) return (i + 2 * j) % 61 < 5 || (3 * i - j + 4 * width) % 83 < 5;
    uint64_t hash = ((uint64_t)i * 2654435761u) ^ ((uint64_t)j * 40503u * 65537u);
    hash = (hash ^ (hash >> 29)) * 0xbf58476d1ce4e5b9u;
    return (hash >> 32) % 10 < 4;
}

/* Products of cosines, all with norm 1. */
static void make_dictionary(double *d)
{
    const double pi = 3.14159265358979324;
    for (int k = 0; k < K; k++) {
        double norm = 0;
        for (int i = 0; i < ATOM; i++) {
            double row = cos(pi * (i / SIDE + 0.5) * (k / WAVES) / SIDE), column = cos(pi * (i % SIDE + 0.5) * (k % WAVES) / SIDE);
            d[k * ATOM + i] = row * column;
            norm += row * row * column * column;
        }
        for (int i = 0; i < ATOM; i++) d[k * ATOM + i] /= sqrt(norm);
    }
}

int main(int argc, char **argv)
{
    if (argc != 3) fail("usage: restore_image IMAGE.pgm OUTPUT_DIRECTORY");
    int64_t height, width, valid[2];
    double *original = read_pgm(argv[1], &height, &width), d[K * ATOM], mean = 0, known = 0;
    size_t n = (size_t)(height * width);
    make_dictionary(d);

    double *x = allocate(n, sizeof *x), *model = allocate(n, sizeof *model);
    for (size_t i = 0; i < n; i++) {
        int hole = is_hole((int64_t)i / width, (int64_t)i % width, width);
        x[i] = hole ? NAN : original[i];
        mean += hole ? 0 : original[i];
        known += !hole;
    }
    mean /= known;
    for (size_t i = 0; i < n; i++) x[i] -= mean;

    dicod_context *context = NULL;
    dicod_options *options = NULL;
    CHECK(dicod_context_create(-1, &context));
    CHECK(dicod_options_create(&options));
    CHECK(dicod_options_parse(options, "missing=nan reg=0.01 tol=5e-3"));
    const dicod_problem problem = DICOD_PROBLEM_2D(height, width, K, SIDE, SIDE);
    CHECK(dicod_valid_shape(options, &problem, valid));
    double *z = allocate((size_t)(K * valid[0] * valid[1]), sizeof *z);
    dicod_info info = DICOD_INFO_INIT;
    CHECK(dicod_solve(context, options, &problem, x, d, z, &info));
    CHECK(dicod_reconstruct(context, options, &problem, d, z, model));

    /* What is known stays. */
    double before = 0, after = 0;
    double *damaged = allocate(n, sizeof *damaged), *restored = allocate(n, sizeof *restored);
    for (size_t i = 0; i < n; i++) {
        int hole = isnan(x[i]);
        damaged[i] = hole ? 0 : original[i];
        restored[i] = hole ? model[i] + mean : original[i];
        before += hole ? (mean - original[i]) * (mean - original[i]) : 0;
        after += hole ? (restored[i] - original[i]) * (restored[i] - original[i]) : 0;
    }
    double holes = (double)n - known;
    printf("missing                 %.0f %% of %lld x %lld pixels\n", 100 * holes / (double)n, (long long)width, (long long)height);
    printf("error where missing     %.1f dB with the mean, %.1f dB restored\n", 10 * log10(before / holes), 10 * log10(after / holes));
    printf("activations             %lld\n", (long long)info.nonzeros);
    printf("duality gap             %.1e of the objective\n", info.duality_gap / info.objective);
    printf("time                    %.2f s\n", info.seconds);

    picture parts[3] = {picture_of_values(damaged, (int)width, (int)height, 0, 1),
                        picture_of_values(restored, (int)width, (int)height, 0, 1),
                        picture_of_values(original, (int)width, (int)height, 0, 1)};
    picture all = picture_mosaic(parts, 3, 3, 6, grey(1));
    char *path = join_path(argv[2], "restored.png");
    picture_write(&all, path);
    printf("pictures                %s: damaged, restored, original\n", path);

    free(path);
    picture_free(&all);
    for (int i = 0; i < 3; i++) picture_free(&parts[i]);
    free(original);
    free(x);
    free(model);
    free(z);
    free(damaged);
    free(restored);
    dicod_options_free(&options);
    dicod_context_free(&context);
    return 0;
}
