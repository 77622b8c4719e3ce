# Finds Unicorn 2.1 or newer: the system's, or the one that ./k5 set up below build/deps/unicorn.
find_package(PkgConfig)
if(PKG_CONFIG_FOUND)
  pkg_check_modules(UNICORN QUIET unicorn>=2.1)
endif()

add_library(unicorn::unicorn INTERFACE IMPORTED)
if(UNICORN_FOUND)
  target_include_directories(unicorn::unicorn SYSTEM INTERFACE ${UNICORN_INCLUDE_DIRS})
  target_link_directories(unicorn::unicorn INTERFACE ${UNICORN_LIBRARY_DIRS})
  target_link_libraries(unicorn::unicorn INTERFACE ${UNICORN_LIBRARIES})
else()
  set(unicorn_root ${PROJECT_SOURCE_DIR}/build/deps/unicorn/usr)
  file(GLOB unicorn_library ${unicorn_root}/lib/*/libunicorn.so)
  if(NOT unicorn_library OR NOT EXISTS ${unicorn_root}/include/unicorn/unicorn.h)
    message(FATAL_ERROR "Unicorn 2.1 or newer is missing. `./k5 doctor` says how to get it; "
                        "`./k5 build` sets it up below build/deps/unicorn.")
  endif()
  target_include_directories(unicorn::unicorn SYSTEM INTERFACE ${unicorn_root}/include)
  # Linked by path: CMake puts its folder into the rpath.
  target_link_libraries(unicorn::unicorn INTERFACE ${unicorn_library})
endif()
