/* Options as text and from the environment, copies of options, and the settings of a map. */
#define _POSIX_C_SOURCE 200809L
#include "check.h"

static int64_t integer_of(const dicod_options *o, const char *key)
{
    int64_t value = INT64_MIN;
    OK(dicod_options_get_integer(o, key, &value));
    return value;
}

static double real_of(const dicod_options *o, const char *key)
{
    double value = NAN;
    OK(dicod_options_get_real(o, key, &value));
    return value;
}

static const char *text_of(const dicod_options *o)
{
    static char text[4096];
    int64_t needed = 0;
    OK(dicod_options_to_text(o, 0, NULL, &needed));
    CHECK(needed > 100 && needed <= (int64_t)sizeof text);
    memset(text, 'x', sizeof text);
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "capacity", dicod_options_to_text(o, needed - 1, text, &needed));
    CHECK(text[0] == 'x');
    OK(dicod_options_to_text(o, needed, text, &needed));
    CHECK((int64_t)strlen(text) == needed - 1 && text[needed] == 'x');
    return text;
}

static void one_option(void)
{
    dicod_options *o = NULL;
    int64_t list[3] = {0}, n = 0;
    char before[4096];
    OK(dicod_options_create(&o));
    OK(dicod_options_set(o, "reg", "1.5e-1"));
    CHECK(real_of(o, "reg") == 0.15);
    OK(dicod_options_set(o, "time_limit", "inf"));
    OK(dicod_options_set(o, "max_iter", "-1"));
    OK(dicod_options_set(o, "positive", "1"));
    CHECK(integer_of(o, "positive") == 1);
    OK(dicod_options_set(o, "strategy", "cyclic"));
    OK(dicod_options_set(o, "tile_shape", "4, 5,6"));
    OK(dicod_options_get_integers(o, "tile_shape", 3, list, &n));
    EQUAL(list, 4, 5, 6);
    OK(dicod_options_set(o, "tile_shape", ""));
    OK(dicod_options_get_integers(o, "tile_shape", 0, NULL, &n));
    CHECK(n == 0);
    OK(dicod_options_set(o, "learn_fixed_atoms", "1,0"));

    strcpy(before, text_of(o));
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "option \"reg\" must be a real number, is \"much\"", dicod_options_set(o, "reg", "much"));
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "option \"reg\" must be a real number, is \"0.1x\"", dicod_options_set(o, "reg", "0.1x"));
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "option \"reg\" must be at least 0, is -1", dicod_options_set(o, "reg", "-1"));
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "option \"tol\" must be at least 0 and finite, is inf", dicod_options_set(o, "tol", "1e999"));
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "option \"seed\" must be an integer that fits in 64 bits, is \"1.5\"",
          dicod_options_set(o, "seed", "1.5"));
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "option \"positive\" must be 0 or 1, is \"yes\"", dicod_options_set(o, "positive", "yes"));
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "option \"tile_shape[1]\" must be at least 1, is 0", dicod_options_set(o, "tile_shape", "4,0"));
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "is \"best\"", dicod_options_set(o, "strategy", "best"));
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "option \"learn_forgetting\" must be from 0 to 1, is 1.5",
          dicod_options_set(o, "learn_forgetting", "1.5"));
    FAILS(DICOD_ERROR_UNKNOWN_OPTION, "did you mean \"reg\"", dicod_options_set(o, "lambda", "1"));
    FAILS(DICOD_ERROR_NULL_POINTER, "options", dicod_options_set(NULL, "reg", "1"));
    FAILS(DICOD_ERROR_NULL_POINTER, "key", dicod_options_set(o, NULL, "1"));
    FAILS(DICOD_ERROR_NULL_POINTER, "text", dicod_options_set(o, "reg", NULL));
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "UTF-8", dicod_options_set(o, "reg", "\xff"));
    CHECK(strcmp(before, text_of(o)) == 0);
    dicod_options_free(&o);
}

static void many_options(void)
{
    dicod_options *o = NULL, *copy = NULL, *other = NULL;
    int64_t periodic[2] = {0}, n = 0, needed = 0;
    char before[4096];
    double third = 1.0 / 3;
    OK(dicod_options_create(&o));
    OK(dicod_options_parse(o, "reg=0.15 tol=1e-2\n\tperiodic=1,1 reg=0.25 learn_batch=7 "));
    CHECK(real_of(o, "reg") == 0.25 && real_of(o, "tol") == 0.01 && integer_of(o, "learn_batch") == 7);
    OK(dicod_options_get_integers(o, "periodic", 2, periodic, &n));
    EQUAL(periodic, 1, 1);
    OK(dicod_options_parse(o, ""));
    OK(dicod_options_parse(o, " \n "));

    /* All or nothing. */
    strcpy(before, text_of(o));
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "\"tol\" must be at least 0, is -1", dicod_options_parse(o, "reg=0.5 seed=9 tol=-1"));
    FAILS(DICOD_ERROR_UNKNOWN_OPTION, "\"max_iter\"", dicod_options_parse(o, "reg=0.5 maxiter=3"));
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "text must be pairs key=value", dicod_options_parse(o, "reg=0.5 seed"));
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "text must be pairs key=value", dicod_options_parse(o, "reg = 0.5"));
    FAILS(DICOD_ERROR_UNKNOWN_OPTION, "no option \"\"", dicod_options_parse(o, "=0.5"));
    FAILS(DICOD_ERROR_NULL_POINTER, "text", dicod_options_parse(o, NULL));
    FAILS(DICOD_ERROR_NULL_POINTER, "options", dicod_options_parse(NULL, "reg=1"));
    CHECK(strcmp(before, text_of(o)) == 0);

    /* There and back, to the last bit, whatever the other one had. */
    OK(dicod_options_set_real(o, "reg", third));
    OK(dicod_options_set_reals(o, "reg_per_atom", 2, (double[]){third * third, 5e-324}));
    OK(dicod_options_set_integer(o, "seed", INT64_MAX));
    strcpy(before, text_of(o));
    CHECK(strstr(before, "\ntime_limit=inf\n") && strstr(before, "\nperiodic=1,1\n") && strstr(before, "\ntile_shape=\n"));
    OK(dicod_options_create(&other));
    OK(dicod_options_parse(other, "tile_shape=3,3 positive=1 strategy=greedy"));
    OK(dicod_options_parse(other, before));
    CHECK(strcmp(before, text_of(other)) == 0);
    CHECK(real_of(other, "reg") == third && integer_of(other, "seed") == INT64_MAX);
    double reals[2] = {0};
    OK(dicod_options_get_reals(other, "reg_per_atom", 2, reals, &n));
    CHECK(reals[0] == third * third && reals[1] == 5e-324);
    OK(dicod_options_parse(other, text_of(NULL)));
    CHECK(real_of(other, "reg") == 0.1 && integer_of(other, "positive") == 0);
    OK(dicod_options_get_reals(other, "reg_per_atom", 0, NULL, &n));
    CHECK(n == 0);
    FAILS(DICOD_ERROR_NULL_POINTER, "needed", dicod_options_to_text(o, 0, NULL, NULL));
    FAILS(DICOD_ERROR_NULL_POINTER, "buffer", dicod_options_to_text(o, 10000, NULL, &needed));

    /* A copy is one's own. */
    OK(dicod_options_copy(o, &copy));
    CHECK(copy != o && strcmp(before, text_of(copy)) == 0);
    OK(dicod_options_set_real(copy, "reg", 0.75));
    CHECK(real_of(o, "reg") == third && real_of(copy, "reg") == 0.75);
    dicod_options_free(&o);
    CHECK(real_of(copy, "reg") == 0.75);
    dicod_options_free(&copy);
    OK(dicod_options_copy(NULL, &copy));
    CHECK(real_of(copy, "reg") == 0.1);
    dicod_options_free(&copy);
    FAILS(DICOD_ERROR_NULL_POINTER, "copy", dicod_options_copy(other, NULL));
    dicod_options_free(&other);
}

static void environment(void)
{
    dicod_options *o = NULL;
    char before[4096];
    unsetenv("DICOD_OPTIONS");
    OK(dicod_options_create(&o));
    OK(dicod_options_set_real(o, "tol", 0.5));
    OK(dicod_options_from_environment(o));
    CHECK(real_of(o, "tol") == 0.5);
    setenv("DICOD_OPTIONS", "", 1);
    OK(dicod_options_from_environment(o));
    setenv("DICOD_OPTIONS", "reg=0.375 warm_start=1", 1);
    /* Only when asked for. */
    CHECK(real_of(o, "reg") == 0.1 && real_of(NULL, "reg") == 0.1);
    OK(dicod_options_from_environment(o));
    CHECK(real_of(o, "reg") == 0.375 && integer_of(o, "warm_start") == 1 && real_of(o, "tol") == 0.5);
    strcpy(before, text_of(o));
    setenv("DICOD_OPTIONS", "reg=0.5 tol=-2", 1);
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "option \"tol\" of DICOD_OPTIONS must be at least 0, is -2", dicod_options_from_environment(o));
    setenv("DICOD_OPTIONS", "reg=0.5 lambda=1", 1);
    FAILS(DICOD_ERROR_UNKNOWN_OPTION, "did you mean \"reg\"? (in DICOD_OPTIONS)", dicod_options_from_environment(o));
    setenv("DICOD_OPTIONS", "reg", 1);
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "text of DICOD_OPTIONS must be pairs", dicod_options_from_environment(o));
    setenv("DICOD_OPTIONS", "reg=\xff", 1);
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "DICOD_OPTIONS must be valid UTF-8", dicod_options_from_environment(o));
    FAILS(DICOD_ERROR_NULL_POINTER, "options", dicod_options_from_environment(NULL));
    CHECK(strcmp(before, text_of(o)) == 0);
    unsetenv("DICOD_OPTIONS");
    dicod_options_free(&o);
}

/* Reads a setting of any type as text. */
static const char *setting(const dicod_parmap *map, const dicod_option_info *info)
{
    static char text[64];
    int64_t integer = 0, needed = 0;
    double real = 0;
    if (strcmp(info->value_type, "integer") == 0) {
        OK(parmap_get_integer(map, info->key, &integer));
        snprintf(text, sizeof text, "%lld", (long long)integer);
    } else if (strcmp(info->value_type, "real") == 0) {
        OK(parmap_get_real(map, info->key, &real));
        snprintf(text, sizeof text, "%g", real);
    } else {
        CHECK(strcmp(info->value_type, "string") == 0);
        OK(parmap_get_string(map, info->key, 0, NULL, &needed));
        OK(parmap_get_string(map, info->key, needed, text, &needed));
    }
    return text;
}

static void map_settings(void)
{
    dicod_parmap *map = NULL;
    int64_t count = 0, integer = -7, needed = -7;
    double real = -7;
    char word[16] = "";
    OK(parmap_create(NULL, &map));
    OK(parmap_settings_get_count(&count));
    CHECK(count >= 12);
    for (int64_t i = 0; i < count; i++) {
        dicod_option_info info = DICOD_OPTION_INFO_INIT;
        char other[32];
        OK(parmap_settings_describe(i, &info));
        CHECK(info.meaning[0] && info.allowed[0]);
        /* The default is what the table says; what is set is read back; other settings stay. */
        CHECK(strcmp(setting(map, &info), info.default_value) == 0);
        if (strcmp(info.value_type, "string") == 0) {
            snprintf(other, sizeof other, "%s", strrchr(info.allowed, ' ') + 1);
        } else {
            snprintf(other, sizeof other, "%d", strcmp(info.allowed, "0 or 1") != 0 ? 3 : info.default_value[0] == '0');
        }
        CHECK(strcmp(other, info.default_value) != 0);
        OK(parmap_set(map, info.key, other));
        CHECK(strcmp(setting(map, &info), other) == 0);
        OK(parmap_set(map, info.key, info.default_value));
        FAILS(DICOD_ERROR_INVALID_ARGUMENT, info.key, parmap_set(map, info.key, "-1"));
        CHECK(strcmp(setting(map, &info), info.default_value) == 0);
    }
    OK(parmap_set_integer(map, "chunk", 5));
    OK(parmap_get_integer(map, "chunk", &integer));
    CHECK(integer == 5);
    OK(parmap_set_real(map, "deadline", 2.5));
    OK(parmap_get_real(map, "deadline", &real));
    CHECK(real == 2.5);
    OK(parmap_set(map, "deadline", "inf"));
    OK(parmap_get_real(map, "deadline", &real));
    CHECK(real == INFINITY);
    OK(parmap_set_string(map, "schedule", "guided"));
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "capacity", parmap_get_string(map, "schedule", 6, word, &needed));
    OK(parmap_get_string(map, "schedule", sizeof word, word, &needed));
    CHECK(strcmp(word, "guided") == 0 && needed == 7);

    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "setting \"chunk\" must be an integer that fits in 64 bits, is \"many\"",
          parmap_set(map, "chunk", "many"));
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "setting \"chunk\" must be at least 0, is -1", parmap_set_integer(map, "chunk", -1));
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "must be \"cancel\" or \"continue\", is \"stop\"", parmap_set(map, "errors", "stop"));
    FAILS(DICOD_ERROR_UNKNOWN_OPTION, "did you mean \"deadline\"", parmap_set(map, "timeout", "1"));
    FAILS(DICOD_ERROR_UNKNOWN_OPTION, "did you mean \"chunk\"", parmap_get_integer(map, "chunk_size", &integer));
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "must be an integer (parmap_get_integer), is asked for as a real number",
          parmap_get_real(map, "chunk", &real));
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "parmap_get_string", parmap_get_integer(map, "errors", &integer));
    FAILS(DICOD_ERROR_NULL_POINTER, "text", parmap_set(map, "chunk", NULL));
    FAILS(DICOD_ERROR_NULL_POINTER, "key", parmap_get_integer(map, NULL, &integer));
    FAILS(DICOD_ERROR_NULL_POINTER, "map", parmap_get_integer(NULL, "chunk", &integer));
    FAILS(DICOD_ERROR_NULL_POINTER, "value", parmap_get_real(map, "grace", NULL));
    FAILS(DICOD_ERROR_NULL_POINTER, "needed", parmap_get_string(map, "errors", 0, NULL, NULL));
    CHECK(integer == 5 && real == INFINITY);
    dicod_option_info info = DICOD_OPTION_INFO_INIT;
    FAILS(DICOD_ERROR_OUT_OF_RANGE, "index", parmap_settings_describe(count, &info));
    FAILS(DICOD_ERROR_OUT_OF_RANGE, "index", parmap_settings_describe(-1, &info));
    info.struct_size = 4;
    FAILS(DICOD_ERROR_INVALID_ARGUMENT, "struct_size", parmap_settings_describe(0, &info));
    FAILS(DICOD_ERROR_NULL_POINTER, "count", parmap_settings_get_count(NULL));
    parmap_free(&map);
}

int main(void)
{
    one_option();
    many_options();
    environment();
    map_settings();
    return report("option_text");
}
