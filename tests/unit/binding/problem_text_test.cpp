#include <cachesite/detail/problem_text.hpp>

#include <memory>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;

BOOST_AUTO_TEST_SUITE(problem_text)

namespace {

Problem problem(const std::string& source, std::uint32_t line, std::uint32_t column, std::uint32_t length,
                std::string hint = {}) {
  Problem problem;
  problem.id = "E204";
  problem.file = "f.yml";
  problem.position = {line, column};
  problem.length = length;
  problem.message = "wrong";
  problem.hint = std::move(hint);
  problem.source = std::make_shared<const std::string>(source);
  return problem;
}

}  // namespace

BOOST_AUTO_TEST_CASE(the_line_is_shown_with_the_place_underlined_and_the_cure) {
  Problem example = problem("- class: MemoryCache\n  entries:\n    - interface: ICache\n  max_szie: 100000\n",
                            4, 3, 8, "did you mean \"max_size\"?");
  example.file = "caches.yml";
  example.message = "MemoryCache has no parameter \"max_szie\"";
  BOOST_TEST(to_text(example) ==
             "caches.yml:4:3: error[E204]: MemoryCache has no parameter \"max_szie\"\n"
             "    4 |   max_szie: 100000\n"
             "      |   ^~~~~~~~ did you mean \"max_size\"?");
}

BOOST_AUTO_TEST_CASE(a_problem_without_a_line_is_one_line) {
  Problem example;
  example.id = "E101";
  example.message = "the file does not exist";
  BOOST_TEST(to_text(example) == "error[E101]: the file does not exist");
  example.file = "a.yml";
  example.hint = "look elsewhere";
  example.severity = Problem::Severity::warning;
  BOOST_TEST(to_text(example) == "a.yml: warning[E101]: the file does not exist (look elsewhere)");
}

BOOST_AUTO_TEST_CASE(tabs_and_wide_characters_keep_the_caret_in_its_column) {
  BOOST_TEST(to_text(problem("\ta:\tb", 1, 5, 1)) ==
             "f.yml:1:5: error[E204]: wrong\n"
             "    1 |     a:  b\n"
             "      |         ^");
  BOOST_TEST(to_text(problem("日本: é\xcc\x81x", 1, 7, 1)).find("\n      |        ^") != std::string::npos);
  BOOST_TEST(to_text(problem("日本: x", 1, 1, 2)).find("\n      | ^~~~") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_long_line_is_cut_around_the_place) {
  const std::string line = std::string(500, 'a') + 'X' + std::string(500, 'b');
  const std::string text = to_text(problem(line, 1, 501, 1));
  const std::size_t shown = text.find("    1 | ");
  const std::size_t caret = text.find('^');
  const std::size_t second = text.rfind('\n');
  BOOST_TEST(text[shown + (caret - second - 1)] == 'X');
  BOOST_TEST(second - shown < 120U);
  BOOST_TEST(text.find("...aaa") != std::string::npos);
  BOOST_TEST(text.find("bbb...") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_short_line_is_never_cut) {
  const std::string line(100, 'a');
  BOOST_TEST(to_text(problem(line, 1, 100, 1)).find("...") == std::string::npos);
  BOOST_TEST(to_text(problem(line + 'b', 1, 101, 1)).find("...a") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_terminal_is_not_played_tricks_on) {
  Problem example = problem(
      "a: \x1b[31m\xff\xe2\x80\xae"
      "b",
      1, 4, 1);
  example.file = "f\x1b.yml";
  example.message = "found \"\x07\"\n";
  const std::string text = to_text(example);
  BOOST_TEST(text.find('\x1b') == std::string::npos);
  BOOST_TEST(text.find('\x07') == std::string::npos);
  BOOST_TEST(text.find("a: \\x1b[31m\\xff\\u202eb") != std::string::npos);
  BOOST_TEST(text.find("found \"\\x07\"\\n\n") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_confidential_line_is_not_shown_whatever_its_words_and_every_other_one_is) {
  Problem marked = problem("a: hunter2", 1, 1, 1, "cure");
  marked.confidential = true;
  BOOST_TEST(to_text(marked) == "f.yml:1:1: error[E204]: wrong (cure)");
  BOOST_TEST(to_text(problem("password_rounds: abc", 1, 18, 3)).find("password_rounds: abc") !=
             std::string::npos);
}

BOOST_AUTO_TEST_CASE(places_beyond_the_text_do_no_harm) {
  for (const std::uint32_t line : {1U, 2U, 3U, 1000U})
    for (const std::uint32_t column : {0U, 1U, 5U, 100000U})
      for (const std::uint32_t length : {0U, 1U, 100000U})
        BOOST_TEST(!to_text(problem("ab\ncd", line, column, length)).empty());
  BOOST_TEST(!to_text(problem("", 1, 1, 1)).empty());
}

BOOST_AUTO_TEST_CASE(problems_are_sorted_by_file_and_place_without_repetitions) {
  std::vector<Problem> problems{problem("", 2, 1, 1), problem("", 1, 5, 1), problem("", 1, 5, 1),
                                problem("", 1, 2, 1)};
  problems[1].file = problems[2].file = "a.yml";
  sort_problems(problems);
  BOOST_REQUIRE(problems.size() == 3U);
  BOOST_TEST((problems[0].position == Position{1, 2}));
  BOOST_TEST((problems[1].position == Position{2, 1}));
  BOOST_TEST(problems[2].file == "a.yml");
}

BOOST_AUTO_TEST_CASE(an_error_carries_its_problems_and_their_text) {
  const LoadError error =
      make_load_error({problem("x", 1, 1, 1), problem("x", 1, 1, 1), problem("y", 2, 1, 1)}, 1);
  BOOST_TEST(error.problems().size() == 2U);
  BOOST_TEST(error.problems().back().message == "and 1 more problem");
  BOOST_TEST(std::string(error.what()) == to_text(error.problems()));
}

BOOST_AUTO_TEST_CASE(further_problems_are_told_once_at_the_end_and_counted_together) {
  std::vector<Problem> problems;
  for (std::uint32_t line = 1; line <= 4; ++line)
    problems.push_back(problem("x", line, 1, 1));
  problems.insert(problems.begin(), further_problems(20, "f.yml"));
  problems.push_back(further_problems(1, "other.yml"));
  auto sorted = problems;
  sort_problems(sorted);
  BOOST_REQUIRE(sorted.size() == 5U);
  BOOST_TEST(sorted.back().message == "and 21 more problems");
  const auto told = make_load_error(problems, 3).problems();
  BOOST_REQUIRE(told.size() == 4U);
  BOOST_TEST(told.back().id == "E100");
  BOOST_TEST(told.back().message == "and 22 more problems");
  BOOST_TEST(make_load_error(told, 3).problems().back().message == "and 22 more problems");
}

BOOST_AUTO_TEST_CASE(what_nobody_sees_is_shown_as_an_escape) {
  const std::vector<std::pair<std::string, std::string>> unseen{
      {"\u00a0", "\\xa0"},          {"\u00ad", "\\xad"},   {"\u034f", "\\u034f"},
      {"\u061c", "\\u061c"},        {"\u1680", "\\u1680"}, {"\u180e", "\\u180e"},
      {"\u2009", "\\u2009"},        {"\u200b", "\\u200b"}, {"\u200c", "\\u200c"},
      {"\u200d", "\\u200d"},        {"\u200e", "\\u200e"}, {"\u2028", "\\u2028"},
      {"\u202e", "\\u202e"},        {"\u202f", "\\u202f"}, {"\u205f", "\\u205f"},
      {"\u2060", "\\u2060"},        {"\u2066", "\\u2066"}, {"\u206f", "\\u206f"},
      {"\u3000", "\\u3000"},        {"\u3164", "\\u3164"}, {"\ufe0f", "\\ufe0f"},
      {"\ufeff", "\\ufeff"},        {"\uffa0", "\\uffa0"}, {"\U000e0041", "\\U000e0041"},
      {"\U0001d173", "\\U0001d173"}};
  for (const auto& [character, escape] : unseen) {
    BOOST_TEST(printable("a" + character + "b") == "a" + escape + "b");
    Problem example = problem("a" + character + "b: 1", 1, 1, 3);
    example.message = "no \"a" + character + "b\"";
    const auto text = to_text(example);
    BOOST_TEST(text.find("no \"a" + escape + "b\"") != std::string::npos, text);
    BOOST_TEST(text.find("| a" + escape + "b: 1") != std::string::npos, text);
    BOOST_TEST(text.find("^" + std::string(escape.size() + 1, '~')) != std::string::npos, text);
  }
  for (const std::string seen : {"\u00e9", "\u65e5", "\u2026", "\u20ac", "\U0001f600", "e\u0301"})
    BOOST_TEST(printable(seen) == seen);
}

BOOST_AUTO_TEST_CASE(printable_text_is_cut_by_characters) {
  BOOST_TEST(printable("日本語", 2) == "日本...");
  BOOST_TEST(printable("abc", 3) == "abc");
  BOOST_TEST(printable("") == "");
}

BOOST_AUTO_TEST_SUITE_END()
