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

void check_round_trips(unsigned seed, unsigned count, Format format) {
  test::RandomTree random(seed);
  for (unsigned index = 0; index < count; ++index) {
    const Node tree = random.tree();
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

BOOST_AUTO_TEST_CASE(text_that_is_not_utf8_is_refused_in_both_formats) {
  for (const Format format : {Format::yaml, Format::json}) {
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
