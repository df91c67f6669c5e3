#include "hostile.hpp"

#include <cachesite/json_serializer.hpp>

#include <cmath>
#include <limits>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using Kind = Data::Kind;

namespace {

std::string written(const Data& data, bool ascii = false) {
  std::string bytes;
  const auto status = JsonSerializer({{}, ascii}).write_data(data, bytes);
  return status.ok() ? bytes : "[" + std::string(to_string(status.error().code())) + "]";
}

Data read(std::string_view text) {
  auto data = JsonSerializer().read_data(text);
  BOOST_REQUIRE_MESSAGE(data.ok(), text);
  return std::move(data).value();
}

std::string failure_of(std::string_view text, const DataLimits& limits = {}) {
  const auto data = JsonSerializer({limits, false}).read_data(text);
  return data.ok() ? "none" : std::string(to_string(data.error().code()));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(json_serializer)

BOOST_AUTO_TEST_CASE(the_text_of_redis_kit_both_ways) {
  const std::string text = R"({"name": "Żółć", "n": [1, 2.5, null, true]})";
  const auto data = Data::map({"name", "Żółć", "n", Data::list({1, 2.5, Data(), true})});
  BOOST_TEST(written(data) == text);
  BOOST_TEST((read(text) == data));
  BOOST_TEST((read(R"( {"name":"\u017b\u00f3\u0142\u0107","n":[1,25e-1,null,true]} )") == data));
  for (const std::string_view same :
       {"null", "true", "false", "0", "-17", "\"\"", "[]", "{}", "[[]]", "[{}, {}]"})
    BOOST_TEST(written(read(same)) == same);
}

BOOST_AUTO_TEST_CASE(reals_are_written_as_python_does) {
  const std::pair<double, std::string_view> numbers[] = {{0.1, "0.1"},
                                                         {1.0, "1.0"},
                                                         {1e15, "1000000000000000.0"},
                                                         {1e16, "1e+16"},
                                                         {1e-4, "0.0001"},
                                                         {1e-5, "1e-05"},
                                                         {123456789012345678.0, "1.2345678901234568e+17"},
                                                         {5e-324, "5e-324"},
                                                         {1.7976931348623157e308, "1.7976931348623157e+308"},
                                                         {-0.0, "-0.0"},
                                                         {2.5e-7, "2.5e-07"},
                                                         {1e22, "1e+22"},
                                                         {9007199254740993.0, "9007199254740992.0"},
                                                         {100000.0, "100000.0"}};
  for (const auto& [number, text] : numbers) {
    BOOST_TEST(written(Data(number)) == text);
    BOOST_TEST(read(text).real() == number);
    BOOST_TEST((read(text).kind() == Kind::real));
  }
}

BOOST_AUTO_TEST_CASE(the_literals_of_python_both_ways) {
  const double infinity = std::numeric_limits<double>::infinity();
  BOOST_TEST(written(Data(infinity)) == "Infinity");
  BOOST_TEST(written(Data(-infinity)) == "-Infinity");
  BOOST_TEST(written(Data(std::nan(""))) == "NaN");
  const auto data = read(R"({"NaN": [NaN, "Infinity", -Infinity, "a\"NaN", Infinity], "": ""})");
  BOOST_REQUIRE(data.find("NaN") != nullptr);
  const auto& list = data.find("NaN")->elements();
  BOOST_REQUIRE(list.size() == 5u);
  BOOST_TEST(std::isnan(list[0].real()));
  BOOST_TEST(list[1].text() == "Infinity");
  BOOST_TEST(list[2].real() == -infinity);
  BOOST_TEST(list[3].text() == "a\"NaN");
  BOOST_TEST(list[4].real() == infinity);
  BOOST_TEST(data.find("")->text().empty());
  for (const auto* const bad :
       {"{NaN: 1}", "nan", "NaN NaN", "[NaN", "-NaN", "+Infinity", "Infinit", "\"NaN"})
    BOOST_TEST(failure_of(bad) == "corrupt");
}

BOOST_AUTO_TEST_CASE(whole_numbers_keep_every_digit) {
  for (const std::string_view text :
       {"9223372036854775807", "-9223372036854775808", "9223372036854775808", "18446744073709551615",
        "18446744073709551616", "-9223372036854775809", "123456789012345678901234567890"})
    BOOST_TEST(written(read(text)) == text);
  BOOST_TEST((read("9223372036854775808") == Data(std::uint64_t{1} << 63U)));
}

BOOST_AUTO_TEST_CASE(text_is_escaped_as_python_does) {
  const std::string text = "\"\\\n\r\t\f\b\x01\x7F/é😀\u2028";
  BOOST_TEST(written(Data(text)) == "\"\\\"\\\\\\n\\r\\t\\f\\b\\u0001\x7F/é😀\u2028\"");
  BOOST_TEST(written(Data("é😀\x7F\u2028"), true) == R"("\u00e9\ud83d\ude00\u007f\u2028")");
  BOOST_TEST((read(written(Data(text))) == Data(text)));
  BOOST_TEST((read(written(Data(text), true)) == Data(text)));
  for (const auto* const bad : {"\xFF", "\xC0\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xE2\x82"}) {
    BOOST_TEST(written(Data(bad)) == "[bad_argument]");
    BOOST_TEST(failure_of('"' + std::string(bad) + '"') == "corrupt");
  }
}

BOOST_AUTO_TEST_CASE(what_json_has_no_form_for_is_written_as_rick_does) {
  std::string uuid;
  for (char byte = 0; byte < 16; ++byte)
    uuid.push_back(byte);
  BOOST_TEST(written(Data::of_text(Kind::uuid, uuid)) == "\"00010203-0405-0607-0809-0a0b0c0d0e0f\"");
  BOOST_TEST(written(Data::of_text(Kind::date, "2024-02-29")) == "\"2024-02-29\"");
  BOOST_TEST(written(Data::of_text(Kind::decimal, "1.10")) == "\"1.10\"");
  BOOST_TEST(written(Data::bytes("xy")) == "\"xy\"");
  BOOST_TEST(written(Data::bytes("\xFF")) == "[bad_argument]");
  BOOST_TEST(written(Data::of_elements(Kind::tuple, {1, 2})) == "[1, 2]");
  BOOST_TEST(written(Data::of_elements(Kind::set, {1})) == "[1]");
  const auto object = Data::of_elements(
      Kind::object, {Data::map({"__class__", "app.User", "__data__", Data::map({"id", 1})})});
  BOOST_TEST(written(object) == R"({"id": 1})");
  BOOST_TEST(written(Data::map({1, 2, Data(), 3, true, 4, 2.5, 5})) ==
             R"({"1": 2, "null": 3, "true": 4, "2.5": 5})");
  BOOST_TEST(written(Data::map({Data::list(), 1})) == "[bad_argument]");
}

BOOST_AUTO_TEST_CASE(of_a_key_that_stands_twice_the_last_one_counts) {
  BOOST_TEST(read(R"({"a": 1, "a": 2})").find("a")->integer() == 2);
}

BOOST_AUTO_TEST_CASE(other_texts_are_no_json) {
  for (const auto* const bad :
       {"",  " ", "[1,]", "{\"a\":1,}", "[1 2]",   "01",          "1.",  ".5",    "+1",  "'a'",     "{a: 1}",
        "[", "]", "[1]]", "// c\n1",    "\"\\x\"", "\"\\ud800\"", "tru", "nulll", "1 2", "\"a\nb\""})
    BOOST_TEST(failure_of(bad) == "corrupt");
  BOOST_TEST(failure_of(std::string_view("1\0", 2)) == "corrupt");
}

BOOST_AUTO_TEST_CASE(nesting_and_parts_are_bounded) {
  const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  BOOST_TEST(failure_of(nested(64)) == "none");
  BOOST_TEST(failure_of(nested(65)) == "too_large");
  BOOST_TEST(failure_of(std::string(1 << 20, '[')) == "too_large");
  BOOST_TEST(failure_of("[1, 2, 3]", {64, 4}) == "none");
  BOOST_TEST(failure_of("[1, 2, 3]", {64, 3}) == "too_large");
}

BOOST_AUTO_TEST_CASE(what_stands_side_by_side_is_not_nested) {
  for (const auto& part : {Data::list({1}), Data::map({"a", Data::list()})}) {
    const auto many = Data::list(Data::List(100, part));
    BOOST_TEST((JsonSerializer({{4, 1000}, false}).read_data(written(many)).value_or(Data()) == many));
  }
}

BOOST_AUTO_TEST_CASE(damage_is_a_value_or_a_reason) {
  const std::string text = R"({"a": [1, -2.5e3, NaN, "text \u00e9", null, true], "b": {}})";
  test::for_each_damage(text, [&](const std::string& damaged) {
    const auto result = JsonSerializer().read_data(damaged);
    if (damaged.size() != text.size()) BOOST_REQUIRE(!result.ok());
  });
}

BOOST_AUTO_TEST_SUITE_END()
