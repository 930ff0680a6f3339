/*
 * z is the same, bit for bit, on any number of ranks with any blocks: compared with a solve without a
 * communicator, in 1, 2 and 3 dimensions, with and without periods, in double and float, with 1 and 2
 * threads. Blocks lie in larger arrays with ghost layers, which must be left alone.
 *
 * Ranks on few cores are slow: fewer cases then, other ones for each number of ranks; 2, 3 and 4 ranks have all between them.
 * With "all": all of them, and farther; with "small": one, for valgrind.
 */
#include "ranks.h"

enum { P = 2, K = 3 };

static double tol = 1e-2; /* some ten sweeps, each of which asks all ranks */

/* D*z and x - D*z on blocks that reach into those of other ranks, or on everything on one rank: the bits of the local functions */
static void what_z_stands_for(dicod_encoder *encoder, dicod_options *options, held *hx, const void *x, const void *d, const void *z,
                              int64_t n_axes, const int64_t *signal, const int64_t *atom, int is_float, int all_on_one)
{
    int64_t n = P, offset[3], shape[3];
    for (int64_t a = 0; a < n_axes; a++) n *= signal[a];
    void *model = calloc((size_t)n, sizeof(double)), *left = calloc((size_t)n, sizeof(double));
    double wanted[2], got[2];
    if (is_float) {
        OK(dicod_reconstruct_f32(NULL, options, PROBLEM(n_axes, signal, 1, P, K, atom), d, z, model));
        OK(dicod_objective_f32(NULL, options, PROBLEM(n_axes, signal, 1, P, K, atom), x, d, z, &wanted[0], &wanted[1]));
        for (int64_t i = 0; i < n; i++) ((float *)left)[i] = ((const float *)x)[i] - ((float *)model)[i];
    } else {
        OK(dicod_reconstruct(NULL, options, PROBLEM(n_axes, signal, 1, P, K, atom), d, z, model));
        OK(dicod_objective(NULL, options, PROBLEM(n_axes, signal, 1, P, K, atom), x, d, z, &wanted[0], &wanted[1]));
        for (int64_t i = 0; i < n; i++) ((double *)left)[i] = ((const double *)x)[i] - ((double *)model)[i];
    }
    for (int64_t a = 0; a < n_axes; a++) {
        offset[a] = hx->offset[a] > 2 ? hx->offset[a] - 2 : 0;
        const int64_t end = hx->offset[a] + hx->shape[a] + 3;
        shape[a] = (end < signal[a] ? end : signal[a]) - offset[a];
        if (all_on_one) offset[a] = 0, shape[a] = rank == n_ranks - 1 ? signal[a] : 0;
    }
    held hm, hr;
    hold(&hm, n_axes, signal, offset, shape, P, 1, is_float);
    hold(&hr, n_axes, signal, offset, shape, P, 2, is_float);
    OK(dicod_encoder_reconstruct(encoder, &hm.array));
    OK(dicod_encoder_residual(encoder, READ(&hx->array), &hr.array));
    comparison c = {model, 0, 0}, r = {left, 0, 0};
    each(&hm, compare, &c);
    each(&hr, compare, &r);
    if (!CHECK(c.wrong == 0 && r.wrong == 0)) printf("  D*z, x - D*z: %d and %d of %d differ\n", (int)c.wrong, (int)r.wrong, (int)c.seen);
    OK(dicod_encoder_objective(encoder, READ(&hx->array), &got[0], &got[1]));
    for (int i = 0; i < 2; i++) CLOSE(got[i], wanted[i], (is_float ? 1e-5 : 1e-12) * wanted[0]);
    double first[2] = {got[0], got[1]};
    MPI_Bcast(first, 2, MPI_DOUBLE, 0, MPI_COMM_WORLD);
    CHECK(memcmp(first, got, sizeof got) == 0);
    drop(&hm);
    drop(&hr);
    free(model);
    free(left);
}

static void one(int64_t n_axes, const int64_t *signal, const int64_t *atom, int periodic, int is_float, int n_threads, int way)
{
    char name[100];
    snprintf(name, sizeof name, "%d axes, periodic %d, float %d, %d threads, way %d", (int)n_axes, periodic, is_float, n_threads, way);
    int64_t valid[3], n_x = P, n_d = K * P, n_z = K, wraps[3];
    dicod_options *options = NULL;
    OK(dicod_options_create(&options));
    for (int64_t a = 0; a < n_axes; a++) wraps[a] = periodic && a == 0;
    OK(dicod_options_set_integers(options, "periodic", n_axes, wraps));
    OK(dicod_options_set_real(options, "tol", tol));
    OK(dicod_options_set_integer(options, "warm_start", 1));
    OK(dicod_valid_shape(options, PROBLEM(n_axes, signal, 1, 1, 1, atom), valid));
    for (int64_t a = 0; a < n_axes; a++) {
        n_x *= signal[a];
        n_d *= atom[a];
        n_z *= valid[a];
    }
    const size_t size = is_float ? sizeof(float) : sizeof(double);
    void *x = calloc((size_t)n_x, size), *d = calloc((size_t)n_d, size), *z = calloc((size_t)n_z, size);
    dicod_info wanted = DICOD_INFO_INIT, got = DICOD_INFO_INIT;
    for (int64_t i = 0; i < n_d; i++) {
        if (is_float) ((float *)d)[i] = (float)noise(~i);
        else ((double *)d)[i] = noise(~i);
    }
    dicod_context *context = NULL;
    dicod_encoder *encoder = NULL;
    OK(dicod_context_create_mpi(MPI_COMM_WORLD, n_threads, &context));
    if (is_float) OK(dicod_encoder_create_f32(context, options, PROBLEM(n_axes, signal, 1, P, K, atom), d, &encoder));
    else OK(dicod_encoder_create(context, options, PROBLEM(n_axes, signal, 1, P, K, atom), d, &encoder));
    /* the second time it starts from the first's z */
    for (int step = 0; step < 2; step++) {
        double scale = step ? 0.8 : 1.0;
        for (int64_t i = 0; i < n_x; i++) {
            if (is_float) ((float *)x)[i] = (float)(scale * noise(i));
            else ((double *)x)[i] = scale * noise(i);
        }
        if (is_float) OK(dicod_solve_f32(NULL, options, PROBLEM(n_axes, signal, 1, P, K, atom), x, d, z, &wanted));
        else OK(dicod_solve(NULL, options, PROBLEM(n_axes, signal, 1, P, K, atom), x, d, z, &wanted));

        int64_t offset[3], shape[3], z_offset[3], z_shape[3];
        held hx, hz;
        spread((way + step) % N_WAYS, rank, n_ranks, n_axes, signal, offset, shape);
        hold(&hx, n_axes, signal, offset, shape, P, 2, is_float);
        each(&hx, set_noise, &scale);
        OK(dicod_encoder_solve(encoder, READ(&hx.array), &got));
        CHECK(got.steps == wanted.steps && got.nonzeros == wanted.nonzeros && got.sweeps == wanted.sweeps);
        CHECK(got.objective == wanted.objective && got.duality_gap == wanted.duality_gap);
        CHECK(got.lambda_max == wanted.lambda_max && got.max_step == wanted.max_step);
        OK(dicod_valid_block(options, PROBLEM(n_axes, signal, 1, 1, 1, atom), offset, shape, z_offset, z_shape));
        hold(&hz, n_axes, valid, z_offset, z_shape, K, 1, is_float);
        OK(dicod_encoder_get_z(encoder, &hz.array));
        comparison c = {z, 0, 0};
        each(&hz, compare, &c);
        if (!CHECK(c.wrong == 0)) printf("  %s: %d of %d values differ\n", name, (int)c.wrong, (int)c.seen);
        int64_t untouched = 0, counts[3] = {c.seen, 0, 0}, sums[3];
        for (int64_t i = 0; i < hz.fields * hz.stored; i++)
            untouched += is_float ? isnan(((float *)hz.memory)[i]) : isnan(((double *)hz.memory)[i]);
        CHECK(untouched == hz.fields * hz.stored - c.seen);
        OK(dicod_encoder_get_sparse(encoder, 0, NULL, NULL, NULL, NULL, &counts[1]));
        OK(dicod_encoder_get_sparse_block(encoder, z_offset, z_shape, 0, NULL, NULL, NULL, NULL, &counts[2]));
        MPI_Allreduce(counts, sums, 3, MPI_INT64_T, MPI_SUM, MPI_COMM_WORLD);
        CHECK(sums[0] == n_z && sums[1] == wanted.nonzeros && sums[2] == wanted.nonzeros);
        what_z_stands_for(encoder, options, &hx, x, d, z, n_axes, signal, atom, is_float, (way + step) % 2);
        /* each rank's list, given back after z was something else */
        const int64_t n = counts[1];
        int64_t *list = malloc(sizeof *list * (size_t)(n * (2 + n_axes) + 1));
        double *value = malloc(sizeof *value * (size_t)(n + 1));
        int64_t *of_signal = list, *of_atom = list + n, *position = list + 2 * n;
        if (n > 0) OK(dicod_encoder_get_sparse(encoder, n, of_signal, of_atom, position, value, &counts[1]));
        OK(dicod_encoder_clear_z(encoder));
        OK(dicod_encoder_set_sparse(encoder, n, of_signal, of_atom, position, value));
        OK(dicod_encoder_get_z(encoder, &hz.array));
        c = (comparison){z, 0, 0};
        each(&hz, compare, &c);
        if (!CHECK(c.wrong == 0)) printf("  %s, as a list: %d of %d values differ\n", name, (int)c.wrong, (int)c.seen);
        free(list);
        free(value);
        drop(&hx);
        drop(&hz);
    }
    dicod_encoder_free(&encoder);
    /* all in one call: every rank has everything */
    memset(z, 0, (size_t)n_z * size);
    void *again = calloc((size_t)n_z, size);
    if (is_float) {
        OK(dicod_solve_f32(NULL, options, PROBLEM(n_axes, signal, 1, P, K, atom), x, d, z, NULL));
        OK(dicod_solve_f32(context, options, PROBLEM(n_axes, signal, 1, P, K, atom), x, d, again, NULL));
    } else {
        OK(dicod_solve(NULL, options, PROBLEM(n_axes, signal, 1, P, K, atom), x, d, z, NULL));
        OK(dicod_solve(context, options, PROBLEM(n_axes, signal, 1, P, K, atom), x, d, again, NULL));
    }
    CHECK(memcmp(z, again, (size_t)n_z * size) == 0);
    free(again);
    OK(dicod_context_free(&context));
    dicod_options_free(&options);
    free(x);
    free(d);
    free(z);
}

int main(int argc, char **argv)
{
    int provided;
    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &n_ranks);
    const int64_t signal[3][3] = {{700}, {70, 61}, {17, 15, 14}}, atom[3][3] = {{23}, {6, 5}, {3, 2, 3}};
    if (argc > 1 && strcmp(argv[1], "small") == 0) {
        const int64_t small[2] = {40, 20};
        one(2, small, atom[1], 1, 0, 1, GRID);
    } else {
        const int farther = argc > 1, every = farther || n_ranks == 1 ? 1 : n_ranks <= 4 ? 3 : 12;
        if (farther) tol = 1e-3;
        int number = 0;
        for (int64_t axes = 1; axes <= 3; axes++)
            for (int periodic = 0; periodic < 2; periodic++)
                for (int way = 0; way < N_WAYS; way++, number++)
                    for (int is_float = 0; is_float < 2; is_float++)
                        if ((number + number / N_WAYS + is_float + n_ranks) % every == 0)
                            one(axes, signal[axes - 1], atom[axes - 1], periodic, is_float, 1 + number % 2 * (n_ranks < 5), way);
    }
    int all;
    MPI_Allreduce(&failures, &all, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    if (rank == 0 || failures) report("test_blocks");
    MPI_Finalize();
    return all != 0;
}
