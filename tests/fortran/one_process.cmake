# Part of CMakeLists.txt: what needs no ranks.

add_library(test_support STATIC checks.f90 "${generated}/kind_checks.f90" map_checks.f90 message_checks.f90 option_checks.f90
  "${generated}/shape_checks.f90" reference.c)
add_dependencies(test_support generated_checks)
target_include_directories(test_support PRIVATE "${generated}")
target_link_libraries(test_support PUBLIC Dicod::fortran)
target_compile_options(test_support PRIVATE $<$<COMPILE_LANGUAGE:Fortran>:${strict} ${checked} ${without_notices}>)

add_executable(test_dicod test_dicod.f90)
target_link_libraries(test_dicod PRIVATE test_support)
target_compile_options(test_dicod PRIVATE ${strict} ${checked} ${without_notices})
add_test(NAME fortran COMMAND test_dicod)

# What lies within ghost layers is not copied: gfortran would say so.
add_executable(test_in_place test_in_place.f90)
target_link_libraries(test_in_place PRIVATE Dicod::fortran)
target_compile_options(test_in_place PRIVATE ${strict} ${checked})
add_test(NAME fortran_in_place COMMAND test_in_place)
set_tests_properties(fortran_in_place PROPERTIES FAIL_REGULAR_EXPRESSION "array temporary")

# In a program that traps, and without a note at STOP in one that does not. All other tests trap as well.
foreach(name host host_traps)
  add_executable(test_${name} test_host.f90)
  target_link_libraries(test_${name} PRIVATE Dicod::fortran)
  target_compile_options(test_${name} PRIVATE ${strict} -Wno-compare-reals $<$<Fortran_COMPILER_ID:GNU>:-fstack-arrays>)
  set_target_properties(test_${name} PROPERTIES Fortran_MODULE_DIRECTORY ${name}_modules)
  add_test(NAME fortran_${name} COMMAND test_${name})
  set_tests_properties(fortran_${name} PROPERTIES ENVIRONMENT "${environment}" TIMEOUT 300
    PASS_REGULAR_EXPRESSION "host: right" FAIL_REGULAR_EXPRESSION "floating-point exceptions")
endforeach()
if(CMAKE_Fortran_COMPILER_ID STREQUAL GNU)
  set(traps -ffpe-trap=invalid,zero,overflow)
  target_compile_options(test_host_traps PRIVATE ${traps})
  add_executable(test_traps test_dicod.f90)
  target_link_libraries(test_traps PRIVATE test_support)
  target_compile_options(test_traps PRIVATE ${strict} ${checked} ${without_notices} ${traps})
  set_target_properties(test_traps PROPERTIES Fortran_MODULE_DIRECTORY traps_modules)
  add_test(NAME fortran_traps COMMAND test_traps)
  set_tests_properties(fortran_traps PROPERTIES ENVIRONMENT "${environment}" TIMEOUT 300)
endif()

# Variables free what they hold, in arrays and components too.
add_executable(test_scopes test_scopes.f90)
target_link_libraries(test_scopes PRIVATE Dicod::fortran)
target_compile_options(test_scopes PRIVATE ${strict} ${checked})
add_test(NAME fortran_scopes COMMAND test_scopes 300)

# Without stat an error stops with its message.
add_executable(test_stop test_stop.f90)
target_link_libraries(test_stop PRIVATE Dicod::fortran)
add_test(NAME fortran_stop COMMAND test_stop)
set_tests_properties(fortran_stop PROPERTIES PASS_REGULAR_EXPRESSION "dicod: .*reg.*-1")

add_executable(sweep ../../examples/fortran/sweep_problem.f90 ../../examples/fortran/sweep.f90)
target_link_libraries(sweep PRIVATE Dicod::fortran)
target_compile_options(sweep PRIVATE ${strict} ${checked})
add_test(NAME fortran_sweep COMMAND sweep)
set_tests_properties(fortran fortran_in_place fortran_scopes fortran_sweep fortran_stop PROPERTIES ENVIRONMENT "${environment}" TIMEOUT 900)

find_program(VALGRIND valgrind)
if(VALGRIND)
  add_test(NAME fortran_valgrind COMMAND ${VALGRIND} --quiet --error-exitcode=1 --leak-check=full
    --errors-for-leak-kinds=definite $<TARGET_FILE:test_dicod> few)
  # It writes files, as the same program does that may run beside it.
  file(MAKE_DIRECTORY "${CMAKE_CURRENT_BINARY_DIR}/under-valgrind")
  set_tests_properties(fortran_valgrind PROPERTIES WORKING_DIRECTORY "${CMAKE_CURRENT_BINARY_DIR}/under-valgrind")
  add_test(NAME fortran_scopes_valgrind COMMAND ${VALGRIND} --quiet --error-exitcode=1 --leak-check=full
    --errors-for-leak-kinds=definite $<TARGET_FILE:test_scopes> 1)
  set_tests_properties(fortran_valgrind fortran_scopes_valgrind PROPERTIES ENVIRONMENT "${environment}" TIMEOUT 900)
endif()

# The same by flang, if there is one that can.
find_program(FLANG NAMES flang-new-19 flang-19 flang-new flang)
if(FLANG AND CMAKE_Fortran_COMPILER_ID STREQUAL GNU)
  execute_process(COMMAND ${FLANG} --version OUTPUT_VARIABLE flang_version ERROR_QUIET)
  string(REGEX MATCH "version ([0-9]+)" flang_version "${flang_version}")
  if(CMAKE_MATCH_1 GREATER_EQUAL 19)
    add_test(NAME fortran_flang COMMAND ${CMAKE_CTEST_COMMAND}
      --build-and-test ${CMAKE_CURRENT_SOURCE_DIR} ${CMAKE_CURRENT_BINARY_DIR}/flang
      --build-generator ${CMAKE_GENERATOR} --build-target test_dicod
      --build-options -DCMAKE_Fortran_COMPILER=${FLANG} -DCMAKE_PREFIX_PATH=${CMAKE_PREFIX_PATH} -DDicod_DIR=${Dicod_DIR}
        -DCARGO_FLAGS=${CARGO_FLAGS}
      --test-command test_dicod few)
    set_tests_properties(fortran_flang PROPERTIES ENVIRONMENT "${environment}" TIMEOUT 1500)
  endif()
endif()
