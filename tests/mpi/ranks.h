/*
 * What the tests over MPI share: blocks of a domain with ghost layers, spread in several ways, and errors
 * that are the same on every rank.
 */
#ifndef RANKS_H
#define RANKS_H

#include "check.h"
#include <dicod_mpi.h>

static int rank, n_ranks;

/* every rank must have got the same status and message */
static inline void same_everywhere(dicod_status status)
{
    char mine[400] = "", first[400];
    if (status < 0) dicod_last_error(sizeof mine, mine, NULL);
    memcpy(first, mine, sizeof first);
    int32_t root = status;
    MPI_Bcast(&root, 1, MPI_INT32_T, 0, MPI_COMM_WORLD);
    MPI_Bcast(first, sizeof first, MPI_CHAR, 0, MPI_COMM_WORLD);
    CHECK(root == status && memcmp(first, mine, sizeof first) == 0);
}

/* a field without any order in it, the same wherever it is computed */
static inline double noise(int64_t i)
{
    uint64_t x = (uint64_t)i * 0x9e3779b97f4a7c15u + 0x1234567;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return (double)(int64_t)(x ^ (x >> 31)) / 9223372036854775808.0;
}

/* a box of an array of `fields` fields, inside memory with `ghosts` more layers on every side */
typedef struct {
    int64_t n_axes, global[3], offset[3], shape[3], strides[3];
    int64_t fields, stored, first;
    int is_float;
    void *memory;
    void **channels;
    dicod_array array;
} held;

static inline void hold(held *h, int64_t n_axes, const int64_t *global, const int64_t *offset, const int64_t *shape, int64_t fields,
                        int64_t ghosts, int is_float)
{
    memset(h, 0, sizeof *h);
    h->n_axes = n_axes;
    h->fields = fields;
    h->is_float = is_float;
    h->stored = 1;
    for (int64_t a = n_axes - 1; a >= 0; a--) {
        h->global[a] = global[a];
        h->offset[a] = offset[a];
        h->shape[a] = shape[a];
        h->strides[a] = h->stored;
        h->first += ghosts * h->stored;
        h->stored *= shape[a] + 2 * ghosts;
    }
    const size_t size = is_float ? sizeof(float) : sizeof(double);
    h->memory = malloc((size_t)(fields * h->stored) * size);
    h->channels = malloc((size_t)fields * sizeof *h->channels);
    for (int64_t i = 0; i < fields * h->stored; i++) {
        if (is_float) ((float *)h->memory)[i] = NAN;
        else ((double *)h->memory)[i] = NAN;
    }
    for (int64_t f = 0; f < fields; f++) h->channels[f] = (char *)h->memory + (size_t)(f * h->stored + h->first) * size;
    h->array = (dicod_array)DICOD_ARRAY_INIT;
    h->array.element_type = is_float ? DICOD_F32 : DICOD_F64;
    h->array.n_axes = n_axes;
    h->array.global_shape = h->global;
    h->array.offset = h->offset;
    h->array.local_shape = h->shape;
    h->array.strides = h->strides;
    h->array.n_channels = fields;
    h->array.channels = h->channels;
}

static inline void drop(held *h)
{
    free(h->memory);
    free(h->channels);
}

/* calls visit(h, place in memory, index in the whole array, data) for each element */
static inline void each(held *h, void (*visit)(held *, int64_t, int64_t, void *), void *data)
{
    int64_t n[3] = {1, 1, 1}, at[3], volume = 1;
    for (int64_t a = 0; a < h->n_axes; a++) {
        n[3 - h->n_axes + a] = h->shape[a];
        volume *= h->global[a];
    }
    for (int64_t f = 0; f < h->fields; f++)
        for (at[0] = 0; at[0] < n[0]; at[0]++)
            for (at[1] = 0; at[1] < n[1]; at[1]++)
                for (at[2] = 0; at[2] < n[2]; at[2]++) {
                    int64_t place = f * h->stored + h->first, index = 0;
                    for (int64_t a = 0; a < h->n_axes; a++) {
                        place += at[3 - h->n_axes + a] * h->strides[a];
                        index = index * h->global[a] + at[3 - h->n_axes + a] + h->offset[a];
                    }
                    visit(h, place, f * volume + index, data);
                }
}

static inline void set_noise(held *h, int64_t place, int64_t index, void *data)
{
    const double scale = *(double *)data;
    if (h->is_float) ((float *)h->memory)[place] = (float)(scale * noise(index));
    else ((double *)h->memory)[place] = scale * noise(index);
}

typedef struct {
    const void *whole;
    int64_t wrong, seen;
} comparison;

static inline void compare(held *h, int64_t place, int64_t index, void *data)
{
    comparison *c = data;
    const size_t size = h->is_float ? sizeof(float) : sizeof(double);
    c->seen++;
    c->wrong += memcmp((char *)h->memory + (size_t)place * size, (const char *)c->whole + (size_t)index * size, size) != 0;
}

/* the block of rank r of n, by one of several ways to spread a domain */
enum { SLABS, LAST_AXIS, GRID, UNEVEN, LAST_RANK, REVERSED, N_WAYS };

static inline void spread(int way, int r, int n, int64_t n_axes, const int64_t *global, int64_t *offset, int64_t *shape)
{
    int dims[3] = {0, 0, 0};
    for (int64_t a = 0; a < n_axes; a++) {
        offset[a] = 0;
        shape[a] = global[a];
    }
    if (way == SLABS || way == LAST_AXIS || way == REVERSED) {
        const int64_t axis = way == LAST_AXIS ? n_axes - 1 : 0, at = way == REVERSED ? n - 1 - r : r;
        offset[axis] = global[axis] * at / n;
        shape[axis] = global[axis] * (at + 1) / n - offset[axis];
    } else if (way == GRID) {
        MPI_Dims_create(n, (int)n_axes, dims);
        int rest = r;
        for (int64_t a = n_axes - 1; a >= 0; a--) {
            const int at = rest % dims[a];
            rest /= dims[a];
            offset[a] = global[a] * at / dims[a];
            shape[a] = global[a] * (at + 1) / dims[a] - offset[a];
        }
    } else if (way == UNEVEN) {
        /* the first has half, the second a quarter... */
        int64_t from = 0, to = global[0];
        for (int i = 0; i <= r; i++) {
            if (i) from = to;
            to = i == n - 1 ? global[0] : from + (global[0] - from) / 2;
        }
        offset[0] = from;
        shape[0] = to - from;
    } else if (r != n - 1) {
        for (int64_t a = 0; a < n_axes; a++) shape[a] = 0;
    }
}

#endif
