# The targets, for the build tree and for the installed package alike:
#
#   Dicod::dicod          what a program links to: the static library if Dicod_USE_STATIC is on, or if BUILD_SHARED_LIBS
#                         is set and off; otherwise the shared one
#   Dicod::dicod_shared   always the shared library
#   Dicod::dicod_static   always the static library
#
# Dicod_INCLUDE_DIR and Dicod_LIBRARY_DIR say where the files are; Dicod_SCOPE is GLOBAL or empty.

add_library(Dicod::dicod_shared SHARED IMPORTED ${Dicod_SCOPE})
set_target_properties(Dicod::dicod_shared PROPERTIES
  IMPORTED_LOCATION "${Dicod_LIBRARY_DIR}/libdicod.so"
  INTERFACE_INCLUDE_DIRECTORIES "${Dicod_INCLUDE_DIR}")

# What a static library needs it cannot say itself. (dicod.pc.in has the same list.)
add_library(Dicod::dicod_static STATIC IMPORTED ${Dicod_SCOPE})
set_target_properties(Dicod::dicod_static PROPERTIES
  IMPORTED_LOCATION "${Dicod_LIBRARY_DIR}/libdicod.a"
  IMPORTED_LINK_INTERFACE_LANGUAGES C
  INTERFACE_INCLUDE_DIRECTORIES "${Dicod_INCLUDE_DIR}"
  INTERFACE_LINK_LIBRARIES "openblas;util;rt;pthread;m;dl")

set(Dicod_which shared)
if(Dicod_USE_STATIC OR (DEFINED BUILD_SHARED_LIBS AND NOT BUILD_SHARED_LIBS))
  set(Dicod_which static)
endif()
add_library(Dicod::dicod INTERFACE IMPORTED ${Dicod_SCOPE})
set_target_properties(Dicod::dicod PROPERTIES INTERFACE_LINK_LIBRARIES "Dicod::dicod_${Dicod_which}")
unset(Dicod_which)
