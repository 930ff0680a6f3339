/* Texts for people: the last message, what the library is, what came of a solve or a run, and the ready-made callbacks. */
#define _POSIX_C_SOURCE 200809L
#include "check.h"
#include <sys/wait.h>
#include <unistd.h>

enum { N = 60, L = 5, K = 2 };

/* what is written to stderr from here to written() */
static FILE *kept;
static int before;

static void keep_stderr(void)
{
    fflush(stderr);
    kept = tmpfile();
    before = dup(STDERR_FILENO);
    if (!kept || dup2(fileno(kept), STDERR_FILENO) < 0) abort();
}

static const char *written(void)
{
    static char text[20000];
    fflush(stderr);
    dup2(before, STDERR_FILENO);
    close(before);
    rewind(kept);
    text[fread(text, 1, sizeof text - 1, kept)] = '\0';
    fclose(kept);
    return text;
}

static int lines(const char *text)
{
    int n = 0;
    for (; *text; text++) n += *text == '\n';
    return n;
}

static void messages(void)
{
    CHECK(strcmp(dicod_last_error_message(), "") == 0);
    dicod_options *o = NULL;
    OK(dicod_options_create(&o));
    STATUS(DICOD_ERROR_INVALID_ARGUMENT, dicod_options_set_real(o, "tol", -1));
    char copy[400];
    OK(dicod_last_error(sizeof copy, copy, NULL));
    const char *first = dicod_last_error_message();
    CHECK(strstr(first, "tol") && strcmp(first, copy) == 0);
    /* what succeeds leaves it, and leaves it where it is */
    OK(dicod_options_set_real(o, "tol", 0.1));
    CHECK(dicod_last_error_message() == first && strcmp(first, copy) == 0);
    STATUS(DICOD_ERROR_UNKNOWN_OPTION, dicod_options_set_real(o, "tolerence", 1));
    CHECK(strstr(dicod_last_error_message(), "tolerence") != NULL);
    /* axes as in C, whatever other language asks meanwhile */
    const int64_t tiles[2] = {4, 0};
    STATUS(DICOD_ERROR_INVALID_ARGUMENT, dicod_options_set_integers(o, "tile_shape", 2, tiles));
    OK(dicod_last_error_in(DICOD_LANGUAGE_FORTRAN, sizeof copy, copy, NULL));
    CHECK(strstr(dicod_last_error_message(), "tile_shape[1]") && strstr(copy, "tile_shape(1)"));
    dicod_options_free(&o);
}

static dicod_status returns(dicod_status status, int *calls)
{
    ++*calls;
    return status;
}

static void checked_calls(void)
{
    int calls = 0;
    DICOD_CHECK(returns(DICOD_OK, &calls));
    if (calls) DICOD_CHECK(returns(DICOD_MAX_ITER, &calls));
    CHECK(calls == 2);
    keep_stderr();
    const pid_t child = fork();
    if (child == 0) {
        DICOD_CHECK(dicod_options_create(NULL));
        _exit(77);
    }
    int status = 0;
    CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == EXIT_FAILURE);
    const char *text = written();
    CHECK(strstr(text, "test_texts.c:") && strstr(text, "dicod_options_create(NULL)") && strstr(text, "options is NULL"));
    CHECK(lines(text) == 1);
}

static void build(void)
{
    char begin[40];
    snprintf(begin, sizeof begin, "dicod %s, ", dicod_version());
    const char *text = dicod_build_info();
    CHECK(strncmp(text, begin, strlen(begin)) == 0 && strstr(text, "BLAS from /") && strstr(text, "MPI"));
    CHECK(lines(text) == 0 && dicod_build_info() == text);
}

/* the text of an info, asked for twice */
static const char *text_of(const dicod_info *info)
{
    static char text[2000];
    int64_t needed = 0;
    OK(dicod_info_text(info, 0, NULL, &needed));
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "capacity", dicod_info_text(info, needed - 1, text, &needed));
    OK(dicod_info_text(info, needed, text, &needed));
    CHECK((int64_t)strlen(text) + 1 == needed);
    return text;
}

static int32_t fails_at_3(void *userdata, const parmap_task *task, const void *input, void *output)
{
    (void)userdata, (void)input, (void)output;
    if (parmap_task_get_index(task) != 3) return 0;
    parmap_task_explain(task, "no such thing");
    return 7;
}

int main(void)
{
    messages();
    checked_calls();
    build();

    static double x[N], d[K * L], z[K * (N - L + 1)], learned[K * L];
    const int64_t signal[1] = {N}, atom[1] = {L};
    for (int i = 0; i < N; i++) x[i] = sin(0.9 * i) + 0.2 * sin(7.0 * i);
    for (int i = 0; i < K * L; i++) d[i] = cos(3.0 * i);
    int32_t level = DICOD_LOG_DEBUG;
    dicod_context *c = NULL;
    dicod_options *o = NULL;
    OK(dicod_context_create(1, &c));
    OK(dicod_options_create(&o));

    /* infos */
    dicod_info info = DICOD_INFO_INIT, stopped = DICOD_INFO_INIT;
    OK(dicod_solve(c, o, PROBLEM(1, signal, 1, 1, K, atom), x, d, z, &info));
    char number[40];
    snprintf(number, sizeof number, "%lld nonzeros", (long long)info.nonzeros);
    const char *text = text_of(&info);
    CHECK(strstr(text, "success; lambda ") == text && strstr(text, number) && strstr(text, "above the minimum"));
    CHECK(lines(text) == 2);
    stopped.status = DICOD_TIME_LIMIT;
    text = text_of(&stopped);
    CHECK(strstr(text, "time_limit") && strstr(text, "lambda not known") && strstr(text, "nothing proven"));
    int64_t needed = -1;
    FAILS(DICOD_ERROR_NULL_POINTER, "info", dicod_info_text(NULL, 0, NULL, &needed));
    FAILS(DICOD_ERROR_NULL_POINTER, "needed", dicod_info_text(&info, 0, NULL, NULL));
    FAILS(DICOD_ERROR_NULL_POINTER, "buffer", dicod_info_text(&info, 2000, NULL, &needed));
    stopped.struct_size = 8;
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "info->struct_size", dicod_info_text(&stopped, 0, NULL, &needed));
    CHECK(needed == -1);

    /* the log, as far as its level */
    OK(dicod_context_set_log(c, dicod_log_stderr, &level));
    keep_stderr();
    OK(dicod_solve(c, o, PROBLEM(1, signal, 1, 1, K, atom), x, d, z, NULL));
    text = written();
    CHECK(strstr(text, "dicod: solve: success") && strstr(text, "correlate"));
    level = DICOD_LOG_WARNING;
    static const double flat[N];
    keep_stderr();
    OK(dicod_solve(c, o, PROBLEM(1, signal, 1, 1, K, atom), x, d, z, NULL));
    CHECK(strcmp(written(), "") == 0);
    OK(dicod_context_set_log(c, dicod_log_stderr, NULL));
    keep_stderr();
    OK(dicod_learn(c, o, PROBLEM(1, signal, 1, 1, K, atom), flat, NULL, NULL, learned, NULL, NULL));
    text = written();
    CHECK(strstr(text, "dicod: warning: learn: lambda_max is 0") && strstr(text, "dicod: learn: iteration 0"));
    OK(dicod_context_set_log(c, NULL, NULL));

    /* bars: what is no terminal gets lines */
    char title[] = "field 7";
    OK(dicod_context_set_progress(c, dicod_progress_bar, title));
    keep_stderr();
    OK(dicod_solve(c, o, PROBLEM(1, signal, 1, 1, K, atom), x, d, z, NULL));
    text = written();
    CHECK(strncmp(text, "field 7: ", 9) == 0 && strstr(text, " sweeps, ") && strstr(text, " tiles") && lines(text) >= 1);
    CHECK(!strchr(text, '\r'));
    OK(dicod_context_set_progress(c, NULL, NULL));
    keep_stderr();
    OK(dicod_options_set_integer(o, "learn_max_iter", 3));
    OK(dicod_options_set_real(o, "learn_tol", 0));
    STATUS(DICOD_MAX_ITER, dicod_learn(c, o, PROBLEM(1, signal, 1, 1, K, atom), x, dicod_learn_progress_bar, NULL, learned, NULL, NULL));
    text = written();
    CHECK(lines(text) == 3 && strncmp(text, "iteration 0: objective ", 23) == 0);
    keep_stderr();
    CHECK(dicod_progress_bar(NULL, NULL) == 0 && dicod_learn_progress_bar(NULL, NULL) == 0);
    dicod_log_stderr(NULL, DICOD_LOG_INFO, NULL);
    CHECK(strcmp(written(), "") == 0);

    /* reports */
    dicod_parmap *map = NULL;
    parmap_report came = PARMAP_REPORT_INIT;
    char line[500];
    OK(parmap_create(c, &map));
    STATUS(PARMAP_ERROR_TASK, parmap_run(map, 5, fails_at_3, NULL, NULL, 0, 0, NULL, 0, 0, NULL, &came));
    OK(parmap_report_text(&came, 0, NULL, &needed));
    CHECK(needed > 1 && needed <= (int64_t)sizeof line);
    OK(parmap_report_text(&came, sizeof line, line, &needed));
    CHECK(strncmp(line, "a task failed; ", 15) == 0 && strstr(line, "of 5 tasks done") && strstr(line, "task 3 on rank 0"));
    CHECK(strstr(line, "code 7, no such thing") && (int64_t)strlen(line) + 1 == needed);
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "capacity", parmap_report_text(&came, needed - 1, line, &needed));
    FAILS(DICOD_ERROR_NULL_POINTER, "report", parmap_report_text(NULL, 0, NULL, &needed));

    parmap_free(&map);
    dicod_options_free(&o);
    OK(dicod_context_free(&c));
    return report("texts");
}
