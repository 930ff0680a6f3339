/* The parallel map over MPI: the tests of one process, on all ranks. */
#define WITH_MPI
#include "../c/test_parmap.c"
