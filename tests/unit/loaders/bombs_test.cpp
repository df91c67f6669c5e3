#include "memory_meter.hpp"
#include "support/sanitized.hpp"

#include <cachesite/document_reader.hpp>
#include <cachesite/problem.hpp>

#include <ctime>
#include <string>
#include <string_view>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;

BOOST_AUTO_TEST_SUITE(bombs)

namespace {

struct Bomb {
  std::string name;
  std::string text;
};

constexpr std::size_t whole_file = 1024 * 1024;

std::string times(std::size_t count, std::string_view text) {
  std::string result;
  result.reserve(count * text.size());
  for (; count > 0; --count)
    result += text;
  return result;
}

/// As many bytes as a file may hold beside `others`; fewer under a sanitizer, which sees as much in them.
constexpr std::size_t filled(std::size_t others = 64) {
  return (whole_file - others) / (test::sanitized ? 16 : 1);
}

std::string full(std::string_view text, std::size_t others = 64) {
  return times(filled(others) / text.size(), text);
}

template <class Line>
std::string lines(std::size_t count, Line&& line) {
  std::string result;
  for (std::size_t index = 0; index < count; ++index)
    result += line(index);
  return result;
}

std::string laughs(std::size_t levels, std::size_t width, bool maps) {
  std::string text = "- &l0 x\n";
  for (std::size_t level = 1; level <= levels; ++level) {
    text += "- &l" + std::to_string(level) + (maps ? " {" : " [");
    for (std::size_t index = 0; index < width; ++index)
      text += (index > 0 ? ", " : "") + (maps ? 'k' + std::to_string(index) + ": " : std::string()) + "*l" +
              std::to_string(level - 1) + ' ';
    text += maps ? "}\n" : "]\n";
  }
  return text;
}

const std::string punctuation = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~ \t\n0a";

/// What is wrong in every language: sizes and characters.
std::vector<Bomb> bombs_of_text() {
  std::vector<Bomb> bombs{
      {"ten megabytes", std::string(10 * whole_file, 'a')},
      {"one byte too many", std::string(whole_file + 1, ' ')},
      {"UTF-16 little endian", std::string("\xff\xfe[\0]\0", 6)},
      {"UTF-16 big endian", std::string("\xfe\xff\0[\0]", 6)},
      {"UTF-16 without a mark", std::string("[\0]\0", 4)},
      {"UTF-32", std::string("\xff\xfe\0\0[\0\0\0", 8)},
      {"NUL", std::string("[\"a\0b\"]", 7)},
      {"a file of NUL", std::string(whole_file, '\0')},
      {"a control character", "[\"\x1b[2J\"]"},
      {"delete", "[\"\x7f\"]"},
      {"a control character of two bytes", "[\"\xc2\x85\"]"},
      {"an overlong slash", "[\"\xc0\xaf\"]"},
      {"an overlong NUL of three bytes", "[\"\xe0\x80\x80\"]"},
      {"a surrogate", "[\"\xed\xa0\x80\"]"},
      {"beyond Unicode", "[\"\xf4\x90\x80\x80\"]"},
      {"a cut character", "[\"\xe6\x97"},
      {"a lone continuation", "[\"\x80\"]"},
      {"a file of continuations", std::string(whole_file, '\x80')},
      {"a mark in the middle", "[\"a\", \"\xef\xbb\xbf\"]"},
      {"a lone carriage return", "[1,\r2]"},
      {"carriage returns", full("\r")},
  };
  for (const char character : punctuation)
    bombs.push_back({std::string("a file of ") + character, std::string(filled(0), character)});
  return bombs;
}

std::vector<Bomb> bombs_of_yaml() {
  std::vector<Bomb> bombs{
      {"a list in itself", "&a [*a]"},
      {"a mapping in itself", "&a {k: *a}"},
      {"a mapping whose key is itself", "&a {*a : 1}"},
      {"a block list in itself", "&a\n- *a\n"},
      {"a chain of aliases", "- &a0 []\n" + lines(30000,
                                                  [](std::size_t index) {
                                                    return "- &a" + std::to_string(index + 1) + " [*a" +
                                                           std::to_string(index) + "]\n";
                                                  })},
      {"a billion laughs", laughs(9, 10, false)},
      {"a billion laughs in mappings", laughs(9, 10, true)},
      {"laughs of two", laughs(30, 2, false)},
      {"laughs of a thousand", laughs(3, 1000, false)},
      {"a long text many times", "- &t " + std::string(60000, 't') + '\n' + full("- *t\n", 70000)},
      {"anchors at every level", times(30, "&a [") + full("1,", 400000) + times(30, "]")},
      {"two hundred thousand lists", std::string(200000, '[')},
      {"lists that are closed", std::string(100000, '[') + std::string(100000, ']')},
      {"two hundred thousand mappings", std::string(200000, '{')},
      {"nested mappings", times(100000, "{a: ")},
      {"nested pairs", times(100000, "[a: ")},
      {"dashes", times(200000, "- ")},
      {"question marks", times(200000, "? ")},
      {"colons", times(200000, ": ")},
      {"mixed", times(100000, "- ? ")},
      {"lists in mappings", times(100000, "[{")},
      {"deep indentation", lines(1000, [](std::size_t index) { return std::string(index, ' ') + "a:\n"; })},
      {"deep dashes", lines(1000, [](std::size_t index) { return std::string(index, ' ') + "-\n"; })},
      {"a comma", ","},
      {"commas in a list", '[' + full(",") + ']'},
      {"commas in a mapping", '{' + full(",") + '}'},
      {"an empty pair", "{,}"},
      {"empty elements", full("-\n")},
      {"small elements", '[' + full("1,") + ']'},
      {"small pairs", '[' + full("a: 1,") + ']'},
      {"empty lists", '[' + full("[],") + ']'},
      {"forty thousand keys",
       lines(40000, [](std::size_t index) { return 'k' + std::to_string(index) + ": 1\n"; })},
      {"a hundred thousand times one key", full("k: 1\n")},
      {"one key in braces", '{' + full("k: 1,") + '}'},
      {"documents", full("---\n")},
      {"ends of documents", full("...\n")},
      {"content after the document", "- a\nb: 1"},
      {"content that is indented less", "  a: 1\n b: 2"},
      {"two documents", "a: 1\n---\nb: 2\n"},
      {"directives", full("%TAG !e! tag:e,2000:\n")},
      {"versions", full("%YAML 1.2\n")},
      {"tags", full("!a ")},
      {"tagged elements", full("- !a b\n")},
      {"a long tag", '!' + full("a")},
      {"a verbatim tag", "!<" + full("a")},
      {"anchors", lines(40000, [](std::size_t index) { return "- &a" + std::to_string(index) + " x\n"; })},
      {"a long anchor", '&' + full("a")},
      {"unknown aliases", full("- *a\n")},
      {"merge keys", full("<<: 1\n")},
      {"a quotation that is not closed", '"' + full("a")},
      {"single quotation marks", '\'' + full("''")},
      {"escapes", '"' + full("\\x41") + '"'},
      {"a long line of text", "a: " + full("word ")},
      {"many lines of one text", "a:\n" + full("  word\n")},
      {"a block of text", "a: |\n" + full("  word\n")},
      {"a folded block", "a: >\n" + full("  word\n\n")},
      {"a block of blank lines", "a: |\n" + full("\n")},
      {"comments", full("# comment\n")},
      {"one comment", '#' + full("c")},
      {"windows lines", full("\r\n")},
      {"keys that may go on", full("a\n")},
      {"keys of lists", full("[a]: b\n")},
      {"open lists, line by line", full("[\n")},
      {"open mappings, line by line", full("{\n")},
      {"open keys", full("{a:")},
      {"quoted keys", '{' + full("\"a\":1,") + '}'},
      {"a long key", full("k") + ": 1"},
      {"a key just too long for a simple key", std::string(1025, 'k') + ": 1"},
      {"words in lists", '[' + full("a b ") + ']'},
      {"quotes in lists", '[' + full("\"\",") + ']'},
      {"dashes in a line", "a: " + full("- ")},
      {"bang numbers", "!2"},
      {"odd brackets", "[[:"},
      {"an open mapping", "{x:"},
      {"closing brackets", full("]")},
      {"brackets in turn", full("[]")},
      {"braces in turn", full("{}")},
      {"stars and ampersands", full("&*")},
      {"quotes in turn", full("\"'")},
      {"bars", full("|\n")},
      {"greater signs", full(">\n")},
      {"indicators", full("-?:,[]{}#&*!|>'\"%@`")},
  };
  for (Bomb& bomb : bombs_of_text())
    bombs.push_back(std::move(bomb));
  return bombs;
}

std::vector<Bomb> bombs_of_json() {
  std::vector<Bomb> bombs{
      {"two hundred thousand lists", std::string(200000, '[')},
      {"lists that are closed", std::string(100000, '[') + std::string(100000, ']')},
      {"thirty-three lists", std::string(33, '[') + std::string(33, ']')},
      {"nested mappings", times(100000, "{\"a\":")},
      {"lists in mappings", times(100000, "[{\"a\":")},
      {"small elements", '[' + full("1,") + "1]"},
      {"empty lists", '[' + full("[],") + "[]]"},
      {"empty mappings", '[' + full("{},") + "{}]"},
      {"empty texts", '[' + full("\"\",") + "\"\"]"},
      {"nulls", '[' + full("null,") + "null]"},
      {"forty thousand keys",
       '{' + lines(40000, [](std::size_t index) { return "\"k" + std::to_string(index) + "\": 1,"; }) +
           "\"\": 1}"},
      {"one key many times", '{' + full("\"k\":1,") + "\"k\":1}"},
      {"a long text", '"' + full("a") + '"'},
      {"a long key", "{\"" + full("a") + "\": 1}"},
      {"escapes", '"' + full("\\u0041") + '"'},
      {"high surrogates", '"' + full("\\ud83d") + '"'},
      {"a long number", full("1")},
      {"a long fraction", "0." + full("1")},
      {"a long exponent", "1e" + full("9")},
      {"a large exponent", "1e999999999"},
      {"a small exponent", "[1e-999999999]"},
      {"numbers", '[' + full("1e5,") + "1]"},
      {"a text that is not closed", '"' + full("a")},
      {"escaped quotes that are not closed", '"' + full("\\\"")},
      {"a second document", "[] []"},
      {"many documents", full("[]")},
      {"trailing commas", '[' + full(",")},
      {"colons in a mapping", '{' + full(":")},
      {"words", full("nulltrue")},
      {"not a number", "[NaN]"},
      {"infinity", "[-Infinity]"},
      {"comments", full("// comment\n")},
      {"open comments", "/*" + full("*")},
      {"closing brackets", full("]")},
      {"wrong brackets", times(16, "[{\"a\":") + full("]")},
      {"white space", full(" \n") + "[]"},
      {"a line end in a text", "[\"a\nb\"]"},
      {"half an escape", "[\"\\u12"},
      {"a deep list beside a wide one",
       '[' + std::string(40, '[') + std::string(40, ']') + ',' + full("1,") + "1]"},
  };
  for (Bomb& bomb : bombs_of_text())
    bombs.push_back(std::move(bomb));
  return bombs;
}

std::vector<Bomb> bombs_of_toml() {
  const auto numbered = [](std::size_t count, std::string_view before, std::string_view after) {
    return lines(count, [=](std::size_t index) {
      return std::string(before) + std::to_string(index) + std::string(after);
    });
  };
  std::vector<Bomb> bombs{
      {"two hundred thousand lists", "a = " + std::string(200000, '[')},
      {"lists that are closed", "a = " + std::string(100000, '[') + std::string(100000, ']')},
      {"thirty-one lists", "a = " + std::string(31, '[') + std::string(31, ']')},
      {"thirty-two lists", "a = " + std::string(32, '[') + std::string(32, ']')},
      {"nested mappings", full("a={")},
      {"nested mappings that are closed", times(30, "a={") + times(30, "}")},
      {"lists in mappings", full("a=[{")},
      {"a key of many parts", "a" + full(".a") + "=1"},
      {"a header of many parts", "[a" + full(".a") + "]"},
      {"an element of many parts", "[[a" + full(".a") + "]]"},
      {"quoted parts", "\"\"" + full(".\"\"") + "=1"},
      {"small elements", "a=[" + full("1,") + "]"},
      {"most elements", "a=[" + times(32000, "1,") + "]"},
      {"most numbers with points", "a=[" + times(32000, "1.5e5,") + "]"},
      {"most dates", "a=[" + times(32000, "2026-01-01T00:00:00.123456Z,") + "]"},
      {"most texts", "a=[" + times(32000, "\"aaaaaaaaaaaaaaaaaaaaaaaaa\",") + "]"},
      {"most escapes", "a=[" + times(16, '"' + times(10000, "\\u0041") + "\",") + "]"},
      {"empty lists", "a=[" + full("[],") + "]"},
      {"empty mappings", "a=[" + times(16000, "{},") + "]"},
      {"most pairs", "a=[" + times(10000, "{a=1},") + "]"},
      {"most keys", numbered(4096, "k", "=1\n")},
      {"forty thousand keys", numbered(40000, "k", "=1\n")},
      {"forty thousand keys in braces", "a={" + numbered(40000, "k", "=1,") + "z=1}"},
      {"one key many times", full("k=1\n")},
      {"one key many times in braces", "a={" + full("k=1,") + "z=1}"},
      {"one table many times", full("[a]\n")},
      {"many elements", full("[[a]]\n")},
      {"most elements with headers", times(2047, "[[a]]\n")},
      {"many tables", numbered(40000, "[t", "]\n")},
      {"most tables", numbered(2048, "[t", "]\n")},
      {"tables in tables", times(1000, "[[x]]\n[[x.y]]\n") + times(40, "[[r]]\n")},
      {"tables of keys with points", numbered(2000, "m", ".a=1\n") + numbered(4000, "z.z.z", "=1\n")},
      {"keys in turn", "a={" +
                           lines(15,
                                 [](std::size_t part) {
                                   return lines(2000, [=](std::size_t index) {
                                     return 'k' + std::to_string(index) + '.' + std::to_string(part) + "=1,";
                                   });
                                 }) +
                           "z=1}"},
      {"a long text", "a=\"" + full("a") + "\""},
      {"a text that is not closed", "a=\"" + full("a")},
      {"lines that are not closed", "a=\"\"\"" + full("a\n")},
      {"lines that are closed", "a=\"\"\"" + full("a\n") + "\"\"\""},
      {"lines that go on", "a=\"\"\"" + full("\\\n") + "\"\"\""},
      {"quotes in lines", "a=\"\"\"" + full("\"\" ")},
      {"many texts that are not closed", full("a=\"\n")},
      {"wrong escapes", "a='" + full("\\q") + "'\nb=\"\\q\""},
      {"a long key", full("k") + "=1"},
      {"a long quoted key", '"' + full("k") + "\"=1"},
      {"a long number", "a=" + full("1")},
      {"a long fraction", "a=0." + full("1")},
      {"a long hexadecimal", "a=0x" + full("f")},
      {"a large exponent", "a=1e999999999"},
      {"a small exponent", "a=1e-999999999"},
      {"a long date", "a=2026-01-01T00:00:00." + full("0")},
      {"a wrong value at the end", "a=[" + times(30000, "1,") + "0x]"},
      {"wrong values", full("a=x\n")},
      {"dots", full(".\n")},
      {"colons", full("a:1\n")},
      {"missing values", full("a=\n")},
      {"headers without a name", full("[]\n")},
      {"headers that are not closed", full("[a\n")},
      {"equals signs in a value", "a=" + full("=")},
      {"commas", "a=[" + full(",") + "]"},
      {"comments", full("# comment\n")},
      {"one comment", '#' + full("c")},
      {"windows lines", full("\r\n")},
      {"blank lines", full(" \n")},
      {"a list over lines that is not closed", "a=[" + full("\n")},
      {"wrong brackets", "a=[" + full("}")},
  };
  for (Bomb& bomb : bombs_of_text())
    bombs.push_back(std::move(bomb));
  return bombs;
}

double seconds_of_this_thread() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

/// The bound is meant for the machine code that users run, not for instrumented builds.
#if defined(__OPTIMIZE__) && defined(NDEBUG)
constexpr double most_seconds = 0.2;
#else
constexpr double most_seconds = 10;
#endif
constexpr std::size_t most_bytes = 64 * 1024 * 1024;

void set_off(const std::vector<Bomb>& bombs, Format format) {
  BOOST_TEST(bombs.size() >= 60U);
  for (const auto& [name, text] : bombs) {
    BOOST_TEST_CONTEXT(to_string(format) << ": " << name) {
      test::MemoryMeter::reset();
      const double start = seconds_of_this_thread();
      std::string outcome = "loads";
      try {
        (void)read_document(text, format);
      } catch (const LoadError& error) {
        outcome = error.problems().front().id;
      }
      const double seconds = seconds_of_this_thread() - start;
      BOOST_TEST(seconds < most_seconds);
      BOOST_TEST(test::MemoryMeter::peak() < most_bytes);
      BOOST_TEST_MESSAGE(to_string(format) << ' ' << name << ": " << outcome << ", " << seconds * 1000
                                           << " ms, " << test::MemoryMeter::peak() / 1024 << " KiB");
    }
  }
}

}  // namespace

BOOST_AUTO_TEST_CASE(every_yaml_bomb_is_refused_or_read_in_little_time_and_memory) {
  set_off(bombs_of_yaml(), Format::yaml);
}

BOOST_AUTO_TEST_CASE(every_json_bomb_is_refused_or_read_in_little_time_and_memory) {
  set_off(bombs_of_json(), Format::json);
}

BOOST_AUTO_TEST_CASE(every_toml_bomb_is_refused_or_read_in_little_time_and_memory) {
  set_off(bombs_of_toml(), Format::toml);
}

BOOST_AUTO_TEST_SUITE_END()
