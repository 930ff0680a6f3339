# Which MPI a compiler has: a libdicod_mpi goes with programs of the same family only.

# Sets `result` to OPEN_MPI or MPICH (which stands for all that share its binary interface).
function(dicod_mpi_family result)
  find_package(MPI REQUIRED COMPONENTS C)
  include(CheckSymbolExists)
  set(CMAKE_REQUIRED_LIBRARIES MPI::MPI_C)
  set(CMAKE_REQUIRED_QUIET TRUE)
  check_symbol_exists(OPEN_MPI "mpi.h" Dicod_mpi_h_is_open_mpi)
  if(Dicod_mpi_h_is_open_mpi)
    set(${result} OPEN_MPI PARENT_SCOPE)
  else()
    set(${result} MPICH PARENT_SCOPE)
  endif()
  set(MPI_C_COMPILER "${MPI_C_COMPILER}" PARENT_SCOPE)
endfunction()
