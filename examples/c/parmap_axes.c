/* Principal axes of the patches of a photograph, as a flow of two nodes: the mean is learnt and taken away, then the
 * covariance, from which come the axes. Chunks of patches are trained by forks on all cores. The flow is stopped after
 * the first node, and goes on from the checkpoint in a file.
 *
 *   parmap_axes IMAGE.pgm OUTPUT_DIRECTORY
 */
#include "picture.h"
#include "support.h"

#include <dicod.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SIDE = 8, DIM = SIDE * SIDE, KEPT = 16 };

/* Both nodes: sums over patches, and what comes of them. Without pointers, so that its bytes are all there is. */
typedef struct {
    double count;
    double sum[DIM], mean[DIM];                /* first node */
    double products[DIM][DIM], axes[DIM][DIM]; /* second node: axes row by row, */
    double variance[DIM];                      /* the widest first */
} state;

/* Rows of patches, one row a chunk. */
typedef struct {
    const unsigned char *pixels;
    int width, height, row;
    const char *checkpoint; /* a file; NULL: go on without */
    double squares[2];      /* of patches, and of their parts along the axes that are kept */
} image;

static int32_t fork_node(const void *node, void **fork)
{
    state *made = calloc(1, sizeof *made);
    *fork = made;
    (void)node;
    return made ? 0 : 1;
}

static int32_t pack(const void *node, parmap_buffer *buffer)
{
    return parmap_buffer_append(buffer, node, sizeof(state)) != 0;
}

static int32_t unpack(void *node, const void *data, int64_t size)
{
    if (size != (int64_t)sizeof(state)) return 1;
    memcpy(node, data, sizeof(state));
    return 0;
}

static int32_t join(void *node, const void *fork)
{
    state *to = node;
    const state *from = fork;
    to->count += from->count;
    for (int i = 0; i < DIM; i++) {
        to->sum[i] += from->sum[i];
        for (int j = 0; j < DIM; j++) to->products[i][j] += from->products[i][j];
    }
    return 0;
}

static int32_t train_mean(void *node, int64_t phase, const void *data, int64_t size)
{
    state *s = node;
    const double *x = data;
    (void)phase;
    for (int64_t i = 0; i < size / (int64_t)sizeof *x; i++) s->sum[i % DIM] += x[i];
    s->count += (double)(size / (int64_t)sizeof *x / DIM);
    return 0;
}

static int32_t stop_mean(void *node, int64_t phase)
{
    state *s = node;
    (void)phase;
    for (int i = 0; i < DIM; i++) s->mean[i] = s->sum[i] / s->count;
    return 0;
}

static int32_t take_mean_away(void *node, const void *data, int64_t size, parmap_buffer *output)
{
    const state *s = node;
    void *to;
    if (parmap_buffer_resize(output, size, &to)) return 1;
    for (int64_t i = 0; i < size / 8; i++) ((double *)to)[i] = ((const double *)data)[i] - s->mean[i % DIM];
    return 0;
}

static int32_t train_covariance(void *node, int64_t phase, const void *data, int64_t size)
{
    state *s = node;
    (void)phase;
    for (const double *x = data; x < (const double *)data + size / 8; x += DIM, s->count++)
        for (int i = 0; i < DIM; i++)
            for (int j = 0; j < DIM; j++) s->products[i][j] += x[i] * x[j];
    return 0;
}

/* Jacobi's rotations. */
static int32_t stop_covariance(void *node, int64_t phase)
{
    state *s = node;
    static double a[DIM][DIM];
    (void)phase;
    for (int i = 0; i < DIM; i++)
        for (int j = 0; j < DIM; j++) a[i][j] = s->products[i][j] / s->count, s->axes[i][j] = i == j;
    for (int sweep = 0; sweep < 30; sweep++)
        for (int p = 0; p < DIM; p++)
            for (int q = p + 1; q < DIM; q++) {
                if (fabs(a[p][q]) < 1e-14) continue;
                double angle = 0.5 * atan2(2 * a[p][q], a[p][p] - a[q][q]), c = cos(angle), sn = sin(angle);
                for (int k = 0; k < DIM; k++) {
                    double x = a[p][k], y = a[q][k];
                    a[p][k] = c * x + sn * y, a[q][k] = c * y - sn * x;
                    x = s->axes[p][k], y = s->axes[q][k];
                    s->axes[p][k] = c * x + sn * y, s->axes[q][k] = c * y - sn * x;
                }
                for (int k = 0; k < DIM; k++) {
                    double x = a[k][p], y = a[k][q];
                    a[k][p] = c * x + sn * y, a[k][q] = c * y - sn * x;
                }
            }
    for (int i = 0; i < DIM; i++) s->variance[i] = a[i][i];
    for (int i = 0; i < DIM; i++) { /* the widest first */
        int best = i;
        for (int j = i + 1; j < DIM; j++) best = s->variance[j] > s->variance[best] ? j : best;
        double v = s->variance[i], row[DIM];
        s->variance[i] = s->variance[best], s->variance[best] = v;
        memcpy(row, s->axes[i], sizeof row);
        memmove(s->axes[i], s->axes[best], sizeof row);
        memcpy(s->axes[best], row, sizeof row);
    }
    return 0;
}

/* The square of each patch, and of its part along the axes that are kept. */
static int32_t project(void *node, const void *data, int64_t size, parmap_buffer *output)
{
    const state *s = node;
    for (const double *x = data; x < (const double *)data + size / 8; x += DIM) {
        double squares[2] = {0, 0};
        for (int i = 0; i < DIM; i++) squares[0] += x[i] * x[i];
        for (int k = 0; k < KEPT; k++) {
            double along = 0;
            for (int i = 0; i < DIM; i++) along += s->axes[k][i] * x[i];
            squares[1] += along * along;
        }
        if (parmap_buffer_append(output, squares, sizeof squares)) return 1;
    }
    return 0;
}

static int32_t restart(void *userdata)
{
    ((image *)userdata)->row = 0;
    return 0;
}

static int32_t produce(void *userdata, parmap_buffer *buffer)
{
    image *im = userdata;
    if (im->row + SIDE > im->height) return PARMAP_END;
    for (int left = 0; left + SIDE <= im->width; left += SIDE / 2) {
        double patch[DIM];
        for (int i = 0; i < DIM; i++)
            patch[i] = im->pixels[(size_t)(im->row + i / SIDE) * (size_t)im->width + (size_t)(left + i % SIDE)] / 255.0;
        if (parmap_buffer_append(buffer, patch, sizeof patch)) return 1;
    }
    im->row += SIDE / 2;
    return PARMAP_ITEM;
}

static int32_t consume(void *userdata, int64_t index, int32_t status, const void *data, int64_t size)
{
    image *im = userdata;
    (void)index, (void)status;
    for (int64_t i = 0; i < size / 8; i++) im->squares[i % 2] += ((const double *)data)[i];
    return 0;
}

/* Writes the file and stops. */
static int32_t checkpoint(void *userdata, int64_t node, const void *data, int64_t size)
{
    const image *im = userdata;
    if (!im->checkpoint || node != 0) return 0;
    FILE *file = fopen(im->checkpoint, "wb");
    if (!file || fwrite(data, 1, (size_t)size, file) != (size_t)size || fclose(file)) fail("cannot write %s", im->checkpoint);
    return 1;
}

static parmap_flow *make_flow(state *states)
{
    parmap_node nodes[2] = {PARMAP_NODE_INIT, PARMAP_NODE_INIT};
    for (int i = 0; i < 2; i++) {
        memset(&states[i], 0, sizeof states[i]);
        nodes[i].state = &states[i], nodes[i].phases = 1, nodes[i].fork_state = fork_node, nodes[i].free_state = free;
        nodes[i].pack = pack, nodes[i].unpack = unpack, nodes[i].join_states = join;
    }
    nodes[0].train = train_mean, nodes[0].stop = stop_mean, nodes[0].execute = take_mean_away;
    nodes[1].train = train_covariance, nodes[1].stop = stop_covariance, nodes[1].execute = project;
    parmap_flow *flow = NULL;
    CHECK(parmap_flow_create(2, nodes, &flow));
    return flow;
}

int main(int argc, char **argv)
{
    if (argc != 3) fail("usage: %s IMAGE.pgm OUTPUT_DIRECTORY", argv[0]);
    size_t size;
    unsigned char *bytes = read_file(argv[1], &size);
    int width = 0, height = 0, white = 0, at = 0;
    char head[64] = "";
    memcpy(head, bytes, size < 63 ? size : 63);
    if (sscanf(head, "P5 %d %d %d%n", &width, &height, &white, &at) != 3 || width < SIDE || height < SIDE || white != 255 ||
        size < (size_t)at + 1 + (size_t)width * (size_t)height)
        fail("%s is not a binary PGM file with 255 shades, without comments", argv[1]);
    image im = {bytes + at + 1, width, height, 0, NULL, {0, 0}};
    dicod_context *context = NULL;
    dicod_parmap *map = NULL;
    parmap_report report = PARMAP_REPORT_INIT;
    CHECK(dicod_context_create(-1, &context));
    CHECK(parmap_create(context, &map));

    state *whole = allocate(2, sizeof *whole), *resumed = allocate(2, sizeof *resumed);
    parmap_flow *flow = make_flow(whole);
    CHECK(parmap_flow_train(flow, map, restart, produce, checkpoint, &im, &report));
    printf("trained in one go: %lld chunks of patches\n", (long long)report.done);
    im.row = 0;
    CHECK(parmap_flow_execute(flow, map, produce, consume, &im, NULL));
    parmap_flow_free(&flow);

    /* the same, interrupted */
    char *file = join_path(argv[2], "parmap_axes.checkpoint"), *path = join_path(argv[2], "parmap_axes.png");
    im.checkpoint = file, im.row = 0;
    flow = make_flow(resumed);
    dicod_status status = CHECK(parmap_flow_train(flow, map, restart, produce, checkpoint, &im, NULL));
    parmap_flow_free(&flow);
    flow = make_flow(resumed);
    size_t saved;
    unsigned char *data = read_file(file, &saved);
    CHECK(parmap_flow_load(flow, 0, data, (int64_t)saved));
    im.row = 0;
    CHECK(parmap_flow_train(flow, map, restart, produce, checkpoint, &im, NULL));
    printf("stopped after the mean: %s; from the checkpoint of %zu bytes, same bits: %s\n\n", status == PARMAP_STOPPED ? "yes" : "NO",
           saved, memcmp(whole, resumed, 2 * sizeof *whole) ? "NO" : "yes");
    parmap_flow_free(&flow);

    double all = 0, sum = 0;
    for (int i = 0; i < DIM; i++) all += whole[1].variance[i];
    printf("axes       variance explained\n");
    for (int i = 0; i < KEPT; i++) {
        sum += whole[1].variance[i];
        if ((i & (i + 1)) == 0) printf("%4d %21.2f %%\n", i + 1, 100 * sum / all);
    }
    printf("executed over all chunks: %.2f %% of the squares lie along %d of %d axes\n", 100 * im.squares[1] / im.squares[0], KEPT, DIM);

    picture parts[KEPT];
    for (int k = 0; k < KEPT; k++) {
        picture small = picture_create(SIDE, SIDE, grey(0));
        double most = 0;
        for (int i = 0; i < DIM; i++) most = fmax(most, fabs(whole[1].axes[k][i]));
        for (int i = 0; i < DIM; i++) small.pixels[i] = signed_colour(whole[1].axes[k][i] / most);
        parts[k] = picture_scaled(&small, 12);
        picture_free(&small);
    }
    picture mosaic = picture_mosaic(parts, KEPT, 8, 8, grey(1));
    picture_write(&mosaic, path);
    printf("picture: %s\n", path);
    for (int k = 0; k < KEPT; k++) picture_free(&parts[k]);
    picture_free(&mosaic);
    free(file), free(path), free(data), free(whole), free(resumed), free(bytes);
    parmap_free(&map);
    CHECK(dicod_context_free(&context));
    return EXIT_SUCCESS;
}
