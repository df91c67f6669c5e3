# What `cmake --install` puts in place: headers, the library, what finds it (CMake package, pkg-config file), and texts.
include(CMakePackageConfigHelpers)
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/cachesite)

foreach(form IN LISTS CACHESITE_FORMS)
  install(TARGETS cachesite_${form} EXPORT cachesite_${form} ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
          LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
  install(EXPORT cachesite_${form} NAMESPACE cachesite:: FILE cachesite_${form}.cmake DESTINATION ${package_dir})
endforeach()
# Further libraries, which stand on either form.
if(TARGET cachesite_testing)
  set_target_properties(cachesite_testing PROPERTIES INTERFACE_LINK_LIBRARIES
    "$<BUILD_INTERFACE:cachesite_implements>;$<INSTALL_INTERFACE:cachesite::cachesite>")
  install(TARGETS cachesite_testing EXPORT cachesiteTargets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
endif()
if(TARGET cachesite_testing OR TARGET cachesite_tool_main)
  install(EXPORT cachesiteTargets NAMESPACE cachesite:: DESTINATION ${package_dir})
endif()
foreach(room interfaces implements loaders)
  install(DIRECTORY ${PROJECT_SOURCE_DIR}/${room}/cachesite DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN *.hpp)
endforeach()
install(DIRECTORY ${CACHESITE_GENERATED}/cachesite DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(FILES ${PROJECT_SOURCE_DIR}/configs/component-file.schema.json DESTINATION ${CMAKE_INSTALL_DATADIR}/cachesite)
foreach(text LICENSE CHANGELOG.md)
  if(EXISTS ${PROJECT_SOURCE_DIR}/${text})
    install(FILES ${PROJECT_SOURCE_DIR}/${text} DESTINATION ${CMAKE_INSTALL_DOCDIR})
  endif()
endforeach()

configure_file(${CMAKE_CURRENT_LIST_DIR}/cachesiteConfig.cmake.in ${PROJECT_BINARY_DIR}/cachesiteConfig.cmake @ONLY)
set(compatibility SameMajorVersion)
if(PROJECT_VERSION_MAJOR EQUAL 0)
  set(compatibility SameMinorVersion)
endif()
write_basic_package_version_file(${PROJECT_BINARY_DIR}/cachesiteConfigVersion.cmake COMPATIBILITY ${compatibility})
install(FILES ${PROJECT_BINARY_DIR}/cachesiteConfig.cmake ${PROJECT_BINARY_DIR}/cachesiteConfigVersion.cmake
              ${CMAKE_CURRENT_LIST_DIR}/cachesiteDependencies.cmake DESTINATION ${package_dir})

# The file finds the prefix from where it lies, so the installation may be moved, and `cmake --install --prefix` is right.
file(RELATIVE_PATH cachesite_pc_to_prefix /prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig /prefix)
string(REGEX REPLACE "/$" "" cachesite_pc_to_prefix "${cachesite_pc_to_prefix}")
set(cachesite_pc_private "")
if("static" IN_LIST CACHESITE_FORMS)
  # A static library leaves it to the program to link what it is built on.
  set(cachesite_pc_private "Requires.private: hiredis yaml-cpp openssl spdlog zlib libzstd liblz4\n")
endif()
configure_file(${CMAKE_CURRENT_LIST_DIR}/cachesite.pc.in ${PROJECT_BINARY_DIR}/cachesite.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/cachesite.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
