# The Fortran modules, compiled by the compiler of the project that uses them: a .mod file fits one compiler only.
#
#   Dicod::fortran        module dicod, with Dicod::dicod
#   Dicod::fortran_mpi    modules dicod and dicod_mpi, with Dicod::mpi, if there is that
#
# Dicod_FORTRAN_DIR says where the sources are; the language Fortran has to be enabled.

function(dicod_fortran_target name library sources)
  list(TRANSFORM sources PREPEND "${Dicod_FORTRAN_DIR}/")
  set(modules "${CMAKE_CURRENT_BINARY_DIR}/dicod-modules/${name}")
  add_library(dicod_${name} STATIC EXCLUDE_FROM_ALL ${sources})
  set_target_properties(dicod_${name} PROPERTIES
    Fortran_MODULE_DIRECTORY "${modules}"
    POSITION_INDEPENDENT_CODE ON)
  target_include_directories(dicod_${name} PUBLIC "${modules}")
  target_link_libraries(dicod_${name} PUBLIC ${library})
  # flang 19 can compile arguments of any rank, but wants to be told; so do programs that call procedures which have them.
  target_compile_options(dicod_${name} PUBLIC
    "$<$<AND:$<COMPILE_LANG_AND_ID:Fortran,Flang,LLVMFlang>,$<VERSION_LESS:$<Fortran_COMPILER_VERSION>,20>>:SHELL:-mmlir -allow-assumed-rank>")
  add_library(Dicod::${name} ALIAS dicod_${name})
endfunction()

if(NOT TARGET Dicod::fortran)
  dicod_fortran_target(fortran Dicod::dicod dicod.f90)
endif()
if(TARGET Dicod::mpi AND NOT TARGET Dicod::fortran_mpi)
  # Of the same MPI as the C compiler that was chosen.
  if(NOT MPI_Fortran_COMPILER AND MPI_C_COMPILER)
    string(REGEX REPLACE "mpicc([^/]*)$" "mpifort\\1" Dicod_mpifort "${MPI_C_COMPILER}")
    find_program(MPI_Fortran_COMPILER NAMES "${Dicod_mpifort}")
  endif()
  find_package(MPI QUIET COMPONENTS Fortran)
  if(MPI_Fortran_FOUND)
    set(Dicod_mpi_libraries Dicod::mpi MPI::MPI_Fortran)
    if(NOT Dicod_MPI_FAMILY)
      # What the headers have for C only, compiled for Fortran.
      add_library(dicod_fortran_mpi_c STATIC EXCLUDE_FROM_ALL "${Dicod_FORTRAN_DIR}/dicod_mpi.c")
      set_target_properties(dicod_fortran_mpi_c PROPERTIES LINKER_LANGUAGE C POSITION_INDEPENDENT_CODE ON)
      target_link_libraries(dicod_fortran_mpi_c PUBLIC Dicod::mpi_inline)
      list(PREPEND Dicod_mpi_libraries dicod_fortran_mpi_c)
    endif()
    dicod_fortran_target(fortran_mpi "${Dicod_mpi_libraries}" "dicod.f90;dicod_mpi.f90")
  else()
    # The other targets are of use without it.
    message(STATUS "Dicod: no Dicod::fortran_mpi, as CMake found no MPI for Fortran: set MPI_Fortran_COMPILER")
  endif()
endif()
