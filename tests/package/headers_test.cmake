cmake_minimum_required(VERSION 3.22)
# Each public header compiles by itself, without warnings, and with no more than the public folders; the umbrella header leaves
# none out but those that a program has to ask for.
set(asked_for boost_asio.hpp data_fields.hpp spdlog_logger.hpp testing.hpp)
execute_process(COMMAND ${CMAKE_COMMAND} --build ${BUILD} --target header_checks RESULT_VARIABLE status OUTPUT_VARIABLE output
                ERROR_VARIABLE output)
if(NOT status EQUAL 0)
  message(SEND_ERROR "a public header does not compile by itself:\n${output}")
endif()
file(GLOB headers ${SOURCE}/interfaces/cachesite/*.hpp ${SOURCE}/implements/cachesite/*.hpp ${SOURCE}/loaders/cachesite/*.hpp)
file(READ ${SOURCE}/loaders/cachesite/cachesite.hpp umbrella)
foreach(header IN LISTS headers)
  get_filename_component(name ${header} NAME)
  if(NOT name STREQUAL "cachesite.hpp" AND NOT name IN_LIST asked_for AND NOT umbrella MATCHES "<cachesite/${name}>")
    message(SEND_ERROR "<cachesite/cachesite.hpp> does not include <cachesite/${name}>")
  endif()
endforeach()
