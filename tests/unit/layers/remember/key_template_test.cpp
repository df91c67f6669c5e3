#include <cachesite/detail/cache_key_part.hpp>
#include <cachesite/detail/key_template.hpp>

#include <limits>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;

namespace shop {

struct Isbn {
  std::string digits;
};
std::string cache_key_part(const Isbn& isbn) {
  return "isbn-" + isbn.digits;
}
enum class Colour : signed char { red = -1, green = 2 };

}  // namespace shop

namespace {

using Texts = std::vector<std::string>;

std::string key(std::string_view text, const Texts& arguments, const Texts& names = {}) {
  return KeyTemplate(text, names, arguments.size()).key(arguments);
}

std::string complaint(std::string_view text, const Texts& names = {"id", "name"}, std::size_t arguments = 3) {
  try {
    const KeyTemplate parsed(text, names, arguments);
    return "";
  } catch (const std::invalid_argument& refusal) {
    return refusal.what();
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(key_template)

BOOST_AUTO_TEST_CASE(places_are_filled_by_name_and_by_number) {
  BOOST_TEST(key("user:{id}", {"42"}, {"id"}) == "user:42");
  BOOST_TEST(key("user:{0}", {"42"}) == "user:42");
  BOOST_TEST(key("{name}:{0}/{1}", {"42", "ada", "x"}, {"id", "name"}) == "ada:42/ada");
  BOOST_TEST(key("fixed", {"42"}) == "fixed");
  BOOST_TEST(key("fixed", {}) == "fixed");
}

BOOST_AUTO_TEST_CASE(doubled_braces_stand_for_braces) {
  BOOST_TEST(key("{{user}}:{0}", {"42"}) == "{user}:42");
  BOOST_TEST(key("{{{0}}}:a", {"42"}) == "{42}:a");
}

BOOST_AUTO_TEST_CASE(a_wrong_template_is_refused_with_the_reason) {
  BOOST_TEST(complaint("{id}") ==
             "key template \"{id}\": the argument \"name\" has no placeholder; if it does not belong to the "
             "key, its "
             "name is \"\"");
  BOOST_TEST(complaint("user:{id") == "key template \"user:{id\": a brace is not closed");
  BOOST_TEST(complaint("user:{id{name}") == "key template \"user:{id{name}\": a brace is not closed");
  BOOST_TEST(complaint("user:id}") == "key template \"user:id}\": a brace is closed that was not opened");
  BOOST_TEST(complaint("{mail}") == "key template \"{mail}\": there is no argument {mail}");
  BOOST_TEST(complaint("{3}") == "key template \"{3}\": there is no argument {3}");
  BOOST_TEST(complaint("{}") == "key template \"{}\": there is no argument {}");
  BOOST_TEST(complaint("{id:03}") == "key template \"{id:03}\": there is no argument {id:03}");
  BOOST_TEST(complaint("{99999999999999999999}").ends_with("there is no argument {99999999999999999999}"));
  BOOST_TEST(complaint("k", {"a", "a"}) == "key template \"k\": two arguments are called \"a\"");
  BOOST_TEST(complaint("k", {"0"}) == "key template \"k\": \"0\" cannot be the name of an argument");
  BOOST_TEST(complaint("k", {"a", "b"}, 1) == "key template \"k\": there are more names than arguments");
  BOOST_TEST(complaint("{id}:{name}:{2}") == "");
}

BOOST_AUTO_TEST_CASE(weakness_33_different_arguments_never_make_the_same_key) {
  const Texts parts{"", "1", "12", "2", "23", "a", "a:b", ":", "%", "%3A", "1'1", "'", "a--b", "-", "x", "0"};
  for (const auto* text : {"{0}{1}{2}", "a:{0}{1}:{2}", "{0}:{1}:{2}", "{0}1{1}-{2}", "{0}::{1}%{2}",
                           "{0}--{1}a{2}z", "k{2}{0}.{1}", "{0}'{1}'{2}"}) {
    std::set<std::string> keys;
    for (const auto& first : parts)
      for (const auto& second : parts)
        for (const auto& third : parts)
          keys.insert(key(text, {first, second, third}));
    BOOST_TEST(keys.size() == parts.size() * parts.size() * parts.size(), text);
  }
}

// Every text of up to two of these bytes stands between places, and every argument is made of them.
BOOST_AUTO_TEST_CASE(no_separator_lets_different_arguments_make_the_same_key) {
  const std::string bytes = "%:'a1+-._2/5";
  Texts separators{""};
  for (const char first : bytes) {
    separators.push_back(std::string(1, first));
    for (const char second : bytes)
      separators.push_back({first, second});
  }
  for (const auto& separator : separators) {
    Texts arguments{"", "x", "25", "%25", "1'"};
    if (!separator.empty())
      for (const std::string inner : {"", "x", "1", "%", "25"}) {
        arguments.push_back(separator + inner);
        arguments.push_back(inner + separator);
        arguments.push_back(inner + separator.front());
      }
    const std::set<std::string> distinct(arguments.begin(), arguments.end());
    const KeyTemplate parsed("{0}" + separator + "{1}", {}, 2);
    std::set<std::string> keys;
    for (const auto& first : distinct)
      for (const auto& second : distinct)
        keys.insert(parsed.key(Texts{first, second}));
    BOOST_TEST(keys.size() == distinct.size() * distinct.size(), "{0}" << separator << "{1}");
  }
}

BOOST_AUTO_TEST_CASE(an_argument_without_a_place_has_no_name) {
  BOOST_TEST(complaint("u", {"id"}, 1) ==
             "key template \"u\": the argument \"id\" has no placeholder; if it does not belong to the key, "
             "its name is "
             "\"\"");
  BOOST_TEST(complaint("u:{0}", {"id"}, 1) == "");
  BOOST_TEST(complaint("u:{id}", {"id"}, 2) == "");
  BOOST_TEST(complaint("u", {}, 2) == "");
  BOOST_TEST(complaint("u:{name}", {"", "name"}, 2) == "");
  BOOST_TEST(complaint("u:{name}", {"", "name", ""}, 3) == "");
  BOOST_TEST(complaint("u:{}", {"", ""}, 2) == "key template \"u:{}\": there is no argument {}");
  BOOST_TEST(key("u:{name}", {"1", "ada"}, {"", "name"}) == "u:ada");
}

BOOST_AUTO_TEST_CASE(plain_arguments_make_the_keys_that_python_makes) {
  BOOST_TEST(key("shop:{0}:{1}", {"eu", "42"}) == "shop:eu:42");
  BOOST_TEST(key("user:{0}", {"a:b%c"}) == "user:a:b%c");
  BOOST_TEST(key("{0}:{1}", {"a:b", "c:d"}) == "a%3Ab:c:d");
  BOOST_TEST(key("{0}{1}", {"1", "23"}) == "1'123");
}

BOOST_AUTO_TEST_CASE(arguments_of_every_kind_have_a_text) {
  BOOST_TEST(cache_key_part(42) == "42");
  BOOST_TEST(cache_key_part(std::numeric_limits<std::int64_t>::min()) == "-9223372036854775808");
  BOOST_TEST(cache_key_part(std::numeric_limits<std::uint64_t>::max()) == "18446744073709551615");
  BOOST_TEST(cache_key_part(true) == "true");
  BOOST_TEST(cache_key_part('x') == "x");
  BOOST_TEST(cache_key_part(0.1) == "0.1");
  BOOST_TEST(cache_key_part(-0.0) == cache_key_part(0.0));
  BOOST_TEST(cache_key_part(0.1F) == "0.1");
  BOOST_TEST(cache_key_part(std::string("ada")) == "ada");
  BOOST_TEST(cache_key_part("ada") == "ada");
  BOOST_TEST(cache_key_part(std::string_view("ada")) == "ada");
  BOOST_TEST(cache_key_part(shop::Colour::red) == "-1");
  BOOST_TEST(cache_key_part(shop::Isbn{"123"}) == "isbn-123");
  BOOST_TEST(CacheKeyPart<shop::Isbn>);
  BOOST_TEST(!CacheKeyPart<Texts>);
}

BOOST_AUTO_TEST_SUITE_END()
