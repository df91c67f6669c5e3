#include "support/parts.hpp"
#include "support/schema_reference.hpp"

#include <cachesite/site_reports.hpp>

#include <string>
#include <utility>

#include <boost/test/unit_test.hpp>

using cachesite::Catalog;
using cachesite::inherited_parameters;
using cachesite::json_schema;
using cachesite::Node;
using cachesite::parameter;
using cachesite::ParameterTable;

// A schema names structs that a program can name.
namespace schema_parts {

struct Common {
  std::string place = "here";
  int count = 1;

  static ParameterTable parameters() {
    return {parameter("place", &Common::place, "A place.").alias("where"),
            parameter("count", &Common::count, "A number.").between(1, 9)};
  }
};

struct OwnOptions : Common {
  std::string colour = "red";

  static ParameterTable parameters() {
    return inherited_parameters<OwnOptions, Common>().add(
        {parameter("colour", &OwnOptions::colour, "A colour.")});
  }
};

struct OtherOptions : Common {
  OtherOptions() { count = 5; }

  static ParameterTable parameters() { return inherited_parameters<OtherOptions, Common>(); }
};

template <class Given>
class Shown final : public parts::IPart {
 public:
  using Options = Given;
  explicit Shown(Given) {}
  std::string describe() const override { return "shown"; }
};

Node schema() {
  Catalog catalog = Catalog::empty();
  catalog.add<Shown<Common>>("A");
  catalog.add<Shown<OwnOptions>>("B");
  catalog.add<Shown<OtherOptions>>("C");
  return json_schema(catalog);
}

const Node& definition(const Node& schema, std::string_view name) {
  const Node* found = schema.find("$defs")->find(name);
  BOOST_TEST_REQUIRE(found, "no definition " << name);
  return *found;
}

const Node& property(const Node& schema, std::string_view class_name, std::string_view name) {
  const auto& owner = definition(schema, std::string("class:").append(class_name));
  const Node* found = owner.find("properties")->find(name);
  BOOST_TEST_REQUIRE(found, class_name << " has no property " << name);
  return *found;
}

}  // namespace schema_parts

BOOST_AUTO_TEST_SUITE(json_schemas)

using cachesite::test::resolved;
using schema_parts::definition;
using schema_parts::property;

BOOST_AUTO_TEST_CASE(the_options_that_several_classes_have_stand_once) {
  const Node schema = schema_parts::schema();
  const Node& common = definition(schema, "options:schema_parts::Common");
  const Node& properties = *common.find("properties");
  BOOST_TEST(properties.members.size() == 3U);
  for (const std::string name : {"where", "place", "count"}) {
    const auto reference = "#/$defs/options:schema_parts::Common/properties/" + name;
    BOOST_TEST(property(schema, "A", name).find("$ref")->scalar == reference);
    BOOST_TEST(&resolved(schema, property(schema, "A", name)) == properties.find(name));
  }
  BOOST_TEST(property(schema, "B", "count").find("$ref")->scalar ==
             property(schema, "A", "count").find("$ref")->scalar);
}

BOOST_AUTO_TEST_CASE(the_options_of_one_class_stand_with_it) {
  const Node schema = schema_parts::schema();
  BOOST_TEST(property(schema, "B", "colour").find("default")->scalar == "red");
  BOOST_TEST(!schema.find("$defs")->find("options:schema_parts::OwnOptions"));
}

BOOST_AUTO_TEST_CASE(a_class_with_another_default_has_a_parameter_of_its_own) {
  const Node schema = schema_parts::schema();
  BOOST_TEST(property(schema, "C", "count").find("default")->scalar == "5");
  BOOST_TEST(resolved(schema, property(schema, "A", "count")).find("default")->scalar == "1");
  BOOST_TEST(property(schema, "C", "place").find("$ref"));
}

BOOST_AUTO_TEST_CASE(each_class_lists_what_it_has_itself_and_takes_nothing_else) {
  const Node schema = schema_parts::schema();
  for (const auto& definition : schema.find("$defs")->members)
    if (definition.key.starts_with("class:")) {
      BOOST_TEST(definition.value.find("additionalProperties")->scalar == "false");
      BOOST_TEST(!definition.value.find("allOf"));
    }
}

BOOST_AUTO_TEST_CASE(defaults_are_the_parameters_of_the_class) {
  const Node schema = schema_parts::schema();
  const Node& defaults = *schema.find("oneOf")->elements.at(1).find("properties")->find("defaults");
  BOOST_TEST(defaults.find("properties")->find("B")->find("$ref")->scalar == "#/$defs/class:B");
  const Node& refused =
      *defaults.find("allOf")->elements.at(0).find("additionalProperties")->find("properties");
  for (const std::string name : {"class", "entries", "lazy", "start_timeout"})
    BOOST_TEST(refused.find(name)->scalar == "false");
}

BOOST_AUTO_TEST_SUITE_END()
