# What `cmake --install` puts in place: headers, libraries, the CMake package, the pkg-config file.
include(CMakePackageConfigHelpers)
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/cachesite)

set_target_properties(cachesite PROPERTIES EXPORT_NAME cachesite)
install(TARGETS cachesite cachesite_interfaces cachesite_implements cachesite_loaders cachesite_testing EXPORT cachesiteTargets
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
        RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(EXPORT cachesiteTargets NAMESPACE cachesite:: DESTINATION ${package_dir})
foreach(room interfaces implements loaders)
  install(DIRECTORY ${PROJECT_SOURCE_DIR}/${room}/cachesite DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
endforeach()

get_target_property(library_type cachesite_implements TYPE)
set(cachesite_is_static OFF)
if(library_type STREQUAL "STATIC_LIBRARY")
  set(cachesite_is_static ON)
endif()
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/cachesiteConfig.cmake.in
  ${PROJECT_BINARY_DIR}/cachesiteConfig.cmake INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/cachesiteConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/cachesiteConfig.cmake ${PROJECT_BINARY_DIR}/cachesiteConfigVersion.cmake
        DESTINATION ${package_dir})
# The file finds the prefix from where it lies, so the installation may be moved, and `cmake --install --prefix` is right.
file(RELATIVE_PATH cachesite_pc_to_prefix /prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig /prefix)
string(REGEX REPLACE "/$" "" cachesite_pc_to_prefix "${cachesite_pc_to_prefix}")
configure_file(${CMAKE_CURRENT_LIST_DIR}/cachesite.pc.in ${PROJECT_BINARY_DIR}/cachesite.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/cachesite.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
