#include "hex.hpp"
#include "hostile.hpp"

#include <cachesite/pickle_serializer.hpp>

#include <boost/test/unit_test.hpp>
#include <zlib.h>

using namespace cachesite;
using test::hex;
using test::unhex;
using Kind = Data::Kind;

BOOST_AUTO_TEST_SUITE(pickle_serializer)

namespace {

std::string written(const Data& data, std::uint8_t protocol = 5) {
  std::string bytes;
  const auto status = PickleSerializer({{}, protocol}).write_data(data, bytes);
  return status.ok() ? hex(bytes) : std::string(to_string(status.error().code()));
}

Data read(std::string_view digits) {
  auto data = PickleSerializer().read_data(unhex(digits));
  BOOST_REQUIRE_MESSAGE(data.ok(), digits);
  return std::move(data).value();
}

std::string failure_of(std::string_view bytes, const DataLimits& limits = {}) {
  const auto data = PickleSerializer({limits, 5}).read_data(bytes);
  return data.ok() ? "none" : std::string(to_string(data.error().code()));
}

void check_both_ways(const Data& data, std::string_view digits) {
  BOOST_TEST(written(data) == digits);
  BOOST_TEST((read(digits) == data));
}

Data of(Kind kind, Data::List elements = {}) {
  return Data::of_elements(kind, std::move(elements));
}

const Data mixed = Data::map(
    {"name", "Żółć", "n", of(Kind::list, {1, 2.5, Data(), true}), "t", of(Kind::tuple, {1, 2, 3, 4}), "big",
     Data::big_integer("1180591620717411303424"), "neg", Data::big_integer("-1180591620717411303424"), "b",
     Data::bytes(std::string("\0\xFF", 2)), "s", of(Kind::frozen_set, {7}), "e", of(Kind::tuple)});

}  // namespace

BOOST_AUTO_TEST_CASE(the_vectors_of_the_contract_both_ways) {
  check_both_ways(Data(), "80054e2e");
  check_both_ways(Data(true), "8005882e");
  check_both_ways(Data(42), "80054b2a2e");
  check_both_ways(Data(300), "80059504000000000000004d2c012e");
  check_both_ways(Data(70000), "80059506000000000000004a701101002e");
  check_both_ways(Data(-1), "80059506000000000000004affffffff2e");
  check_both_ways(Data(std::int64_t{1} << 40), "80059509000000000000008a060000000000012e");
  check_both_ways(Data(3.5), "8005950a0000000000000047400c0000000000002e");
  check_both_ways(Data("Ada"), "80059507000000000000008c03416461942e");
  check_both_ways(Data::bytes("xy"), "800595060000000000000043027879942e");
  check_both_ways(of(Kind::list), "80055d942e");
  check_both_ways(of(Kind::list, {1, "a"}), "8005950b000000000000005d94284b018c016194652e");
  check_both_ways(Data::map({"a", 1}), "8005950a000000000000007d948c0161944b01732e");
  check_both_ways(of(Kind::tuple, {1, 2}), "80059507000000000000004b014b0286942e");
}

BOOST_AUTO_TEST_CASE(whole_numbers_of_every_length) {
  const std::pair<std::string_view, std::string_view> numbers[] = {
      {"-129", "80059506000000000000004a7fffffff2e"},
      {"2147483648", "80059508000000000000008a0500000080002e"},
      {"2147483647", "80059506000000000000004affffff7f2e"},
      {"-2147483648", "80059506000000000000004a000000802e"},
      {"-2147483649", "80059508000000000000008a05ffffff7fff2e"},
      {"9223372036854775808", "8005950c000000000000008a090000000000000080002e"},
      {"-9223372036854775808", "8005950b000000000000008a0800000000000000802e"},
      {"9223372036854775807", "8005950b000000000000008a08ffffffffffffff7f2e"},
      {"-9223372036854775809", "8005950c000000000000008a09ffffffffffffff7fff2e"},
      {"255", "80054bff2e"},
      {"256", "80059504000000000000004d00012e"},
      {"65535", "80059504000000000000004dffff2e"},
      {"65536", "80059506000000000000004a000001002e"},
  };
  for (const auto& [number, digits] : numbers) {
    const auto data = read(digits);
    BOOST_TEST((data.kind() == Kind::integer ? std::to_string(data.integer()) : data.text()) == number);
    BOOST_TEST(written(data) == digits);
  }
  BOOST_TEST(read("80058a002e").integer() == 0);
  BOOST_TEST(read("80058a0affffffffffffffffffff2e").integer() == -1);
  BOOST_TEST(read("80058a09000000000000008000"
                  "2e")
                 .text() == "9223372036854775808");
  BOOST_TEST(written(Data::big_integer("12a")) == "bad_argument");
  BOOST_TEST(written(Data::big_integer(std::string(10000, '9'))) == "bad_argument");
  BOOST_TEST(failure_of(unhex("80058b01100000") + std::string(4097, 'x') + ".") == "too_large");
  const auto longer = Data::big_integer("1" + std::string(999, '0'));
  std::string bytes;
  BOOST_REQUIRE(PickleSerializer().write_data(longer, bytes).ok());
  BOOST_TEST((PickleSerializer().read_data(bytes).value_or(Data()) == longer));
}

BOOST_AUTO_TEST_CASE(a_mixed_value_has_the_bytes_of_python) {
  const std::string_view body =
      "9574000000000000007d94288c046e616d65948c08c5bbc3b3c582c487948c016e945d94284b014740040000000000004e8865"
      "8c017494284b01"
      "4b024b034b0474948c03626967948a090000000000000000408c036e6567948a090000000000000000c08c016294430200ff94"
      "8c017394284b07"
      "91948c01659429752e";
  check_both_ways(mixed, "8005" + std::string(body));
  BOOST_TEST(written(mixed, 4) == "8004" + std::string(body));
  BOOST_TEST((read("8004" + std::string(body)) == mixed));
}

BOOST_AUTO_TEST_CASE(sets_bytearrays_and_older_protocols_are_read) {
  check_both_ways(of(Kind::set, {1}), "80059507000000000000008f94284b01902e");
  BOOST_TEST((read("8005950d000000000000009602000000000000006162942e") == Data::bytes("ab")));
  const auto expected = Data::map({"a", of(Kind::list, {1, std::int64_t{1} << 40, "x",
                                                        of(Kind::tuple, {1, 2, 3, 4}), 1.5, Data(), true})});
  BOOST_TEST((read("80027d710058010000006171015d7102284b018a060000000000015801000000787103284b014b024b034b047"
                   "47104473ff800"
                   "00000000004e8865732e") == expected));
}

BOOST_AUTO_TEST_CASE(long_containers_and_texts_are_written_as_python_does) {
  struct Long {
    Kind kind;
    int size;
    std::size_t bytes;
    unsigned long crc;
  };
  constexpr Long containers[] = {
      {Kind::list, 1001, 2765, 259853520},        {Kind::list, 2001, 5767, 4014110129},
      {Kind::set, 1001, 2765, 1410211491},        {Kind::set, 2001, 5767, 310998434},
      {Kind::frozen_set, 2001, 5762, 1208035895}, {Kind::tuple, 2001, 5762, 3878172796},
      {Kind::map, 1001, 5512, 1270234543},        {Kind::map, 2001, 11514, 2556732821}};
  for (const auto& [kind, size, length, crc] : containers) {
    Data::List elements;
    for (int number = 0; number < size; ++number)
      elements.insert(elements.end(), kind == Kind::map ? 2U : 1U, Data(number));
    const auto data = of(kind, std::move(elements));
    std::string bytes;
    BOOST_REQUIRE(PickleSerializer().write_data(data, bytes).ok());
    BOOST_TEST(bytes.size() == length);
    BOOST_TEST(::crc32(0, reinterpret_cast<const Bytef*>(bytes.data()), static_cast<uInt>(bytes.size())) ==
               crc);
    BOOST_TEST((PickleSerializer().read_data(bytes).value_or(Data()) == data));
  }
  BOOST_TEST(written(Data(std::string(300, 'x'))).substr(0, 40) ==
             "8005953301000000000000582c01000078787878");
}

BOOST_AUTO_TEST_CASE(lengths_take_their_shortest_form) {
  struct Length {
    std::size_t size;
    std::string_view text, bytes;
  };
  const Length lengths[] = {{0, "8c00", "4300"},
                            {1, "8c01", "4301"},
                            {255, "8cff", "43ff"},
                            {256, "5800010000", "4200010000"},
                            {65536, "5800000100", "4200000100"}};
  for (const auto& [size, text, bytes] : lengths) {
    const std::string content(size, 'x');
    for (const auto& [data, head] :
         {std::pair{Data(content), text}, std::pair{Data::bytes(content), bytes}}) {
      std::string stored;
      BOOST_REQUIRE(PickleSerializer().write_data(data, stored).ok());
      // Behind the protocol and, where there is one, the frame.
      const auto body = unhex(head) + content + "\x94.";
      BOOST_TEST((stored.substr(stored.size() - body.size()) == body));
      BOOST_TEST(stored.size() == body.size() + (body.size() < 4 ? 2 : 11));
      BOOST_TEST((PickleSerializer().read_data(stored).value_or(Data()) == data));
    }
  }
  // Digits are written as so many bytes in two's complement.
  const auto number_of_bytes = [](std::size_t size) {
    return read("80058b" +
                hex(std::string{static_cast<char>(size & 0xFFU), static_cast<char>(size >> 8U), '\0', '\0'}) +
                hex(std::string(size, '\x7F')) + "2e");
  };
  BOOST_TEST(written(number_of_bytes(255)).substr(22, 4) == "8aff");
  BOOST_TEST(written(number_of_bytes(256)).substr(22, 10) == "8b00010000");
  BOOST_TEST(written(number_of_bytes(4096)).substr(22, 10) == "8b00100000");
}

BOOST_AUTO_TEST_CASE(protocols_from_two_to_five_are_read) {
  for (unsigned protocol = 0; protocol < 256; ++protocol) {
    const std::string bytes{'\x80', static_cast<char>(protocol), 'N', '.'};
    BOOST_TEST(failure_of(bytes) == (protocol >= 2 && protocol <= 5 ? "none" : "corrupt"));
  }
  BOOST_TEST(failure_of("N.") == "corrupt");
  BOOST_TEST(failure_of(unhex("80054e")) == "corrupt");
  BOOST_TEST(failure_of(unhex("80054e2e2e")) == "corrupt");
}

BOOST_AUTO_TEST_CASE(a_frame_is_at_most_as_long_as_what_follows) {
  BOOST_TEST(failure_of(unhex("80059500000000000000004e2e")) == "none");
  BOOST_TEST(failure_of(unhex("80059502000000000000004e2e")) == "none");
  BOOST_TEST(failure_of(unhex("80059503000000000000004e2e")) == "corrupt");
}

BOOST_AUTO_TEST_CASE(references_and_values_are_bounded_together_and_to_the_last_one) {
  // A list of a value and `count` references to it.
  const auto list = [](std::size_t count) {
    std::string bytes = unhex("80055d284e94");
    for (std::size_t index = 0; index < count; ++index)
      bytes += std::string("h\0", 2);
    return bytes + "e.";
  };
  const auto plain = [](std::size_t count) { return unhex("800528") + std::string(count, 'N') + "t."; };
  BOOST_TEST(failure_of(plain(999), {64, 1000}) == "none");
  BOOST_TEST(failure_of(plain(1000), {64, 1000}) == "too_large");
  BOOST_TEST(failure_of(list(998), {64, 1000}) == "none");
  BOOST_TEST(failure_of(list(999), {64, 1000}) == "too_large");
  // The first reference to a text costs nothing beside its value, each further one as much as it takes.
  const auto texts = [](std::size_t count) {
    std::string bytes = unhex("8005285800100000") + std::string(4096, 'x') + unhex("94");
    for (std::size_t index = 0; index < count; ++index)
      bytes += std::string("h\0", 2);
    return bytes + "t.";
  };
  const std::size_t each = 1 + 4096 / sizeof(Data);
  BOOST_TEST(failure_of(texts(0), {64, 2}) == "none");
  BOOST_TEST(failure_of(texts(10), {64, 2 + 10 * each}) == "none");
  BOOST_TEST(failure_of(texts(10), {64, 1 + 10 * each}) == "too_large");
}

BOOST_AUTO_TEST_CASE(a_part_referred_to_twice_is_there_twice) {
  const auto part = of(Kind::list, {"a"});
  BOOST_TEST((read("8005950e000000000000005d94285d948c016194616801652e") == of(Kind::list, {part, part})));
}

BOOST_AUTO_TEST_CASE(what_refers_to_itself_is_refused) {
  BOOST_TEST(failure_of(unhex("80059506000000000000005d946800612e")) == "corrupt");
}

BOOST_AUTO_TEST_CASE(references_that_multiply_are_bounded) {
  // Each list holds the one before twice: 2^60 values in a few bytes.
  std::string nested = unhex("8005285d94");
  for (int level = 0; level < 60; ++level)
    nested += unhex("5d94") + "(h" + static_cast<char>(level) + "h" + static_cast<char>(level) + "e";
  nested += "t.";
  BOOST_TEST(failure_of(nested) == "too_large");
  // A long text referred to again and again.
  std::string repeated = unhex("8005285800000100") + std::string(65536, 'x') + unhex("94");
  for (int times = 0; times < 100000; ++times)
    repeated += std::string("h\0", 2);
  BOOST_TEST(failure_of(repeated + "t.") == "too_large");
}

BOOST_AUTO_TEST_CASE(nothing_that_imports_or_calls_is_run) {
  // datetime.date(2024, 1, 2), and the function print.
  BOOST_TEST(failure_of(unhex(
                 "80059520000000000000008c086461746574696d65948c0464617465949394430407e8010294859452942e")) ==
             "corrupt");
  BOOST_TEST(failure_of(unhex("80059516000000000000008c086275696c74696e73948c057072696e749493942e")) ==
             "corrupt");
  BOOST_TEST(failure_of("cos\nsystem\n(S'true'\ntR.") == "corrupt");
  BOOST_TEST(failure_of(unhex("8003") + "cos\nsystem\nq\x01.") == "corrupt");
  // Every operation that is not in the subset.
  for (int opcode = 0; opcode < 256; ++opcode) {
    const std::string known =
        "().BCGJKMNX]aehjqrstu}\x80\x85\x86\x87\x88\x89\x8a\x8b\x8c\x8d\x8e\x8f\x90\x91\x94\x95\x96";
    if (known.find(static_cast<char>(opcode)) != std::string::npos) continue;
    BOOST_TEST(failure_of(unhex("80054e4e") + static_cast<char>(opcode) + std::string(16, '\0') + ".") ==
               "corrupt");
  }
}

BOOST_AUTO_TEST_CASE(malformed_programs_are_refused) {
  for (const auto* const bad : {"",
                                "80",
                                "8005",
                                "80052e",
                                "8005282e",
                                "80054e4e2e",
                                "80054e",
                                "80054e2e00",
                                "8006"
                                "4e2e",
                                "80014e2e",
                                "8005612e",
                                "80055d612e",
                                "80055d4e4e752e",
                                "80057d284e752e",
                                "80055d654e2e",
                                "80056800"
                                "2e",
                                "80054e680"
                                "12e",
                                "80054e72ffffffff2e",
                                "80058f285d902e",
                                "80057d5d4e732e",
                                "80058c05612e",
                                "80058c01ff2e",
                                "8005284b0186"
                                "2e",
                                "8005940"
                                "02e",
                                "800528942e",
                                "80059500000000000000ff4e2e",
                                "80058dffffffffffffffff2e"})
    BOOST_TEST(failure_of(unhex(bad)) == "corrupt");
}

BOOST_AUTO_TEST_CASE(nesting_and_parts_are_bounded) {
  const auto nested = [](int depth) {
    return unhex("8005") + std::string(static_cast<std::size_t>(depth), ']') +
           std::string(static_cast<std::size_t>(depth - 1), 'a') + ".";
  };
  BOOST_TEST(failure_of(nested(64)) == "none");
  BOOST_TEST(failure_of(nested(65)) == "too_large");
  BOOST_TEST(failure_of(nested(900000)) == "too_large");
  BOOST_TEST(failure_of(unhex("8005285d") + std::string(2000, 'N') + "t.", {64, 1000}) == "too_large");
}

BOOST_AUTO_TEST_CASE(what_stands_side_by_side_is_not_nested) {
  for (const auto& part : {of(Kind::list, {1}), of(Kind::tuple, {1, 2, 3, 4}), of(Kind::set, {1}),
                           of(Kind::frozen_set, {1}), Data::map({"a", 1})}) {
    const auto many = of(Kind::list, Data::List(100, part));
    BOOST_TEST((PickleSerializer({{3, 1000}, 5}).read_data(unhex(written(many))).value_or(Data()) == many));
  }
}

BOOST_AUTO_TEST_CASE(what_takes_more_than_plain_data_is_not_written) {
  for (const auto kind : {Kind::date, Kind::date_time, Kind::decimal, Kind::uuid})
    BOOST_TEST(written(Data::of_text(kind, "x")) == "bad_argument");
  BOOST_TEST(written(of(Kind::object, {Data::map()})) == "bad_argument");
  BOOST_TEST(written(Data("\xC0")) == "bad_argument");
  std::string bytes;
  BOOST_TEST(!PickleSerializer({{}, 3}).write_data(Data(), bytes).ok());
}

BOOST_AUTO_TEST_CASE(damage_is_a_value_or_a_reason) {
  const auto bytes = unhex(written(mixed));
  test::for_each_damage(bytes, [&](const std::string& damaged) {
    const auto result = PickleSerializer().read_data(damaged);
    if (damaged.size() != bytes.size()) BOOST_REQUIRE(!result.ok());
  });
}

BOOST_AUTO_TEST_SUITE_END()
