# The target dicod_cargo: cargo builds the library, DicodStage.cmake puts it into the build tree in the form in which it
# is used and installed.

find_program(CARGO_EXECUTABLE cargo HINTS "$ENV{CARGO_HOME}/bin" "$ENV{HOME}/.cargo/bin")
if(NOT CARGO_EXECUTABLE)
  message(FATAL_ERROR "Dicod: cargo, the build tool of Rust, is needed to build libdicod. Install Rust, or set CARGO_EXECUTABLE.")
endif()

# No build type means release: a solver without optimisation is of no use to anybody.
set(Dicod_is_debug "$<CONFIG:Debug>")
set(Dicod_cargo_output "${Dicod_CARGO_TARGET_DIR}/$<IF:${Dicod_is_debug},debug,release>")

set(Dicod_INCLUDE_DIR "${PROJECT_SOURCE_DIR}/include")
set(Dicod_LIBRARY_DIR "${PROJECT_BINARY_DIR}/lib")

add_custom_target(dicod_cargo ALL
  COMMAND "${CMAKE_COMMAND}" -E env "CARGO_TARGET_DIR=${Dicod_CARGO_TARGET_DIR}"
          "${CARGO_EXECUTABLE}" build --locked --lib
          --profile "$<IF:${Dicod_is_debug},dev,release>" ${Dicod_CARGO_FLAGS}
  COMMAND "${CMAKE_COMMAND}"
          "-DFROM=${Dicod_cargo_output}"
          "-DTO=${Dicod_LIBRARY_DIR}"
          "-DHEADER=${Dicod_INCLUDE_DIR}/dicod.h"
          "-DVERSION=${PROJECT_VERSION}"
          "-DKEEP_DEBUG=${Dicod_is_debug}"
          "-DLD=${CMAKE_LINKER}"
          "-DOBJCOPY=${CMAKE_OBJCOPY}"
          "-DSTRIP=${CMAKE_STRIP}"
          "-DAR=${CMAKE_AR}"
          -P "${PROJECT_SOURCE_DIR}/cmake/DicodStage.cmake"
  WORKING_DIRECTORY "${PROJECT_SOURCE_DIR}"
  # Ninja has to know where these files come from.
  BYPRODUCTS "${Dicod_LIBRARY_DIR}/libdicod.so" "${Dicod_LIBRARY_DIR}/libdicod.a"
  COMMENT "Building libdicod with cargo"
  USES_TERMINAL
  VERBATIM)
