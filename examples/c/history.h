/* How learning went: the objective after each half-step. */
#ifndef HISTORY_H
#define HISTORY_H

#include <dicod.h>

enum { MOST_ITERATIONS = 200 };

typedef struct {
    int count;
    double objective[2 * MOST_ITERATIONS];
    int64_t *nonzeros; /* NULL, or room for those of the last iteration */
} history;

/* A dicod_learn_fn; `userdata` is a history. */
int32_t history_add(void *userdata, const dicod_learn_step *step);

/* The curve, as a PNG file. */
void history_write(const history *h, const char *directory, const char *name);

#endif
