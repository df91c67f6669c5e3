#include <cachesite/version.hpp>

#include <string>

#include <boost/test/unit_test.hpp>

using namespace cachesite;

BOOST_AUTO_TEST_SUITE(version)

BOOST_AUTO_TEST_CASE(headers_and_library_tell_the_version_of_the_project) {
  BOOST_TEST(library_version() == CACHESITE_PROJECT_VERSION);
  BOOST_TEST(CACHESITE_VERSION_TEXT == CACHESITE_PROJECT_VERSION);
  const std::string parts = std::to_string(CACHESITE_VERSION_MAJOR) + "." +
                            std::to_string(CACHESITE_VERSION_MINOR) + "." +
                            std::to_string(CACHESITE_VERSION_PATCH);
  BOOST_TEST(parts == CACHESITE_PROJECT_VERSION);
  BOOST_TEST(CACHESITE_VERSION / 100 % 100 == CACHESITE_VERSION_MINOR);
#if CACHESITE_VERSION < 100
#error "the number is for the preprocessor, too"
#endif
}

BOOST_AUTO_TEST_SUITE_END()
