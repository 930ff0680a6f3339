/* What signals of a measurement need, against plain loops: weights and holes in learning, statistics, windows of one long signal, samples
 * that have gone wrong, atoms that may not be negative, penalties of each coefficient, of each atom, and squared ones. */
#include "problem.h"

static double x[NX], kept_x[NX], d[ND], z[NZ], w[NX], kept_w[NX];
static const int64_t valid_shape[2] = {V0, V1};

#define SHAPES PROBLEM(2, signal_shape, 1, P, K, atom_shape)

static dicod_array describe(double *base, const int64_t *shape, int64_t n, void **channels)
{
    dicod_array a = DICOD_ARRAY_INIT;
    a.n_axes = 2;
    a.global_shape = shape;
    a.n_channels = n;
    for (int64_t c = 0; c < n; c++) channels[c] = base + c * shape[0] * shape[1];
    a.channels = channels;
    return a;
}

static dicod_options *options_of(const char *text)
{
    dicod_options *o = NULL;
    OK(dicod_options_create(&o));
    OK(dicod_options_parse(o, text));
    return o;
}

static dicod_learner *learner_of(const char *text)
{
    dicod_options *o = options_of(text);
    dicod_learner *l = NULL;
    OK(dicod_learner_create(NULL, o, SHAPES, d, &l));
    dicod_options_free(&o);
    return l;
}

static double square(double v)
{
    return v * v;
}

/* F, with weights if there are some: where they are 0 x is not looked at */
static double weighted_objective(const double *weights, const double *atoms, const double *activations, double lambda)
{
    static double r[NX];
    double sum = 0;
    model(atoms, activations, r);
    for (int i = 0; i < NX; i++)
        if (!weights || weights[i] > 0) sum += 0.5 * (weights ? weights[i] : 1) * square(x[i] - r[i]);
    for (int i = 0; i < NZ; i++) sum += lambda * fabs(activations[i]);
    return sum;
}

/* a third is missing, the others count differently */
static void fill_weights(int holes_only)
{
    for (int i = 0; i < NX; i++) w[i] = i % 3 == 1 ? 0 : holes_only || i % 2 ? 1 : 0.25;
}

/* what is refused is named, and changes nothing: neither what the caller has nor what the learner does */
static void refuses_weights(dicod_learner *l)
{
    void *pw[P];
    dicod_array a = describe(w, signal_shape, P, pw);
    const int64_t other[2] = {T0, T1 + 1};
    memcpy(kept_w, w, sizeof w);
    FAILS(DICOD_ERROR_NULL_POINTER, "learner", dicod_learner_set_weights(NULL, READ(&a)));
    FAILS(DICOD_ERROR_NULL_POINTER, "weights", dicod_learner_set_weights(l, NULL));
    FAILS(DICOD_ERROR_NULL_POINTER, "learner", dicod_learner_clear_weights(NULL));
#define REFUSED(status, text, change) \
    do { \
        dicod_array a = describe(w, signal_shape, P, pw); \
        change; \
        FAILS(status, text, dicod_learner_set_weights(l, READ(&a))); \
    } while (0)
    REFUSED(DICOD_ERROR_INVALID_ARGUMENT, "weights->struct_size", a.struct_size = 1);
    REFUSED(DICOD_ERROR_INVALID_ARGUMENT, "weights->element_type must be 64 (double), that of the handle, is 32",
            a.element_type = DICOD_F32);
    REFUSED(DICOD_ERROR_INVALID_ARGUMENT, "weights->n_axes must be 2, that of the handle, is 3", a.n_axes = 3);
    REFUSED(DICOD_ERROR_INVALID_ARGUMENT, "weights->n_channels must be 2, n_signals * n_channels of the handle, is 3",
            a.n_channels = P + 1);
    REFUSED(DICOD_ERROR_INVALID_SHAPE, "weights", a.global_shape = other);
    REFUSED(DICOD_ERROR_NULL_POINTER, "channels", a.channels = NULL);
    REFUSED(DICOD_ERROR_INVALID_ARGUMENT, "weights->channels[1] must be the address of elements of type double, is NULL", pw[1] = NULL);
    a = describe(w, signal_shape, P, pw);
    const double bad[3] = {-0.5, NAN, INFINITY};
    const char *named[3] = {"weights[0, 1, 2, 3] must be at least 0 and finite, is -0.5",
                            "weights[0, 1, 2, 3] must be at least 0 and finite", "weights[0, 1, 2, 3] must be at least 0 and finite"};
    for (int i = 0; i < 3; i++) {
        w[(T0 + 2) * T1 + 3] = bad[i];
        FAILS(DICOD_ERROR_INVALID_ARGUMENT, named[i], dicod_learner_set_weights(l, READ(&a)));
        w[(T0 + 2) * T1 + 3] = kept_w[(T0 + 2) * T1 + 3];
    }
    CHECK(memcmp(kept_w, w, sizeof w) == 0);
}

static void weighs_what_it_learns_from(void)
{
    static double first[ND], second[ND];
    void *px[P], *pz[K], *pw[P];
    dicod_array ax = describe(x, signal_shape, P, px), az = describe(z, valid_shape, K, pz), aw = describe(w, signal_shape, P, pw);
    dicod_learn_step step = DICOD_LEARN_STEP_INIT, again = DICOD_LEARN_STEP_INIT;
    double lambda[K], value = 0, term = 0;
    const char *text = "learn_init=given reg=0.1 tol=1e-3 learn_recentre=0";
    for (int missing = 0; missing < 2; missing++) {
        /* what lies in a hole does not matter */
        memcpy(x, kept_x, sizeof x);
        fill_weights(missing);
        for (int i = 0; i < NX; i++) x[i] = w[i] == 0 ? (i % 2 ? NAN : 1e300) : x[i];
        dicod_learner *l = learner_of(text), *other = learner_of(text);
        OK(dicod_learner_set_weights(l, READ(&aw)));
        refuses_weights(l);
        double last = INFINITY;
        for (int i = 0; i < 3; i++) {
            OK(dicod_learner_step(l, READ(&ax), &step));
            CHECK(step.objective_d <= step.objective_z * (1 + 1e-12) && step.objective_z <= last * (1 + 1e-9));
            last = step.objective_d;
        }
        OK(dicod_learner_get_dictionary(l, ND, first));
        OK(dicod_learner_get_z(l, &az));
        OK(dicod_learner_get_lambda(l, K, lambda));
        CLOSE(weighted_objective(w, first, z, lambda[0]), step.objective_d, 1e-9 * last);
        OK(dicod_learner_objective(l, READ(&ax), &value, &term));
        CLOSE(value, step.objective_d, 1e-9 * last);
        CHECK(step.nonzeros[0] + step.nonzeros[1] + step.nonzeros[2] > 5);
        /* other numbers in the holes, the same bits */
        for (int i = 0; i < NX; i++) x[i] = w[i] == 0 ? (missing ? NAN : -7) : x[i];
        if (missing) {
            /* and so does the option */
            dicod_learner_free(&other);
            other = learner_of("learn_init=given reg=0.1 tol=1e-3 learn_recentre=0 missing=nan");
        } else {
            OK(dicod_learner_set_weights(other, READ(&aw)));
        }
        for (int i = 0; i < 3; i++) OK(dicod_learner_step(other, READ(&ax), &again));
        OK(dicod_learner_get_dictionary(other, ND, second));
        CHECK(memcmp(first, second, sizeof first) == 0 && again.objective_d == step.objective_d);

        /* a checkpoint has no weights: they are asked for */
        int64_t needed = 0;
        dicod_learner *restored = NULL;
        OK(dicod_learner_save(l, 0, NULL, &needed));
        uint8_t *bytes = malloc((size_t)needed);
        OK(dicod_learner_save(l, needed, bytes, &needed));
        OK(dicod_learner_restore(NULL, NULL, needed, bytes, &restored));
        FAILS(DICOD_ERROR_INVALID_STATE, "set them again, or clear them", dicod_learner_step(restored, READ(&ax), &step));
        OK(dicod_learner_set_weights(restored, READ(&aw)));
        OK(dicod_learner_step(restored, READ(&ax), &step));
        OK(dicod_learner_step(l, READ(&ax), &again));
        CHECK(step.objective_d == again.objective_d);
        free(bytes);
        /* without them NaN is none of x */
        OK(dicod_learner_clear_weights(l));
        if (missing) FAILS(DICOD_ERROR_NOT_FINITE, "x[", dicod_learner_step(l, READ(&ax), NULL));
        memcpy(x, kept_x, sizeof x);
        OK(dicod_learner_get_dictionary(l, ND, first));
        OK(dicod_learner_get_z(l, &az));
        OK(dicod_learner_objective(l, READ(&ax), &value, NULL));
        CLOSE(value, weighted_objective(NULL, first, z, lambda[0]), 1e-9 * value);
        dicod_learner_free(&restored);
        dicod_learner_free(&other);
        dicod_learner_free(&l);
    }
    memcpy(x, kept_x, sizeof x);
}

/* sums as the header has them, of w x + (W - w) (z * atoms) in place of x where there are weights */
static void plain_statistics(const double *weights, const double *atoms, double ridge, double *ztz, double *ztx)
{
    static double seen[NX];
    double most = 1;
    memcpy(seen, x, sizeof seen);
    if (weights) {
        static double built[NX];
        model(atoms, z, built);
        most = 0;
        for (int i = 0; i < NX; i++) most = fmax(most, weights[i]);
        for (int i = 0; i < NX; i++) seen[i] = (weights[i] > 0 ? weights[i] * x[i] : 0) + (most - weights[i]) * built[i];
    }
    for (int k = 0; k < K; k++) {
        for (int l = 0; l < K; l++)
            for (int a = -L0 + 1; a < L0; a++)
                for (int b = -L1 + 1; b < L1; b++) {
                    double sum = 0;
                    for (int i = 0; i < V0; i++)
                        for (int j = 0; j < V1; j++)
                            if (i + a >= 0 && i + a < V0 && j + b >= 0 && j + b < V1)
                                sum += z[(k * V0 + i) * V1 + j] * z[(l * V0 + i + a) * V1 + j + b];
                    sum *= most * (k == l && !a && !b ? 1 + ridge : 1);
                    ztz[((k * K + l) * (2 * L0 - 1) + a + L0 - 1) * (2 * L1 - 1) + b + L1 - 1] = sum;
                }
        for (int p = 0; p < P; p++)
            for (int a = 0; a < L0; a++)
                for (int b = 0; b < L1; b++) {
                    double sum = 0;
                    for (int i = 0; i < V0; i++)
                        for (int j = 0; j < V1; j++) sum += z[(k * V0 + i) * V1 + j] * seen[(p * T0 + i + a) * T1 + j + b];
                    ztx[((k * P + p) * L0 + a) * L1 + b] = sum;
                }
    }
}

static void sums_what_a_step_went_by(void)
{
    static double ztz[NG], ztx[ND], wanted_ztz[NG], wanted_ztx[ND], last_ztz[NG], last_ztx[ND], atoms[ND];
    void *px[P], *pz[K], *pw[P];
    dicod_array ax = describe(x, signal_shape, P, px), az = describe(z, valid_shape, K, pz), aw = describe(w, signal_shape, P, pw);
    const struct {
        const char *text;
        int weighted;
        double ridge, kept;
    } cases[] = {{"", 0, 0, 0},
                 {"learn_statistics=fft", 0, 0, 0},
                 {"ridge=0.3", 0, 0.3, 0},
                 {"", 1, 0, 0},
                 {"learn_online=1 learn_forgetting=0.5", 0, 0, 0.5}};
    fill_weights(0);
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        char text[200];
        snprintf(text, sizeof text, "learn_init=given reg=0.05 learn_recentre=0 learn_redraw=0 %s", cases[c].text);
        dicod_learner *l = learner_of(text);
        int64_t needed = -1;
        FAILS(DICOD_ERROR_INVALID_STATE, "before a step", dicod_learner_get_ztz(l, NG, ztz, &needed));
        FAILS(DICOD_ERROR_INVALID_STATE, "before a step", dicod_learner_get_ztx(l, ND, ztx, &needed));
        CHECK(needed == -1);
        if (cases[c].weighted) OK(dicod_learner_set_weights(l, READ(&aw)));
        memset(last_ztz, 0, sizeof last_ztz), memset(last_ztx, 0, sizeof last_ztx);
        for (int step = 0; step < 2; step++) {
            OK(dicod_learner_get_dictionary(l, ND, atoms));
            OK(dicod_learner_step(l, READ(&ax), NULL));
            OK(dicod_learner_get_z(l, &az));
            plain_statistics(cases[c].weighted ? w : NULL, atoms, cases[c].ridge, wanted_ztz, wanted_ztx);
            double size = 0;
            for (int i = 0; i < NG; i++) wanted_ztz[i] += cases[c].kept * last_ztz[i], size = fmax(size, fabs(wanted_ztz[i]));
            for (int i = 0; i < ND; i++) wanted_ztx[i] += cases[c].kept * last_ztx[i];
            OK(dicod_learner_get_ztz(l, 0, NULL, &needed));
            CHECK(needed == NG);
            OK(dicod_learner_get_ztz(l, NG, ztz, &needed));
            OK(dicod_learner_get_ztx(l, ND, ztx, &needed));
            CHECK(needed == ND && size > 0);
            for (int i = 0; i < NG; i++) CLOSE(ztz[i], wanted_ztz[i], 1e-9 * size);
            for (int i = 0; i < ND; i++) CLOSE(ztx[i], wanted_ztx[i], 1e-9 * size);
            memcpy(last_ztz, ztz, sizeof ztz), memcpy(last_ztx, ztx, sizeof ztx);
        }
        needed = -1;
        FAILS(DICOD_ERROR_NULL_POINTER, "learner", dicod_learner_get_ztz(NULL, NG, ztz, &needed));
        FAILS(DICOD_ERROR_NULL_POINTER, "needed", dicod_learner_get_ztx(l, ND, ztx, NULL));
        FAILS(DICOD_ERROR_NULL_POINTER, "ztz", dicod_learner_get_ztz(l, NG, NULL, &needed));
        FAILS(DICOD_ERROR_INVALID_ARGUMENT, "capacity", dicod_learner_get_ztz(l, NG - 1, ztz, &needed));
        FAILS(DICOD_ERROR_INVALID_ARGUMENT, "capacity", dicod_learner_get_ztx(l, -1, ztx, &needed));
        CHECK(needed == -1 && memcmp(ztz, last_ztz, sizeof ztz) == 0 && memcmp(ztx, last_ztx, sizeof ztx) == 0);
        dicod_learner_free(&l);
    }
}

/* one axis: atoms at random places of a long signal, and noise */
enum { LONG = 3000, SPAN = 8, CROP = 60 };
static double wave[LONG], kept_wave[LONG], planted[SPAN];
static const int64_t long_shape[1] = {LONG}, span[1] = {SPAN};

static void plant(double noise)
{
    static double at[LONG], more[LONG];
    double sum = 0;
    fill(at, LONG, 11), fill(more, LONG, 12);
    for (int i = 0; i < SPAN; i++) planted[i] = sin(0.9 * (i + 1)) * (i + 1), sum += square(planted[i]);
    for (int i = 0; i < SPAN; i++) planted[i] /= sqrt(sum);
    for (int i = 0; i < LONG; i++) wave[i] = noise * more[i];
    for (int u = 0; u + SPAN <= LONG; u++)
        for (int i = 0; i < SPAN && fabs(at[u]) > 0.97; i++) wave[u + i] += (at[u] > 0 ? 2 : -1.5) * planted[i];
    memcpy(kept_wave, wave, sizeof wave);
}

/* how much an atom is like what was planted, whatever its place in the support */
static double likeness(const double *atom)
{
    double most = 0;
    for (int shift = -2; shift <= 2; shift++) {
        double sum = 0, norm = 0;
        for (int i = 0; i < SPAN; i++) {
            norm += square(atom[i]);
            if (i + shift >= 0 && i + shift < SPAN) sum += atom[i] * planted[i + shift];
        }
        most = fmax(most, fabs(sum) / sqrt(norm));
    }
    return most;
}

static dicod_array one_channel(double *from, void **channel)
{
    dicod_array a = DICOD_ARRAY_INIT;
    channel[0] = from;
    a.n_axes = 1, a.global_shape = long_shape, a.n_channels = 1, a.channels = channel;
    return a;
}

static void learns_from_windows_of_a_long_signal(void)
{
    double atoms[3][SPAN], first = 0;
    void *channel[1];
    plant(0.02);
    dicod_array ax = one_channel(wave, channel);
    for (int run = 0; run < 3; run++) {
        /* the same seed twice, and another */
        char text[200];
        snprintf(text, sizeof text, "learn_crops=6 learn_crop_shape=%d seed=%d reg=0.2", CROP, run == 2 ? 5 : 4);
        dicod_options *o = options_of(text);
        dicod_learner *l = NULL;
        dicod_handle_info info = DICOD_HANDLE_INFO_INIT;
        dicod_learn_step step = DICOD_LEARN_STEP_INIT;
        OK(dicod_learner_create(NULL, o, PROBLEM(1, long_shape, 1, 1, 1, span), NULL, &l));
        OK(dicod_learner_describe(l, &info));
        CHECK(info.n_coded == 6 && info.valid_shape[0] == CROP - SPAN + 1 && info.signal_shape[0] == LONG);
        for (int i = 0; i < 8; i++) OK(dicod_learner_step(l, READ(&ax), &step));
        OK(dicod_learner_get_dictionary(l, SPAN, atoms[run]));
        if (!CHECK(likeness(atoms[run]) > 0.9 && step.nonzeros[0] > 0)) printf("  likeness %g\n", likeness(atoms[run]));
        if (run == 0) first = step.objective_d;
        if (run == 1) CHECK(step.objective_d == first && memcmp(atoms[0], atoms[1], sizeof *atoms) == 0);
        if (run == 2) CHECK(step.objective_d != first);
        /* a hole is none where nobody said so, in a window or not */
        wave[LONG - 1] = NAN;
        FAILS(DICOD_ERROR_NOT_FINITE, "x[0, 0, 2999]", dicod_learner_step(l, READ(&ax), NULL));
        wave[LONG - 1] = kept_wave[LONG - 1];
        dicod_learner_free(&l);
        dicod_options_free(&o);
    }
    CHECK(memcmp(wave, kept_wave, sizeof wave) == 0);
    const struct {
        const char *text, *named;
    } bad[] = {
        {"learn_crops=2", "option \"learn_crop_shape\" must be given with option \"learn_crops\", is empty"},
        {"learn_crop_shape=60", "option \"learn_crop_shape\" must be empty unless option \"learn_crops\" is at least 1"},
        {"learn_crops=2 learn_crop_shape=7",
         "option \"learn_crop_shape\" must be from the lengths of an atom, [8], to those of the signal, [3000], is [7]"},
        {"learn_crops=2 learn_crop_shape=3001", "to those of the signal, [3000], is [3001]"},
        {"learn_crops=2 learn_crop_shape=60,60", "option \"learn_crop_shape\""},
        {"learn_crops=2 learn_crop_shape=60 learn_batch=1", "option \"learn_batch\" must be 0 with option \"learn_crops\""},
        {"learn_crops=2 learn_crop_shape=60 learn_robust=0.5", "option \"learn_robust\" must be 0 with option"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        dicod_options *o = options_of(bad[i].text);
        dicod_learner *l = NULL;
        FAILS(DICOD_ERROR_INVALID_ARGUMENT, bad[i].named, dicod_learner_create(NULL, o, PROBLEM(1, long_shape, 1, 1, 1, span), NULL, &l));
        CHECK(l == NULL);
        dicod_options_free(&o);
    }
}

static void leaves_out_what_has_gone_wrong(void)
{
    double atoms[2][SPAN];
    void *channel[1];
    plant(0.02);
    for (int i = 0; i < LONG; i += 149) wave[i] = kept_wave[i] = i % 2 ? 40 : -40;
    dicod_array ax = one_channel(wave, channel);
    for (int robust = 0; robust < 2; robust++) {
        dicod_options *o = options_of(robust ? "learn_max_iter=12 learn_robust=0.9 reg=0.5 reg_scale=absolute seed=3"
                                             : "learn_max_iter=12 reg=0.5 reg_scale=absolute seed=3");
        dicod_learner *l = NULL;
        dicod_learn_info info = DICOD_LEARN_INFO_INIT;
        double value = 0;
        OK(dicod_learner_create(NULL, o, PROBLEM(1, long_shape, 1, 1, 1, span), NULL, &l));
        CHECK(dicod_learner_run(l, READ(&ax), NULL, NULL, &info) >= 0);
        OK(dicod_learner_get_dictionary(l, SPAN, atoms[robust]));
        OK(dicod_learner_objective(l, READ(&ax), &value, NULL));
        CLOSE(value, info.objective, 1e-9 * value);
        dicod_learner_free(&l);
        dicod_options_free(&o);
    }
    if (!CHECK(likeness(atoms[1]) > 0.98 && likeness(atoms[0]) < 0.9))
        printf("  likeness %g, %g with spikes\n", likeness(atoms[1]), likeness(atoms[0]));
    CHECK(memcmp(wave, kept_wave, sizeof wave) == 0);
    dicod_options *o = NULL;
    dicod_learner *l = NULL;
    OK(dicod_options_create(&o));
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "option \"learn_robust\" must be", dicod_options_set_real(o, "learn_robust", -0.1));
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "1.5", dicod_options_set_real(o, "learn_robust", 1.5));
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "learn_robust", dicod_options_set_real(o, "learn_robust", NAN));
    OK(dicod_options_parse(o, "learn_robust=0.5 learn_online=1"));
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "option \"learn_robust\" must be 0 with option \"learn_online\"",
          dicod_learner_create(NULL, o, PROBLEM(1, long_shape, 1, 1, 1, span), NULL, &l));
    dicod_options_free(&o);
}

static void keeps_atoms_within_bounds(void)
{
    static double atoms[ND];
    void *px[P], *pz[K];
    dicod_array ax = describe(x, signal_shape, P, px), az = describe(z, valid_shape, K, pz);
    for (int which = 0; which < 2; which++) {
        dicod_learner *l = learner_of(which ? "learn_zero_mean=1 reg=0.05 tol=1e-4" : "learn_non_negative=1 reg=0.05 tol=1e-4");
        dicod_learn_step step = DICOD_LEARN_STEP_INIT;
        double lambda[K], last = INFINITY;
        int some = 0;
        for (int i = 0; i < 4; i++) {
            OK(dicod_learner_step(l, READ(&ax), &step));
            CHECK(step.objective_d <= step.objective_z * (1 + 1e-12) && (step.objective_z <= last * (1 + 1e-9) || step.redrawn));
            last = step.objective_d;
        }
        OK(dicod_learner_get_dictionary(l, ND, atoms));
        OK(dicod_learner_get_z(l, &az));
        OK(dicod_learner_get_lambda(l, K, lambda));
        CLOSE(weighted_objective(NULL, atoms, z, lambda[0]), step.objective_d, 1e-9 * last);
        for (int k = 0; k < K; k++) {
            double norm = 0, sum = 0;
            for (int p = 0; p < P; p++, sum = 0) {
                for (int i = 0; i < L0 * L1; i++) {
                    const double value = atoms[(k * P + p) * L0 * L1 + i];
                    norm += square(value), sum += value, some += value > 0;
                    if (!which) CHECK(value >= 0);
                }
                if (which) CLOSE(sum, 0, 1e-12);
            }
            CHECK(norm <= 1 + 1e-12);
        }
        CHECK(some > K);
        dicod_learner_free(&l);
    }
    dicod_options *o = options_of("learn_non_negative=1 learn_zero_mean=1");
    dicod_learner *l = NULL;
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "option \"learn_non_negative\" must be 0 with option \"learn_zero_mean\"",
          dicod_learner_create(NULL, o, SHAPES, NULL, &l));
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "option \"learn_non_negative\" must be", dicod_options_set_integer(o, "learn_non_negative", 2));
    dicod_options_free(&o);
}

/* the longest step left, where each coefficient has a lambda of its own and a squared penalty */
static double longest_step_of(const double *lambda, const double *factors, double ridge)
{
    static double r[NX];
    double longest = 0;
    model(d, z, r);
    for (int i = 0; i < NX; i++) r[i] = x[i] - r[i];
    for (int k = 0; k < K; k++) {
        double norm = 0;
        for (int i = 0; i < P * L0 * L1; i++) norm += square(d[k * P * L0 * L1 + i]);
        for (int i = 0; i < V0; i++)
            for (int j = 0; j < V1; j++) {
                const int at = (k * V0 + i) * V1 + j;
                if (factors && isinf(factors[at])) {
                    CHECK(z[at] == 0 && !signbit(z[at]));
                    continue;
                }
                const double c = correlation(r, d, k, i, j) + z[at] * norm, mu = lambda[k] * (factors ? factors[at] : 1);
                const double best = fabs(c) > mu ? copysign(fabs(c) - mu, c) / (norm * (1 + ridge)) : 0;
                longest = fmax(longest, fabs(best - z[at]));
            }
    }
    return longest;
}

static void penalises_each_coefficient(void)
{
    static double factors[NZ], kept[NZ];
    void *px[P], *pz[K], *pf[K];
    dicod_array ax = describe(x, signal_shape, P, px), az = describe(z, valid_shape, K, pz), af = describe(factors, valid_shape, K, pf);
    for (int way = 0; way < 4; way++) {
        const int squared = way == 2, per_atom = way == 3, factored = way == 1 || way == 3;
        char text[200];
        snprintf(text, sizeof text, "reg=0.1 tol=1e-10%s%s", squared ? " ridge=0.5" : "", per_atom ? " reg_scale=per-atom" : "");
        dicod_options *o = options_of(text);
        dicod_encoder *e = NULL;
        dicod_info info = DICOD_INFO_INIT, plain = DICOD_INFO_INIT;
        double lambda[K], most[K] = {0}, value = 0;
        for (int i = 0; i < NZ; i++) kept[i] = factors[i] = !factored ? 1 : i % 5 == 2 ? INFINITY : 0.5 + i % 3;
        OK(dicod_encoder_create(NULL, o, SHAPES, d, &e));
        if (factored) OK(dicod_encoder_set_penalties(e, READ(&af)));
        OK(dicod_encoder_solve(e, READ(&ax), &info));
        OK(dicod_encoder_get_z(e, &az));
        OK(dicod_encoder_get_lambda(e, K, lambda));
        /* lambda is a part of what each atom finds, or all of them */
        for (int k = 0; k < K; k++)
            for (int i = 0; i < V0; i++)
                for (int j = 0; j < V1; j++) {
                    const double c = fabs(correlation(x, d, k, i, j)) / factors[(k * V0 + i) * V1 + j];
                    most[k] = fmax(most[k], c);
                }
        const double of_all = fmax(most[0], fmax(most[1], most[2]));
        for (int k = 0; k < K; k++) CLOSE(lambda[k], 0.1 * (per_atom ? most[k] : of_all), 1e-12 * of_all);
        CLOSE(info.lambda_max, of_all, 1e-12 * of_all);
        CHECK(longest_step_of(lambda, factors, squared ? 0.5 : 0) < 1e-7 && info.nonzeros > 10);
        double wanted = weighted_objective(NULL, d, z, 0);
        for (int i = 0; i < NZ; i++) {
            if (z[i] == 0) continue;
            double norm = 0;
            const int k = i / (V0 * V1);
            for (int j = 0; j < P * L0 * L1; j++) norm += square(d[k * P * L0 * L1 + j]);
            wanted += lambda[k] * factors[i] * fabs(z[i]) + (squared ? 0.25 * norm * square(z[i]) : 0);
        }
        CLOSE(info.objective, wanted, 1e-10 * wanted);
        CHECK(info.duality_gap >= 0 && info.duality_gap < 1e-6 * wanted);
        OK(dicod_encoder_objective(e, READ(&ax), &value, NULL));
        CLOSE(value, wanted, 1e-10 * wanted);

        /* what is refused is named and leaves the factors as they are, here and there */
        const int64_t other[2] = {V0 + 1, V1};
        FAILS(DICOD_ERROR_NULL_POINTER, "encoder", dicod_encoder_set_penalties(NULL, READ(&af)));
        FAILS(DICOD_ERROR_NULL_POINTER, "penalties", dicod_encoder_set_penalties(e, NULL));
        const double bad[] = {-1, NAN, -INFINITY, 1e-320};
        const char *named[] = {"penalties[0, 1, 2, 3] must be at least 0, infinite where z is to be 0, is -1", "penalties[0, 1, 2, 3]",
                               "penalties[0, 1, 2, 3]", "penalties[0, 1, 2, 3] must be such that its inverse can be computed"};
        for (int i = 0; i < 4; i++) {
            factors[(V0 + 2) * V1 + 3] = bad[i];
            FAILS(DICOD_ERROR_INVALID_ARGUMENT, named[i], dicod_encoder_set_penalties(e, READ(&af)));
            factors[(V0 + 2) * V1 + 3] = kept[(V0 + 2) * V1 + 3];
        }
        dicod_array wrong = af;
        wrong.global_shape = other;
        FAILS(DICOD_ERROR_INVALID_SHAPE, "penalties", dicod_encoder_set_penalties(e, READ(&wrong)));
        wrong = af, wrong.element_type = DICOD_F32;
        FAILS(DICOD_ERROR_INVALID_ARGUMENT, "penalties->element_type must be 64 (double), that of the handle, is 32",
              dicod_encoder_set_penalties(e, READ(&wrong)));
        CHECK(memcmp(factors, kept, sizeof kept) == 0);
        OK(dicod_encoder_clear_z(e));
        OK(dicod_encoder_solve(e, READ(&ax), &plain));
        CHECK(plain.objective == info.objective && plain.steps == info.steps);
        dicod_encoder_free(&e);
        dicod_options_free(&o);
    }
    dicod_options *o = NULL;
    OK(dicod_options_create(&o));
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "option \"ridge\" must be", dicod_options_set_real(o, "ridge", -0.1));
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "ridge", dicod_options_set_real(o, "ridge", NAN));
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "ridge", dicod_options_set_real(o, "ridge", INFINITY));
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "\"per-atom\"", dicod_options_set_string(o, "reg_scale", "peratom"));
    dicod_options_free(&o);
}

int main(void)
{
    double shapes[ND], places[NZ], noise[NX];
    fill(shapes, ND, 1);
    fill(places, NZ, 2);
    fill(noise, NX, 3);
    for (int i = 0; i < NZ; i++) places[i] = fabs(places[i]) > 0.96 ? places[i] : 0;
    model(shapes, places, x);
    for (int i = 0; i < NX; i++) x[i] += 0.05 * noise[i];
    memcpy(kept_x, x, sizeof x);
    fill(d, ND, 4);
    weighs_what_it_learns_from();
    sums_what_a_step_went_by();
    learns_from_windows_of_a_long_signal();
    leaves_out_what_has_gone_wrong();
    keeps_atoms_within_bounds();
    penalises_each_coefficient();
    CHECK(memcmp(x, kept_x, sizeof x) == 0);
    return report("real");
}
