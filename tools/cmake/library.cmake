# The library that programs link: one, out of all rooms, static or shared. The rooms stay libraries of their own, which the tests of
# private parts link.
set(CACHESITE_FORM static)
if(BUILD_SHARED_LIBS)
  set(CACHESITE_FORM shared)
endif()
set(CACHESITE_FORMS ${CACHESITE_FORM})
if(CACHESITE_BOTH_FORMS)
  set(CACHESITE_FORMS static shared)
endif()

function(cachesite_library form)
  set(name cachesite_${form})
  string(TOUPPER ${form} kind)
  set(when EXCLUDE_FROM_ALL)
  if(form IN_LIST CACHESITE_FORMS)
    set(when "")
  endif()
  add_library(${name} ${kind} ${when} $<TARGET_OBJECTS:cachesite_implements> $<TARGET_OBJECTS:cachesite_loaders>)
  set_target_properties(${name} PROPERTIES OUTPUT_NAME cachesite EXPORT_NAME cachesite LINKER_LANGUAGE CXX)
  target_compile_features(${name} PUBLIC cxx_std_20)
  foreach(headers ${PROJECT_SOURCE_DIR}/interfaces ${PROJECT_SOURCE_DIR}/implements ${PROJECT_SOURCE_DIR}/loaders ${CACHESITE_GENERATED})
    target_include_directories(${name} PUBLIC $<BUILD_INTERFACE:${headers}>)
  endforeach()
  target_include_directories(${name} PUBLIC $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  target_link_libraries(${name} PUBLIC Threads::Threads
                        PRIVATE cachesite::hiredis cachesite::lz4 cachesite::openssl cachesite::spdlog cachesite::yaml_cpp
                                cachesite::zlib cachesite::zstd)
endfunction()

cachesite_library(static)
# A program that uses none of what needs a further library does not take that along.
target_link_options(cachesite_static INTERFACE LINKER:--as-needed)

cachesite_library(shared)
# The soname changes with everything that may break a program: each minor version, until there is 1.0.
set(CACHESITE_SOVERSION ${PROJECT_VERSION_MAJOR})
if(PROJECT_VERSION_MAJOR EQUAL 0)
  set(CACHESITE_SOVERSION 0.${PROJECT_VERSION_MINOR})
endif()
set_target_properties(cachesite_shared PROPERTIES VERSION ${PROJECT_VERSION} SOVERSION ${CACHESITE_SOVERSION})

# The names that the public headers declare are exported, and no others.
set(exports ${PROJECT_BINARY_DIR}/cachesite.exports)
file(GLOB_RECURSE public_headers CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/interfaces/cachesite/*.hpp
     ${PROJECT_SOURCE_DIR}/implements/cachesite/*.hpp ${PROJECT_SOURCE_DIR}/loaders/cachesite/*.hpp)
add_custom_command(OUTPUT ${exports} VERBATIM DEPENDS ${public_headers} ${PROJECT_SOURCE_DIR}/tools/cmake/exports.cmake
  COMMENT "Listing the names that public headers declare"
  COMMAND ${CMAKE_COMMAND} -D SOURCE=${PROJECT_SOURCE_DIR} -D GENERATED=${CACHESITE_GENERATED} -D VERSION=${CACHESITE_SOVERSION} -D OUTPUT=${exports}
          -P ${PROJECT_SOURCE_DIR}/tools/cmake/exports.cmake)
target_sources(cachesite_shared PRIVATE ${exports})
set_target_properties(cachesite_shared PROPERTIES LINK_DEPENDS ${exports})
target_link_options(cachesite_shared PRIVATE LINKER:--version-script=${exports} LINKER:--as-needed LINKER:--gc-sections)
if(NOT CACHESITE_SANITIZE)
  # A sanitizer's own functions are the program's.
  target_link_options(cachesite_shared PRIVATE LINKER:-z,defs)
endif()

# The last three are names from when each room was a library of its own.
foreach(name cachesite cachesite::cachesite cachesite::interfaces cachesite::implements cachesite::loaders)
  add_library(${name} ALIAS cachesite_${CACHESITE_FORM})
endforeach()
