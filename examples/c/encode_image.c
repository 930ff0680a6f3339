/* Encodes a photograph with small patches of itself, and draws what was found.
 *
 *   encode_image IMAGE.pgm OUTPUT_DIRECTORY [SEED]
 */
#include "picture.h"
#include "support.h"

#include <dicod.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { K = 25, SIDE = 12, ATOM = SIDE * SIDE };

/* The picture and what came of it. */
typedef struct {
    int64_t shape[2];       /* height, width */
    double *x;              /* zero mean, unit variance */
    double low, high;       /* what is shown black and white */
    double d[K * ATOM];     /* the dictionary */
    int64_t count;          /* activations that are not zero: */
    int64_t *atom;          /* which atom, */
    int64_t (*position)[2]; /* its upper left corner, */
    double *value;          /* how strongly */
    double *reconstruction;
} coded_image;

static size_t pixels_of(const coded_image *image)
{
    return (size_t)(image->shape[0] * image->shape[1]);
}

/* Next number of a PGM header, comments skipped. */
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

static void read_pgm(const char *path, coded_image *image)
{
    size_t size, at = 2;
    unsigned char *bytes = read_file(path, &size);
    if (size < 2 || memcmp(bytes, "P5", 2) != 0) fail("%s is not a binary PGM file", path);
    long width = header_number(bytes, size, &at), height = header_number(bytes, size, &at);
    long white = header_number(bytes, size, &at);
    at++;
    if (width < 2 * SIDE || height < 2 * SIDE || white < 1 || white > 255)
        fail("%s: %ld x %ld pixels up to %ld; wanted at least %d x %d, up to 255", path, width, height, white, 2 * SIDE, 2 * SIDE);
    image->shape[0] = height;
    image->shape[1] = width;
    size_t n = pixels_of(image);
    if (at > size || size - at < n) fail("%s is cut short", path);

    double mean = 0, variance = 0;
    for (size_t i = 0; i < n; i++) mean += bytes[at + i] / (double)n;
    for (size_t i = 0; i < n; i++) variance += (bytes[at + i] - mean) * (bytes[at + i] - mean) / (double)n;
    if (variance == 0) fail("%s has only one shade", path);
    double deviation = sqrt(variance);
    image->x = allocate(n, sizeof *image->x);
    for (size_t i = 0; i < n; i++) image->x[i] = (bytes[at + i] - mean) / deviation;
    image->low = -mean / deviation;
    image->high = ((double)white - mean) / deviation;
    free(bytes);
}

/* A number from 0 to 1 (splitmix64). */
static double random_number(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return (double)((z ^ (z >> 31)) >> 11) / 9007199254740992.0;
}

static double dot(const double *a, const double *b, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += a[i] * b[i];
    return sum;
}

/* Scales `a` to norm 1, and gives back the norm that it had. */
static double normalise(double *a, size_t n)
{
    double norm = sqrt(dot(a, a, n));
    if (norm > 0)
        for (size_t i = 0; i < n; i++) a[i] /= norm;
    return norm;
}

/* Atom 0 is a smooth bump, for brightness. The others are patches of the photograph, zero mean and unit norm, drawn at
 * random: each with a probability that goes with what the ones before it leave unexplained of it. */
static void make_dictionary(coded_image *image, uint64_t seed)
{
    enum { CANDIDATES = 4000 };
    const double pi = 3.14159265358979324;
    for (int i = 0; i < ATOM; i++) image->d[i] = pow(sin(pi * (i / SIDE + 0.5) / SIDE) * sin(pi * (i % SIDE + 0.5) / SIDE), 2);
    normalise(image->d, ATOM);

    typedef double patch[ATOM];
    patch *candidates = allocate(CANDIDATES, sizeof *candidates), *left = allocate(CANDIDATES, sizeof *left);
    for (int c = 0; c < CANDIDATES; c++) {
        int64_t row = (int64_t)(random_number(&seed) * (double)(image->shape[0] - SIDE + 1));
        int64_t column = (int64_t)(random_number(&seed) * (double)(image->shape[1] - SIDE + 1));
        const double *corner = image->x + row * image->shape[1] + column;
        double mean = 0;
        for (int i = 0; i < ATOM; i++) mean += corner[i / SIDE * image->shape[1] + i % SIDE] / ATOM;
        for (int i = 0; i < ATOM; i++) candidates[c][i] = corner[i / SIDE * image->shape[1] + i % SIDE] - mean;
        memcpy(left[c], candidates[c], sizeof(patch));
    }
    for (int k = 1; k < K; k++) {
        double total = 0;
        for (int c = 0; c < CANDIDATES; c++) total += dot(left[c], left[c], ATOM);
        double still = random_number(&seed) * total;
        int chosen = 0;
        for (; chosen < CANDIDATES - 1; chosen++) {
            still -= dot(left[chosen], left[chosen], ATOM);
            if (still < 0) break;
        }
        double *atom = image->d + k * ATOM;
        memcpy(atom, candidates[chosen], sizeof(patch));
        if (normalise(atom, ATOM) == 0) fail("the picture has too few different patches");

        patch direction;
        memcpy(direction, left[chosen], sizeof direction);
        normalise(direction, ATOM);
        for (int c = 0; c < CANDIDATES; c++) {
            double explained = dot(left[c], direction, ATOM);
            for (int i = 0; i < ATOM; i++) left[c][i] -= explained * direction[i];
        }
    }
    free(candidates);
    free(left);
}

/* Finds the activations, and prints what that took. */
static void encode(coded_image *image)
{
    dicod_context *context = NULL;
    dicod_options *options = NULL;
    dicod_encoder *encoder = NULL;
    int64_t valid[2];

    CHECK(dicod_context_create(-1, &context));
    CHECK(dicod_context_set_progress(context, dicod_progress_bar, NULL));
    CHECK(dicod_options_create(&options));
    CHECK(dicod_options_parse(options, "reg=0.1 tol=1e-3 progress_interval=0.1"));
    const dicod_problem problem = DICOD_PROBLEM_2D(image->shape[0], image->shape[1], K, SIDE, SIDE);
    CHECK(dicod_valid_shape(options, &problem, valid));
    CHECK(dicod_encoder_create(context, options, &problem, image->d, &encoder));

    dicod_const_array x = DICOD_CONST_ARRAY_INIT;
    x.n_axes = 2;
    x.global_shape = image->shape;
    x.n_channels = 1;
    x.channels = (const void *const[]){image->x};
    dicod_info info = DICOD_INFO_INIT;
    CHECK(dicod_encoder_solve(encoder, &x, &info));

    /* The few activations there are, as a list. */
    CHECK(dicod_encoder_get_sparse(encoder, 0, NULL, NULL, NULL, NULL, &image->count));
    size_t count = (size_t)image->count;
    image->atom = allocate(count, sizeof *image->atom);
    image->position = allocate(count, sizeof *image->position);
    image->value = allocate(count, sizeof *image->value);
    if (count > 0)
        CHECK(dicod_encoder_get_sparse(encoder, image->count, NULL, image->atom, image->position[0], image->value, &image->count));

    /* And all of them, which is what the reconstruction takes. */
    size_t map = (size_t)(valid[0] * valid[1]);
    double *z = allocate(K * map, sizeof *z);
    void *channels[K];
    for (size_t k = 0; k < K; k++) channels[k] = z + k * map;
    dicod_array activations = DICOD_ARRAY_INIT;
    activations.n_axes = 2;
    activations.global_shape = valid;
    activations.n_channels = K;
    activations.channels = channels;
    CHECK(dicod_encoder_get_z(encoder, &activations));
    image->reconstruction = allocate(pixels_of(image), sizeof *image->reconstruction);
    CHECK(dicod_reconstruct(context, options, &problem, image->d, z, image->reconstruction));
    free(z);

    print_table(&info, (double)pixels_of(image), (double)K * (double)map, dot(image->x, image->x, pixels_of(image)));
    dicod_encoder_free(&encoder);
    dicod_options_free(&options);
    dicod_context_free(&context);
}

/* Brightness is pale, so that the patches stand out. */
static colour atom_colour(int64_t k)
{
    return k == 0 ? grey(0.45) : distinct_colour((int)k);
}

/* Atom k enlarged, in a frame of the colour that it has in the picture of the activations. */
static picture atom_picture(const coded_image *image, int k, int factor, int frame)
{
    const double *atom = image->d + k * ATOM;
    double peak = 0;
    for (int i = 0; i < ATOM; i++) peak = fmax(peak, fabs(atom[i]));
    picture small = picture_of_values(atom, SIDE, SIDE, -peak, peak);
    picture large = picture_scaled(&small, factor);
    picture framed = picture_create(large.width + 2 * frame, large.height + 2 * frame, atom_colour(k));
    picture_paste(&framed, &large, frame, frame);
    picture_free(&small);
    picture_free(&large);
    return framed;
}

static picture atoms_picture(const coded_image *image, int columns, int factor, int frame, int gap, colour background)
{
    picture parts[K];
    for (int k = 0; k < K; k++) parts[k] = atom_picture(image, k, factor, frame);
    picture all = picture_mosaic(parts, K, columns, gap, background);
    for (int k = 0; k < K; k++) picture_free(&parts[k]);
    return all;
}

static picture grey_picture(const coded_image *image, const double *values)
{
    return picture_of_values(values, (int)image->shape[1], (int)image->shape[0], image->low, image->high);
}

/* What is not explained: blue where the photograph is darker than its reconstruction, red where it is brighter. */
static picture residual_picture(const coded_image *image)
{
    picture p = picture_create((int)image->shape[1], (int)image->shape[0], grey(1));
    for (size_t i = 0; i < pixels_of(image); i++) p.pixels[i] = signed_colour(image->x[i] - image->reconstruction[i]);
    return p;
}

static const double *strength; /* for by_strength() */

static int by_strength(const void *a, const void *b)
{
    double x = fabs(strength[*(const size_t *)a]), y = fabs(strength[*(const size_t *)b]);
    return (x > y) - (x < y);
}

/* A dot in the middle of each placed atom, the larger the stronger, over the darkened photograph. */
static picture activations_picture(const coded_image *image, int factor)
{
    picture original = grey_picture(image, image->x), p = picture_scaled(&original, factor);
    picture_free(&original);
    for (size_t i = 0; i < (size_t)p.width * (size_t)p.height; i++) p.pixels[i] = grey(p.pixels[i].r / 255.0 * 0.35);

    size_t count = (size_t)image->count, *order = allocate(count, sizeof *order);
    for (size_t i = 0; i < count; i++) order[i] = i;
    strength = image->value;
    qsort(order, count, sizeof *order, by_strength);
    /* the bumps below, the patches above */
    for (int patches = 0; patches < 2; patches++) {
        double strongest = 0, half = (SIDE - 1) / 2.0;
        for (size_t i = 0; i < count; i++)
            if ((image->atom[i] > 0) == patches) strongest = fmax(strongest, fabs(image->value[i]));
        for (size_t n = 0; n < count; n++) {
            size_t i = order[n];
            if ((image->atom[i] > 0) != patches) continue;
            double radius = 0.3 + 0.4 * patches + 2 * sqrt(fabs(image->value[i]) / strongest);
            picture_dot(&p, factor * ((double)image->position[i][1] + half), factor * ((double)image->position[i][0] + half),
                        factor * radius - 0.3, atom_colour(image->atom[i]));
        }
    }
    free(order);
    return p;
}

static void save(picture *p, const char *directory, const char *name)
{
    char *path = join_path(directory, name);
    picture_write(p, path);
    printf("wrote %s (%d x %d)\n", path, p->width, p->height);
    free(path);
    picture_free(p);
}

static void draw(const coded_image *image, const char *directory)
{
    enum { GAP = 12 };
    colour paper = grey(1);
    /* original, reconstruction, activations, residual */
    picture parts[4] = {grey_picture(image, image->x), grey_picture(image, image->reconstruction), activations_picture(image, 1),
                        residual_picture(image)};

    picture pair = picture_mosaic(parts, 2, 2, GAP, paper);
    picture panels = picture_mosaic(parts, 4, 2, GAP, paper);
    picture column = atoms_picture(image, 2, 6, 2, 4, paper);
    int height = panels.height > column.height ? panels.height : column.height;
    picture overview = picture_create(panels.width + column.width + GAP - 8, height, paper);
    picture_paste(&overview, &panels, 0, 0);
    picture_paste(&overview, &column, panels.width - 4, GAP - 4);
    picture_free(&panels);
    picture_free(&column);

    picture atoms = atoms_picture(image, 5, 10, 4, 10, paper), large = activations_picture(image, 2);
    save(&atoms, directory, "atoms.png");
    save(&pair, directory, "original-and-reconstruction.png");
    save(&parts[3], directory, "residual.png");
    save(&large, directory, "activations.png");
    save(&overview, directory, "overview.png");
    for (int i = 0; i < 3; i++) picture_free(&parts[i]);
}

int main(int argc, char **argv)
{
    char *end = "";
    uint64_t seed = argc == 4 ? strtoull(argv[3], &end, 10) : 1;
    if (argc < 3 || argc > 4 || *end) {
        fprintf(stderr, "usage: %s IMAGE.pgm OUTPUT_DIRECTORY [SEED]\n", argv[0]);
        return EXIT_FAILURE;
    }
    coded_image image = {0};
    read_pgm(argv[1], &image);
    make_dictionary(&image, seed);
    printf("%s: %d x %d pixels, %d atoms of %d x %d, seed %llu, libdicod %s\n", argv[1], (int)image.shape[1], (int)image.shape[0], K, SIDE,
           SIDE, (unsigned long long)seed, dicod_version());
    encode(&image);
    draw(&image, argv[2]);

    free(image.x);
    free(image.atom);
    free(image.position);
    free(image.value);
    free(image.reconstruction);
    return EXIT_SUCCESS;
}
