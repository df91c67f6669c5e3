#include <cachesite/detail/substitution.hpp>
#include <cachesite/document_reader.hpp>

#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>

#include <boost/test/unit_test.hpp>
#include <sys/mman.h>
#include <unistd.h>

using namespace cachesite;

BOOST_AUTO_TEST_SUITE(substitution)

namespace {

SubstitutionOptions with(std::map<std::string, std::string> variables) {
  SubstitutionOptions options;
  options.allowed = true;
  options.environment = [variables =
                             std::move(variables)](const std::string& name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    if (found == variables.end()) return std::nullopt;
    return found->second;
  };
  return options;
}

/// The value of `a`, after substitution without a problem.
Node value_of(const std::string& yaml, const SubstitutionOptions& options) {
  Document document = read_document(yaml, Format::yaml);
  const auto problems = substitute(document, options);
  for (const auto& problem : problems)
    BOOST_ERROR(problem.message);
  return *document.root.find("a");
}

std::string problems_of(const std::string& yaml, const SubstitutionOptions& options) {
  Document document = read_document(yaml, Format::yaml);
  std::string result;
  for (const auto& problem : substitute(document, options))
    result += (result.empty() ? "" : ", ") + problem.id + ' ' + std::to_string(problem.position.line) + ':' +
              std::to_string(problem.position.column) + '+' + std::to_string(problem.length);
  return result;
}

struct File {
  std::filesystem::path path;
  explicit File(const std::string& bytes) {
    std::string name = (std::filesystem::temp_directory_path() / "cachesite-value-XXXXXX").string();
    const int number = mkstemp(name.data());
    BOOST_REQUIRE(number >= 0);
    close(number);
    path = name;
    std::ofstream(path, std::ios::binary) << bytes;
  }
  ~File() { std::filesystem::remove(path); }
  [[nodiscard]] std::string expression() const { return "${file:" + path.string() + "}"; }
};

}  // namespace

BOOST_AUTO_TEST_CASE(a_variable_is_put_in_whole_or_in_part) {
  const auto options = with({{"HOST", "db.example"}, {"N", "3"}});
  BOOST_TEST(value_of("a: ${env:HOST}", options).scalar == "db.example");
  BOOST_TEST(value_of("a: redis-${env:N}.${env:HOST}!", options).scalar == "redis-3.db.example!");
  BOOST_TEST(value_of("a: \"${env:HOST}${env:HOST}\"", options).scalar == "db.exampledb.example");
}

BOOST_AUTO_TEST_CASE(the_default_stands_in_for_a_variable_that_is_not_set_or_empty) {
  const auto options = with({{"EMPTY", ""}, {"SET", "yes"}});
  BOOST_TEST(value_of("a: ${env:NONE:-fallback}", options).scalar == "fallback");
  BOOST_TEST(value_of("a: ${env:EMPTY:-fallback}", options).scalar == "fallback");
  BOOST_TEST(value_of("a: ${env:SET:-fallback}", options).scalar == "yes");
  BOOST_TEST(value_of("a: x${env:NONE:-}", options).scalar == "x");
  BOOST_TEST(value_of("a: ${env:NONE:-a:-b}", options).scalar == "a:-b");
  BOOST_TEST(value_of("a: x${env:EMPTY}y", options).scalar == "xy");
}

BOOST_AUTO_TEST_CASE(a_whole_plain_scalar_is_read_by_the_rules_for_scalars) {
  const auto options =
      with({{"PORT", "6380"}, {"YES", "true"}, {"HALF", "0.5"}, {"NIL", "null"}, {"OCTAL", "010"}});
  const auto kind = [&](const std::string& text) { return value_of("a: " + text, options).kind; };
  BOOST_TEST((kind("${env:PORT}") == Node::Kind::integer));
  BOOST_TEST((kind("${env:NONE:-6379}") == Node::Kind::integer));
  BOOST_TEST((kind("${env:YES}") == Node::Kind::boolean));
  BOOST_TEST((kind("${env:HALF}") == Node::Kind::real));
  BOOST_TEST((kind("${env:NIL}") == Node::Kind::null));
  BOOST_TEST((kind("${env:NONE:-}") == Node::Kind::text));
  BOOST_TEST((kind("${env:OCTAL}") == Node::Kind::text));
  BOOST_TEST((kind("'${env:PORT}'") == Node::Kind::text));
  BOOST_TEST((kind("1${env:PORT}") == Node::Kind::text));
  BOOST_TEST((kind("${env:PORT}${env:PORT}") == Node::Kind::text));
}

BOOST_AUTO_TEST_CASE(what_is_put_in_is_neither_parsed_nor_searched_again) {
  const auto options =
      with({{"EVIL", "x\n- class: Evil\nb: [1]"}, {"NESTED", "${env:EVIL}"}, {"HALF", "{env:EVIL}"}});
  BOOST_TEST(value_of("a: ${env:EVIL}", options).scalar == "x\n- class: Evil\nb: [1]");
  BOOST_TEST(value_of("a: ${env:EVIL}", options).is_text());
  BOOST_TEST(value_of("a: ${env:NESTED}", options).scalar == "${env:EVIL}");
  BOOST_TEST(value_of("a: $${env:HALF}", options).scalar == "${env:HALF}");
}

BOOST_AUTO_TEST_CASE(two_dollars_stand_for_the_characters_themselves) {
  const auto options = with({{"X", "1"}});
  BOOST_TEST(value_of("a: $${env:X}", options).scalar == "${env:X}");
  BOOST_TEST(value_of("a: $${file:/etc/passwd}", options).scalar == "${file:/etc/passwd}");
  BOOST_TEST(value_of("a: $${env:X}${env:X}", options).scalar == "${env:X}1");
  BOOST_TEST(!value_of("a: $${env:X}", options).substituted);
  SubstitutionOptions off;
  BOOST_TEST(value_of("a: $${env:X}", off).scalar == "${env:X}");
}

BOOST_AUTO_TEST_CASE(other_dollars_stand_for_themselves) {
  for (const std::string text : {"$", "$$", "${", "${x}", "$HOME", "a$b$", "${env}", "$$$", "US$5"})
    BOOST_TEST(value_of("a: '" + text + "'", with({})).scalar == text);
}

BOOST_AUTO_TEST_CASE(a_value_that_was_put_in_is_marked) {
  const auto options = with({{"X", "secret"}});
  BOOST_TEST(value_of("a: ${env:X}", options).substituted);
  BOOST_TEST(value_of("a: ${env:Y:-z}", options).substituted);
  BOOST_TEST(!value_of("a: plain", options).substituted);
}

BOOST_AUTO_TEST_CASE(a_file_is_put_in_without_one_line_end) {
  const auto options = with({});
  BOOST_TEST(value_of("a: " + File("hunter2\n").expression(), options).scalar == "hunter2");
  BOOST_TEST(value_of("a: " + File("hunter2\r\n").expression(), options).scalar == "hunter2");
  BOOST_TEST(value_of("a: " + File("two\n\n").expression(), options).scalar == "two\n");
  BOOST_TEST(value_of("a: " + File("none").expression(), options).scalar == "none");
  BOOST_TEST((value_of("a: " + File("6379\n").expression(), options).kind == Node::Kind::integer));
  BOOST_TEST(value_of("a: " + File(std::string(65536, 'x')).expression(), options).scalar.size() == 65536U);
}

BOOST_AUTO_TEST_CASE(files_that_cannot_be_put_in_are_problems) {
  const auto options = with({});
  BOOST_TEST(problems_of("a: ${file:/does/not/exist}", options) == "E123 1:4+23");
  BOOST_TEST(problems_of("a: ${file:/}", options) == "E123 1:4+9");
  BOOST_TEST(problems_of("a: ${file:/dev/zero}", options) == "E123 1:4+17");
  BOOST_TEST(problems_of("a: ${file:relative}", options) == "E122 1:4+16");
  BOOST_TEST(problems_of("a: " + File(std::string(65537, 'x')).expression(), options).substr(0, 4) == "E124");
  BOOST_TEST(problems_of("a: " + File("\xff").expression(), options).substr(0, 4) == "E126");
  BOOST_TEST(problems_of("a: " + File(std::string("a\0b", 3)).expression(), options).substr(0, 4) == "E126");
}

BOOST_AUTO_TEST_CASE(each_mistake_is_reported_at_its_own_place) {
  const auto options = with({{"X", "1"}});
  BOOST_TEST(problems_of("a: ${env:NONE}", options) == "E121 1:4+11");
  BOOST_TEST(problems_of("a: é-${env:X}-${env:NO}-${env:NO}", options) == "E121 1:15+9, E121 1:25+9");
  BOOST_TEST(problems_of("a: ['x', \"y ${env:NO}\"]\nb: ${env:}", options) == "E121 1:13+9, E122 2:4+7");
  BOOST_TEST(problems_of("a: ${env:X", options) == "E122 1:4+7");
  BOOST_TEST(problems_of("a: ${env:1X} ${env:A B}", options) == "E122 1:4+9, E122 1:14+10");
  BOOST_TEST(problems_of("a: |\n  text\n  ${env:NO}\n", options) == "E121 1:4+1");
}

BOOST_AUTO_TEST_CASE(without_permission_an_expression_is_a_problem_and_nothing_is_looked_up) {
  SubstitutionOptions options;
  options.environment = [](const std::string&) -> std::optional<std::string> {
    BOOST_ERROR("the environment was asked");
    return std::nullopt;
  };
  BOOST_TEST(problems_of("a: ${env:HOME}\nb: ${file:/etc/hostname}\nc: ${env:X:-y}", options) ==
             "E125 1:4+11, E125 2:4+21, E125 3:4+11");
}

BOOST_AUTO_TEST_CASE(an_expression_inside_another_one_is_refused_whether_it_would_be_needed_or_not) {
  const auto set = with({{"Z", "val"}, {"A", "a"}});
  const auto unset = with({{"A", "a"}});
  for (const auto& options : {set, unset}) {
    BOOST_TEST(problems_of("a: ${env:Z:-${env:A}}", options) == "E122 1:13+8");
    BOOST_TEST(problems_of("a: x${env:Z:-${file:/etc/hostname}}y", options) == "E122 1:14+21");
    BOOST_TEST(problems_of("a: '${env:Z:-$${env:A}}'", options) == "E122 1:15+8");
    BOOST_TEST(problems_of("a: ${env:Z:-${A}}", options) == "E122 1:13+4");
    BOOST_TEST(problems_of("a: ${env:Z:-b${env:A}", options) == "E122 1:14+8");
    BOOST_TEST(problems_of("a: ${env:${env:A}}", options) == "E122 1:10+8");
    BOOST_TEST(problems_of("a: ${file:${env:A}/pw}", options) == "E122 1:11+8");
    BOOST_TEST(problems_of("a: ${env:Z:-${", options) == "E122 1:13+2");
  }
  BOOST_TEST(value_of("a: $${env:Z:-${env:A}}", unset).scalar == "${env:Z:-${env:A}}");
  SubstitutionOptions off;
  BOOST_TEST(problems_of("a: ${env:Z:-${env:A}}", off) == "E122 1:13+8");
}

BOOST_AUTO_TEST_CASE(braces_in_a_default_belong_together) {
  const auto set = with({{"Z", "val"}});
  const auto unset = with({});
  const auto both = [&](const std::string& yaml) {
    return value_of(yaml, set).scalar + " " + value_of(yaml, unset).scalar;
  };
  BOOST_TEST(both("a: '${env:Z:-{tag}:}'") == "val {tag}:");
  BOOST_TEST(both("a: '<${env:Z:-{\"a\": {}}}>'") == "<val> <{\"a\": {}}>");
  BOOST_TEST(both("a: '${env:Z:-}}'") == "val} }");
  BOOST_TEST(problems_of("a: '${env:Z:-{}'", set) == "E122 1:5+11");
  BOOST_TEST(value_of("a: '$${env:Z:-{} ${env:Z}'", set).scalar == "${env:Z:-{} val");
}

BOOST_AUTO_TEST_CASE(an_expression_that_names_another_source_is_warned_of) {
  for (const auto* const value : {"${vault:secret/pw}", "x ${ENV:NAME}:", "${File:/path}"}) {
    auto document = read_document(std::string_view("a: '" + std::string(value) + "'\n"), Format::yaml);
    const auto problems = substitute(document, with({}));
    BOOST_REQUIRE(problems.size() == 1U);
    BOOST_TEST(problems[0].id == "E127");
    BOOST_TEST(problems[0].hint == "only ${env:NAME} and ${file:/path} are");
    BOOST_TEST(document.root.find("a")->scalar == value);
  }
}

BOOST_AUTO_TEST_CASE(an_expression_that_cannot_be_read_is_told_why) {
  const auto told = [](std::string_view text) {
    auto document = read_document(text, Format::yaml);
    const auto problems = substitute(document, with({}));
    BOOST_REQUIRE(problems.size() == 1U);
    BOOST_TEST(problems[0].id == "E122");
    return problems[0].message;
  };
  BOOST_TEST(told("a: '${file:pw.txt}'") == "the path of ${file:...} has to begin with a slash");
  BOOST_TEST(told("a: '${env:SHOP:default}'") == "a default begins with :-");
  BOOST_TEST(told("a: '${env:}'") == "this expression is not complete");
}

BOOST_AUTO_TEST_CASE(an_expression_as_other_programs_write_it_is_warned_of_and_taken_literally) {
  SubstitutionOptions off;
  for (const auto& options : {with({{"REDIS_HOST", "db"}}), off}) {
    Document document = read_document(
        std::string_view(
            "a: ${REDIS_HOST:-localhost}\nb: 'x ${A_1} ${B}'\nc: [\"${UP:?wrong}\", '${low}', $X, '${}']\n"),
        Format::yaml);
    const auto problems = substitute(document, options);
    BOOST_REQUIRE(problems.size() == 2U);
    for (const auto& problem : problems) {
      BOOST_TEST(problem.id == "E127");
      BOOST_TEST((problem.severity == Problem::Severity::warning));
    }
    BOOST_TEST(problems[0].message == "this ${...} is not replaced");
    BOOST_TEST(problems[0].hint == "did you mean ${env:NAME:-default}?");
    BOOST_TEST(problems[0].position.column == 4U);
    BOOST_TEST(problems[0].length == 24U);
    BOOST_TEST(problems[1].hint == "did you mean ${env:NAME}?");
    BOOST_TEST(problems[1].position.column == 7U);
    BOOST_TEST(document.root.find("a")->scalar == "${REDIS_HOST:-localhost}");
    BOOST_TEST(!document.root.find("a")->substituted);
  }
}

BOOST_AUTO_TEST_CASE(a_byte_order_mark_is_no_part_of_a_value) {
  const std::string mark = "\xEF\xBB\xBF";
  BOOST_TEST(value_of("a: " + File(mark + "secret\n").expression(), with({})).scalar == "secret");
  BOOST_TEST((value_of("a: " + File(mark + "6379\n").expression(), with({})).kind == Node::Kind::integer));
  BOOST_TEST(problems_of("a: " + File(mark + mark).expression(), with({})).starts_with("E126"));
}

BOOST_AUTO_TEST_CASE(problems_beyond_the_limit_are_counted) {
  std::string text;
  for (int line = 0; line < 150; ++line)
    text += "- ${env:NO}\n";
  Document document = read_document(text, Format::yaml);
  auto options = with({});
  const auto problems = substitute(document, options);
  BOOST_REQUIRE(problems.size() == options.problems + 1);
  BOOST_TEST(problems.back().message == "and 50 more problems");
}

BOOST_AUTO_TEST_CASE(the_environment_of_the_process_is_the_default) {
  setenv("CACHESITE_TEST_VALUE", "from outside", 1);
  SubstitutionOptions options;
  options.allowed = true;
  BOOST_TEST(value_of("a: ${env:CACHESITE_TEST_VALUE}", options).scalar == "from outside");
  unsetenv("CACHESITE_TEST_VALUE");
  BOOST_TEST(problems_of("a: ${env:CACHESITE_TEST_VALUE}", options) == "E121 1:4+27");
}

BOOST_AUTO_TEST_CASE(many_large_values_are_refused_before_they_fill_the_memory) {
  const File file(std::string(65536, 'x'));
  std::string text = "a:\n";
  for (int index = 0; index < 10000; ++index)
    text += "- " + file.expression() + file.expression() + '\n';
  const std::string problems = problems_of(text, with({}));
  BOOST_TEST(problems.substr(0, 4) == "E124");
  BOOST_TEST(problems.size() < 101 * 30U);
}

BOOST_AUTO_TEST_CASE(a_file_that_does_not_tell_its_size_is_refused_when_it_is_too_large) {
  // Each page that differs from the one before takes a line of the file.
  constexpr std::size_t pages = 3000;
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  auto* const memory = static_cast<char*>(
      mmap(nullptr, pages * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
  BOOST_REQUIRE(memory != MAP_FAILED);
  for (std::size_t index = 0; index < pages; index += 2)
    mprotect(memory + index * page, page, PROT_READ);
  BOOST_TEST(problems_of("a: ${file:/proc/self/maps}", with({})) == "E124 1:4+23");
  munmap(memory, pages * page);
}

BOOST_AUTO_TEST_CASE(keys_are_left_alone) {
  Document document = read_document(std::string_view("'${env:X}': 1"), Format::yaml);
  BOOST_TEST(substitute(document, with({{"X", "1"}})).empty());
  BOOST_TEST(document.root.find("${env:X}") != nullptr);
}

BOOST_AUTO_TEST_CASE(braces_that_nothing_closes_cost_no_more_than_others) {
  constexpr std::size_t longest = DocumentLimits{}.scalar_bytes;
  const auto filled_with = [](const std::string& part, const std::string& end = {}) {
    std::string text;
    while (text.size() + part.size() + 2 * end.size() <= longest / (end.empty() ? 1 : 2))
      text += part;
    for (std::size_t count = end.empty() ? 0 : text.size() / part.size(); count > 0; --count)
      text += end;
    return text;
  };
  const std::clock_t start = std::clock();
  for (const auto& text : {filled_with("${"), filled_with("${A:-"), filled_with("$${env:{}"),
                           filled_with("${env:"), filled_with("${", "}"), filled_with("${A:-", "}")}) {
    Document document;
    document.root.kind = Node::Kind::list;
    for (int count = 0; count < 15; ++count) {
      Node scalar;
      scalar.kind = Node::Kind::text;
      scalar.scalar = text;
      document.root.elements.push_back(std::move(scalar));
    }
    (void)substitute(document, with({}));
  }
  // Of this process: it does not get longer on a busy machine.
  BOOST_TEST(std::clock() - start < 4 * CLOCKS_PER_SEC);
}

BOOST_AUTO_TEST_CASE(an_expression_ends_with_the_brace_that_closes_it) {
  const auto options = with({});
  BOOST_TEST(value_of("a: \"}${env:N:-{a}{{b}}}}\"", options).scalar == "}{a}{{b}}}");
  BOOST_TEST(value_of("a: \"{$${env:{N}}}\"", options).scalar == "{${env:{N}}}");
  BOOST_TEST(value_of("a: \"$${env:{N} $${env:M}\"", options).scalar == "${env:{N} ${env:M}");
  BOOST_TEST(problems_of("a: \"${X${HOME}${A}\"", options) == "E127 1:8+7");
  BOOST_TEST(problems_of("a: \"${A:-{}${B}\"", options) == "E127 1:12+4");
}

BOOST_AUTO_TEST_SUITE_END()
