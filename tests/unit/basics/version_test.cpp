#include <cachesite/catalog.hpp>
#include <cachesite/component_site.hpp>
#include <cachesite/version.hpp>

#include <stdexcept>
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

BOOST_AUTO_TEST_CASE(a_program_of_other_headers_than_the_library_is_told_both_versions) {
  const auto complaint = [](const std::logic_error& error) {
    return std::string(error.what())
        .starts_with(
            "this program is compiled with the headers of cachesite 9.87.65, and runs with "
            "the library of " CACHESITE_VERSION_TEXT);
  };
  const cachesite::detail::HeaderVersion others(98765);
  BOOST_CHECK_EXCEPTION(Catalog{others}, std::logic_error, complaint);
  BOOST_CHECK_EXCEPTION(ComponentSite{others}, std::logic_error, complaint);
}

BOOST_AUTO_TEST_CASE(another_patch_of_the_headers_is_served) {
  const cachesite::detail::HeaderVersion patched(CACHESITE_VERSION / 100 * 100 + 99);
  BOOST_CHECK_NO_THROW(ComponentSite{patched});
}

BOOST_AUTO_TEST_SUITE_END()
