#include "random_tree.hpp"

#include <cachesite/document_reader.hpp>
#include <cachesite/document_writer.hpp>
#include <cachesite/problem.hpp>

#include <stdexcept>
#include <string>

#include <boost/test/unit_test.hpp>

using namespace cachesite;

BOOST_AUTO_TEST_SUITE(document_writer)

namespace {

Node text_node(std::string text) {
  Node node;
  node.kind = Node::Kind::text;
  node.scalar = std::move(text);
  return node;
}

Node member_map(std::string key, Node value) {
  Node map;
  map.kind = Node::Kind::map;
  map.members.push_back({std::move(key), {}, 0, std::move(value)});
  return map;
}

/// What TOML can say of a tree: a mapping at the top, and no null.
bool drop_nulls(Node& node) {
  std::erase_if(node.elements, [](Node& element) { return !drop_nulls(element); });
  std::erase_if(node.members, [](NodeMember& member) { return !drop_nulls(member.value); });
  return !node.is_null();
}

Node for_format(Node tree, Format format) {
  if (format != Format::toml) return tree;
  if (!drop_nulls(tree)) tree = text_node("");
  return tree.is_map() ? tree : member_map("a", tree);
}

void check_round_trips(unsigned seed, unsigned count, Format format) {
  test::RandomTree random(seed);
  for (unsigned index = 0; index < count; ++index) {
    const Node tree = for_format(random.tree(), format);
    const std::string text = write_document(tree, format);
    Node again;
    try {
      again = read_document(text, format).root;
    } catch (const std::exception& error) {
      BOOST_FAIL("seed " << seed << " tree " << index << " does not read back:\n"
                         << text << '\n'
                         << error.what());
    }
    if (!(again == tree))
      BOOST_FAIL("seed " << seed << " tree " << index << " differs:\n"
                         << text << '\n'
                         << test::outline(tree) << "\nbecame\n"
                         << test::outline(again));
  }
  BOOST_TEST_MESSAGE(count << " trees");
}

}  // namespace

BOOST_AUTO_TEST_CASE(ten_thousand_random_trees_survive_yaml) {
  check_round_trips(20261, 10000, Format::yaml);
}
BOOST_AUTO_TEST_CASE(ten_thousand_random_trees_survive_json) {
  check_round_trips(20262, 10000, Format::json);
}

BOOST_AUTO_TEST_CASE(ten_thousand_random_trees_survive_toml) {
  check_round_trips(20263, 10000, Format::toml);
}

BOOST_AUTO_TEST_CASE(toml_is_written_with_headers_where_that_keeps_the_order) {
  const std::string_view json = R"({"version": 1, "a": {"b": {}, "c": true}, "d": "x",
      "components": [{"class": "MemoryCache", "entries": [{"interface": "ICache", "name": "hot"}]},
                     {"class": "A", "a b": [], "limits": {"low": 1.5}}], "last": {"x": {"y": "\u0001"}}})";
  const std::string toml = write_document(read_document(json, Format::json).root, Format::toml);
  BOOST_TEST(toml ==
             "version = 1\n"
             "a = {b = {}, c = true}\n"
             "d = \"x\"\n"
             "\n[[components]]\n"
             "class = \"MemoryCache\"\n"
             "\n[[components.entries]]\n"
             "interface = \"ICache\"\n"
             "name = \"hot\"\n"
             "\n[[components]]\n"
             "class = \"A\"\n"
             "\"a b\" = []\n"
             "\n[components.limits]\n"
             "low = 1.5\n"
             "\n[last]\n"
             "\n[last.x]\n"
             "y = \"\\u0001\"\n");
}

BOOST_AUTO_TEST_CASE(what_toml_cannot_say_is_refused_wherever_it_stands) {
  const auto scalar = [](Node::Kind kind, std::string text) {
    Node node = text_node(std::move(text));
    node.kind = kind;
    return node;
  };
  for (const Node& wrong :
       {Node{}, scalar(Node::Kind::integer, "9223372036854775808"), scalar(Node::Kind::real, "-1e999"),
        scalar(Node::Kind::integer, "1 # x"), text_node("\xff")}) {
    Node list;
    list.kind = Node::Kind::list;
    list.elements = {wrong};
    for (const Node& root : {wrong, list, member_map("a", wrong), member_map("a", list),
                             member_map("a", member_map("b", wrong))})
      BOOST_CHECK_THROW((void)write_document(root, Format::toml), std::invalid_argument);
  }
}

BOOST_AUTO_TEST_CASE(yaml_is_written_the_way_people_write_it) {
  const Document document = read_document(std::string_view(R"([{"class": "MemoryCache",
      "entries": [{"interface": "ICache", "name": "hot"}], "max_size": 100, "note": "a: b", "empty": [], "no": {}}])"),
                                          Format::json);
  BOOST_TEST(write_document(document.root, Format::yaml) ==
             "- class: MemoryCache\n"
             "  entries:\n"
             "    - interface: ICache\n"
             "      name: hot\n"
             "  max_size: 100\n"
             "  note: \"a: b\"\n"
             "  empty: []\n"
             "  \"no\": {}\n");
}

BOOST_AUTO_TEST_CASE(keys_of_every_length_survive_every_format) {
  DocumentLimits wide;
  wide.yaml_value_bytes = 1024 * 1024;
  for (const std::string piece : {"k", "\x01", "\xC3\xA4", "\xF0\x9F\x8D\x8B", "- "})
    for (const int length :
         {1, 100, 168, 256, 499, 500, 501, 996, 998, 999, 1000, 1001, 1023, 1024, 1025, 5000}) {
      std::string key;
      for (int count = 0; count < length; ++count)
        key += piece;
      Node list;
      list.kind = Node::Kind::list;
      list.elements = {member_map(key, text_node("v")), member_map(key, member_map(key, text_node("v")))};
      Node tree = member_map(key, member_map(key, list));
      tree.members.push_back({"after", {}, 0, text_node("v")});
      for (const Format format : {Format::yaml, Format::json, Format::toml}) {
        const std::string written = write_document(tree, format);
        BOOST_TEST_CONTEXT(length << " times " << piece)
        BOOST_TEST((read_document(written, format, "", wide).root == tree));
      }
    }
}

BOOST_AUTO_TEST_CASE(json_is_indented_by_two) {
  BOOST_TEST(write_document(member_map("a", text_node("x\ty")), Format::json) ==
             "{\n  \"a\": \"x\\ty\"\n}\n");
  BOOST_TEST(write_document(Node{}, Format::json) == "null\n");
}

BOOST_AUTO_TEST_CASE(words_that_other_readers_take_for_booleans_are_quoted) {
  for (const std::string word :
       {"yes", "No", "ON", "off", "y", "True", "true", "null", "~", "1", "1.5", "010", "0x1f"})
    BOOST_TEST(write_document(text_node(word), Format::yaml) == '"' + word + "\"\n");
}

BOOST_AUTO_TEST_CASE(text_that_is_not_utf8_is_refused_in_every_format) {
  for (const Format format : {Format::yaml, Format::json, Format::toml}) {
    BOOST_CHECK_THROW((void)write_document(text_node("a\xff"), format), std::invalid_argument);
    BOOST_CHECK_THROW((void)write_document(text_node("\xc2"), format), std::invalid_argument);
    BOOST_CHECK_THROW((void)write_document(member_map("\xff", Node{}), format), std::invalid_argument);
  }
}

BOOST_AUTO_TEST_CASE(characters_from_the_escapes_for_next_line_and_fixed_space_can_be_written_again) {
  const Document document = read_document("\"a\\N\\_b\"", Format::yaml);
  BOOST_TEST((document.root.scalar == "a\xC2\x85\xC2\xA0"
                                      "b"));
  BOOST_CHECK_NO_THROW((void)write_document(document.root, Format::yaml));
}

BOOST_AUTO_TEST_CASE(a_number_that_no_double_can_hold_is_written_and_read_again_in_both_formats) {
  for (const auto* text : {"777777e77777", "-1e999"})
    for (const Format format : {Format::yaml, Format::json}) {
      const auto read = read_document(std::string("[") + text + "]", format);
      BOOST_TEST(read_document(write_document(read.root, format), format).root.elements.at(0).scalar == text);
    }
}

BOOST_AUTO_TEST_CASE(a_number_that_is_none_is_refused) {
  Node node;
  node.kind = Node::Kind::integer;
  node.scalar = "1 # not a number";
  BOOST_CHECK_THROW((void)write_document(node, Format::yaml), std::invalid_argument);
}

BOOST_AUTO_TEST_SUITE_END()
