// What a later file replaces need not find what it takes from outside.

#include "support/temporary_directory.hpp"

#include <cachesite/detail/problem_text.hpp>
#include <cachesite/load.hpp>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;

namespace {

class Overlay {
 public:
  Overlay(const std::string& base, const std::string& tests)
      : files_{folder_.write("base.yml", base), folder_.write("tests.yml", tests)} {
    ::unsetenv("CACHESITE_NO_SUCH");
    options_.allow_substitution = true;
  }

  // What check says; load has to say the same.
  std::string problems() const {
    std::string said;
    const auto problems = check_component_files(files_, options_);
    for (const auto& problem : problems)
      said += (said.empty() ? "" : "\n") + problem.id + " " + std::to_string(problem.position.line);
    std::string loaded;
    try {
      const auto site = load_component_site_from_files(files_, options_);
      for (const auto& entry : site->entries())
        classes_.push_back(entry.class_name);
    } catch (const LoadError& error) {
      loaded = error.what();
    }
    BOOST_TEST(loaded == (problems.empty() ? "" : to_text(problems)));
    return said;
  }
  const std::vector<std::string>& classes() const { return classes_; }

 private:
  test::TemporaryDirectory folder_;
  std::vector<std::filesystem::path> files_;
  LoadOptions options_;
  mutable std::vector<std::string> classes_;
};

const std::string on_redis =
    "- class: RedisCache\n  name: c\n  port: ${env:CACHESITE_NO_SUCH}\n  password: ${file:/no/such/file}\n";
const std::string in_memory = "- {class: MemoryCache, name: c}\n";

}  // namespace

BOOST_AUTO_TEST_SUITE(replaced_by_later_files)

BOOST_AUTO_TEST_CASE(variables_and_files_of_a_replaced_component_are_not_required) {
  const Overlay overlay(on_redis, in_memory);
  BOOST_TEST(overlay.problems().empty());
  BOOST_TEST((overlay.classes() == std::vector<std::string>{"MemoryCache"}));
}

BOOST_AUTO_TEST_CASE(those_of_what_is_in_it_are_neither) {
  BOOST_TEST(Overlay("- class: TieredCache\n  name: c\n  near: {class: MemoryCache, max_size: "
                     "\"${env:CACHESITE_NO_SUCH}\"}\n  over: {class: RedisCache, password: "
                     "\"${env:CACHESITE_NO_SUCH}\"}\n",
                     in_memory)
                 .problems()
                 .empty());
}

BOOST_AUTO_TEST_CASE(a_component_that_keeps_a_name_needs_them) {
  const std::string two =
      "- class: RedisCache\n  entries: [{interface: ICache, name: c}, {interface: ICache, name: d}]\n"
      "  port: ${env:CACHESITE_NO_SUCH}\n";
  BOOST_TEST(Overlay(two, in_memory).problems() == "E121 3");
  BOOST_TEST(Overlay(on_redis, "- {class: MemoryCache, name: other}\n").problems() == "E121 3\nE123 4");
}

BOOST_AUTO_TEST_CASE(a_component_whose_name_is_missing_needs_it) {
  BOOST_TEST(
      Overlay("- class: RedisCache\n  name: ${env:CACHESITE_NO_SUCH}\n", "- {class: MemoryCache, name: ''}\n")
          .problems() == "E121 2");
}

BOOST_AUTO_TEST_CASE(others_beside_it_keep_their_problems) {
  BOOST_TEST(
      Overlay(on_redis + "- {class: RedisCache, name: d, port: \"${env:CACHESITE_NO_SUCH}\"}\n", in_memory)
          .problems() == "E121 5");
  BOOST_TEST(Overlay(on_redis + "- {class: RedisCache, name: d, port: none}\n", in_memory).problems() ==
             "E211 5");
}

BOOST_AUTO_TEST_CASE(two_of_one_file_are_warned_of_and_both_need_what_they_take) {
  BOOST_TEST(Overlay(on_redis + in_memory, "- {class: MemoryCache, name: d}\n").problems().find("E121 3") !=
             std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
