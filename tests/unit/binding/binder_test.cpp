#include "binding/binder.hpp"

#include "support/parts.hpp"
#include "support/tree.hpp"

#include <chrono>
#include <cstdint>
#include <optional>

#include <boost/test/unit_test.hpp>

using namespace tree;
using cachesite::parameter;
using cachesite::ParameterTable;
using namespace std::chrono_literals;

namespace {

enum class Colour { red, green };

struct Inner {
  std::uint16_t port = 1;
  std::string host;
  static ParameterTable parameters() {
    return {parameter("host", &Inner::host, "A host.").required(),
            parameter("port", &Inner::port, "A port.").between(1, 65535)};
  }
};

// One parameter of each kind.
struct Everything {
  bool flag = false;
  std::uint16_t port = 6379;
  std::int64_t wide = 0;
  std::uint64_t count = 0;
  double ratio = 0.5;
  std::string text;
  std::string word = "a";
  cachesite::Secret secret;
  std::chrono::milliseconds pause{5};
  cachesite::ByteSize size{1024};
  Colour colour = Colour::red;
  std::optional<int> maybe = 4;
  std::vector<int> numbers;
  std::vector<Inner> inners;
  Inner inner;
  cachesite::Reference<parts::IPart> part;

  static ParameterTable parameters() {
    using O = Everything;
    return {parameter("flag", &O::flag, ""),
            parameter("port", &O::port, "").between(1, 65535).alias("tcp_port"),
            parameter("wide", &O::wide, ""),
            parameter("count", &O::count, ""),
            parameter("ratio", &O::ratio, "").between(0.0, 1.0),
            parameter("text", &O::text, ""),
            parameter("word", &O::word, "").one_of({"a", "bee"}),
            parameter("secret", &O::secret, ""),
            parameter("pause", &O::pause, "").between(1ms, 10s),
            parameter("size", &O::size, "").at_least(cachesite::ByteSize{512}),
            parameter("colour", &O::colour, "").choices({{"red", Colour::red}, {"green", Colour::green}}),
            parameter("maybe", &O::maybe, ""),
            parameter("numbers", &O::numbers, "").between(0, 9),
            parameter("inners", &O::inners, ""),
            parameter("inner", &O::inner, ""),
            parameter("part", &O::part, "")};
  }
};

struct Bound {
  std::string problems;
  Everything options;
};

Bound bind(std::initializer_list<std::pair<std::string_view, Node>> members) {
  static const ParameterTable table = Everything::parameters();
  cachesite::binding::ProblemList problems;
  cachesite::binding::Binder binder(problems);
  std::vector<cachesite::binding::BoundReference> references;
  const auto values = binder.bind_component("Thing", table, map(members), references);
  Bound bound;
  bound.problems = lines(problems.sorted());
  if (bound.problems.empty())
    for (const auto& value : values)
      value.declaration->store(&bound.options, value.value);
  return bound;
}

std::string refusal(std::string_view name, Node value) {
  return bind({{name, std::move(value)}}).problems;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(binder)

BOOST_AUTO_TEST_CASE(every_kind_is_read) {
  const auto bound = bind({{"class", text("Thing")},
                           {"entries", null()},
                           {"flag", boolean(true)},
                           {"port", integer("65535")},
                           {"wide", integer("-9223372036854775808")},
                           {"count", integer("9223372036854775807")},
                           {"ratio", real("1e-1")},
                           {"text", text("abc")},
                           {"word", text("bee")},
                           {"secret", text("s3cret")},
                           {"pause", text("250ms")},
                           {"size", text("64MiB")},
                           {"colour", text("green")},
                           {"maybe", null()},
                           {"numbers", list({integer("1"), integer("9")})},
                           {"inners", list({map({{"host", text("h")}, {"port", integer("2")}})})},
                           {"inner", map({{"host", text("i")}})},
                           {"part", text("other")}});
  BOOST_TEST(bound.problems == "");
  const auto& options = bound.options;
  BOOST_TEST(options.flag);
  BOOST_TEST(options.port == 65535);
  BOOST_TEST(options.wide == std::numeric_limits<std::int64_t>::min());
  BOOST_TEST(options.count == 9223372036854775807u);
  BOOST_TEST(options.ratio == 0.1);
  BOOST_TEST(options.text == "abc");
  BOOST_TEST(options.word == "bee");
  BOOST_TEST(options.secret.reveal() == "s3cret");
  BOOST_TEST((options.pause == 250ms));
  BOOST_TEST(options.size.bytes == 64u * 1024 * 1024);
  BOOST_TEST((options.colour == Colour::green));
  BOOST_TEST(!options.maybe);
  BOOST_TEST((options.numbers == std::vector<int>{1, 9}));
  BOOST_TEST(options.inners.at(0).port == 2);
  BOOST_TEST(options.inner.host == "i");
  BOOST_TEST(options.inner.port == 1);
  BOOST_TEST(options.part.name() == "other");
}

BOOST_AUTO_TEST_CASE(numbers_stand_for_their_characters_where_text_is_wanted) {
  const auto bound = bind({{"text", real("1.10")},
                           {"secret", integer("0012")},
                           {"part", integer("7")},
                           {"pause", integer("5")},
                           {"size", integer("600")}});
  BOOST_TEST(bound.problems == "");
  BOOST_TEST(bound.options.text == "1.10");
  BOOST_TEST(bound.options.secret.reveal() == "0012");
  BOOST_TEST(bound.options.part.name() == "7");
  BOOST_TEST((bound.options.pause == 5s));
  BOOST_TEST(bound.options.size.bytes == 600u);
}

BOOST_AUTO_TEST_CASE(an_unknown_parameter_is_refused_with_the_nearest) {
  BOOST_TEST(refusal("prot", null()) == "E204 Thing has no parameter \"prot\" | did you mean \"port\"?");
  BOOST_TEST(refusal("entires", null()) ==
             "E204 Thing has no parameter \"entires\" | did you mean \"entries\"?");
  BOOST_TEST(refusal("nothing_like_it", null()) == "E204 Thing has no parameter \"nothing_like_it\"");
  BOOST_TEST(refusal("a\nb", null()) == "E204 Thing has no parameter \"a\\x0ab\"");
}

BOOST_AUTO_TEST_CASE(an_alias_is_read_as_its_parameter_but_not_twice) {
  BOOST_TEST(bind({{"tcp_port", integer("5")}}).options.port == 5);
  BOOST_TEST(bind({{"tcp_port", integer("5")}, {"port", integer("6")}}).problems ==
             "E202 the parameter \"port\" is given twice, under two of its names");
}

BOOST_AUTO_TEST_CASE(integers_are_decimal_whole_and_in_range) {
  BOOST_TEST(refusal("port", text("abc")) == "E211 port: expected an integer from 1 to 65535, found \"abc\"");
  BOOST_TEST(refusal("port", integer("0")) == "E211 port: expected an integer from 1 to 65535, found 0");
  BOOST_TEST(refusal("port", integer("65536")) ==
             "E211 port: expected an integer from 1 to 65535, found 65536");
  BOOST_TEST(refusal("port", integer("99999999999999999999")) ==
             "E211 port: expected an integer from 1 to 65535, found 99999999999999999999");
  BOOST_TEST(refusal("port", real("1.0")) == "E211 port: expected an integer from 1 to 65535, found 1.0");
  BOOST_TEST(refusal("port", text("0x10")) ==
             "E211 port: expected an integer from 1 to 65535, found \"0x10\"");
  BOOST_TEST(
      refusal("port", integer("010")) ==
      "E211 port: expected an integer from 1 to 65535, found 010 | write it without leading zeros, which "
      "mean another base elsewhere");
  BOOST_TEST(refusal("port", quoted("80")) ==
             "E211 port: expected an integer from 1 to 65535, found \"80\" | remove the quotes");
  BOOST_TEST(refusal("port", null()) ==
             "E211 port: expected an integer from 1 to 65535, found null | leave it out to use the default");
  BOOST_TEST(refusal("port", list({})) == "E211 port: expected an integer from 1 to 65535, found a list");
  BOOST_TEST(refusal("wide", text("x")) == "E211 wide: expected an integer, found \"x\"");
  BOOST_TEST(refusal("count", integer("-1")) == "E211 count: expected an integer of at least 0, found -1");
  BOOST_TEST(refusal("maybe", text("x")) ==
             "E211 maybe: expected an integer from -2147483648 to 2147483647 or null, found \"x\"");
}

BOOST_AUTO_TEST_CASE(booleans_are_true_and_false_only) {
  for (const auto* word : {"yes", "no", "on", "off", "Yes", "TRUE"})
    BOOST_TEST(refusal("flag", text(word)) == "E212 flag: expected true or false, found \"" +
                                                  std::string(word) + "\" | write true or false");
  BOOST_TEST(refusal("flag", quoted("true")) ==
             "E212 flag: expected true or false, found \"true\" | remove the quotes");
  BOOST_TEST(refusal("flag", integer("1")) ==
             "E212 flag: expected true or false, found 1 | write true or false");
  BOOST_TEST(refusal("flag", text("maybe")) == "E212 flag: expected true or false, found \"maybe\"");
}

BOOST_AUTO_TEST_CASE(reals_are_finite_and_in_range) {
  BOOST_TEST(refusal("ratio", real("1.5")) == "E213 ratio: expected a number from 0 to 1, found 1.5");
  BOOST_TEST(refusal("ratio", real("nan")) ==
             "E213 ratio: expected a number from 0 to 1, found nan | write an ordinary number");
  BOOST_TEST(refusal("ratio", text("inf")) ==
             "E213 ratio: expected a number from 0 to 1, found \"inf\" | write an ordinary number");
  BOOST_TEST(refusal("ratio", text(".nan")) == "E213 ratio: expected a number from 0 to 1, found \".nan\"");
  BOOST_TEST(refusal("ratio", real("1e999")) == "E213 ratio: expected a number from 0 to 1, found 1e999");
  BOOST_TEST(bind({{"ratio", integer("1")}}).options.ratio == 1.0);
}

BOOST_AUTO_TEST_CASE(texts_and_choices_are_held_to_their_words) {
  BOOST_TEST(refusal("text", boolean(true)) ==
             "E214 text: expected text, found true | put it in quotes to make it text");
  BOOST_TEST(refusal("text", null()) ==
             "E214 text: expected text, found null | leave it out to use the default");
  BOOST_TEST(refusal("text", map({})) == "E214 text: expected text, found a mapping");
  BOOST_TEST(refusal("word", text("be")) ==
             "E214 word: expected one of \"a\", \"bee\", found \"be\" | did you mean \"bee\"?");
  BOOST_TEST(refusal("colour", text("grene")) ==
             "E218 colour: expected one of \"red\", \"green\", found \"grene\" | did you mean \"green\"?");
}

BOOST_AUTO_TEST_CASE(durations_and_sizes_are_held_to_their_form_and_range) {
  BOOST_TEST(refusal("pause", text("5x")) ==
             "E216 pause: expected a duration from 1ms to 10s, found \"5x\" | the "
             "units of a duration are w d h m (or min) s ms us ns");
  BOOST_TEST(refusal("pause", integer("11")) == "E216 pause: expected a duration from 1ms to 10s, found 11");
  BOOST_TEST(refusal("pause", text("1500us")) ==
             "E216 pause: expected a duration from 1ms to 10s, found \"1500us\" | write a multiple of 1ms");
  BOOST_TEST(refusal("pause", boolean(true)) ==
             "E216 pause: expected a duration from 1ms to 10s, found true");
  BOOST_TEST(refusal("size", text("64mb")) ==
             "E217 size: expected a size of at least 512, found \"64mb\" | the "
             "units of a size are B KiB MiB GiB TiB PiB EiB and kB MB GB TB PB EB");
  BOOST_TEST(refusal("size", text("511B")) == "E217 size: expected a size of at least 512, found \"511B\"");
}

BOOST_AUTO_TEST_CASE(mistakes_inside_lists_and_groups_are_all_found_and_placed) {
  BOOST_TEST(
      bind({{"numbers", list({integer("10"), text("x"), null()})}, {"inners", map({})}, {"inner", list({})}})
          .problems ==
      "E211 numbers[0]: expected an integer from 0 to 9, found 10\n"
      "E211 numbers[1]: expected an integer from 0 to 9, found \"x\"\n"
      "E211 numbers[2]: expected an integer from 0 to 9, found null | leave it out to use the default\n"
      "E219 inners: expected a list, found a mapping\n"
      "E220 inner: expected a mapping, found a list");
  BOOST_TEST(bind({{"inners",
                    list({map({{"host", text("h")}}), map({{"prot", integer("1")}, {"port", text("x")}})})}})
                 .problems ==
             "E204 inners[1] has no parameter \"prot\" | did you mean \"port\"?\n"
             "E211 inners[1].port: expected an integer from 1 to 65535, found \"x\"\n"
             "E201 inners[1] needs the parameter \"host\" | add host: text");
  BOOST_TEST(refusal("numbers", integer("5")) ==
             "E219 numbers: expected a list, found 5 | write it in brackets: [...]");
}

BOOST_AUTO_TEST_CASE(references_are_component_names) {
  BOOST_TEST(
      refusal("part", text("a b")) ==
      "E221 part: expected the name of a component registered as IPart or null, found \"a b\" | a name is at "
      "most 64 letters, digits, \"_\", \".\" and \"-\"");
  BOOST_TEST(!bind({{"part", null()}}).options.part.is_set());
  BOOST_TEST(bind({{"part", text("")}}).options.part.is_set());
}

BOOST_AUTO_TEST_CASE(secrets_and_substituted_values_never_appear) {
  BOOST_TEST(refusal("secret", boolean(true)) ==
             "E215 secret: expected text, found a boolean | put it in quotes to make it text");
  BOOST_TEST(refusal("secret", list({text("hidden")})) == "E215 secret: expected text, found a list");
  BOOST_TEST(
      refusal("secret", text("******")) ==
      "E215 secret: expected text, found text | ****** stands for a secret that a dump does not show: write "
      "the secret");
  for (const auto* name : {"flag", "port", "ratio", "word", "pause", "size", "colour"})
    BOOST_TEST_CONTEXT(name) {
      const auto problems = refusal(name, substituted("hidden yes"));
      BOOST_TEST(problems.find("hidden") == std::string::npos);
      BOOST_TEST(problems.find("a substituted value") != std::string::npos);
    }
}

BOOST_AUTO_TEST_CASE(substituted_values_are_read_by_their_characters_even_in_quotes) {
  Node port = substituted("80");
  port.quoted = true;
  const auto bound = bind({{"port", port},
                           {"flag", substituted("true")},
                           {"ratio", substituted("0.25")},
                           {"secret", substituted("")},
                           {"pause", substituted("1s")}});
  BOOST_TEST(bound.problems == "");
  BOOST_TEST(bound.options.port == 80);
  BOOST_TEST(bound.options.flag);
  BOOST_TEST(bound.options.ratio == 0.25);
  BOOST_TEST((bound.options.pause == 1s));
}

BOOST_AUTO_TEST_CASE(long_values_are_cut_in_messages_between_characters) {
  std::string value;
  for (int index = 0; index < 100; ++index)
    value += "\xc3\xa4";
  std::string shown = "E211 wide: expected an integer, found \"";
  for (int index = 0; index < 60; ++index)
    shown += "\xc3\xa4";
  BOOST_TEST(refusal("wide", text(value)) == shown + "...\"");
}

BOOST_AUTO_TEST_SUITE_END()
