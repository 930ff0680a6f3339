/* A signal that holds the pattern (1, 2, 1) three times at 20 and, upside down, twice at 50: both are found again. */
#include <dicod.h>
#include <math.h>
#include <stdio.h>

int main(void)
{
    double x[64] = {0}, d[3] = {1, 2, 1}, z[62];
    for (int i = 0; i < 3; i++) x[20 + i] = 3 * d[i], x[50 + i] = -2 * d[i];
    const dicod_problem problem = DICOD_PROBLEM_1D(64, 1, 3);
    dicod_info info = DICOD_INFO_INIT;
    dicod_status status = dicod_solve(NULL, NULL, &problem, x, d, z, &info);
    printf("dicod %s: %s, z[20] = %g, z[50] = %g\n", dicod_version(), dicod_strerror(status), z[20], z[50]);
    /* lambda is 0.1 lambda_max = 0.1 * 18, and shortens each by lambda / |d|^2 = 0.3 */
    return status != DICOD_OK || info.nonzeros != 2 || fabs(z[20] - 2.7) > 1e-6 || fabs(z[50] + 1.7) > 1e-6;
}
