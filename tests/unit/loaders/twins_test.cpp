#include "random_tree.hpp"

#include <cachesite/document_reader.hpp>

#include <string>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;

BOOST_AUTO_TEST_SUITE(twins)

namespace {

using Twin = std::pair<std::string, std::string>;  // YAML, JSON

/// One value, in a form that may stand anywhere.
const std::vector<Twin> values{
    {"1", "1"},
    {"0", "0"},
    {"-0", "-0"},
    {"-12", "-12"},
    {"9223372036854775807", "9223372036854775807"},
    {"-9223372036854775808", "-9223372036854775808"},
    {"18446744073709551616", "18446744073709551616"},
    {"123456789012345678901234567890", "123456789012345678901234567890"},
    {"1.5", "1.5"},
    {"1.50", "1.50"},
    {"-0.25", "-0.25"},
    {"1e3", "1e3"},
    {"1E+3", "1E+3"},
    {"2.5e-7", "2.5e-7"},
    {"9e99999", "9e99999"},
    {"-83e2010", "-83e2010"},
    {"true", "true"},
    {"false", "false"},
    {"null", "null"},
    {"~", "null"},
    {"Null", "null"},
    {"NULL", "null"},
    {"hello", "\"hello\""},
    {"two words", "\"two words\""},
    {"yes", "\"yes\""},
    {"No", "\"No\""},
    {"on", "\"on\""},
    {"True", "\"True\""},
    {"FALSE", "\"FALSE\""},
    {"010", "\"010\""},
    {"0x1F", "\"0x1F\""},
    {"0o17", "\"0o17\""},
    {"+5", "\"+5\""},
    {".5", "\".5\""},
    {"5.", "\"5.\""},
    {"1_000", "\"1_000\""},
    {".inf", "\".inf\""},
    {".nan", "\".nan\""},
    {"12:30:45", "\"12:30:45\""},
    {"2026-11-21", "\"2026-11-21\""},
    {"250ms", "\"250ms\""},
    {"64MiB", "\"64MiB\""},
    {"a:b", "\"a:b\""},
    {"a#b", "\"a#b\""},
    {"'5'", "\"5\""},
    {"\"5\"", "\"5\""},
    {"'true'", "\"true\""},
    {"\"null\"", "\"null\""},
    {"''", "\"\""},
    {"\"\"", "\"\""},
    {"'it''s'", "\"it's\""},
    {"\"a\\nb\"", "\"a\\nb\""},
    {"\"\\t\\r\\b\\f\\\\\\\"\\/\"", "\"\\t\\r\\b\\f\\\\\\\"\\/\""},
    {"\"\\u00e9\\u65e5\"", "\"\\u00e9\\u65e5\""},
    {"\"\\U0001F600\"", "\"\\ud83d\\ude00\""},
    {"\"\\x41\\0\"", "\"A\\u0000\""},
    {"grün", "\"grün\""},
    {"日本", "\"日本\""},
    {"😀", "\"😀\""},
    {"fivcglue.interfaces.caches.ICache", "\"fivcglue.interfaces.caches.ICache\""},
    {"!!str 5", "\"5\""},
    {"\"<<\"", "\"<<\""},
    {"[]", "[]"},
    {"{}", "{}"},
    {"[1, a, [b]]", "[1, \"a\", [\"b\"]]"},
    {"{a: 1, b: {c: d}}", "{\"a\": 1, \"b\": {\"c\": \"d\"}}"},
};

/// Where it stands; @ is the value.
const std::vector<Twin> surroundings{
    {"@", "@"},
    {"- @", "[@]"},
    {"- x\n- @\n- y", "[\"x\", @, \"y\"]"},
    {"key: @", "{\"key\": @}"},
    {"[@]", "[ @ ]"},
    {"[x, @, y]", "[\"x\",@,\"y\"]"},
    {"{key: @}", "{\"key\":@}"},
    {"{a: 1, key: @, b: 2}", "{\"a\":1,\"key\":@,\"b\":2}"},
    {"a:\n  b:\n    c: @\nd: 1", "{\"a\": {\"b\": {\"c\": @}}, \"d\": 1}"},
    {"# comment\n\n- é: @   # comment\n  1: 2\n", "\n\n[\t{\"é\": @,\n\"1\": 2}]\n"},
    {"---\nk: @\n...\n", "{\"k\":\n\n@}"},
    {"a: @\r\nb: 1\r\n", "{\"a\": @,\r\n\"b\": 1}\r\n"},
};

std::string put(const std::string& text, const std::string& value) {
  std::string result = text;
  return result.replace(result.find('@'), 1, value);
}

void check_twin(const std::string& yaml, const std::string& json) {
  const Node from_yaml = read_document(yaml, Format::yaml).root;
  const Node from_json = read_document(json, Format::json).root;
  if (!(from_yaml == from_json))
    BOOST_ERROR("twins differ:\n"
                << yaml << '\n'
                << json << '\n'
                << test::outline(from_yaml) << '\n'
                << test::outline(from_json));
}

/// The characters that a node's place covers.
std::string covered(const std::string& text, Position position, std::uint32_t length) {
  std::size_t offset = 0;
  for (std::uint32_t line = 1; line < position.line; ++line)
    offset = text.find('\n', offset) + 1;
  const auto skip = [&](std::size_t from, std::uint32_t characters) {
    for (; characters > 0 && from < text.size(); --characters)
      do
        ++from;
      while (from < text.size() && (static_cast<unsigned char>(text[from]) & 0xC0U) == 0x80U);
    return from;
  };
  offset = skip(offset, position.column - 1);
  return text.substr(offset, skip(offset, length) - offset);
}

void check_places(const std::string& text, const Node& node) {
  for (const auto& element : node.elements)
    check_places(text, element);
  for (const auto& member : node.members) {
    const std::string key = covered(text, member.key_position, member.key_length);
    BOOST_TEST((key == member.key || key == '"' + member.key + '"'));
    check_places(text, member.value);
  }
  if (node.kind == Node::Kind::integer || node.kind == Node::Kind::real || node.kind == Node::Kind::boolean)
    BOOST_TEST(covered(text, node.position, node.length) == node.scalar);
  if (node.is_text()) {
    const std::string token = covered(text, node.position, node.length);
    if (node.quoted)
      BOOST_TEST((token.front() == token.back() || token == "!!str 5" || token == "5"), token);
    else
      BOOST_TEST(token == node.scalar);
  }
  if (node.is_list())
    BOOST_TEST((covered(text, node.position, 1) == "[" || covered(text, node.position, 1) == "-"));
}

}  // namespace

BOOST_AUTO_TEST_CASE(the_same_value_in_the_same_surroundings_gives_the_same_tree) {
  unsigned count = 0;
  for (const auto& [yaml_around, json_around] : surroundings)
    for (const auto& [yaml, json] : values) {
      check_twin(put(yaml_around, yaml), put(json_around, json));
      ++count;
    }
  BOOST_TEST(count >= 400U);
}

BOOST_AUTO_TEST_CASE(every_place_covers_the_characters_of_its_value) {
  for (const auto& [yaml_around, json_around] : surroundings)
    for (const auto& [yaml, json] : values) {
      const std::string yaml_text = put(yaml_around, yaml);
      check_places(yaml_text, read_document(yaml_text, Format::yaml).root);
      const std::string json_text = put(json_around, json);
      check_places(json_text, read_document(json_text, Format::json).root);
    }
}

BOOST_AUTO_TEST_CASE(forms_that_only_yaml_has_equal_their_json_twins) {
  const std::vector<Twin> pairs{
      {"a: |\n  one\n  two\n", "{\"a\": \"one\\ntwo\\n\"}"},
      {"a: |-\n  one\n  two\n", "{\"a\": \"one\\ntwo\"}"},
      {"a: >\n  one\n  two\n\n  three\n", "{\"a\": \"one two\\nthree\\n\"}"},
      {"a: one\n  two\n", "{\"a\": \"one two\"}"},
      {"a: 'one\n  two'\n", "{\"a\": \"one two\"}"},
      {"a:\nb:\n", "{\"a\": null, \"b\": null}"},
      {"-\n-\n", "[null, null]"},
      {"a:\n- 1\n- 2\n", "{\"a\": [1, 2]}"},
      {"a: &x {b: 1}\nc: *x\n", "{\"a\": {\"b\": 1}, \"c\": {\"b\": 1}}"},
      {"- &x 5\n- *x\n- [*x, *x]\n", "[5, 5, [5, 5]]"},
      {"- - - a\n", "[[[\"a\"]]]"},
      {"- a: 1\n  b: 2\n-\n  c: 3\n", "[{\"a\": 1, \"b\": 2}, {\"c\": 3}]"},
      {"'quoted key': 1\n\"other\": 2\n", "{\"quoted key\": 1, \"other\": 2}"},
      {"[a, b,]", "[\"a\", \"b\"]"},
      {"{a: 1,}", "{\"a\": 1}"},
      {"[a: 1, b]", "[{\"a\": 1}, \"b\"]"},
      {"%YAML 1.2\n---\na: 1\n", "{\"a\": 1}"},
      {"{\n  a: 1,\n  b: [\n    2,\n    3\n  ]\n}", "{\"a\": 1, \"b\": [2, 3]}"},
      {"\xEF\xBB\xBF"
       "a: 1\n",
       "\xEF\xBB\xBF{\"a\": 1}"},
      {"!!map {a: !!seq [1]}", "{\"a\": [1]}"},
  };
  for (const auto& [yaml, json] : pairs)
    check_twin(yaml, json);
}

BOOST_AUTO_TEST_CASE(an_aliased_value_is_placed_where_the_alias_is) {
  const Node root = read_document(std::string_view("a: &x {b: 1}\nc:  *x\n"), Format::yaml).root;
  BOOST_TEST((root.find("c")->position == Position{2, 5}));
  BOOST_TEST(root.find("c")->length == 2U);
}

BOOST_AUTO_TEST_SUITE_END()
