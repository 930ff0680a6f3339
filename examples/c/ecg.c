#include "ecg.h"
#include "support.h"

#include <stdlib.h>
#include <string.h>

double *ecg_read(const char *path, int64_t least, int64_t *length)
{
    size_t size;
    unsigned char *bytes = read_file(path, &size);
    if (size < 10 || memcmp(bytes, "\x93NUMPY\1", 7) != 0) fail("%s is not a .npy file of version 1", path);
    size_t header = bytes[8] + 256u * bytes[9];
    if (size < 10 + header || header == 0) fail("%s is cut short", path);
    char *text = (char *)bytes + 10;
    text[header - 1] = '\0'; /* was a line end */
    const char *shape = strstr(text, "'shape': (");
    char *end = NULL;
    long long n = shape ? strtoll(shape + 10, &end, 10) : 0;
    if (!strstr(text, "'descr': '<u2'") || n < 1 || strcspn(end, "0123456789)") != strcspn(end, ")"))
        fail("%s: wanted one axis of little-endian uint16 ('<u2'), found %s", path, text);
    if ((unsigned long long)n > (size - 10 - header) / 2) fail("%s is cut short", path);
    if (n < least) fail("%s: %lld samples, wanted at least %lld", path, n, (long long)least);
    double *signal = allocate((size_t)n, sizeof *signal);
    for (long long i = 0; i < n; i++) {
        const unsigned char *at = bytes + 10 + header + 2 * i;
        signal[i] = (at[0] + 256 * at[1] - 1024) / 200.0;
    }
    free(bytes);
    *length = n;
    return signal;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double median(const double *values, int64_t n)
{
    if (n < 1) return 0;
    double *sorted = allocate((size_t)n, sizeof *sorted);
    memcpy(sorted, values, (size_t)n * sizeof *sorted);
    qsort(sorted, (size_t)n, sizeof *sorted, by_value);
    double middle = sorted[n / 2];
    free(sorted);
    return middle;
}

double *running_mean(const double *x, int64_t n, int64_t reach)
{
    double *sums = allocate((size_t)n + 1, sizeof *sums), *mean = allocate((size_t)n, sizeof *mean);
    for (int64_t i = 0; i < n; i++) sums[i + 1] = sums[i] + x[i];
    for (int64_t i = 0; i < n; i++) {
        int64_t from = i > reach ? i - reach : 0, to = i + reach + 1 < n ? i + reach + 1 : n;
        mean[i] = (sums[to] - sums[from]) / (double)(to - from);
    }
    free(sums);
    return mean;
}

void ecg_remove_baseline(double *x, int64_t n)
{
    enum { REACH = RATE / 2, STEP = RATE / 10 };
    double *medians = allocate((size_t)n, sizeof *medians);
    for (int64_t i = 0; i < n; i++) {
        int64_t middle = i / STEP * STEP;
        int64_t from = middle > REACH ? middle - REACH : 0, to = middle + REACH < n ? middle + REACH : n;
        medians[i] = i == middle ? median(x + from, to - from) : medians[middle];
    }
    double *baseline = running_mean(medians, n, RATE / 4);
    for (int64_t i = 0; i < n; i++) x[i] -= baseline[i];
    free(medians);
    free(baseline);
}
