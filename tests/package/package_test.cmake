cmake_minimum_required(VERSION 3.22)
# Builds a small program against the library as its users do, and runs it: cmake -D VARIANT=... -P package_test.cmake
#   installed         installs an existing build and uses find_package
#   pkg_config        the same installation, found by pkg-config
#   shared            builds and installs shared libraries, then find_package
#   subdirectory_lto  uses add_subdirectory; static, with link-time optimisation and --gc-sections
set(work ${WORK}/${VARIANT})
file(REMOVE_RECURSE ${work})
file(MAKE_DIRECTORY ${work})
set(consumer ${SOURCE}/tests/package/consumer)
# What is asked here is how the parts are found and put together, so the builds are not optimised more than they need.
set(library_options -G Ninja -D CMAKE_BUILD_TYPE= -D CACHESITE_UNITY=ON -D CACHESITE_TESTS=OFF -D CACHESITE_EXAMPLES=OFF
                    -D CMAKE_CXX_COMPILER_LAUNCHER=${LAUNCHER})

function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "failed (${status}): ${ARGN}\n${output}")
  endif()
  set(output "${output}" PARENT_SCOPE)
endfunction()

function(build_library)
  run(${CMAKE_COMMAND} -S ${SOURCE} -B ${work}/library ${library_options} ${ARGN})
  run(${CMAKE_COMMAND} --build ${work}/library)
  run(${CMAKE_COMMAND} --install ${work}/library --prefix ${work}/prefix)
endfunction()

function(build_consumer)
  run(${CMAKE_COMMAND} -S ${consumer} -B ${work}/consumer -G Ninja -D CMAKE_BUILD_TYPE= ${ARGN})
  run(${CMAKE_COMMAND} --build ${work}/consumer)
endfunction()

set(program ${work}/consumer/consumer)
if(VARIANT STREQUAL "installed")
  run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${work}/prefix)
  build_consumer(-D CMAKE_PREFIX_PATH=${work}/prefix)
  run(${work}/prefix/bin/cachesite -c ${consumer}/caches.yml check)
  foreach(page man/man1/cachesite.1 bash-completion/completions/cachesite zsh/site-functions/_cachesite)
    if(NOT EXISTS ${work}/prefix/share/${page})
      message(FATAL_ERROR "share/${page} is not installed")
    endif()
  endforeach()
elseif(VARIANT STREQUAL "pkg_config")
  run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${work}/prefix)
  set(program ${work}/consumer)
  file(GLOB_RECURSE pc ${work}/prefix/*/cachesite.pc)
  get_filename_component(pc_dir ${pc} DIRECTORY)
  run(sh -c "PKG_CONFIG_PATH=${pc_dir} pkg-config --static --cflags --libs cachesite")
  string(STRIP "${output}" flags)
  run(sh -c "g++ -std=c++20 ${consumer}/main.cpp -o ${program} ${flags}")
elseif(VARIANT STREQUAL "shared")
  build_library(-D BUILD_SHARED_LIBS=ON)
  build_consumer(-D CMAKE_PREFIX_PATH=${work}/prefix)
elseif(VARIANT STREQUAL "subdirectory_lto")
  build_consumer(-D CACHESITE_SOURCE=${SOURCE} -D CACHESITE_UNITY=ON -D CMAKE_CXX_COMPILER_LAUNCHER=${LAUNCHER} -D CACHESITE_TOOL=OFF
                 -D CMAKE_INTERPROCEDURAL_OPTIMIZATION=ON -D "CMAKE_CXX_FLAGS=-O0 -ffunction-sections -fdata-sections"
                 -D "CMAKE_EXE_LINKER_FLAGS=-Wl,--gc-sections")
else()
  message(FATAL_ERROR "unknown variant '${VARIANT}'")
endif()

if(NOT VARIANT STREQUAL "pkg_config")
  run(${work}/consumer/consumer_test)
endif()
run(${program} ${consumer}/caches.yml)
foreach(expected "MemoryCache hot" "NullCache nothing" "RedisCache far" "ConsoleLogger ")
  if(NOT output MATCHES "${expected}\n")
    message(FATAL_ERROR "'${expected}' is missing in:\n${output}")
  endif()
endforeach()
file(REMOVE_RECURSE ${work})
