# Which MPI a project has: a libdicod_mpi goes with programs of the same family only.

# Sets `result` to OPEN_MPI, or MPICH (which stands for all that share its binary interface), or to nothing: then
# Dicod_MPI_reason says what is missing. Dicod_MPI_LANGUAGE is the language of the project that it was found with.
function(dicod_mpi_family result)
  set(${result} "" PARENT_SCOPE)
  set(language "")
  foreach(spoken C CXX Fortran)
    if(NOT language AND CMAKE_${spoken}_COMPILER_LOADED)
      set(language ${spoken})
    endif()
  endforeach()
  if(NOT language)
    set(Dicod_MPI_reason "this project has enabled none of the languages C, CXX and Fortran" PARENT_SCOPE)
    return()
  endif()
  find_package(MPI QUIET COMPONENTS ${language})
  if(NOT MPI_${language}_FOUND)
    set(Dicod_MPI_reason "CMake found no MPI for ${language}: set MPI_${language}_COMPILER" PARENT_SCOPE)
    return()
  endif()
  set(CMAKE_REQUIRED_LIBRARIES MPI::MPI_${language})
  set(CMAKE_REQUIRED_QUIET TRUE)
  if(language STREQUAL "C")
    include(CheckSymbolExists)
    check_symbol_exists(OPEN_MPI "mpi.h" Dicod_mpi_is_open_mpi)
  elseif(language STREQUAL "CXX")
    include(CheckCXXSymbolExists)
    check_cxx_symbol_exists(OPEN_MPI "mpi.h" Dicod_mpi_is_open_mpi)
  else()
    include(CheckFortranSourceCompiles)
    check_fortran_source_compiles("
      program family
        use mpi
        implicit none
        print *, OMPI_MAJOR_VERSION
      end program" Dicod_mpi_is_open_mpi SRC_EXT f90)
  endif()
  if(Dicod_mpi_is_open_mpi)
    set(${result} OPEN_MPI PARENT_SCOPE)
  else()
    set(${result} MPICH PARENT_SCOPE)
  endif()
  set(Dicod_MPI_LANGUAGE ${language} PARENT_SCOPE)
  set(MPI_C_COMPILER "${MPI_C_COMPILER}" PARENT_SCOPE)
endfunction()
