#include <cachesite/detail/site_builder.hpp>
#include <cachesite/document_reader.hpp>
#include <cachesite/document_writer.hpp>
#include <cachesite/problem.hpp>

#include <functional>
#include <string>

#include <boost/test/unit_test.hpp>
#include <limits.h>
#include <pthread.h>

using namespace cachesite;

BOOST_AUTO_TEST_SUITE(small_stack)

namespace {

void* run(void* work) {
  (*static_cast<std::function<void()>*>(work))();
  return nullptr;
}

/// Runs `work` in a thread that has only so much stack; without that much, the process would die.
void with_stack(std::size_t bytes, std::function<void()> work) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  BOOST_REQUIRE(pthread_attr_setstacksize(&attributes, bytes) == 0);
  pthread_t thread;
  BOOST_REQUIRE(pthread_create(&thread, &attributes, &run, &work) == 0);
  pthread_join(thread, nullptr);
  pthread_attr_destroy(&attributes);
}

std::string times(std::size_t count, const std::string& text) {
  std::string result;
  for (; count > 0; --count)
    result += text;
  return result;
}

std::string indented(std::size_t depth, const std::string& line) {
  std::string result;
  for (std::size_t index = 0; index < depth; ++index)
    result += std::string(2 * index, ' ') + line;
  return result;
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || defined(__clang__) || \
    !defined(__OPTIMIZE__)
// Instrumented and unoptimised frames are several times as large; clang has no macro for that here.
constexpr std::size_t smallest = 512 * 1024;
#else
constexpr std::size_t smallest = 64 * 1024;
#endif

void read_and_check(const std::string& text, Format format) {
  try {
    const Document document = read_document(text, format);
    (void)write_document(document.root, Format::yaml);
    (void)write_document(document.root, Format::json);
    if (format == Format::toml) (void)write_document(document.root, Format::toml);
    (void)check_component_site({document}, Catalog());
  } catch (const LoadError&) {
  }
}

}  // namespace

BOOST_AUTO_TEST_CASE(documents_of_any_depth_are_read_in_threads_with_small_stacks) {
  for (const std::size_t stack : {smallest, 2 * smallest})
    for (const std::size_t depth : {1U, 31U, 32U, 33U, 499U, 1000U, 20000U}) {
      with_stack(stack, [&] {
        for (const std::string& text :
             {std::string(depth, '[') + std::string(depth, ']'), times(depth, "{a: ") + times(depth, "}"),
              times(depth, "- "), times(depth, "? "), times(depth, "[{a: ") + times(depth, "}]"),
              indented(std::min<std::size_t>(depth, 600), "a:\n"),
              indented(std::min<std::size_t>(depth, 600), "-\n")})
          read_and_check(text, Format::yaml);
        for (const std::string& text : {std::string(depth, '[') + std::string(depth, ']'),
                                        times(depth, "{\"a\":") + '1' + times(depth, "}")})
          read_and_check(text, Format::json);
        for (const std::string& text :
             {"a = " + std::string(depth, '[') + std::string(depth, ']'),
              times(depth, "a = {") + times(depth, "}"), "a" + times(depth, ".a") + " = 1",
              "[a" + times(depth, ".a") + "]", "[[a" + times(depth, ".a") + "]]",
              times(depth, "a = [{") + times(depth, "}]")})
          read_and_check(text, Format::toml);
      });
    }
}

BOOST_AUTO_TEST_CASE(an_ordinary_file_is_checked_in_a_thread_with_a_small_stack) {
  with_stack(smallest, [] {
    read_and_check(
        "- class: NullCache\n  entries:\n    - {interface: ICache, name: a}\n- class: Nil\n  port: 1\n",
        Format::yaml);
    read_and_check(R"([{"class": "NullCache", "entries": [{"interface": "ICache"}], "x": 1e400}])",
                   Format::json);
    read_and_check("[[components]]\nclass = \"NullCache\"\nentries = [{interface = \"ICache\"}]\nx = 1\n",
                   Format::toml);
  });
}

BOOST_AUTO_TEST_SUITE_END()
