# A board's preset: builds the images of one system with the builder behind ./k5 build, which
# decides for itself what is current, and runs that system as a test.
set(K5_SYSTEM demo CACHE STRING "The system to build: a name of the tree, or a TOML file")
set(k5_command ${PROJECT_SOURCE_DIR}/k5)

add_custom_target(
  image ALL
  COMMAND ${k5_command} build ${K5_SYSTEM} --board ${K5_BOARD}
  WORKING_DIRECTORY ${PROJECT_SOURCE_DIR}
  USES_TERMINAL VERBATIM)

# The memory map is the board's on every engine.
set(k5_engines hosted)
file(STRINGS ${PROJECT_SOURCE_DIR}/boards/${K5_BOARD}/board.toml k5_qemu REGEX "^\\[qemu\\]")
if(k5_qemu)
  list(APPEND k5_engines qemu)
endif()
foreach(engine IN LISTS k5_engines)
  add_test(
    NAME run-${engine}
    COMMAND ${k5_command} run ${K5_SYSTEM} --board ${K5_BOARD} --engine ${engine}
    WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
endforeach()
