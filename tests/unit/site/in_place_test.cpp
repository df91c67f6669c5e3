#include "support/parts.hpp"
#include "support/tree.hpp"

#include <cachesite/detail/site_builder.hpp>
#include <cachesite/site_reports.hpp>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace tree;
using cachesite::build_component_site;
using cachesite::check_component_site;
using parts::IPart;

BOOST_AUTO_TEST_SUITE(in_place)

namespace {

const cachesite::Catalog& known() {
  static const cachesite::Catalog catalog = parts::catalog();
  return catalog;
}

Node part(std::string_view label, std::initializer_list<std::pair<std::string_view, Node>> more = {}) {
  Node node = map({{"class", text("Part")}, {"label", text(label)}});
  for (auto& member : map(more).members)
    node.members.push_back(member);
  return node;
}

Node named(std::string_view name, Node item) {
  item.members.push_back(map({{"entries", list({entry("IPart", name)})}}).members.front());
  return item;
}

std::shared_ptr<cachesite::ComponentSite> build(Node root) {
  parts::journal().clear();
  return build_component_site({document(std::move(root))}, known());
}

std::string problems_of(Node item) {
  return lines(check_component_site({document(list({std::move(item)}))}, known()));
}

std::string refusal_of(Node item) {
  try {
    (void)build(list({std::move(item)}));
  } catch (const cachesite::LoadError& error) {
    return lines(error.problems());
  }
  return "built";
}

Node nested(unsigned depth) {
  return depth == 0 ? part("end") : part("step", {{"next", nested(depth - 1)}});
}

std::string journal() {
  std::string text;
  for (const auto& event : parts::journal())
    text += (text.empty() ? "" : ", ") + event;
  return text;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_component_stands_in_place_of_a_reference_and_of_those_in_a_list) {
  const auto site = build(list(
      {named("b", part("b")), named("a", part("a", {{"next", part("n", {{"next", part("nn")}})},
                                                    {"others", list({part("x"), text("b"), part("y")})}}))}));
  BOOST_TEST(site->get_component<IPart>("a")->describe() == "a>n>nn+x+b+y");
}

BOOST_AUTO_TEST_CASE(
    it_is_made_and_started_before_the_component_that_it_is_in_and_stopped_and_destroyed_after_it) {
  auto site = build(list({named("a", part("a", {{"next", part("n")}}))}));
  site.reset();
  BOOST_TEST(journal() ==
             "n made, a made, n started, a started, n awaited, a awaited, a stopped, n stopped, a destroyed, "
             "n destroyed");
}

BOOST_AUTO_TEST_CASE(no_lookup_finds_it) {
  const auto site = build(list({named("a", part("a", {{"next", part("n")}}))}));
  BOOST_TEST(site->entries().size() == 1U);
  BOOST_TEST(!site->query_component<IPart>());
  BOOST_TEST(!site->query_component<IPart>("a.next"));
  for (const auto& declared : site->declared_components())
    if (!declared.in_place.empty()) BOOST_TEST(!site->query_component<IPart>(declared.in_place));
}

BOOST_AUTO_TEST_CASE(a_component_of_the_list_may_be_called_like_its_path) {
  const auto site =
      build(list({named("a.next", part("other")), named("a", part("a", {{"next", part("n")}}))}));
  BOOST_TEST(site->get_component<IPart>("a.next")->describe() == "other");
  BOOST_TEST(site->get_component<IPart>("a")->describe() == "a>n");
}

BOOST_AUTO_TEST_CASE(two_without_names_do_not_take_each_others_parts) {
  parts::journal().clear();
  (void)build_component_site(
      {document(list({part("a", {{"next", part("n")}}), part("b", {{"next", part("m")}})}))}, known());
  const auto made = journal();
  BOOST_TEST(made.find("n made, a made, m made, b made") == 0U);
}

BOOST_AUTO_TEST_CASE(problems_in_it_begin_with_the_path) {
  const auto in_next = [](Node inner) {
    return problems_of(named("a", part("a", {{"next", part("n", {{"next", std::move(inner)}})}})));
  };
  BOOST_TEST(in_next(part("x", {{"lable", text("x")}})) ==
             "E204 next.next: Part has no parameter \"lable\" | did you mean \"label\"?");
  BOOST_TEST(in_next(part("x", {{"token", boolean(true)}})) ==
             "E215 next.next.token: expected text, found a boolean | put it in quotes to make it text");
  BOOST_TEST(
      in_next(part("x", {{"next", text("nobody")}})) ==
      "E321 next.next.next: there is no IPart named \"nobody\"; there are: \"a\" (needed by Part \"a\" -> "
      "Part \"a.next\" -> Part \"a.next.next\")");
  BOOST_TEST(in_next(map({{"class", text("Prat")}})) ==
             "E307 next.next: there is no component class \"Prat\" | did you mean \"Part\"?");
  BOOST_TEST(in_next(map({{"label", text("x")}})) ==
             "E306 next.next: this component has no class | add class: with one of Hammer, Part; refer to a "
             "component of the list by its name alone");
  BOOST_TEST(in_next(map({{"class", list({})}})) ==
             "E307 next.next: class: expected the name of a class, found a list");
  BOOST_TEST(in_next(part("x", {{"start_timeout", text("soon")}})).find("E216 next.next.start_timeout: ") ==
             0U);
  BOOST_TEST(problems_of(named("a", part("a", {{"others", list({text("a"), part("x", {{"on", null()}})})}})))
                 .find("E204 others[1]: Part has no parameter \"on\"") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(it_has_no_names_and_is_not_lazy) {
  const auto in_next = [](std::string_view key, Node value) {
    return problems_of(named("a", part("a", {{"next", part("n", {{key, std::move(value)}})}})));
  };
  const std::string cure =
      "a component in place of a reference has no name | declare it in the list of components to give it "
      "one, and "
      "write the name here";
  BOOST_TEST(in_next("name", text("n")) == "E308 next.name: " + cure);
  BOOST_TEST(in_next("entries", list({})) == "E308 next.entries: " + cure);
  BOOST_TEST(
      in_next("lazy", boolean(true)) ==
      "E315 next.lazy: a component in place of a reference is created with the component around it | leave "
      "it out");
}

BOOST_AUTO_TEST_CASE(its_class_has_to_implement_the_interface) {
  class Tool final : public parts::ITool {
   public:
    int weight() const override { return 1; }
  };
  auto catalog = parts::catalog();
  catalog.add<Tool>("Tool");
  const auto problems = check_component_site(
      {document(list({named("a", part("a", {{"next", map({{"class", text("Tool")}})}}))}))}, catalog);
  BOOST_TEST(lines(problems) ==
             "E312 next: Tool does not implement IPart | the classes that do are: Hammer, Part");
}

BOOST_AUTO_TEST_CASE(it_throws_under_its_path_without_its_secrets) {
  BOOST_TEST(
      refusal_of(named(
          "a", part("a", {{"next", part("n", {{"fail_at", text("make")}, {"token", text("s3cret")}})}}))) ==
      "E331 Part \"a.next\" cannot be made: refused by ******");
  BOOST_TEST(
      refusal_of(part(
          "a", {{"others", list({part("n", {{"fail_at", text("start")}, {"token", text("s3cret")}})})}})) ==
      "E332 Part \"Part.others[0]\" cannot be started: refused by ******");
}

BOOST_AUTO_TEST_CASE(a_circle_through_it_is_reported) {
  BOOST_TEST(problems_of(named("a", part("a", {{"next", part("n", {{"next", text("a")}})}}))) ==
             "E322 components refer to each other in a circle: Part \"a\" -> Part \"a.next\" -> Part \"a\"");
}

BOOST_AUTO_TEST_CASE(they_stand_in_each_other_to_a_limit) {
  BOOST_TEST(problems_of(named("a", nested(16))).empty());
  const auto deep = problems_of(nested(17));
  BOOST_TEST(deep.find("E221 next.next") == 0U, deep);
  BOOST_TEST(deep.find("next: components are nested more than 16 deep") != std::string::npos, deep);
  BOOST_TEST(std::count(deep.begin(), deep.end(), '\n') == 0);
}

BOOST_AUTO_TEST_CASE(the_defaults_of_its_class_are_its_own) {
  const auto site = build(
      map({{"defaults", map({{"Part", map({{"label", text("usual")}})}})},
           {"components",
            list({named("a", map({{"class", text("Part")}, {"next", map({{"class", text("Part")}})}}))})}}));
  BOOST_TEST(site->get_component<IPart>("a")->describe() == "usual>usual");
}

BOOST_AUTO_TEST_CASE(defaults_declare_none) {
  BOOST_TEST(
      lines(check_component_site({document(map({{"defaults", map({{"Part", map({{"next", part("n")}})}})},
                                                {"components", list({part("a"), part("b")})}}))},
                                 known())) ==
      "E221 next: defaults cannot declare a component in place of a reference | declare it in the list of "
      "components, and write its name here");
}

BOOST_AUTO_TEST_CASE(what_a_later_document_replaces_is_not_made_with_all_that_is_in_it) {
  parts::journal().clear();
  const auto site = build_component_site(
      {document(list({named("a", part("a", {{"next", part("n", {{"fail_at", text("make")}})}}))}),
                "first.yml"),
       document(list({named("a", part("b", {{"next", part("m")}}))}), "second.yml")},
      known());
  BOOST_TEST(site->get_component<IPart>("a")->describe() == "b>m");
  BOOST_TEST(journal().find("n made") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(it_is_made_with_a_lazy_component_and_not_before) {
  auto site = build(list({named("a", part("a", {{"lazy", boolean(true)}, {"next", part("n")}}))}));
  BOOST_TEST(journal().empty());
  BOOST_TEST(site->declared_components().size() == 2U);
  BOOST_TEST(site->get_component<IPart>("a")->describe() == "a>n");
  BOOST_TEST(journal() == "n made, n started, n awaited, a made, a started, a awaited");
  parts::journal().clear();
  site->stop();
  BOOST_TEST(journal() == "a stopped, n stopped");
}

BOOST_AUTO_TEST_CASE(a_description_shows_it_where_it_is_and_builds_an_equal_site) {
  const Node complete =
      list({named("b", part("b")), named("a", part("a", {{"next", part("n", {{"next", part("m")}})},
                                                         {"others", list({text("b"), part("x")})}}))});
  const auto site = build(complete);
  const auto described = cachesite::describe_component_site(*site);
  const auto again = build_component_site({document(described)}, known());
  BOOST_TEST(again->get_component<IPart>("a")->describe() == "a>n>m+b+x");
  BOOST_TEST((cachesite::describe_component_site(*again) == described));
  BOOST_TEST(described.elements.size() == 2U);
}

BOOST_AUTO_TEST_CASE(an_explanation_shows_it_behind_the_component_that_it_is_in_and_alone_by_its_path) {
  const auto site = build(list({named("a", part("a", {{"next", part("n", {{"next", part("m")}})}}))}));
  const auto whole = cachesite::explain_component(*site, "a");
  BOOST_REQUIRE(whole.elements.size() == 3U);
  BOOST_TEST(whole.elements[0].find("depends_on")->elements[0].find("name")->scalar == "a.next");
  BOOST_TEST(whole.elements[0].find("depends_on")->elements[0].find("state")->scalar == "up");
  BOOST_TEST(whole.elements[1].find("in_place")->scalar == "a.next");
  BOOST_TEST(whole.elements[2].find("in_place")->scalar == "a.next.next");
  BOOST_TEST(whole.elements[2].find("needed_by")->elements[0].scalar == "Part \"a.next\"");
  BOOST_TEST(cachesite::explain_component(*site, "a.next").elements.size() == 2U);
}

BOOST_AUTO_TEST_SUITE_END()
