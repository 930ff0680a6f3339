# The targets, for the build tree and for the installed package alike:
#
#   Dicod::dicod          what a program links to: the static library if Dicod_USE_STATIC is on, or if BUILD_SHARED_LIBS
#                         is set and off; otherwise the shared one
#   Dicod::dicod_shared   always the shared library
#   Dicod::dicod_static   always the static library
#   Dicod::mpi_inline     Dicod::dicod with dicod_mpi.h over the MPI that the project is compiled with, whichever that is,
#                         if Dicod_MPI_LANGUAGE is C or CXX
#   Dicod::mpi...         the same three with contexts on communicators, if Dicod_MPI_FAMILY is not empty: all of
#                         dicod.h and dicod_mpi.h, instead of Dicod::dicod. Else Dicod::mpi is Dicod::mpi_inline
#
# Dicod_INCLUDE_DIR and Dicod_LIBRARY_DIR say where the files are, Dicod_BLAS_LIBRARIES which BLAS it is; Dicod_SCOPE is GLOBAL or empty.

function(dicod_targets target library definitions dependencies)
  add_library(Dicod::${target}_shared SHARED IMPORTED ${Dicod_SCOPE})
  set_target_properties(Dicod::${target}_shared PROPERTIES
    IMPORTED_LOCATION "${Dicod_LIBRARY_DIR}/lib${library}.so"
    INTERFACE_COMPILE_DEFINITIONS "${definitions}"
    INTERFACE_INCLUDE_DIRECTORIES "${Dicod_INCLUDE_DIR}"
    INTERFACE_LINK_LIBRARIES "${dependencies}")

  # What a static library needs it cannot say itself. (The .pc files have the same list.)
  add_library(Dicod::${target}_static STATIC IMPORTED ${Dicod_SCOPE})
  set_target_properties(Dicod::${target}_static PROPERTIES
    IMPORTED_LOCATION "${Dicod_LIBRARY_DIR}/lib${library}.a"
    IMPORTED_LINK_INTERFACE_LANGUAGES C
    INTERFACE_COMPILE_DEFINITIONS "${definitions}"
    INTERFACE_INCLUDE_DIRECTORIES "${Dicod_INCLUDE_DIR}"
    # A plug-in that holds the library must stay loaded, as the shared one does: see build.rs.
    INTERFACE_LINK_OPTIONS "LINKER:-z,nodelete"
    INTERFACE_LINK_LIBRARIES "${dependencies};${Dicod_BLAS_LIBRARIES};util;rt;pthread;m;dl")

  set(which shared)
  if(Dicod_USE_STATIC OR (DEFINED BUILD_SHARED_LIBS AND NOT BUILD_SHARED_LIBS))
    set(which static)
  endif()
  add_library(Dicod::${target} INTERFACE IMPORTED ${Dicod_SCOPE})
  set_target_properties(Dicod::${target} PROPERTIES INTERFACE_LINK_LIBRARIES "Dicod::${target}_${which}")
endfunction()

# A project may ask again, for more components.
if(NOT TARGET Dicod::dicod)
  dicod_targets(dicod dicod "" "")
endif()
if(Dicod_MPI_LANGUAGE MATCHES "^(C|CXX)$" AND NOT TARGET Dicod::mpi_inline)
  add_library(Dicod::mpi_inline INTERFACE IMPORTED ${Dicod_SCOPE})
  set_target_properties(Dicod::mpi_inline PROPERTIES
    INTERFACE_COMPILE_DEFINITIONS DICOD_MPI_INLINE
    INTERFACE_LINK_LIBRARIES "Dicod::dicod;MPI::MPI_${Dicod_MPI_LANGUAGE}")
endif()
if(Dicod_MPI_FAMILY AND NOT TARGET Dicod::mpi)
  dicod_targets(mpi dicod_mpi "DICOD_MPI_${Dicod_MPI_FAMILY}" MPI::MPI_${Dicod_MPI_LANGUAGE})
elseif(TARGET Dicod::mpi_inline AND NOT TARGET Dicod::mpi)
  add_library(Dicod::mpi INTERFACE IMPORTED ${Dicod_SCOPE})
  set_target_properties(Dicod::mpi PROPERTIES INTERFACE_LINK_LIBRARIES Dicod::mpi_inline)
endif()
