// dicod.h as C++17, with every initialiser, and linked.
#include <dicod.h>
#include <dicod.h>

int main()
{
    dicod_info info = DICOD_INFO_INIT;
    dicod_array array = DICOD_ARRAY_INIT;
    dicod_const_array input = DICOD_CONST_ARRAY_INIT;
    dicod_problem problem = DICOD_PROBLEM_3D(8, 9, 10, 2, 3, 4, 5);
    dicod_option_info option = DICOD_OPTION_INFO_INIT;
    const bool sizes = info.struct_size == sizeof info && array.struct_size == sizeof array && input.struct_size == sizeof input &&
        problem.struct_size == sizeof problem && problem.atom_shape[2] == 5 && option.struct_size == sizeof option;
    return sizes && dicod_options_describe(0, &option) == DICOD_OK && option.key ? 0 : 1;
}
