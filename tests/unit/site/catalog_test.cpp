#include "support/parts.hpp"

#include <cachesite/cache.hpp>
#include <cachesite/catalog.hpp>
#include <cachesite/logger.hpp>

#include <boost/test/unit_test.hpp>

using cachesite::Catalog;
using cachesite::ComponentContext;

namespace {

struct LengthOptions {
  int length = 1;
  static cachesite::ParameterTable parameters() {
    return {cachesite::parameter("length", &LengthOptions::length, "How long it is.")};
  }
};

template <class Self>
struct Base : parts::IPart {
  std::string describe() const override { return text; }
  std::string text;
};
struct TakesBoth : Base<TakesBoth> {
  using Options = LengthOptions;
  TakesBoth(Options options, const ComponentContext& context) {
    text = context.label + std::to_string(options.length);
  }
};
struct TakesContext : Base<TakesContext> {
  explicit TakesContext(const ComponentContext& context) { text = context.label; }
};
struct TakesNothing : Base<TakesNothing> {};

std::string made_by(const cachesite::ComponentClass& component_class) {
  ComponentContext context;
  context.label = "it";
  const auto options = component_class.make_options();
  const auto made = component_class.make(options.get(), context, {});
  const auto part = component_class.interfaces.front().from_instance(made.instance);
  return static_cast<parts::IPart*>(part.get())->describe();
}

struct HasClass : Base<HasClass> {
  struct Options {
    int number = 0;
    static cachesite::ParameterTable parameters() {
      return {cachesite::parameter("class", &Options::number, "Not allowed.")};
    }
  };
  explicit HasClass(Options) {}
};
struct HasTwice : Base<HasTwice> {
  struct Options {
    int number = 0;
    static cachesite::ParameterTable parameters() {
      return {cachesite::parameter("a", &Options::number, "One."),
              cachesite::parameter("b", &Options::number, "Two.").alias("a")};
    }
  };
  explicit HasTwice(Options) {}
};

}  // namespace

BOOST_AUTO_TEST_SUITE(catalog)

BOOST_AUTO_TEST_CASE(a_new_catalog_holds_the_built_in_classes_and_an_empty_one_none) {
  BOOST_TEST(bool(Catalog().find("NullCache")));
  BOOST_TEST(bool(Catalog().find("ConsoleLogger")));
  BOOST_TEST(Catalog::empty().classes().empty());
}

BOOST_AUTO_TEST_CASE(every_accepted_constructor_is_used) {
  auto catalog = Catalog::empty();
  catalog.add<TakesBoth>("Both");
  catalog.add<TakesContext>("Context");
  catalog.add<TakesNothing>("Nothing");
  BOOST_TEST(made_by(*catalog.find("Both").component_class) == "it1");
  BOOST_TEST(made_by(*catalog.find("Context").component_class) == "it");
  BOOST_TEST(made_by(*catalog.find("Nothing").component_class) == "");
}

BOOST_AUTO_TEST_CASE(a_class_with_one_interface_and_one_with_several_are_described) {
  const auto catalog = parts::catalog();
  BOOST_TEST(catalog.find("Part").component_class->interfaces.size() == 1u);
  const auto hammer = catalog.find("Hammer").component_class;
  BOOST_REQUIRE(hammer->find_interface("ITool"));
  BOOST_TEST(!hammer->find_interface("ICache"));
  BOOST_TEST((catalog.interfaces() == std::vector<std::string>{"IPart", "ITool"}));
}

BOOST_AUTO_TEST_CASE(an_alias_finds_the_class_with_its_presets) {
  const auto catalog = parts::catalog();
  const auto match = catalog.find("old.Part");
  BOOST_REQUIRE(bool(match));
  BOOST_TEST(match.component_class->name == "Part");
  BOOST_REQUIRE(match.alias);
  BOOST_TEST(match.alias->presets.size() == 2u);
  BOOST_TEST(!catalog.find("Part").alias);
  BOOST_TEST(!catalog.find("part"));
}

BOOST_AUTO_TEST_CASE(a_name_that_is_taken_or_empty_is_refused) {
  auto catalog = parts::catalog();
  BOOST_CHECK_THROW(catalog.add<parts::Hammer>("Hammer"), std::invalid_argument);
  BOOST_CHECK_THROW(catalog.add<parts::Hammer>("old.Part"), std::invalid_argument);
  BOOST_CHECK_THROW(catalog.add<parts::Hammer>(""), std::invalid_argument);
  auto added = catalog.add<parts::Hammer>("Mallet");
  BOOST_CHECK_THROW(added.alias("Part"), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(parameters_with_reserved_or_repeated_names_are_refused) {
  auto catalog = Catalog::empty();
  BOOST_CHECK_THROW(catalog.add<HasClass>("HasClass"), std::invalid_argument);
  BOOST_CHECK_THROW(catalog.add<HasTwice>("HasTwice"), std::invalid_argument);
  BOOST_TEST(catalog.classes().empty());
}

BOOST_AUTO_TEST_CASE(a_copy_is_independent) {
  auto original = parts::catalog();
  auto copy = original;
  copy.add<parts::Hammer>("Mallet").text("Softer.").alias("Beetle");
  BOOST_TEST(!original.find("Mallet"));
  auto added = original.add<parts::Hammer>("Axe");
  const auto axe = original;
  added.text("Sharper.");
  BOOST_TEST(axe.find("Axe").component_class->text == "");
  BOOST_TEST(original.find("Axe").component_class->text == "Sharper.");
}

BOOST_AUTO_TEST_CASE(dotted_interface_names_of_fivcglue_mean_ours) {
  const Catalog catalog;
  BOOST_TEST(catalog.interface_name("fivcglue.interfaces.caches.ICache") == "ICache");
  BOOST_TEST(catalog.interface_name("fivcglue.interfaces.loggers.ILogger") == "ILogger");
  BOOST_TEST(catalog.interface_name("ICache") == "ICache");
}

BOOST_AUTO_TEST_SUITE_END()
