#include "thread_ranks.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct message {
    struct message *next;
    int32_t from, tag;
    int64_t n;
    unsigned char bytes[];
} message;

/* A reduction, in the order in which ranks start them: all have the same one at the same place. */
typedef struct reduction {
    struct reduction *next;
    int64_t number, n;
    int32_t arrived, taken;
    int64_t values[];
} reduction;

/* A split that all ranks enter. */
typedef struct split {
    struct split *next;
    int64_t number;
    int32_t arrived, left;
    int32_t *colours, *keys;
    hub **hubs; /* of each rank's colour, made by the first of them that comes by */
} split;

struct hub {
    pthread_mutex_t mutex;
    pthread_cond_t all_here;
    int32_t n_ranks, n_free;
    message **boxes; /* of each rank, the oldest first */
    reduction *reductions;
    split *splits;
};

/* The state of a transport. */
typedef struct {
    hub *hub;
    int32_t rank;
    int64_t reductions, splits; /* that it has started */
} place;

/* A reduction that a rank waits for. */
typedef struct {
    reduction *of;
    int64_t *result;
} waiting;

enum { NO_MEMORY = 1 };

hub *hub_create(int32_t n_ranks)
{
    hub *h = calloc(1, sizeof *h);
    if (!h) return NULL;
    h->n_ranks = n_ranks;
    h->boxes = calloc((size_t)n_ranks, sizeof *h->boxes);
    if (!h->boxes) {
        free(h);
        return NULL;
    }
    pthread_mutex_init(&h->mutex, NULL);
    pthread_cond_init(&h->all_here, NULL);
    return h;
}

static int32_t start_send(void *state, int32_t to, int32_t tag, const void *bytes, int64_t n, void **request)
{
    const place *me = state;
    message *m = malloc(sizeof *m + (size_t)n);
    if (!m) return NO_MEMORY;
    m->next = NULL, m->from = me->rank, m->tag = tag, m->n = n;
    memcpy(m->bytes, bytes, (size_t)n);
    pthread_mutex_lock(&me->hub->mutex);
    message **end = &me->hub->boxes[to];
    while (*end) end = &(*end)->next;
    *end = m;
    pthread_mutex_unlock(&me->hub->mutex);
    *request = NULL; /* it is copied: there is nothing to wait for */
    return 0;
}

/* The place of the oldest message like that; to be called with the lock. */
static message **find(const place *me, int32_t from, int32_t tag)
{
    message **m = &me->hub->boxes[me->rank];
    while (*m && ((*m)->tag != tag || (from >= 0 && (*m)->from != from))) m = &(*m)->next;
    return m;
}

static int32_t probe(void *state, int32_t from, int32_t tag, int32_t *found, int32_t *source, int64_t *n)
{
    const place *me = state;
    pthread_mutex_lock(&me->hub->mutex);
    const message *m = *find(me, from, tag);
    *found = m != NULL;
    if (m) *source = m->from, *n = m->n;
    pthread_mutex_unlock(&me->hub->mutex);
    return 0;
}

static int32_t receive(void *state, int32_t source, int32_t tag, void *bytes, int64_t n)
{
    const place *me = state;
    pthread_mutex_lock(&me->hub->mutex);
    message **at = find(me, source, tag), *m = *at;
    *at = m->next;
    pthread_mutex_unlock(&me->hub->mutex);
    memcpy(bytes, m->bytes, (size_t)n);
    free(m);
    return 0;
}

static int32_t start_reduce(void *state, int32_t how, int64_t n, const int64_t *values, int64_t *result, void **request)
{
    place *me = state;
    waiting *w = malloc(sizeof *w);
    int64_t number = me->reductions++;
    if (!w) return NO_MEMORY;
    pthread_mutex_lock(&me->hub->mutex);
    reduction **r = &me->hub->reductions;
    while (*r && (*r)->number != number) r = &(*r)->next;
    if (!*r) {
        *r = malloc(sizeof **r + (size_t)n * sizeof *values);
        if (*r) {
            (*r)->next = NULL, (*r)->number = number, (*r)->n = n, (*r)->arrived = (*r)->taken = 0;
            memcpy((*r)->values, values, (size_t)n * sizeof *values);
        }
    } else {
        for (int64_t i = 0; i < n; i++) {
            int64_t *to = &(*r)->values[i], v = values[i];
            if (how == DICOD_REDUCE_SUM) *to = (int64_t)((uint64_t)*to + (uint64_t)v);
            else if (how == DICOD_REDUCE_MAX ? v > *to : v < *to) *to = v;
        }
    }
    w->of = *r, w->result = result;
    if (*r) (*r)->arrived++;
    pthread_mutex_unlock(&me->hub->mutex);
    if (!w->of) {
        free(w);
        return NO_MEMORY;
    }
    *request = w;
    return 0;
}

static int32_t test_reduction(void *state, void *request, int32_t *done)
{
    const place *me = state;
    waiting *w = request;
    reduction *r = w->of;
    pthread_mutex_lock(&me->hub->mutex);
    *done = r->arrived == me->hub->n_ranks;
    if (*done) {
        memcpy(w->result, r->values, (size_t)r->n * sizeof *r->values);
        free(w);
        if (++r->taken == me->hub->n_ranks) {
            reduction **at = &me->hub->reductions;
            while (*at != r) at = &(*at)->next;
            *at = r->next;
            free(r);
        }
    }
    pthread_mutex_unlock(&me->hub->mutex);
    return 0;
}

static void free_split(split *s)
{
    free(s->colours), free(s->keys), free(s->hubs);
    free(s);
}

static int32_t make_part(void *state, int32_t colour, int32_t key, dicod_transport *part)
{
    place *me = state;
    hub *h = me->hub;
    int64_t number = me->splits++;
    const size_t n = (size_t)h->n_ranks;
    int32_t error = 0, rank = 0, size = 0;
    pthread_mutex_lock(&h->mutex);
    split **at = &h->splits;
    while (*at && (*at)->number != number) at = &(*at)->next;
    if (!*at) {
        split *s = calloc(1, sizeof *s);
        if (s)
            s->number = number, s->colours = calloc(n, sizeof *s->colours), s->keys = calloc(n, sizeof *s->keys),
            s->hubs = calloc(n, sizeof *s->hubs);
        if (!s || !s->colours || !s->keys || !s->hubs) abort(); /* the others would wait for ever */
        *at = s;
    }
    split *s = *at;
    s->colours[me->rank] = colour, s->keys[me->rank] = key;
    if (++s->arrived == h->n_ranks) pthread_cond_broadcast(&h->all_here);
    while (s->arrived < h->n_ranks) pthread_cond_wait(&h->all_here, &h->mutex);
    int32_t first = -1;
    for (int32_t i = 0; i < h->n_ranks; i++) {
        if (colour < 0 || s->colours[i] != colour) continue;
        if (first < 0) first = i;
        size++;
        rank += s->keys[i] < key || (s->keys[i] == key && i < me->rank);
    }
    hub *of_part = NULL;
    if (colour >= 0) {
        if (!s->hubs[first]) s->hubs[first] = hub_create(size);
        of_part = s->hubs[first];
        error = !of_part || hub_connect(of_part, rank, part) != 0 ? NO_MEMORY : 0;
    }
    if (++s->left == h->n_ranks) {
        at = &h->splits;
        while (*at != s) at = &(*at)->next;
        *at = s->next;
        free_split(s);
    }
    pthread_mutex_unlock(&h->mutex);
    return error;
}

static void explain(void *state, int32_t error, int64_t capacity, char *buffer)
{
    (void)state;
    snprintf(buffer, (size_t)capacity, "%s", error == NO_MEMORY ? "no memory for a message" : "an unknown error");
}

static void free_place(void *state)
{
    place *me = state;
    hub *h = me->hub;
    free(me);
    pthread_mutex_lock(&h->mutex);
    const int last = ++h->n_free == h->n_ranks;
    pthread_mutex_unlock(&h->mutex);
    if (!last) return;
    for (int32_t i = 0; i < h->n_ranks; i++)
        for (message *m = h->boxes[i], *next; m; m = next) next = m->next, free(m);
    for (reduction *r = h->reductions, *next; r; r = next) next = r->next, free(r);
    pthread_mutex_destroy(&h->mutex);
    pthread_cond_destroy(&h->all_here);
    free(h->boxes);
    free(h);
}

int hub_connect(hub *h, int32_t rank, dicod_transport *transport)
{
    dicod_transport made = DICOD_TRANSPORT_INIT;
    place *me = calloc(1, sizeof *me);
    if (!me) return -1;
    me->hub = h, me->rank = rank;
    made.state = me, made.rank = rank, made.n_ranks = h->n_ranks, made.may_have_threads = 1;
    made.send = start_send, made.test = test_reduction, made.probe = probe, made.receive = receive, made.reduce = start_reduce;
    made.split = make_part, made.explain = explain, made.free = free_place;
    *transport = made;
    return 0;
}
