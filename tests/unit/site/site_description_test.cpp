#include "support/parts.hpp"
#include "support/tree.hpp"

#include <cachesite/detail/site_builder.hpp>
#include <cachesite/site_reports.hpp>

#include <chrono>
#include <optional>
#include <utility>

#include <boost/test/unit_test.hpp>

using namespace tree;
using cachesite::build_component_site;
using cachesite::describe_component_site;
using cachesite::parameter;
using cachesite::ParameterTable;

BOOST_AUTO_TEST_SUITE(site_description)

namespace {

struct Inner {
  std::string host;
  int port = 1;
  static ParameterTable parameters() {
    return {parameter("host", &Inner::host, "A host.").required(),
            parameter("port", &Inner::port, "A | port.")};
  }
};

class Rich final : public parts::IPart {
 public:
  struct Options {
    bool flag = true;
    double ratio = 0.5;
    std::optional<std::uint64_t> limit = 10;
    std::chrono::milliseconds pause{5000};
    cachesite::ByteSize size{1024};
    cachesite::Secret token{"initial"};
    Inner inner{"home", 7};
    std::vector<Inner> others;
    cachesite::Reference<parts::IPart> next;
    std::string must;
    std::optional<Inner> left_out;
    std::optional<int> share;

    static ParameterTable parameters() {
      using O = Options;
      return {parameter("flag", &O::flag, "A flag."),
              parameter("ratio", &O::ratio, "A ratio.").between(0.0, 1.0),
              parameter("limit", &O::limit, "A limit.").unit("entries").alias("max"),
              parameter("pause", &O::pause, "A pause.")
                  .between(std::chrono::milliseconds(1), std::chrono::seconds(10)),
              parameter("size", &O::size, "A size."),
              parameter("token", &O::token, "A token."),
              parameter("inner", &O::inner, "A group."),
              parameter("others", &O::others, "More."),
              parameter("next", &O::next, "The <next>."),
              parameter("must", &O::must, "Needed.").required().one_of({"x", "1"}),
              parameter("left_out", &O::left_out, "An optional group."),
              parameter("share", &O::share, "A share.").computed_default("half of the limit")};
    }
    std::vector<cachesite::OptionComplaint> complaints() const {
      if (!flag && !limit) return {{"limit", "needs a flag"}, {"", "is odd"}};
      return {};
    }
  };
  explicit Rich(Options) {}
  std::string describe() const override { return "rich"; }
};

cachesite::Catalog catalog() {
  auto made = parts::catalog();
  made.add<Rich>("Rich").text("Has it all.");
  return made;
}

std::shared_ptr<cachesite::ComponentSite> build(Node root) {
  return build_component_site({document(std::move(root))}, catalog());
}

Node rich(std::initializer_list<std::pair<std::string_view, Node>> more = {}) {
  Node node = map({{"class", text("Rich")}, {"entries", list({entry("IPart", "r")})}});
  for (auto& member : map(more).members)
    node.members.push_back(member);
  node.members.push_back(map({{"must", text("x")}}).members.front());
  return node;
}

const Node& at(const Node& node, std::string_view key) {
  static const Node nothing;
  const Node* found = node.find(key);
  BOOST_TEST_REQUIRE(found, "no member " << key);
  return found ? *found : nothing;
}

}  // namespace

BOOST_AUTO_TEST_CASE(only_what_differs_from_the_defaults_is_described) {
  BOOST_TEST((describe_component_site(*build(list({rich()}))) == list({rich()})));
}

BOOST_AUTO_TEST_CASE(a_description_builds_an_equal_site) {
  const Node complete =
      list({rich({{"limit", null()},
                  {"pause", text("1.5s")},
                  {"size", text("3MiB")},
                  {"inner", map({{"host", text("away")}})},
                  {"others", list({map({{"host", text("a")}, {"port", integer("2")}})})}}),
            map({{"class", text("Part")}, {"entries", list({entry("IPart")})}, {"next", text("r")}})});
  BOOST_TEST((describe_component_site(*build(complete)) == complete));
}

BOOST_AUTO_TEST_CASE(complaints_are_reported_at_the_parameters_place) {
  auto root = document(list({rich({{"flag", boolean(false)}, {"max", null()}})}));
  const auto problems = cachesite::check_component_site({root}, catalog());
  BOOST_TEST(lines(problems) == "E231 is odd\nE231 limit: needs a flag");
  BOOST_REQUIRE(problems.size() == 2u);
  BOOST_TEST((problems[1].position == at(root.root.elements[0], "max").position));
}

BOOST_AUTO_TEST_CASE(what_a_group_does_not_change_is_left_out) {
  const auto site = build(list({rich({{"inner", map({{"host", text("home")}, {"port", integer("8")}})}})}));
  BOOST_TEST((at(describe_component_site(*site).elements[0], "inner") == map({{"port", integer("8")}})));
}

BOOST_AUTO_TEST_CASE(secrets_are_masked_unless_asked_for) {
  const auto site = build(list({rich({{"token", text("s3cret")}})}));
  BOOST_TEST(at(describe_component_site(*site).elements[0], "token").scalar == "******");
  BOOST_TEST(at(describe_component_site(*site, true).elements[0], "token").scalar == "s3cret");
}

BOOST_AUTO_TEST_CASE(presets_and_defaults_appear_as_parameters_of_the_class_itself) {
  const auto site = build(
      map({{"defaults", map({{"Rich", map({{"must", text("1")}})}})},
           {"components", list({map({{"class", text("old.Part")}, {"entries", list({entry("old.IPart")})}}),
                                map({{"class", text("Rich")}})})}}));
  BOOST_TEST(
      (describe_component_site(*site) ==
       list({map({{"class", text("Part")}, {"entries", list({entry("IPart")})}, {"label", text("old")}}),
             map({{"class", text("Rich")}, {"must", text("1")}})})));
}

BOOST_AUTO_TEST_CASE(components_registered_by_hand_are_left_out_and_lost_names_too) {
  const auto site = build(
      list({map({{"class", text("Part")}, {"entries", list({entry("IPart", "a"), entry("IPart", "b")})}}),
            map({{"class", text("Part")}, {"entries", list({entry("IPart", "c")})}})}));
  site->register_component<parts::IPart>(std::make_shared<parts::Hammer>(), "a");
  site->remove_component<parts::IPart>("c");
  BOOST_TEST((describe_component_site(*site) ==
              list({map({{"class", text("Part")}, {"entries", list({entry("IPart", "b")})}})})));
}

BOOST_AUTO_TEST_CASE(a_class_is_described_with_every_parameter) {
  const auto found = catalog().find("Rich");
  const Node described = cachesite::describe_class(*found.component_class);
  BOOST_TEST(at(described, "text").scalar == "Has it all.");
  const auto& parameters = at(described, "parameters").elements;
  BOOST_REQUIRE(parameters.size() == 12u);
  BOOST_TEST((parameters[2] == map({{"name", text("limit")},
                                    {"type", text("integer")},
                                    {"default", integer("10")},
                                    {"text", text("A limit.")},
                                    {"unit", text("entries")},
                                    {"least", integer("0")},
                                    {"aliases", list({text("max")})},
                                    {"nullable", boolean(true)}})));
  BOOST_TEST((parameters[3] == map({{"name", text("pause")},
                                    {"type", text("duration")},
                                    {"default", text("5s")},
                                    {"text", text("A pause.")},
                                    {"least", text("1ms")},
                                    {"most", text("10s")}})));
  BOOST_TEST(at(parameters[5], "default").scalar == "******");
  BOOST_TEST(at(at(parameters[6], "parameters").elements[1], "default").scalar == "7");
  BOOST_TEST(at(parameters[8], "interface").scalar == "IPart");
  BOOST_TEST(!parameters[9].find("default"));
  BOOST_TEST((at(parameters[9], "choices") == list({text("x"), text("1")})));
  BOOST_TEST(at(at(parameters[7], "parameters").elements[1], "default").scalar == "1");
  BOOST_TEST(at(at(parameters[10], "parameters").elements[1], "default").scalar == "1");
  BOOST_TEST(at(parameters[11], "computed_default").scalar == "half of the limit");
  BOOST_TEST(!parameters[11].find("default"));
}

BOOST_AUTO_TEST_CASE(the_schema_knows_each_class_and_refuses_unknown_keys) {
  const Node schema = cachesite::json_schema(catalog());
  const Node& definitions = at(schema, "$defs");
  const Node& part = at(definitions, "class:Part");
  BOOST_TEST((at(part, "additionalProperties") == boolean(false)));
  BOOST_TEST((at(at(at(part, "properties"), "class"), "enum") == list({text("Part"), text("old.Part")})));
  const Node& rich_properties = at(at(definitions, "class:Rich"), "properties");
  BOOST_TEST((at(at(rich_properties, "token"), "writeOnly") == boolean(true)));
  BOOST_TEST(!at(rich_properties, "token").find("default"));
  BOOST_TEST((at(at(rich_properties, "max"), "deprecated") == boolean(true)));
  BOOST_TEST(at(at(rich_properties, "limit"), "default").scalar == "10");
  BOOST_TEST(at(at(at(at(rich_properties, "inner"), "properties"), "port"), "default").scalar == "7");
  BOOST_TEST(!at(rich_properties, "share").find("default"));
  BOOST_TEST(at(at(rich_properties, "share"), "description").scalar ==
             "A share. Default: half of the limit.");
}

BOOST_AUTO_TEST_CASE(the_reference_has_a_row_for_each_parameter) {
  const auto page = cachesite::reference_markdown(catalog());
  BOOST_TEST(page.find("## Rich\n\nHas it all.\n\nImplements `IPart`.") != std::string::npos);
  BOOST_TEST(page.find("| `pause` | duration | `5s` | from 1ms to 10s | A pause. |") != std::string::npos);
  BOOST_TEST(page.find("| `inner.port` | integer | `7` | ") != std::string::npos);
  BOOST_TEST(page.find("| `others[].port` | integer | `1` | ") != std::string::npos);
  BOOST_TEST(page.find("| `left_out.port` | integer | `1` | ") != std::string::npos);
  BOOST_TEST(page.find("| `share` | integer | half of the limit | ") != std::string::npos);
  BOOST_TEST(page.find("A \\| port.") != std::string::npos);
  BOOST_TEST(page.find("| The \\<next>. |") != std::string::npos);
  BOOST_TEST(page.find("| `must` | text | required | `x`, `1` | Needed. |") != std::string::npos);
  BOOST_TEST(page.find("Also called `old.Part`, with `label: old`, `no_such_parameter: 1`.") !=
             std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
