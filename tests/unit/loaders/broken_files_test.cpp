#include "probe.hpp"

#include <cachesite/console_logger.hpp>
#include <cachesite/detail/problem_text.hpp>
#include <cachesite/load.hpp>
#include <cachesite/memory_cache.hpp>
#include <cachesite/null_cache.hpp>
#include <cachesite/redis_cache.hpp>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;

// Every file in broken/ has a file of the same name with .expected after it, which holds exactly what is said
// about it. CACHESITE_WRITE_EXPECTED=1 writes these files anew; look at the difference before keeping it.

BOOST_AUTO_TEST_SUITE(broken_files)

namespace {

struct InFolder {
  std::filesystem::path before = std::filesystem::current_path();
  InFolder() { std::filesystem::current_path(CACHESITE_BROKEN_FILES); }
  ~InFolder() { std::filesystem::current_path(before); }
};

std::vector<std::filesystem::path> broken() {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator("."))
    if (entry.path().extension() != ".expected") files.push_back(entry.path().filename());
  std::sort(files.begin(), files.end());
  return files;
}

/// Not the built-in catalog: messages list its classes, and a new class would change half of the files.
Catalog catalog() {
  Catalog catalog = Catalog::empty();
  catalog.add<ConsoleLogger>("ConsoleLogger");
  catalog.add<MemoryCache>("MemoryCache");
  catalog.add<NullCache>("NullCache");
  catalog.add<RedisCache>("RedisCache").alias("fivcglue.implements.caches_redis.CacheImpl");
  catalog.add<test::Probe>("Probe");
  catalog.add_interface_alias("fivcglue.interfaces.caches.ICache", "ICache");
  return catalog;
}

LoadOptions options() {
  LoadOptions options;
  options.catalog = catalog();
  options.allow_substitution = true;
  return options;
}

std::string content(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string difference(const std::string& expected, const std::string& found) {
  const auto lines = [](const std::string& text) {
    std::vector<std::string> result(1);
    for (const char character : text)
      if (character == '\n')
        result.emplace_back();
      else
        result.back() += character;
    return result;
  };
  const auto left = lines(expected);
  const auto right = lines(found);
  std::string text;
  for (std::size_t index = 0; index < std::max(left.size(), right.size()); ++index) {
    const bool same = index < left.size() && index < right.size() && left[index] == right[index];
    if (same) {
      text += "  " + left[index] + '\n';
    } else {
      if (index < left.size()) text += "- " + left[index] + '\n';
      if (index < right.size()) text += "+ " + right[index] + '\n';
    }
  }
  return text;
}

}  // namespace

BOOST_AUTO_TEST_CASE(every_broken_file_is_reported_in_exactly_these_words) {
  const InFolder folder;
  setenv("PORT", "6379", 1);
  setenv("WORD", "xyzzy-hidden", 1);
  unsetenv("UNSET");
  const char* wish = std::getenv("CACHESITE_WRITE_EXPECTED");
  const bool write = wish != nullptr && std::string(wish) == "1";
  unsigned files = 0;
  unsigned with_several = 0;
  for (const auto& path : broken()) {
    const auto problems = check_component_files({path}, options());
    BOOST_TEST(!problems.empty(), path << " has no problem");
    const std::string found = to_text(problems) + '\n';
    const std::filesystem::path expected = path.string() + ".expected";
    if (write) std::ofstream(expected, std::ios::binary) << found;
    if (content(expected) != found)
      BOOST_ERROR(path.string() << " (- expected, + found)\n" << difference(content(expected), found));
    BOOST_TEST(found.find("xyzzy-hidden") == std::string::npos, path << " shows a value from elsewhere");
    BOOST_TEST(found.find("hunter2") == std::string::npos, path << " shows a secret");
    ++files;
    if (problems.size() > 1) ++with_several;
  }
  BOOST_TEST_MESSAGE(files << " files, " << with_several << " with several problems");
  BOOST_TEST(files >= 100U);
  BOOST_TEST(with_several >= 25U);
}

BOOST_AUTO_TEST_CASE(no_broken_file_can_be_loaded_and_loading_says_what_checking_says) {
  const InFolder folder;
  setenv("PORT", "6379", 1);
  setenv("WORD", "xyzzy-hidden", 1);
  for (const auto& path : broken()) {
    auto problems = check_component_files({path}, options());
    try {
      (void)load_component_site(path, options());
      BOOST_ERROR(path << " was loaded");
    } catch (const LoadError& error) {
      BOOST_TEST(to_text(problems) == error.what());
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
