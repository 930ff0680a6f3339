/* Status and errors, context, options: every function, from C. */
#include "check.h"

static void status_and_errors(void)
{
    char text[8] = "xxxxxxx";
    int64_t needed = 0;
    int digits[3];
    CHECK(sscanf(dicod_version(), "%d.%d.%d", &digits[0], &digits[1], &digits[2]) == 3);
    CHECK(digits[0] == DICOD_VERSION_MAJOR && digits[1] == DICOD_VERSION_MINOR && digits[2] == DICOD_VERSION_PATCH);
    CHECK(10000 * digits[0] + 100 * digits[1] + digits[2] == DICOD_VERSION_NUMBER);
    CHECK(strcmp(dicod_strerror(DICOD_OK), "success") == 0);
    CHECK(strcmp(dicod_strerror(12345), "unknown status") == 0);
    for (dicod_status s = DICOD_ERROR_INTERNAL; s <= DICOD_PRECISION; s++) CHECK(strcmp(dicod_strerror(s), "unknown status") != 0);

    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "n_threads", dicod_context_create(0, &(dicod_context *){NULL}));
    OK(dicod_last_error(0, NULL, &needed));
    CHECK(needed > (int64_t)sizeof text);
    OK(dicod_last_error(sizeof text, text, NULL));
    CHECK(strlen(text) == sizeof text - 1);
    STATUS(DICOD_ERROR_INVALID_ARGUMENT, dicod_last_error(-1, text, NULL));
    STATUS(DICOD_ERROR_NULL_POINTER, dicod_last_error(8, NULL, NULL));
}

static void context(void)
{
    dicod_context *c = NULL;
    int32_t n = 0;
    OK(dicod_context_create(2, &c));
    OK(dicod_context_get_threads(c, &n));
    CHECK(n == 2);
    OK(dicod_context_set_log(c, NULL, NULL));
    OK(dicod_context_set_progress(c, NULL, NULL));
    dicod_context_free(&c);
    CHECK(c == NULL);
    dicod_context_free(&c);
    dicod_context_free(NULL);
    OK(dicod_context_create(-1, &c));
    OK(dicod_context_get_threads(c, &n));
    CHECK(n >= 1);
    dicod_context_free(&c);
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "-3", dicod_context_create(-3, &c));
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "1025", dicod_context_create(1025, &c));
    CHECK(c == NULL);
    FAILS(DICOD_ERROR_NULL_POINTER, "context", dicod_context_create(1, NULL));
    FAILS(DICOD_ERROR_NULL_POINTER, "context", dicod_context_get_threads(NULL, &n));
    FAILS(DICOD_ERROR_NULL_POINTER, "context", dicod_context_set_log(NULL, NULL, NULL));
    FAILS(DICOD_ERROR_NULL_POINTER, "context", dicod_context_set_progress(NULL, NULL, NULL));
}

static void options(void)
{
    dicod_options *o = NULL;
    double real = 0, reals[3] = {1, 2, 3};
    int64_t integer = 0, integers[3] = {4, 5, 6}, count = 0;
    char word[32] = "";
    OK(dicod_options_create(&o));

    OK(dicod_options_set_real(o, "reg", 0.25));
    OK(dicod_options_get_real(o, "reg", &real));
    CHECK(real == 0.25);
    OK(dicod_options_get_real(NULL, "reg", &real));
    CHECK(real == 0.1);
    OK(dicod_options_set_integer(o, "max_iter", 12));
    OK(dicod_options_get_integer(o, "max_iter", &integer));
    CHECK(integer == 12);
    OK(dicod_options_set_string(o, "strategy", "cyclic"));
    OK(dicod_options_get_string(o, "strategy", 0, NULL, &count));
    CHECK(count == 7);
    OK(dicod_options_get_string(o, "strategy", sizeof word, word, &count));
    CHECK(strcmp(word, "cyclic") == 0);
    OK(dicod_options_set_reals(o, "reg_per_atom", 3, reals));
    memset(reals, 0, sizeof reals);
    OK(dicod_options_get_reals(o, "reg_per_atom", 0, NULL, &count));
    CHECK(count == 3);
    OK(dicod_options_get_reals(o, "reg_per_atom", 3, reals, &count));
    CHECK(reals[0] == 1 && reals[2] == 3);
    OK(dicod_options_set_integers(o, "tile_shape", 3, integers));
    memset(integers, 0, sizeof integers);
    OK(dicod_options_get_integers(o, "tile_shape", 3, integers, &count));
    EQUAL(integers, 4, 5, 6);
    OK(dicod_options_set_integers(o, "tile_shape", 0, NULL));
    OK(dicod_options_get_integers(o, "tile_shape", 0, NULL, &count));
    CHECK(count == 0);

    FAILS(DICOD_ERROR_UNKNOWN_OPTION, "tol", dicod_options_set_real(o, "toll", 1));
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "-1", dicod_options_set_real(o, "reg", -1));
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "tol", dicod_options_set_real(o, "tol", NAN));
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "max_iter", dicod_options_set_real(o, "max_iter", 1));
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "positive", dicod_options_set_integer(o, "positive", 2));
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "gready", dicod_options_set_string(o, "strategy", "gready"));
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "n", dicod_options_set_reals(o, "reg_per_atom", -1, reals));
    FAILS(DICOD_ERROR_NULL_POINTER, "values", dicod_options_set_integers(o, "tile_shape", 2, NULL));
    FAILS(DICOD_ERROR_NULL_POINTER, "key", dicod_options_set_real(o, NULL, 1));
    FAILS(DICOD_ERROR_NULL_POINTER, "options", dicod_options_set_real(NULL, "reg", 1));
    FAILS(DICOD_ERROR_UNKNOWN_OPTION, "nothing", dicod_options_get_integer(o, "nothing", &integer));
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "capacity", dicod_options_get_string(o, "strategy", 3, word, &count));
    OK(dicod_options_get_real(o, "reg", &real));
    CHECK(real == 0.25);
    dicod_options_free(&o);
    CHECK(o == NULL);
    dicod_options_free(&o);
    dicod_options_free(NULL);

    OK(dicod_options_get_count(&count));
    for (int64_t i = 0; i < count; i++) {
        dicod_option_info info = DICOD_OPTION_INFO_INIT;
        OK(dicod_options_describe(i, &info));
        CHECK(info.key && info.value_type && info.default_value && info.allowed && info.meaning);
    }
    dicod_option_info info = DICOD_OPTION_INFO_INIT;
    FAILS(DICOD_ERROR_OUT_OF_RANGE, "index", dicod_options_describe(count, &info));
    info.struct_size = 4;
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "struct_size", dicod_options_describe(0, &info));
    CHECK(info.key == NULL);
}

int main(void)
{
    status_and_errors();
    context();
    options();
    return report("options");
}
