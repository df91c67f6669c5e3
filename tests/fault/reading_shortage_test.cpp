// Memory runs out at every place of reading a document: it is read, or refused, and nothing is left behind.

#include "support/failing_allocations.hpp"

#include <cachesite/document_reader.hpp>
#include <cachesite/document_writer.hpp>
#include <cachesite/problem.hpp>

#include <new>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using test::FailingAllocations;

BOOST_AUTO_TEST_SUITE(reading_shortage)

namespace {

/// True when the text was read, or refused for what is wrong with it; false when there was not enough memory.
bool read_whole(std::string_view text, Format format) {
  try {
    (void)read_document(text, format);
    return true;
  } catch (const LoadError&) {
    return true;
  } catch (const std::bad_alloc&) {
    return false;
  }
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_document_in_each_language_survives_each_allocation_that_fails) {
  const std::string lines(3, '"');
  const std::string toml = "title = " + lines + "\na long text that is in no small buffer\n" + lines +
                           "\n[[components]]\nclass = 'NullCache'\n\"quoted key of some length\" = [1, 2.5, "
                           "2026-01-31, {a.b = true}]\n[components.limits]\nlow = 0xFF\n";
  const Node root = read_document(toml, Format::toml).root;
  const std::string long_word(40, 'x');
  for (const auto& [text, format] : std::vector<std::pair<std::string, Format>>{
           {toml, Format::toml},
           {write_document(root, Format::json), Format::json},
           {write_document(root, Format::yaml), Format::yaml},
           {"a = 1\na = 2\nb = " + long_word + "\n[[c]\n", Format::toml},
           {"a = 1\n\"\\u0061\" = 2\n", Format::toml},
           {"a = \"" + long_word + "\\q\"\n", Format::toml},
           {"{\"a\": 1, \"a\": 2, \"b\" 3}", Format::json}}) {
    long failures = 0;
    for (bool whole = false; !whole; ++failures) {
      FailingAllocations failing(FailingAllocations::On::this_thread, failures);
      whole = read_whole(text, format);
      const bool reached = failing.reached();
      failing.end();
      BOOST_REQUIRE((whole || reached));
      // Some failures are made up for, such as that of a buffer for sorting.
      if (whole && reached) whole = false;
      BOOST_REQUIRE(failures < 100'000);
    }
    BOOST_TEST(failures > 10, to_string(format));
  }
}

BOOST_AUTO_TEST_SUITE_END()
