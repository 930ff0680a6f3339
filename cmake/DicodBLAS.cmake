# Which BLAS the library calls (cblas_sgemm, cblas_dgemm): OpenBLAS, BLIS, MKL, FlexiBLAS, Reference, what else FindBLAS knows
# as BLA_VENDOR, or the libraries themselves, by their paths. Sets
#
#   Dicod_BLAS_LIBRARIES    what a program links to beside the static library
#   Dicod_BLAS_ENVIRONMENT  what build.rs has to know
#   Dicod_BLAS_FLAGS        and what cargo has to
#
# The words for the linker are also in the file blas of the build folder, for `make test`.

if(BLA_VENDOR)
  set(Dicod_default_blas ${BLA_VENDOR})
else()
  set(Dicod_default_blas OpenBLAS)
endif()
set(Dicod_BLAS ${Dicod_default_blas} CACHE STRING "OpenBLAS, BLIS, MKL, FlexiBLAS, Reference, another BLA_VENDOR, or paths of libraries")

# Whether a path is where every linker and loader looks.
function(dicod_is_system result path)
  set(${result} FALSE PARENT_SCOPE)
  foreach(directory IN LISTS CMAKE_C_IMPLICIT_LINK_DIRECTORIES ITEMS /usr/lib /lib)
    string(FIND "${path}" "${directory}/" at)
    if(at EQUAL 0)
      set(${result} TRUE PARENT_SCOPE)
    endif()
  endforeach()
endfunction()

if(Dicod_BLAS MATCHES "/")
  set(Dicod_BLAS_LIBRARIES ${Dicod_BLAS})
elseif(Dicod_BLAS STREQUAL "OpenBLAS")
  find_package(PkgConfig QUIET)
  if(PKG_CONFIG_FOUND)
    pkg_check_modules(Dicod_PC_OPENBLAS QUIET openblas)
  endif()
  # CMAKE_PREFIX_PATH comes first, then PKG_CONFIG_PATH, then the system.
  find_library(Dicod_OPENBLAS_LIBRARY NAMES openblas HINTS ${Dicod_PC_OPENBLAS_LIBRARY_DIRS})
  mark_as_advanced(Dicod_OPENBLAS_LIBRARY)
  set(Dicod_BLAS_LIBRARIES ${Dicod_OPENBLAS_LIBRARY})
else()
  set(Dicod_vendor_of_BLIS FLAME)
  set(Dicod_vendor_of_MKL Intel10_64lp_seq)
  set(Dicod_vendor_of_Reference Generic)
  set(BLA_VENDOR ${Dicod_BLAS})
  if(DEFINED Dicod_vendor_of_${Dicod_BLAS})
    set(BLA_VENDOR ${Dicod_vendor_of_${Dicod_BLAS}})
  endif()
  find_package(BLAS QUIET)
  set(Dicod_BLAS_LIBRARIES ${BLAS_LIBRARIES})
endif()
if(NOT Dicod_BLAS_LIBRARIES)
  message(FATAL_ERROR "Dicod: no BLAS of the kind Dicod_BLAS = ${Dicod_BLAS} was found. Install it, name its prefix in "
    "CMAKE_PREFIX_PATH, or let Dicod_BLAS be OpenBLAS, BLIS, MKL, FlexiBLAS, Reference, another BLA_VENDOR of CMake's FindBLAS, "
    "or the paths of libraries.")
endif()

# Some have their C interface in a library of its own.
include(CheckFunctionExists)
function(dicod_has_cblas result)
  unset(Dicod_cblas_dgemm CACHE)
  set(CMAKE_REQUIRED_LIBRARIES ${Dicod_BLAS_LIBRARIES})
  set(CMAKE_REQUIRED_QUIET TRUE)
  check_function_exists(cblas_dgemm Dicod_cblas_dgemm)
  set(${result} ${Dicod_cblas_dgemm} PARENT_SCOPE)
endfunction()
dicod_has_cblas(Dicod_has_cblas)
if(NOT Dicod_has_cblas)
  find_library(Dicod_CBLAS_LIBRARY NAMES cblas)
  mark_as_advanced(Dicod_CBLAS_LIBRARY)
  if(Dicod_CBLAS_LIBRARY)
    list(PREPEND Dicod_BLAS_LIBRARIES ${Dicod_CBLAS_LIBRARY})
    dicod_has_cblas(Dicod_has_cblas)
  endif()
endif()
if(NOT Dicod_has_cblas)
  message(FATAL_ERROR "Dicod: ${Dicod_BLAS_LIBRARIES} (Dicod_BLAS = ${Dicod_BLAS}) has no cblas_dgemm: a BLAS with the C interface is needed.")
endif()

# Given to cargo in any case: openblas-src, which finds OpenBLAS for users of Rust, would compile a TLS library each time.
set(Dicod_BLAS_WORDS "")
set(Dicod_is_system FALSE)
if(Dicod_BLAS STREQUAL "OpenBLAS")
  dicod_is_system(Dicod_is_system "${Dicod_BLAS_LIBRARIES}")
endif()
if(Dicod_is_system)
  set(Dicod_BLAS_LIBRARIES openblas)
  set(Dicod_BLAS_WORDS -lopenblas)
else()
  foreach(library IN LISTS Dicod_BLAS_LIBRARIES)
    list(APPEND Dicod_BLAS_WORDS "${library}")
    dicod_is_system(Dicod_is_system "${library}")
    if(library MATCHES "^/" AND NOT Dicod_is_system)
      get_filename_component(directory "${library}" DIRECTORY)
      list(APPEND Dicod_BLAS_WORDS "-Wl,-rpath,${directory}")
    endif()
  endforeach()
  list(REMOVE_DUPLICATES Dicod_BLAS_WORDS)
endif()
list(JOIN Dicod_BLAS_WORDS "|" words)
set(Dicod_BLAS_ENVIRONMENT "DICOD_BLAS_LIBRARIES=${words}")
set(Dicod_BLAS_FLAGS --no-default-features)
file(WRITE "${PROJECT_BINARY_DIR}/blas" "${words}")
# For the .pc files.
list(JOIN Dicod_BLAS_WORDS " " Dicod_BLAS_WORDS)
