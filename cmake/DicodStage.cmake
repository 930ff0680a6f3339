# Run as a script, with cargo's command line behind "--": takes what cargo builds and puts into TO
#
#   lib<NAME>.so -> lib<NAME>.so.SOVERSION -> lib<NAME>.so.VERSION   stripped unless KEEP_DEBUG
#   lib<NAME>.a                                                   no global symbol but those in SYMBOLS
#
# SEED is a folder in which, or in folders of which, cargo may have built before.
#
# SYMBOLS are files with a name on each line, with "|" between their paths.
#
# A file that is newer than what it is made from is left alone, so that nothing links again for nothing.
cmake_minimum_required(VERSION 3.21)

# Cargo says where its files are: that depends on the profile, CARGO_BUILD_TARGET and cargo's configuration.
set(cargo "")
math(EXPR last_option "${CMAKE_ARGC} - 1")
foreach(i RANGE ${last_option})
  if(cargo OR CMAKE_ARGV${i} STREQUAL "--")
    list(APPEND cargo "${CMAKE_ARGV${i}}")
  endif()
endforeach()
list(POP_FRONT cargo)

# What was compiled for another library need not be compiled for this one: cargo looks whether it is up to date. All but what
# knows of an MPI.
if(SEED AND NOT EXISTS "$ENV{CARGO_TARGET_DIR}")
  file(GLOB others LIST_DIRECTORIES TRUE "${SEED}/*/release")
  list(APPEND others "${SEED}/release")
  list(GET others 0 other)
  if(EXISTS "${other}/.fingerprint")
    file(COPY "${other}" DESTINATION "$ENV{CARGO_TARGET_DIR}"
      REGEX "/(lib)?(dicod|mpi)[^/]*$" EXCLUDE)
  endif()
endif()
execute_process(COMMAND ${cargo} --message-format=json-render-diagnostics
  RESULT_VARIABLE result OUTPUT_VARIABLE built)
if(NOT result EQUAL 0)
  message(FATAL_ERROR "Dicod: cargo could not build the library")
endif()
if(NOT built MATCHES "\"([^\"]*)/libdicod\\.a\"")
  message(FATAL_ERROR "Dicod: cargo does not say where it put libdicod.a")
endif()
set(FROM "${CMAKE_MATCH_1}")

function(run)
  execute_process(COMMAND ${ARGV} RESULT_VARIABLE result ERROR_VARIABLE message)
  if(NOT result EQUAL 0)
    list(JOIN ARGV " " command)
    message(FATAL_ERROR "Dicod: ${command}\n${message}")
  endif()
endfunction()

# sets `result` to whether `file` is missing or older than one of the files that follow
function(outdated result file)
  set(${result} FALSE PARENT_SCOPE)
  foreach(source IN LISTS ARGN)
    if("${source}" IS_NEWER_THAN "${file}")
      set(${result} TRUE PARENT_SCOPE)
    endif()
  endforeach()
endfunction()

file(MAKE_DIRECTORY "${TO}")
string(REPLACE "|" ";" SYMBOLS "${SYMBOLS}")

# Cargo's library may be from another profile than last time: the stamp says which one lies here.
set(stamp "${TO}/.${NAME}-built-from")
set(last "")
if(EXISTS "${stamp}")
  file(READ "${stamp}" last)
endif()
if(NOT last STREQUAL "${FROM} ${VERSION}")
  file(REMOVE "${TO}/lib${NAME}.so.${VERSION}" "${TO}/lib${NAME}.a")
  file(WRITE "${stamp}" "${FROM} ${VERSION}")
endif()

set(shared "${TO}/lib${NAME}.so.${VERSION}")
outdated(todo "${shared}" "${FROM}/libdicod.so" "${CMAKE_CURRENT_LIST_FILE}")
if(todo)
  if(KEEP_DEBUG)
    run("${CMAKE_COMMAND}" -E copy "${FROM}/libdicod.so" "${shared}.new")
  else()
    run("${STRIP}" --strip-unneeded -o "${shared}.new" "${FROM}/libdicod.so")
  endif()
  file(RENAME "${shared}.new" "${shared}")
  file(CREATE_LINK "lib${NAME}.so.${VERSION}" "${TO}/lib${NAME}.so.${SOVERSION}" SYMBOLIC)
  file(CREATE_LINK "lib${NAME}.so.${SOVERSION}" "${TO}/lib${NAME}.so" SYMBOLIC)
endif()

# A Rust static library brings its runtime along, with global symbols that a program may have too (another Rust library,
# say). So everything is linked into one object in which only our functions stay global. Groups are dissolved: another
# library's group of the same name must not take the place of ours. GNU ld can leave out what nobody calls, other linkers
# (gold, lld, mold) do not when they make an object: it is larger then.
set(static "${TO}/lib${NAME}.a")
outdated(todo "${static}" "${FROM}/libdicod.a" ${SYMBOLS} "${CMAKE_CURRENT_LIST_FILE}")
if(todo)
  set(symbols "")
  foreach(path IN LISTS SYMBOLS)
    file(STRINGS "${path}" names)
    list(APPEND symbols ${names})
  endforeach()
  list(TRANSFORM symbols PREPEND "-Wl,--undefined=" OUTPUT_VARIABLE wanted)
  list(TRANSFORM symbols PREPEND "--keep-global-symbol=" OUTPUT_VARIABLE kept)
  set(object "${TO}/${NAME}.o")
  set(debug --strip-unneeded)
  if(KEEP_DEBUG)
    set(debug "")
  endif()
  set(link "${CC}" -r -nostdlib ${wanted} "${FROM}/libdicod.a" -o "${object}")
  execute_process(COMMAND ${link} -fuse-ld=bfd -Wl,--gc-sections RESULT_VARIABLE result OUTPUT_QUIET ERROR_QUIET)
  if(NOT result EQUAL 0)
    run(${link})
  endif()
  # The LLVM bitcode that Rust's standard library carries would confuse tools with an LTO plugin.
  run("${OBJCOPY}" ${kept} ${debug} --remove-section=.group --remove-section=.llvmbc --remove-section=.llvmcmd "${object}")
  file(REMOVE "${static}.new")
  run("${AR}" crs "${static}.new" "${object}")
  file(RENAME "${static}.new" "${static}")
  file(REMOVE "${object}")
endif()
