/* Messages over ranks: which rank has which value, and what a binding refused on one of them. */
#include "ranks.h"

enum { N = 60, L = 4, K = 2 };

static int32_t nothing(void *userdata, const parmap_task *task, const void *input, void *output)
{
    (void)userdata, (void)task, (void)input, (void)output;
    return 0;
}

int main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &n_ranks);
    static double d[K * L], x[N], z[K * (N - L + 1)];
    for (int i = 0; i < K * L; i++) d[i] = noise(i);
    for (int i = 0; i < N; i++) x[i] = noise(100 + i);
    const int64_t signal[1] = {N}, atom[1] = {L};
    dicod_context *context = NULL;
    dicod_options *options = NULL;
    dicod_encoder *e = NULL;
    dicod_status status;
    OK(dicod_context_create_mpi(MPI_COMM_WORLD, 1, &context));
    OK(dicod_options_create(&options));
    const int last = rank == n_ranks - 1;
    char others[40] = "rank 0", text[200];
    if (n_ranks == 3) strcpy(others, "ranks 0 and 1");
    if (n_ranks > 3) snprintf(others, sizeof others, "ranks 0-%d", n_ranks - 2);

    OK(dicod_options_set_real(options, "reg", last ? 0.2 : 0.1));
    snprintf(text, sizeof text, "option \"reg\" must be the same on every rank, is 0.1 on %s, 0.2 on rank %d", others, n_ranks - 1);
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, text, status = dicod_encoder_create(context, options, PROBLEM(1, signal, 1, 1, K, atom), d, &e));
    same_everywhere(status);
    OK(dicod_options_set_real(options, "reg", 0.1));

    if (last) d[3] += 1;
    snprintf(text, sizeof text, "the dictionary must be the same on every rank, is one on %s, another on rank %d", others, n_ranks - 1);
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, text, status = dicod_encoder_create(context, options, PROBLEM(1, signal, 1, 1, K, atom), d, &e));
    same_everywhere(status);
    if (last) d[3] -= 1;

    const int64_t shorter[1] = {N - 1};
    snprintf(text, sizeof text, "signal_shape must be the same on every rank, is [60] on %s, [59] on rank %d", others, n_ranks - 1);
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, text,
          status = dicod_encoder_create(context, options, PROBLEM(1, last ? shorter : signal, 1, 1, K, atom), d, &e));
    same_everywhere(status);

    OK(dicod_options_set_string(options, "schedule", "published"));
    FAILS(DICOD_ERROR_INVALID_ARGUMENT,
          "option \"schedule\" must be \"coloured\" or \"asynchronous\" on more than one rank, is \"published\"",
          status = dicod_solve(context, options, PROBLEM(1, signal, 1, 1, K, atom), x, d, z, NULL));
    same_everywhere(status);
    OK(dicod_options_set_string(options, "schedule", "coloured"));

    /* a path over two ranks' halves, or all on rank 0 */
    OK(dicod_encoder_create(context, options, PROBLEM(1, signal, 1, 1, K, atom), d, &e));
    const int64_t whole[1] = {rank == 0 ? N : 0};
    const void *channels[1] = {x};
    dicod_const_array ax = DICOD_CONST_ARRAY_INIT;
    ax.element_type = DICOD_F64, ax.n_axes = 1, ax.global_shape = signal, ax.local_shape = whole, ax.n_channels = 1, ax.channels = channels;
    double reg[3] = {0.5, 0.25, last ? -1 : 0.125};
    snprintf(text, sizeof text, "rank %d: reg[2] must be at least 0 and finite, is -1", n_ranks - 1);
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, text, status = dicod_encoder_path(e, &ax, 3, reg, NULL, NULL, NULL));
    same_everywhere(status);
    reg[2] = last ? 0.1 : 0.125;
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "reg must be the same on every rank, is [0.5, 0.25, 0.125] on rank",
          status = dicod_encoder_path(e, &ax, 3, reg, NULL, NULL, NULL));
    same_everywhere(status);
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "n_reg must be at least 1",
          status = dicod_encoder_path(e, &ax, last ? 0 : 3, reg, NULL, NULL, NULL));
    same_everywhere(status);
    int64_t count = 7;
    OK(dicod_encoder_get_sparse(e, 0, NULL, NULL, NULL, NULL, &count));
    CHECK(count == 0);
    reg[2] = 0.125;
    OK(dicod_encoder_path(e, &ax, 3, reg, NULL, NULL, NULL));
    OK(dicod_encoder_free(&e));

    dicod_parmap *map = NULL;
    OK(parmap_create(context, &map));
    /* refused by a binding on the last rank alone: all read why */
    if (last) OK(dicod_fail_next(DICOD_ERROR_INVALID_SHAPE, "x does not fit"));
    snprintf(text, sizeof text, "rank %d: x does not fit", n_ranks - 1);
    FAILS(DICOD_ERROR_INVALID_SHAPE, text,
          status = dicod_solve(context, options, PROBLEM(last ? -1 : 1, signal, 1, 1, K, atom), x, d, z, NULL));
    same_everywhere(status);
    if (last) OK(dicod_fail_next(DICOD_ERROR_INVALID_SHAPE, "columns differ"));
    snprintf(text, sizeof text, "rank %d: columns differ", n_ranks - 1);
    FAILS(DICOD_ERROR_INVALID_SHAPE, text, status = parmap_run(map, last ? -1 : 0, nothing, NULL, NULL, 0, 0, NULL, 0, 0, NULL, NULL));
    OK(dicod_solve(context, options, PROBLEM(1, signal, 1, 1, K, atom), x, d, z, NULL));
    parmap_free(&map);
    dicod_options_free(&options);
    OK(dicod_context_free(&context));
    MPI_Finalize();
    return report("messages");
}
