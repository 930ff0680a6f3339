# Part of CMakeLists.txt: programs over MPI.

list(APPEND environment
  OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_rmaps_base_oversubscribe=1
  OMPI_MCA_hwloc_base_binding_policy=none OMPI_MCA_mpi_yield_when_idle=1 OMPI_MCA_btl_vader_single_copy_mechanism=none)
add_executable(test_mpi test_mpi.f90 checks.f90 "${generated}/kind_checks.f90" map_checks.f90 reference.c)
add_dependencies(test_mpi generated_checks)
add_executable(test_mpi_integer test_mpi_integer.f90)
add_executable(in_situ ../../examples/fortran/in_situ.f90)
add_executable(sweep_mpi ../../examples/fortran/sweep_problem.f90 ../../examples/fortran/sweep_mpi.f90)
foreach(name test_mpi test_mpi_integer in_situ sweep_mpi)
  target_link_libraries(${name} PRIVATE Dicod::fortran_mpi)
  # Modules of the same names are compiled for programs without MPI, too.
  set_target_properties(${name} PROPERTIES Fortran_MODULE_DIRECTORY ${name}_modules)
  target_compile_options(${name} PRIVATE $<$<COMPILE_LANGUAGE:Fortran>:${strict} ${checked} ${without_notices}>)
endforeach()
foreach(ranks 1 2 4)
  add_test(NAME fortran_mpi_integer_${ranks} COMMAND ${MPIEXEC_EXECUTABLE} ${MPIEXEC_NUMPROC_FLAG} ${ranks} $<TARGET_FILE:test_mpi_integer>)
  add_test(NAME fortran_mpi_${ranks} COMMAND ${MPIEXEC_EXECUTABLE} ${MPIEXEC_NUMPROC_FLAG} ${ranks} $<TARGET_FILE:test_mpi>)
  add_test(NAME fortran_in_situ_${ranks} COMMAND ${MPIEXEC_EXECUTABLE} ${MPIEXEC_NUMPROC_FLAG} ${ranks} $<TARGET_FILE:in_situ> 20 2)
  add_test(NAME fortran_sweep_mpi_${ranks} COMMAND ${MPIEXEC_EXECUTABLE} ${MPIEXEC_NUMPROC_FLAG} ${ranks} $<TARGET_FILE:sweep_mpi>)
  set_tests_properties(fortran_mpi_${ranks} fortran_mpi_integer_${ranks} fortran_in_situ_${ranks} fortran_sweep_mpi_${ranks} PROPERTIES ENVIRONMENT "${environment}" TIMEOUT 900 PROCESSORS 2)
endforeach()
