/* Ranks that are threads of one program: a dicod_transport without MPI, in two hundred lines. */
#ifndef THREAD_RANKS_H
#define THREAD_RANKS_H

#include <dicod.h>

typedef struct hub hub;

/* What connects `n_ranks` threads; NULL if there is no memory. */
hub *hub_create(int32_t n_ranks);

/* One rank's transport, for dicod_context_create_on(): 0, or -1 if there is no memory. The last one that is freed takes the hub with
 * it, so each rank must be connected, and freed, once. */
int hub_connect(hub *hub, int32_t rank, dicod_transport *transport);

#endif
