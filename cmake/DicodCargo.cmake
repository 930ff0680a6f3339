# dicod_cargo_build(name target_dir symbols [FLAGS ...] [ENVIRONMENT ...]) makes the target NAME_cargo:
# DicodStage.cmake lets cargo build the library and puts it into the build tree as lib<name>, in the form in which it is used
# and installed.

find_program(CARGO_EXECUTABLE cargo HINTS "$ENV{CARGO_HOME}/bin" "$ENV{HOME}/.cargo/bin")
if(NOT CARGO_EXECUTABLE)
  message(FATAL_ERROR "Dicod: cargo, the build tool of Rust, is needed to build libdicod. Install Rust, or set CARGO_EXECUTABLE.")
endif()

# No build type means release: a solver without optimisation is of no use to anybody.
set(Dicod_is_debug "$<CONFIG:Debug>")

set(Dicod_INCLUDE_DIR "${PROJECT_SOURCE_DIR}/include")
set(Dicod_LIBRARY_DIR "${PROJECT_BINARY_DIR}/lib")

function(dicod_cargo_build name target_dir symbols)
  cmake_parse_arguments(PARSE_ARGV 3 arg "" "" "FLAGS;ENVIRONMENT")
  set(paths "")
  foreach(list IN LISTS symbols)
    list(APPEND paths "${PROJECT_SOURCE_DIR}/abi/${list}.symbols")
  endforeach()
  list(JOIN paths "|" paths)
  add_custom_target(${name}_cargo ALL
    COMMAND "${CMAKE_COMMAND}" -E env "CARGO_TARGET_DIR=${target_dir}" ${Dicod_BLAS_ENVIRONMENT} ${arg_ENVIRONMENT}
            "${CMAKE_COMMAND}"
            "-DNAME=${name}"
            "-DTO=${Dicod_LIBRARY_DIR}"
            "-DSEED=${Dicod_CARGO_TARGET_DIR}"
            "-DSYMBOLS=${paths}"
            "-DVERSION=${PROJECT_VERSION}"
            "-DSOVERSION=${Dicod_SOVERSION}"
            "-DKEEP_DEBUG=${Dicod_is_debug}"
            "-DCC=${CMAKE_C_COMPILER}"
            "-DOBJCOPY=${CMAKE_OBJCOPY}"
            "-DSTRIP=${CMAKE_STRIP}"
            "-DAR=${CMAKE_AR}"
            -P "${PROJECT_SOURCE_DIR}/cmake/DicodStage.cmake"
            -- "${CARGO_EXECUTABLE}" build --locked --package dicod --lib
            --profile "$<IF:${Dicod_is_debug},dev,release>" ${arg_FLAGS} ${Dicod_BLAS_FLAGS} ${Dicod_CARGO_FLAGS}
    WORKING_DIRECTORY "${PROJECT_SOURCE_DIR}"
    # Ninja has to know where these files come from.
    BYPRODUCTS "${Dicod_LIBRARY_DIR}/lib${name}.so" "${Dicod_LIBRARY_DIR}/lib${name}.a"
    COMMENT "Building lib${name} with cargo"
    USES_TERMINAL
    VERBATIM)
endfunction()
