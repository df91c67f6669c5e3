// What paths of files may be given as.

#include <cachesite/load.hpp>

#include <array>
#include <filesystem>
#include <list>
#include <string>
#include <string_view>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;

namespace {

std::string text(const FilePath& path) {
  return path.text();
}

std::string texts(const FilePaths& paths) {
  std::string all;
  for (const auto& path : paths)
    all += path.text() + " ";
  return all;
}

template <class T>
concept OnePath = std::convertible_to<T, FilePath>;
template <class T>
concept ManyPaths = std::convertible_to<T, FilePaths>;

}  // namespace

BOOST_AUTO_TEST_SUITE(file_path)

BOOST_AUTO_TEST_CASE(one_is_given_as_text_or_as_a_path) {
  using namespace std::string_literals;
  using namespace std::string_view_literals;
  BOOST_TEST(text("a/b.yml") == "a/b.yml");
  BOOST_TEST(text("a/b.yml"s) == "a/b.yml");
  BOOST_TEST(text("a/b.yml"sv) == "a/b.yml");
  BOOST_TEST(text(std::filesystem::path("a") / "b.yml") == "a/b.yml");
}

BOOST_AUTO_TEST_CASE(several_are_given_as_a_list_a_container_or_a_range) {
  const std::array<const char*, 3> arguments{"program", "a.yml", "b.yml"};
  BOOST_TEST(texts({}) == "");
  BOOST_TEST(texts({"a.yml"}) == "a.yml ");
  BOOST_TEST(texts({"a.yml", "b.yml"}) == "a.yml b.yml ");
  BOOST_TEST(texts({"a.yml", std::filesystem::path("b.yml"), std::string("c.yml")}) == "a.yml b.yml c.yml ");
  BOOST_TEST(texts({arguments.data() + 1, arguments.data() + 3}) == "a.yml b.yml ");
  BOOST_TEST(texts(std::vector<std::filesystem::path>{"a.yml", "b.yml"}) == "a.yml b.yml ");
  BOOST_TEST(texts(std::list<std::string>{"a.yml"}) == "a.yml ");
}

BOOST_AUTO_TEST_CASE(one_is_not_taken_for_its_parts) {
  BOOST_TEST(!ManyPaths<std::filesystem::path>);
  BOOST_TEST(!ManyPaths<std::string>);
  BOOST_TEST(!OnePath<std::vector<std::string>>);
  BOOST_TEST(!OnePath<int>);
}

BOOST_AUTO_TEST_SUITE_END()
