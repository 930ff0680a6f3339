#include "support.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void fail(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fflush(stdout);
    fputs("error: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    exit(EXIT_FAILURE);
}

void *allocate(size_t count, size_t size)
{
    void *memory = calloc(count ? count : 1, size);
    if (!memory) fail("no memory for %zu elements of %zu bytes", count, size);
    return memory;
}

dicod_status check(dicod_status status, const char *call)
{
    if (status >= 0) return status;
    int name = (int)strcspn(call, "(");
    fail("%.*s: %s: %s", name, call, dicod_strerror(status), dicod_last_error_message());
    return status;
}

unsigned char *read_file(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    if (!file) fail("cannot open %s", path);
    size_t room = 1 << 16, used = 0;
    unsigned char *bytes = allocate(room, 1);
    for (;;) {
        used += fread(bytes + used, 1, room - used, file);
        if (used < room) break;
        room *= 2;
        unsigned char *larger = realloc(bytes, room);
        if (!larger) fail("no memory for %s", path);
        bytes = larger;
    }
    if (ferror(file)) fail("cannot read %s", path);
    fclose(file);
    *size = used;
    return bytes;
}

char *join_path(const char *directory, const char *name)
{
    size_t length = strlen(directory) + strlen(name) + 2;
    char *path = allocate(length, 1);
    snprintf(path, length, "%s/%s", directory, name);
    return path;
}

void print_table(const dicod_info *info, double n_values, double n_z, double energy)
{
    double gap = info->duality_gap, nonzeros = (double)info->nonzeros, steps = (double)info->steps;
    printf("  lambda               %14.6g\n", info->lambda);
    printf("  lambda / lambda_max  %14.6g\n", info->lambda / info->lambda_max);
    printf("  non-zeros            %14.0f   of %.0f\n", nonzeros, n_z);
    printf("  SNR                  %14.2f   dB\n", 10 * log10(energy / (2 * info->data_term)));
    printf("  compression          %14.1f   values of the signal per non-zero\n", n_values / fmax(nonzeros, 1));
    printf("  objective            %14.6f\n", info->objective);
    printf("  duality gap          %14.3e   %.2e of the objective\n", gap, gap / info->objective);
    printf("  max |dz|             %14.3e   %.3f of tol\n", info->max_step, info->max_step / info->tol);
    printf("  seconds              %14.3f   %d threads\n", info->seconds, (int)info->n_threads);
    printf("  steps                %14.0f\n", steps);
    printf("  steps / s            %14.0f   in the descent, %.3f s\n", steps / info->seconds_descend, info->seconds_descend);
    printf("  bytes per activation %14.1f   held by the solver; Gram tensor aside: %.1f MB\n", (double)info->bytes / n_z,
           (double)info->bytes_gram / 1e6);
    if (info->status != DICOD_OK) printf("  ended early          %s\n", dicod_strerror(info->status));
}
