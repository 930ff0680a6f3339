/*
 * A call that is cancelled by a signal handler, by a flag of the host's, and by its own callback: the result is valid as far as
 * it goes, and says how far. Nothing here looks at a clock.
 */
#define _POSIX_C_SOURCE 200809L
#include "check.h"
#include <signal.h>
#include <unistd.h>

enum { T = 600, K = 4, L = 32, V = T - L + 1 };

static double x[T], d[K * L], z[K * V];
static dicod_context *context;
static volatile sig_atomic_t reached;

static void on_alarm(int number)
{
    (void)number;
    if (dicod_cancel(context)) reached = 1;
    else alarm(1); /* the call has not begun */
}

/* a solve that does not end by itself before the alarm: its callback waits for that */
static int32_t wait_for_it(void *data, const dicod_progress *progress)
{
    int *reports = data;
    CHECK(progress->tiles >= progress->awake);
    ++*reports;
    while (!reached) pause();
    return 0;
}

static int32_t cancel_here(void *data, const dicod_progress *progress)
{
    (void)progress;
    ++*(int *)data;
    CHECK(dicod_cancel(context) == 1);
    return 0;
}

static dicod_status solve(dicod_info *info)
{
    dicod_options *options = NULL;
    OK(dicod_options_create(&options));
    OK(dicod_options_set_real(options, "progress_interval", 0));
    OK(dicod_options_set_real(options, "tol", 1e-4));
    OK(dicod_options_set_integer(options, "steps_per_visit", 1));
    const int64_t signal = T, atom = L;
    const dicod_status status = dicod_solve(context, options, PROBLEM(1, &signal, 1, 1, K, &atom), x, d, z, info);
    dicod_options_free(&options);
    for (int i = 0; i < K * V; i++) CHECK(isfinite(z[i]));
    return status;
}

static void stopped(const dicod_info *info)
{
    const int known = info->proven == DICOD_PROVEN_LAMBDA;
    CHECK(info->status == DICOD_CANCELLED && (known || info->proven == 0));
    CHECK(isnan(info->objective) && isnan(info->data_term) && isinf(info->max_step) && isinf(info->duality_gap));
    if (known) CHECK(info->lambda > 0 && info->lambda_max > info->lambda && info->tol > 0);
    else CHECK(isnan(info->lambda) && isnan(info->lambda_max) && isnan(info->tol));
}

int main(void)
{
    dicod_info info = DICOD_INFO_INIT;
    int reports = 0;
    int32_t flag = 0;
    for (int i = 0; i < T; i++) x[i] = sin(0.37 * i * i);
    for (int i = 0; i < K * L; i++) d[i] = sin(0.11 * i * i + 1);
    OK(dicod_context_create(1, &context));
    CHECK(dicod_cancel(NULL) == 0 && dicod_cancel(context) == 0);
    FAILS(DICOD_ERROR_NULL_POINTER, "context", dicod_context_set_cancel_flag(NULL, &flag));
    OK(dicod_context_set_cancel_flag(context, &flag));
    /* a cancel of nothing is forgotten */
    STATUS(DICOD_OK, solve(&info));
    CHECK(info.proven == (DICOD_PROVEN_LAMBDA | DICOD_PROVEN_RESULT));
    CHECK(fabs(info.seconds_gram + info.seconds_correlate + info.seconds_descend + info.seconds_certify + info.seconds_other -
               info.seconds) <= 0.01 * info.seconds);

    struct sigaction action = {0};
    action.sa_handler = on_alarm;
    sigaction(SIGALRM, &action, NULL);
    OK(dicod_context_set_progress(context, wait_for_it, &reports));
    alarm(1);
    STATUS(DICOD_CANCELLED, solve(&info));
    stopped(&info);
    CHECK(reports > 0 && reached);

    OK(dicod_context_set_progress(context, cancel_here, &reports));
    reports = 0;
    STATUS(DICOD_CANCELLED, solve(&info));
    stopped(&info);
    CHECK(reports == 2); /* and the last one */

    OK(dicod_context_set_progress(context, NULL, NULL));
    flag = 1;
    STATUS(DICOD_CANCELLED, solve(&info));
    CHECK(info.proven == 0 && isnan(info.lambda) && isnan(info.lambda_max) && isnan(info.tol) && info.nonzeros == 0);
    flag = 0;
    STATUS(DICOD_OK, solve(&info));
    OK(dicod_context_free(&context));
    return report("clock");
}
