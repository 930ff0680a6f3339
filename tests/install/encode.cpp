// The same from C++: the header compiles, the functions link.
#include <dicod.h>
#include <cmath>
#include <cstdio>
#include <vector>

int main()
{
    const dicod_problem problem = DICOD_PROBLEM_1D(64, 1, 3);
    const std::vector<double> d = {1, 2, 1};
    std::vector<double> x(64), z(62);
    for (std::size_t i = 0; i < 3; i++) x[20 + i] = 3 * d[i], x[50 + i] = -2 * d[i];
    dicod_info info = DICOD_INFO_INIT;
    const dicod_status status = dicod_solve(nullptr, nullptr, &problem, x.data(), d.data(), z.data(), &info);
    std::printf("dicod %s: %s, z[20] = %g, z[50] = %g\n", dicod_version(), dicod_strerror(status), z[20], z[50]);
    return status != DICOD_OK || info.nonzeros != 2 || std::fabs(z[20] - 2.7) > 1e-6 || std::fabs(z[50] + 1.7) > 1e-6;
}
