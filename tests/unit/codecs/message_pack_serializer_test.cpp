#include "hex.hpp"
#include "hostile.hpp"

#include <cachesite/message_pack_serializer.hpp>

#include <algorithm>
#include <limits>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using test::hex;
using test::unhex;

namespace {

std::string written(const Data& data, bool write_objects = false) {
  std::string bytes;
  const auto status = MessagePackSerializer({{}, write_objects}).write_data(data, bytes);
  return status.ok() ? hex(bytes) : std::string(to_string(status.error().code()));
}

std::string failure_of(std::string_view bytes, const DataLimits& limits = {}) {
  const auto data = MessagePackSerializer({limits, false}).read_data(bytes);
  return data.ok() ? "none" : std::string(to_string(data.error().code()));
}

void check_both_ways(const Data& data, std::string_view digits) {
  BOOST_TEST(written(data, true) == digits);
  const auto read = MessagePackSerializer().read_data(unhex(digits));
  BOOST_REQUIRE(read.ok());
  BOOST_TEST((read.value() == data));
}

Data sequence(Data::List elements) {
  return Data::list(std::move(elements));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(message_pack_serializer)

// The bytes are those of Python's msgpack.
BOOST_AUTO_TEST_CASE(whole_numbers_take_their_shortest_form) {
  const std::pair<std::int64_t, std::string_view> numbers[] = {
      {0, "00"},
      {127, "7f"},
      {128, "cc80"},
      {255, "ccff"},
      {256, "cd0100"},
      {32768, "cd8000"},
      {65535, "cdffff"},
      {65536, "ce00010000"},
      {2147483647, "ce7fffffff"},
      {2147483648, "ce80000000"},
      {4294967296, "cf0000000100000000"},
      {-1, "ff"},
      {-32, "e0"},
      {-33, "d0df"},
      {-128, "d080"},
      {-129, "d1ff7f"},
      {-32769, "d2ffff7fff"},
      {-2147483648LL, "d280000000"},
      {-2147483649LL, "d3ffffffff7fffffff"},
      {std::numeric_limits<std::int64_t>::max(), "cf7fffffffffffffff"},
      {std::numeric_limits<std::int64_t>::min(), "d38000000000000000"}};
  for (const auto& [number, digits] : numbers)
    check_both_ways(Data(number), digits);
  check_both_ways(Data(std::numeric_limits<std::uint64_t>::max()), "cfffffffffffffffff");
  BOOST_TEST(written(Data::big_integer("18446744073709551616")) == "bad_argument");
  BOOST_TEST(written(Data::big_integer("-9223372036854775809")) == "bad_argument");
}

BOOST_AUTO_TEST_CASE(other_scalars_and_containers) {
  check_both_ways(Data(), "c0");
  check_both_ways(Data(true), "c3");
  check_both_ways(Data(false), "c2");
  check_both_ways(Data(1.5), "cb3ff8000000000000");
  check_both_ways(Data("Ada"), "a3416461");
  check_both_ways(Data(""), "a0");
  check_both_ways(Data::bytes("xy"), "c4027879");
  check_both_ways(sequence({1, "a"}), "9201a161");
  check_both_ways(Data::map({"a", 1}), "81a16101");
  check_both_ways(Data::map({1, Data()}), "8101c0");
  BOOST_TEST(MessagePackSerializer().read_data(unhex("ca3fc00000")).value_or(Data()).real() == 1.5);
  for (const std::size_t size : {31u, 32u, 255u, 256u, 65535u, 65536u}) {
    for (const auto& data : {Data(std::string(size, 'x')), Data::bytes(std::string(size, 'x')),
                             sequence(Data::List(size, Data(1)))}) {
      std::string bytes;
      BOOST_REQUIRE(MessagePackSerializer().write_data(data, bytes).ok());
      BOOST_TEST((MessagePackSerializer().read_data(bytes).value_or(Data()) == data));
    }
  }
}

BOOST_AUTO_TEST_CASE(lengths_take_their_shortest_form) {
  struct Length {
    std::size_t size;
    std::string_view text, bytes, list, map, memory_view;
  };
  const Length lengths[] = {
      {0, "a0", "c400", "90", "80", "c70006"},
      {1, "a1", "c401", "91", "81", "d406"},
      {2, "a2", "c402", "92", "82", "d506"},
      {3, "a3", "c403", "93", "83", "c70306"},
      {4, "a4", "c404", "94", "84", "d606"},
      {8, "a8", "c408", "98", "88", "d706"},
      {15, "af", "c40f", "9f", "8f", "c70f06"},
      {16, "b0", "c410", "dc0010", "de0010", "d806"},
      {17, "b1", "c411", "dc0011", "de0011", "c71106"},
      {31, "bf", "c41f", "dc001f", "de001f", "c71f06"},
      {32, "d920", "c420", "dc0020", "de0020", "c72006"},
      {255, "d9ff", "c4ff", "dc00ff", "de00ff", "c7ff06"},
      {256, "da0100", "c50100", "dc0100", "de0100", "c8010006"},
      {65535, "daffff", "c5ffff", "dcffff", "deffff", "c8ffff06"},
      {65536, "db00010000", "c600010000", "dd00010000", "df00010000", "c90001000006"},
  };
  for (const auto& [size, text, bytes, list, map, memory_view] : lengths) {
    const std::string content(size, 'x');
    const auto expect = [](const Data& data, std::string_view head, const std::string& rest) {
      std::string stored;
      BOOST_REQUIRE(MessagePackSerializer().write_data(data, stored).ok());
      BOOST_TEST((stored == unhex(head) + rest),
                 head << " expected, " << hex(stored.substr(0, 8)) << " written");
      BOOST_TEST((MessagePackSerializer().read_data(stored).value_or(Data()) == data));
    };
    expect(Data(content), text, content);
    expect(Data::bytes(content), bytes, content);
    expect(Data::of_text(Data::Kind::memory_view, content), memory_view, content);
    expect(sequence(Data::List(size, Data(1))), list, std::string(size, '\x01'));
    expect(Data::map(Data::List(2 * size, Data(1))), map, std::string(2 * size, '\x01'));
  }
}

// Of each type the shortest content that it can have.
BOOST_AUTO_TEST_CASE(each_type_takes_exactly_its_bytes) {
  for (unsigned type = 0; type < 256; ++type) {
    // Enough for every type: lengths of 1 in all widths would be ambiguous, so each width is tried.
    std::size_t taken = 0;
    for (std::size_t size = 1; size <= 40 && taken == 0; ++size) {
      std::string bytes(size, '\0');
      bytes[0] = static_cast<char>(type);
      if (type >= 0x80 && type < 0xA0) std::fill(bytes.begin() + 1, bytes.end(), '\xC0');
      if (failure_of(bytes) == "none") taken = size;
    }
    constexpr std::size_t extension = 0;  // the code 0 is of no extension type that is known
    const auto expected = [&]() -> std::size_t {
      if (type < 0x80 || type >= 0xE0) return 1;
      if (type < 0x90) return 1 + 2 * (type & 15U);
      if (type < 0xA0) return 1 + (type & 15U);
      if (type < 0xC0) return 1 + (type & 31U);
      switch (type) {
        case 0xC0:
        case 0xC2:
        case 0xC3:
          return 1;
        case 0xC4:
        case 0xCC:
        case 0xD0:
        case 0xD9:
          return 2;
        case 0xC5:
        case 0xCD:
        case 0xD1:
        case 0xDA:
        case 0xDC:
        case 0xDE:
          return 3;
        case 0xC6:
        case 0xCA:
        case 0xCE:
        case 0xD2:
        case 0xDB:
        case 0xDD:
        case 0xDF:
          return 5;
        case 0xCB:
        case 0xCF:
        case 0xD3:
          return 9;
        default:
          return extension;
      }
    }();
    BOOST_TEST(taken == expected, "type " << type << " takes " << taken << ", not " << expected);
  }
  BOOST_TEST(failure_of("\xC1") == "corrupt");
}

BOOST_AUTO_TEST_CASE(the_extension_types_of_rick) {
  std::string uuid;
  for (char byte = 0; byte < 16; ++byte)
    uuid.push_back(byte);
  const auto data =
      Data::map({"d", Data::of_text(Data::Kind::date, "2024-02-29"), "t",
                 Data::of_text(Data::Kind::date_time, "2024-02-29T12:30:01"), "n",
                 Data::of_text(Data::Kind::decimal, "1.10"), "u", Data::of_text(Data::Kind::uuid, uuid), "m",
                 Data::of_text(Data::Kind::memory_view, "abc"), "x", Data::bytes("\x01"), "f", 1.5, "l",
                 sequence({Data(), true, false, -1, -33, 300, 70000, std::int64_t{1} << 40,
                           std::numeric_limits<std::uint64_t>::max()})});
  check_both_ways(data,
                  "88a164c70a01323032342d30322d3239a174c71302323032342d30322d32395431323a33303a3031a16ed60331"
                  "2e3130a175d80400"
                  "0102030405060708090a0b0c0d0e0fa16dc70306616263a178c40101a166cb3ff8000000000000a16c99c0c3c2"
                  "ffd0dfcd012cce00"
                  "011170cf0000010000000000cfffffffffffffffff");
}

BOOST_AUTO_TEST_CASE(objects_are_read_as_maps_and_written_only_when_asked) {
  const auto object = Data::of_elements(
      Data::Kind::data_class, {Data::map({"__class__", "app.User", "__data__", Data::map({"id", 1})})});
  check_both_ways(object, "c7220582a95f5f636c6173735f5fa86170702e55736572a85f5f646174615f5f81a2696401");
  BOOST_TEST(written(object) == "bad_argument");
  BOOST_TEST(failure_of(unhex("c7010501")) == "corrupt");
}

BOOST_AUTO_TEST_CASE(an_extension_type_that_rick_does_not_have_is_refused) {
  BOOST_TEST(failure_of(unhex("d6ff00000000")) == "corrupt");
  BOOST_TEST(failure_of(unhex("d40800")) == "corrupt");
  BOOST_TEST(failure_of(unhex("d40400")) == "corrupt");  // a UUID of one byte
}

BOOST_AUTO_TEST_CASE(nesting_is_bounded) {
  BOOST_TEST(failure_of(std::string(63, '\x91') + '\x01') == "none");
  BOOST_TEST(failure_of(std::string(64, '\x91') + '\x01') == "too_large");
  BOOST_TEST(failure_of(std::string(1 << 20, '\x91')) == "too_large");
}

BOOST_AUTO_TEST_CASE(what_stands_side_by_side_is_not_nested) {
  const auto map = Data::map({"a", 1});
  const auto object = Data::of_elements(Data::Kind::object, {map});
  for (const auto& part : {sequence({1}), map, object, Data::map({"a", object})}) {
    const auto many = sequence(Data::List(100, part));
    std::string bytes;
    BOOST_REQUIRE(MessagePackSerializer({{}, true}).write_data(many, bytes).ok());
    BOOST_TEST((MessagePackSerializer({{5, 1000}, true}).read_data(bytes).value_or(Data()) == many));
  }
}

BOOST_AUTO_TEST_CASE(extension_types_are_nested_up_to_32_deep_as_in_rick) {
  const auto nested = [](int depth) {
    auto bytes = unhex("81a16101");
    for (int level = 0; level < depth; ++level) {
      const auto size = bytes.size();
      const std::string header{'\xC8', static_cast<char>(size >> 8U), static_cast<char>(size & 255U), '\x07'};
      bytes = unhex("81a161") + header + bytes;
    }
    return bytes;
  };
  BOOST_TEST(failure_of(nested(32), {1000, 1000000}) == "none");
  BOOST_TEST(failure_of(nested(33), {1000, 1000000}) == "too_large");
}

BOOST_AUTO_TEST_CASE(an_announced_count_takes_no_memory) {
  BOOST_TEST(failure_of(unhex("ddffffffff")) == "corrupt");
  BOOST_TEST(failure_of(unhex("dfffffffff")) == "corrupt");
  BOOST_TEST(failure_of(unhex("c6ffffffff")) == "corrupt");
  BOOST_TEST(failure_of(unhex("c9ffffffff01")) == "corrupt");
  BOOST_TEST(failure_of(unhex("dd00010000") + std::string(65536, '\x01'), {64, 1000}) == "too_large");
}

BOOST_AUTO_TEST_CASE(text_that_is_not_utf_8_is_refused_both_ways) {
  for (const auto* const bad : {"a1ff", "a2c080", "a3eda080", "a4f4908080", "a1c2"})
    BOOST_TEST(failure_of(unhex(bad)) == "corrupt");
  BOOST_TEST(written(Data("\xFF")) == "bad_argument");
  BOOST_TEST(failure_of(unhex("a4f09f9880")) == "none");
}

BOOST_AUTO_TEST_CASE(damage_is_a_value_or_a_reason) {
  std::string bytes;
  BOOST_REQUIRE(
      MessagePackSerializer()
          .write_data(Data::map({"a", sequence({1, -1, 2.5, "text", Data()}), "b", Data::bytes("xyz"), "c",
                                 Data::of_text(Data::Kind::decimal, "1.5")}),
                      bytes)
          .ok());
  test::for_each_damage(bytes, [&](const std::string& damaged) {
    const auto read = MessagePackSerializer().read_data(damaged);
    if (damaged.size() != bytes.size()) BOOST_REQUIRE(!read.ok());
  });
}

BOOST_AUTO_TEST_SUITE_END()
