#include "history.h"
#include "picture.h"
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int32_t history_add(void *userdata, const dicod_learn_step *step)
{
    history *h = userdata;
    if (h->count < 2 * MOST_ITERATIONS) {
        h->objective[h->count++] = step->objective_z;
        h->objective[h->count++] = step->objective_d;
    }
    if (h->nonzeros) memcpy(h->nonzeros, step->nonzeros, (size_t)step->n_atoms * sizeof *step->nonzeros);
    return 0;
}

void history_write(const history *h, const char *directory, const char *name)
{
    picture curve = picture_of_curve(h->objective, h->count, 600, 300, hue(0.6, 0.8, 0.8));
    char *path = join_path(directory, name);
    picture_write(&curve, path);
    printf("wrote %s\n", path);
    free(path);
    picture_free(&curve);
}
