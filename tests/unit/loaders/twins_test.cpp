#include "random_tree.hpp"

#include <cachesite/document_reader.hpp>
#include <cachesite/document_writer.hpp>

#include <stdexcept>
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

/// A word or text as it is written; a list or mapping where it, its header or its key begins.
void check_toml_place(const std::string& text, const Node& node) {
  const std::string token = covered(text, node.position, node.length);
  const char first = covered(text, node.position, 1)[0];
  if (node.quoted)
    BOOST_TEST((first == '"' || first == '\''), token);
  else if (node.is_scalar())
    BOOST_TEST((token.size() >= node.scalar.size() || token.starts_with('0')), token << ' ' << node.scalar);
  if (node.quoted && node.length > 0) BOOST_TEST(token.back() == first, token);
  if (node.is_list()) BOOST_TEST(first == '[');
}

void check_places(const std::string& text, const Node& node, bool is_toml = false) {
  for (const auto& element : node.elements)
    check_places(text, element, is_toml);
  for (const auto& member : node.members) {
    const std::string key = covered(text, member.key_position, member.key_length);
    if (key != member.key) {
      BOOST_REQUIRE(key.size() >= 2U);
      BOOST_TEST((key.front() == key.back() && (key[0] == '"' || (is_toml && key[0] == '\''))), key);
      BOOST_TEST((is_toml || key.substr(1, key.size() - 2) == member.key), key);
    }
    check_places(text, member.value, is_toml);
  }
  if (is_toml) return check_toml_place(text, node);
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

BOOST_AUTO_TEST_CASE(what_json_says_under_a_key_toml_says_or_refuses_to_write) {
  unsigned said = 0;
  for (const auto& [yaml_around, json_around] : surroundings)
    for (const auto& [yaml, json] : values) {
      const Node root = read_document("{\"a\": " + put(json_around, json) + ", \"b\": 1}", Format::json).root;
      std::string toml;
      try {
        toml = write_document(root, Format::toml);
      } catch (const std::invalid_argument&) {
        BOOST_TEST((json == "null" || json.size() > 18 || json.find('e') != std::string::npos), json);
        continue;
      }
      const Node again = read_document(toml, Format::toml).root;
      if (!(again == root)) BOOST_ERROR(json << '\n' << toml << '\n' << test::outline(again));
      check_places(toml, again, true);
      ++said;
    }
  BOOST_TEST(said >= 600U);
}

BOOST_AUTO_TEST_CASE(forms_that_only_toml_has_equal_their_json_twins) {
  const std::vector<Twin> pairs{
      {"", "{}"},
      {"# nothing\n\n", "{}"},
      {"a = 1", "{\"a\": 1}"},
      {"a=1#x\n", "{\"a\": 1}"},
      {"\xEF\xBB\xBF"
       "a = 1\r\nb = 2\r\n",
       "{\"a\": 1, \"b\": 2}"},
      {"a.b.c = 1\na.d = 2\n", "{\"a\": {\"b\": {\"c\": 1}, \"d\": 2}}"},
      {"a . \"b.c\" . 'd' = 1\n", "{\"a\": {\"b.c\": {\"d\": 1}}}"},
      {"[a]\nx = 1\n[b]\n[a.c]\ny = 2\n", "{\"a\": {\"x\": 1, \"c\": {\"y\": 2}}, \"b\": {}}"},
      {"[a.b]\nx = 1\n[a]\ny = 2\n", "{\"a\": {\"b\": {\"x\": 1}, \"y\": 2}}"},
      {"[[a]]\nx = 1\n[[a]]\n[[a.b]]\ny = 2\n[a.c]\n[[a]]\n",
       "{\"a\": [{\"x\": 1}, {\"b\": [{\"y\": 2}], \"c\": {}}, {}]}"},
      {"[ a . b ]\n[[ c ]]\n", "{\"a\": {\"b\": {}}, \"c\": [{}]}"},
      {"a = {b.c = 1, b.d = 2}", "{\"a\": {\"b\": {\"c\": 1, \"d\": 2}}}"},
      {"a = [\n  1, # one\n\n  2,\n]\n", "{\"a\": [1, 2]}"},
      {"z = 1\ny = 2\nx = 3\n", "{\"z\": 1, \"y\": 2, \"x\": 3}"},
      {"a = 'C:\\temp'", "{\"a\": \"C:\\\\temp\"}"},
      {"a = \"\\u00e9\\U0001F600\\t\"", "{\"a\": \"\xC3\xA9\xF0\x9F\x98\x80\\t\"}"},
      {"a = \"\"\"\none\n  two \\\n   three\"\"\"", "{\"a\": \"one\\n  two three\"}"},
      {"a = '''\n\\one\n''two'''", "{\"a\": \"\\\\one\\n''two\"}"},
      {"a = \"\"\"\"\"x\"\"\"\"\"", "{\"a\": \"\\\"\\\"x\\\"\\\"\"}"},
      {"a = ''''''", "{\"a\": \"\"}"},
      {"a = 1_000\nb = +5\nc = 0xFF\nd = 0o17\ne = 0b11\nf = -0\n",
       "{\"a\": 1000, \"b\": 5, \"c\": 255, \"d\": 15, \"e\": 3, \"f\": -0}"},
      {"a = 1_0.5_0\nb = +1e3\nc = 2E-7\n", "{\"a\": 10.50, \"b\": 1e3, \"c\": 2E-7}"},
      {"a = inf\nb = -nan\n", "{\"a\": \"inf\", \"b\": \"-nan\"}"},
      {"a = 2026-01-31\nb = 23:59:59.5\nc = 2026-01-31T23:59:59Z\nd = 2026-01-31 23:59:59+01:00\n",
       "{\"a\": \"2026-01-31\", \"b\": \"23:59:59.5\", \"c\": \"2026-01-31T23:59:59Z\", "
       "\"d\": \"2026-01-31 23:59:59+01:00\"}"},
      {"1 = 1\n-a_ = 2\n\"\" = 3\n'q\"' = 4\n", "{\"1\": 1, \"-a_\": 2, \"\": 3, \"q\\\"\": 4}"},
  };
  for (const auto& [toml, json] : pairs) {
    const Node from_toml = read_document(toml, Format::toml).root;
    if (!(from_toml == read_document(json, Format::json).root))
      BOOST_ERROR(toml << '\n' << json << '\n' << test::outline(from_toml));
    check_places(toml.starts_with("\xEF") ? toml.substr(3) : toml, from_toml, true);
  }
}

BOOST_AUTO_TEST_CASE(an_aliased_value_is_placed_where_the_alias_is) {
  const Node root = read_document(std::string_view("a: &x {b: 1}\nc:  *x\n"), Format::yaml).root;
  BOOST_TEST((root.find("c")->position == Position{2, 5}));
  BOOST_TEST(root.find("c")->length == 2U);
}

BOOST_AUTO_TEST_SUITE_END()
