#include "support/parts.hpp"
#include "support/tree.hpp"

#include <cachesite/detail/site_builder.hpp>

#include <string>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace tree;
using cachesite::build_component_site;
using cachesite::check_component_site;
using parts::IPart;
using parts::ITool;

BOOST_AUTO_TEST_SUITE(short_name)

namespace {

// Offers ITool only when it is sharp.
class Knife final : public IPart, public ITool {
 public:
  using provides = cachesite::Provides<IPart, ITool>;
  struct Options {
    bool sharp = false;
    static cachesite::ParameterTable parameters() {
      return {cachesite::parameter("sharp", &Options::sharp, "Whether it cuts.")};
    }
    [[nodiscard]] bool offers(std::string_view interface_name) const {
      return sharp || interface_name != ITool::interface_name;
    }
  };
  explicit Knife(const Options&) {}
  std::string describe() const override { return "knife"; }
  int weight() const override { return 1; }
};

// Has a parameter that is called like the short form.
class Person final : public IPart {
 public:
  struct Options {
    std::string name;
    static cachesite::ParameterTable parameters() {
      return {cachesite::parameter("name", &Options::name, "What it answers.")};
    }
  };
  explicit Person(Options options) : name_(std::move(options.name)) {}
  std::string describe() const override { return name_; }

 private:
  std::string name_;
};

class Belt final : public IPart {
 public:
  struct Options {
    cachesite::Reference<ITool> tool;
    static cachesite::ParameterTable parameters() {
      return {cachesite::parameter("tool", &Options::tool, "What hangs on it.")};
    }
  };
  explicit Belt(const Options&) {}
  std::string describe() const override { return "belt"; }
};

cachesite::Catalog catalog() {
  auto made = parts::catalog();
  made.add<Knife>("Knife");
  made.add<Person>("Person");
  made.add<Belt>("Belt");
  return made;
}

Node item(std::string_view class_name, std::initializer_list<std::pair<std::string_view, Node>> more) {
  Node node = map({{"class", text(class_name)}});
  for (auto& member : map(more).members)
    node.members.push_back(member);
  return node;
}

std::shared_ptr<cachesite::ComponentSite> build(std::vector<Document> documents) {
  return build_component_site(documents, catalog());
}

std::string problems_of(Node root) {
  return lines(check_component_site({document(std::move(root))}, catalog()));
}

std::string names(const cachesite::ComponentSite& site) {
  std::string text;
  for (const auto& entry : site.entries())
    text += (text.empty() ? "" : ", ") + entry.interface_name + " " + entry.name + " " + entry.class_name;
  return text;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_name_stands_for_an_entry_of_each_interface) {
  BOOST_TEST(names(*build({document(list({item("Hammer", {{"name", text("h")}})}))})) ==
             "IPart h Hammer, ITool h Hammer");
  BOOST_TEST(names(*build({document(list({item("Hammer", {{"name", text("")}})}))})) ==
             "IPart  Hammer, ITool  Hammer");
}

BOOST_AUTO_TEST_CASE(interfaces_that_an_instance_does_not_offer_are_left_out) {
  const auto site = build({document(list({item("Knife", {{"name", text("a")}}),
                                          item("Knife", {{"name", text("b")}, {"sharp", boolean(true)}})}))});
  BOOST_TEST(names(*site) == "IPart a Knife, IPart b Knife, ITool b Knife");
  BOOST_TEST(problems_of(list({item("Knife", {{"entries", list({entry("ITool", "k")})}})})) ==
             "E312 Knife does not offer ITool with these parameters");
  BOOST_TEST(problems_of(list({item("Belt", {{"tool", item("Knife", {})}})})) ==
             "E312 tool: Knife does not offer ITool with these parameters");
  BOOST_TEST(problems_of(list({item("Belt", {{"name", text("b")},
                                             {"tool", item("Knife", {{"sharp", boolean(true)}})}})}))
                 .empty());
}

BOOST_AUTO_TEST_CASE(a_parameter_of_that_name_is_the_parameter) {
  const auto site = build(
      {document(list({item("Person", {{"name", text("Ada")}, {"entries", list({entry("IPart", "p")})}})}))});
  BOOST_TEST(names(*site) == "IPart p Person");
  BOOST_TEST(site->get_component<IPart>("p")->describe() == "Ada");
}

BOOST_AUTO_TEST_CASE(mistakes_are_told_with_the_short_form) {
  const auto entries = [](Node value) {
    return problems_of(list({item("Hammer", {{"entries", std::move(value)}})}));
  };
  BOOST_TEST(entries(text("h")) ==
             "E308 entries: expected a list of {interface, name}, found text | write name: h");
  BOOST_TEST(entries(text("ITool")) ==
             "E308 entries: expected a list of {interface, name}, found text | write [{interface: ITool}]");
  BOOST_TEST(entries(text("a b")) ==
             "E308 entries: expected a list of {interface, name}, found text | write name: ...");
  BOOST_TEST(
      entries(list({text("h")})) ==
      "E309 entries: expected a mapping {interface, name}, found text | write {interface: ..., name: h}, or "
      "name: h in place of all entries");
  BOOST_TEST(entries(list({text("ITool")})) ==
             "E309 entries: expected a mapping {interface, name}, found text | write {interface: ITool}");
  BOOST_TEST(
      problems_of(list({item("Hammer", {{"name", text("h")}, {"entries", list({entry("IPart")})}})})) ==
      "E308 a component has a name or entries, not both | name stands for an entry of each interface of the "
      "class");
  BOOST_TEST(problems_of(list({item("Hammer", {{"name", null()}})})) ==
             "E313 name: expected text, found null | leave it out for the unnamed component");
  BOOST_TEST(problems_of(list({item("Hammer", {{"name", text("a b")}})}))
                 .find("E313 a component cannot be called") == 0U);
}

BOOST_AUTO_TEST_CASE(a_later_document_replaces_the_whole_component_of_the_name) {
  const auto first = document(list({item("Hammer", {{"name", text("h")}})}), "first.yml");
  const auto site =
      build({first, document(list({item("Person", {{"entries", list({entry("IPart", "h")})}})}), "s")});
  BOOST_TEST(names(*site) == "IPart h Person, ITool h Hammer");
  const auto whole = build({first, document(list({item("Knife", {{"name", text("h")}})}), "second.yml")});
  BOOST_TEST(names(*whole) == "IPart h Knife");
  BOOST_TEST(whole->declared_components().size() == 1U);
}

BOOST_AUTO_TEST_CASE(two_of_one_name_in_a_file_are_warned_of_once) {
  const auto problems =
      problems_of(list({item("Hammer", {{"name", text("h")}}), item("Hammer", {{"name", text("h")}})}));
  BOOST_TEST(problems.find("E314 IPart \"h\" takes the place of the one in line") == 0U, problems);
  BOOST_TEST(problems.find('\n') == std::string::npos, problems);
}

BOOST_AUTO_TEST_SUITE_END()
