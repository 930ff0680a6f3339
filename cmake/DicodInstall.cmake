# What `cmake --install` puts under the prefix. All of it can be moved to another place afterwards.

include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(Dicod_libraries dicod)
# The installed dicod_mpi.h knows the MPI of the libdicod_mpi beside it; where there is none all is in the headers.
set(Dicod_macro DICOD_MPI_INLINE)
if(Dicod_MPI)
  list(APPEND Dicod_libraries dicod_mpi)
  set(Dicod_macro "DICOD_MPI_${Dicod_MPI_FAMILY}")
endif()
set(Dicod_mpi_h "${PROJECT_BINARY_DIR}/package/dicod_mpi.h")
set(Dicod_mark "#define DICOD_MPI_H\n")
file(READ include/dicod_mpi.h Dicod_text)
string(REPLACE "${Dicod_mark}" "${Dicod_mark}\n#ifndef ${Dicod_macro}\n#define ${Dicod_macro}\n#endif\n" Dicod_text "${Dicod_text}")
file(GENERATE OUTPUT "${Dicod_mpi_h}" CONTENT "${Dicod_text}")
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS include/dicod_mpi.h)
install(FILES include/dicod.h "${Dicod_mpi_h}" include/dicod_mpi_inline.h DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
foreach(library IN LISTS Dicod_libraries)
  install(FILES
    "${Dicod_LIBRARY_DIR}/lib${library}.so.${PROJECT_VERSION}"
    "${Dicod_LIBRARY_DIR}/lib${library}.so.${Dicod_SOVERSION}"
    "${Dicod_LIBRARY_DIR}/lib${library}.so"
    PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE
    DESTINATION "${CMAKE_INSTALL_LIBDIR}")
  install(FILES "${Dicod_LIBRARY_DIR}/lib${library}.a" DESTINATION "${CMAKE_INSTALL_LIBDIR}")
endforeach()

# Source: each project compiles it with its own compiler.
install(FILES bindings/fortran/dicod.f90 bindings/fortran/dicod_mpi.f90 bindings/fortran/dicod_mpi.c
  DESTINATION "${CMAKE_INSTALL_DATADIR}/dicod/fortran")
install(DIRECTORY bindings/julia/Dicod DESTINATION "${CMAKE_INSTALL_DATADIR}/dicod/julia")

# The CMake package. While the version starts with 0, a new minor version may break what was there.
set(Dicod_package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/Dicod")
set(Dicod_generated "${PROJECT_BINARY_DIR}/package")
configure_package_config_file(cmake/DicodConfig.cmake.in "${Dicod_generated}/DicodConfig.cmake"
  INSTALL_DESTINATION "${Dicod_package_dir}"
  PATH_VARS CMAKE_INSTALL_INCLUDEDIR CMAKE_INSTALL_LIBDIR CMAKE_INSTALL_DATADIR)
write_basic_package_version_file("${Dicod_generated}/DicodConfigVersion.cmake" COMPATIBILITY SameMinorVersion)
install(FILES
  "${Dicod_generated}/DicodConfig.cmake"
  "${Dicod_generated}/DicodConfigVersion.cmake"
  cmake/DicodTargets.cmake
  cmake/DicodFortran.cmake
  cmake/DicodMPI.cmake
  DESTINATION "${Dicod_package_dir}")

# pkg-config
set(Dicod_mpi_pc mpich)
if(Dicod_MPI_FAMILY STREQUAL OPEN_MPI)
  set(Dicod_mpi_pc ompi-c)
endif()
file(RELATIVE_PATH Dicod_pc_to_prefix
  "${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig" "${CMAKE_INSTALL_PREFIX}")
string(REGEX REPLACE "/$" "" Dicod_pc_to_prefix "${Dicod_pc_to_prefix}")
foreach(library IN LISTS Dicod_libraries)
  configure_file(cmake/${library}.pc.in "${Dicod_generated}/${library}.pc" @ONLY)
  install(FILES "${Dicod_generated}/${library}.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
endforeach()
