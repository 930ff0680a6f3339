# What `cmake --install` puts under the prefix. All of it can be moved to another place afterwards.

include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

install(FILES include/dicod.h DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
install(FILES
  "${Dicod_LIBRARY_DIR}/libdicod.so.${PROJECT_VERSION}"
  "${Dicod_LIBRARY_DIR}/libdicod.so.${PROJECT_VERSION_MAJOR}"
  "${Dicod_LIBRARY_DIR}/libdicod.so"
  PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE
  DESTINATION "${CMAKE_INSTALL_LIBDIR}")
install(FILES "${Dicod_LIBRARY_DIR}/libdicod.a" DESTINATION "${CMAKE_INSTALL_LIBDIR}")

# The CMake package. While the version starts with 0, a new minor version may break what was there.
set(Dicod_package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/Dicod")
set(Dicod_generated "${PROJECT_BINARY_DIR}/package")
configure_package_config_file(cmake/DicodConfig.cmake.in "${Dicod_generated}/DicodConfig.cmake"
  INSTALL_DESTINATION "${Dicod_package_dir}"
  PATH_VARS CMAKE_INSTALL_INCLUDEDIR CMAKE_INSTALL_LIBDIR)
write_basic_package_version_file("${Dicod_generated}/DicodConfigVersion.cmake" COMPATIBILITY SameMinorVersion)
install(FILES
  "${Dicod_generated}/DicodConfig.cmake"
  "${Dicod_generated}/DicodConfigVersion.cmake"
  cmake/DicodTargets.cmake
  DESTINATION "${Dicod_package_dir}")

# pkg-config
file(RELATIVE_PATH Dicod_pc_to_prefix
  "${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig" "${CMAKE_INSTALL_PREFIX}")
string(REGEX REPLACE "/$" "" Dicod_pc_to_prefix "${Dicod_pc_to_prefix}")
configure_file(cmake/dicod.pc.in "${Dicod_generated}/dicod.pc" @ONLY)
install(FILES "${Dicod_generated}/dicod.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
