#include "../loaders/memory_meter.hpp"
#include "codecs/envelope.hpp"
#include "codecs/value_chain.hpp"
#include "hex.hpp"
#include "hostile.hpp"
#include "layers/tagged/tagged_value.hpp"
#include "redis/wire/reply_stream.hpp"

#include <cachesite/codec_cache.hpp>
#include <cachesite/document_reader.hpp>
#include <cachesite/fernet256.hpp>
#include <cachesite/json_serializer.hpp>
#include <cachesite/memory_cache.hpp>
#include <cachesite/message_pack_serializer.hpp>
#include <cachesite/pickle_serializer.hpp>
#include <cachesite/problem.hpp>

#include <array>
#include <cstring>
#include <functional>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using test::MemoryMeter;
using test::unhex;

namespace {

// What the compressors themselves take comes from malloc and is bounded by their formats.
std::size_t peak_of_decoding(Compression compression, std::string_view stored, std::size_t most) {
  const CompressionCodec codec({compression, std::nullopt, 1000000});
  MemoryMeter::reset();
  {
    std::string plain;
    (void)codec.decode(stored, {}, most, plain);
  }
  return MemoryMeter::peak();
}

std::string bomb(Compression compression, std::size_t size) {
  std::string stored;
  (void)CompressionCodec({compression, std::nullopt, 1000000}).encode(std::string(size, '\0'), {}, stored);
  return stored;
}

template <class S>
std::size_t peak_of_reading(const S& serializer, std::string_view bytes) {
  MemoryMeter::reset();
  { (void)serializer.read_data(bytes); }
  return MemoryMeter::peak();
}

constexpr std::size_t slack = 8192;

std::string times(std::size_t count, std::string_view text) {
  std::string result;
  result.reserve(count * text.size());
  for (; count > 0; --count)
    result += text;
  return result;
}

std::string big_endian(std::uint32_t number) {
  std::string bytes;
  for (unsigned shift = 32; shift != 0; shift -= 8)
    bytes.push_back(static_cast<char>(number >> (shift - 8) & 0xFFU));
  return bytes;
}

std::string little_endian(std::uint32_t number) {
  const auto bytes = big_endian(number);
  return {bytes.rbegin(), bytes.rend()};
}

// Bytes that announce far more than they are, and whether their decoder refuses them. A stream that waits for
// more bytes has not given a value either.
struct Announcement {
  std::string name;
  std::string bytes;
  std::function<bool(std::string_view)> refuses;
};

template <class S>
std::function<bool(std::string_view)> data_reader(S serializer) {
  return [serializer](std::string_view bytes) { return !serializer.read_data(bytes).ok(); };
}

std::vector<Announcement> message_pack_announcements() {
  const auto refuses = data_reader(MessagePackSerializer());
  std::vector<Announcement> list;
  // What the levels announce together is beyond the limit of values, or within it but never comes.
  for (const std::uint32_t count : {1'000'000U, 999'999U, 999'000U, 15'000U}) {
    const std::string content(count, '\xC0');
    list.push_back({"lists", times(64, '\xDD' + big_endian(count)) + content, refuses});
    list.push_back({"maps", times(64, '\xDF' + big_endian(count / 2)) + content, refuses});
    list.push_back({"values of maps", times(64, '\xDF' + big_endian(count / 2) + '\xC0') + content, refuses});
    std::string object(count, '\xC0');
    for (int level = 0; level < 32; ++level) {
      object = '\xDF' + big_endian(count / 2) + '\xC0' + object;
      object = '\xC9' + big_endian(static_cast<std::uint32_t>(object.size())) + '\x07' + object;
    }
    list.push_back({"objects", object, refuses});
  }
  list.push_back({"short lists", times(65, "\x9F") + std::string(1000, '\xC0'), refuses});
  list.push_back(
      {"texts", times(63, "\x91") + '\xDB' + big_endian(1'000'001) + std::string(1'000'000, 'a'), refuses});
  return list;
}

// Each level is a tuple of the level before and `width` references to it.
std::string pickle_of_levels(std::size_t levels, std::size_t width, const std::string& innermost) {
  std::string text = "\x80\x05" + times(levels, "(") + innermost + '\x94';
  for (std::size_t level = 0; level < levels; ++level)
    text += times(width, 'j' + little_endian(static_cast<std::uint32_t>(level))) + "t\x94";
  return text + '.';
}

std::vector<Announcement> pickle_announcements() {
  const auto refuses = data_reader(PickleSerializer());
  const std::string begin = "\x80\x05";
  const std::string text_of_a_mebibyte = "X" + little_endian(1U << 20U) + std::string(1U << 20U, 't');
  return {
      {"references to one value", begin + "N\x94" + times(63, "(") + times(1'000'000, std::string("h\0", 2)),
       refuses},
      {"levels of a million", pickle_of_levels(2, 1'000'000, "N"), refuses},
      {"levels of half a million", pickle_of_levels(3, 499'000, "N"), refuses},
      {"levels within the limit", pickle_of_levels(63, 15'000, "N"), refuses},
      {"levels of a thousand", pickle_of_levels(63, 1000, "N"), refuses},
      {"levels of two", pickle_of_levels(63, 2, "N"), refuses},
      {"lists that are appended to themselves",
       begin + "]\x94" + times(64, '(' + times(15'000, std::string("h\0", 2)) + 'e') + '.', refuses},
      {"references to a long text",
       begin + text_of_a_mebibyte + '\x94' + '(' + times(1000, std::string("h\0", 2)) + "t.", refuses},
      {"levels of a long text", pickle_of_levels(63, 10, text_of_a_mebibyte), refuses},
      {"marks", begin + times(1'000'000, "("), refuses},
      {"marks and lists", begin + times(1'000'000, "]("), refuses},
      {"places to remember", begin + "N" + times(1'000'001, "\x94") + '.', refuses},
      {"frames", begin + times(64, unhex("9540420f0000000000")) + std::string(1000, 'N'), refuses},
      {"bytes", begin + times(63, "(") + 'B' + little_endian(1'000'001) + std::string(1'000'000, 'b'),
       refuses},
  };
}

bool stream_refuses(std::string_view bytes) {
  redis::ReplyStream stream({});
  redis::Reply reply;
  while (!bytes.empty()) {
    std::array<iovec, 2> places{};
    stream.room(places);
    const auto count = std::min(places[0].iov_len, bytes.size());
    std::memcpy(places[0].iov_base, bytes.data(), count);
    stream.received(count);
    bytes.remove_prefix(count);
    const auto progress = stream.next(reply);
    if (progress == redis::ReplyStream::Progress::complete) return false;
    if (progress != redis::ReplyStream::Progress::more) return true;
  }
  return true;
}

std::vector<Announcement> reply_announcements() {
  return {
      {"arrays", times(64, "*1000000\r\n"), stream_refuses},
      {"arrays as deep as allowed", times(7, "*149000\r\n") + times(1000, "$1\r\na\r\n"), stream_refuses},
      {"arrays in arrays", "*1000000\r\n" + times(10'000, "*1000000\r\n"), stream_refuses},
      {"values", times(7, "*2\r\n") + "$67108864\r\n" + std::string(100'000, 'v'), stream_refuses},
      {"a value beyond the limit", "$67108865\r\n", stream_refuses},
  };
}

std::function<bool(std::string_view)> document_reader(Format format) {
  return [format](std::string_view text) {
    try {
      (void)read_document(text, format);
      return false;
    } catch (const LoadError&) {
      return true;
    }
  };
}

std::vector<Announcement> other_announcements() {
  const auto json = data_reader(JsonSerializer());
  const auto tagged = [](std::string_view bytes) { return !layers::decode_tagged(bytes); };
  const auto fernet = [](std::string_view token) {
    static const Fernet256 cipher({Secret(std::string(64, 'k'))});
    return !cipher.decrypt(token).ok();
  };
  // Files of more bytes than are read at all; those of fewer are bombs_test's.
  std::string aliases = "- &l0 x\n";
  for (int level = 1; level <= 64; ++level)
    aliases += "- &l" + std::to_string(level) + " [" +
               times(level == 1 ? 1'000'000 : 10, "*l" + std::to_string(level - 1) + " ,") + "x]\n";
  std::vector<Announcement> list = {
      {"JSON lists", times(65, "[") + times(1'000'000, "0,"), json},
      {"JSON maps", times(65, "{\"\":") + times(1'000'000, "0,"), json},
      {"tags", unhex("c15447010040") + times(64, unhex("0400")) + std::string(1000, 't'), tagged},
      {"more tags", unhex("c154470100ff") + times(255, unhex("ffff")) + std::string(100'000, 't'), tagged},
      {"a token", "gAAAAAB" + std::string(1'000'000, 'A') + "A", fernet},
      {"YAML lists", times(64, "[") + times(1'000'000, "0,"), document_reader(Format::yaml)},
      {"YAML blocks", times(64, "- ") + times(200'000, "0,"), document_reader(Format::yaml)},
      {"YAML aliases", aliases, document_reader(Format::yaml)},
      {"a JSON file", times(64, "[") + times(1'000'000, "0,"), document_reader(Format::json)},
      {"a small JSON file", times(64, "[") + times(400'000, "0,"), document_reader(Format::json)},
  };
  for (const auto compression : {Compression::zlib, Compression::zstd, Compression::lz4}) {
    const auto name = "a cut " + std::string(to_string(compression));
    const auto head = bomb(compression, 64 << 20U).substr(0, 64);
    list.push_back({name + " container", head, [compression](std::string_view stored) {
                      std::string plain;
                      const CompressionCodec codec({compression, std::nullopt, 200});
                      return !codec.decode(stored, {}, std::size_t{64} << 20U, plain).ok();
                    }});
    // Said twice: by the envelope and by the container in it.
    for (const std::uint32_t size : {1'000'000U, 64U << 20U, 0xFFFFFFFFU}) {
      std::string stored;
      codecs::begin_envelope({static_cast<std::uint8_t>(compression), 0, 0, size}, {"", "key"}, stored);
      stored.append(head);
      codecs::seal_envelope(stored);
      list.push_back({name + " container in an envelope", stored, [](std::string_view bytes) {
                        static const codecs::ValueChain chain({});
                        std::string plain;
                        return chain.decode(bytes, "key", plain).failure.has_value();
                      }});
    }
  }
  return list;
}

constexpr std::size_t most_for_a_refusal = std::size_t{8} << 20U;

}  // namespace

BOOST_AUTO_TEST_SUITE(codec_memory)

BOOST_AUTO_TEST_CASE(a_bomb_takes_no_more_than_the_limit) {
  for (const auto compression : {Compression::zlib, Compression::zstd, Compression::lz4}) {
    const auto stored = bomb(compression, 64 << 20U);
    for (const std::size_t most : {0u, 1000u, 1u << 20U})
      BOOST_TEST(peak_of_decoding(compression, stored, most) <= 2 * most + slack);
  }
}

BOOST_AUTO_TEST_CASE(damaged_headers_take_no_more_than_the_limit) {
  for (const auto compression : {Compression::zlib, Compression::zstd, Compression::lz4}) {
    const auto stored = bomb(compression, 5000);
    test::for_each_damage(stored, [&](const std::string& damaged) {
      BOOST_REQUIRE(peak_of_decoding(compression, damaged, 10000) <= 20000 + slack);
    });
  }
}

BOOST_AUTO_TEST_CASE(announced_counts_take_nothing) {
  for (const auto* const digits : {"ddffffffff", "dfffffffff", "c6ffffffff", "dbffffffff", "c9ffffffff01"})
    BOOST_TEST(peak_of_reading(MessagePackSerializer(), unhex(digits)) <= slack);
  for (const auto* const digits :
       {"800558ffffffff", "80058dffffffffffffff7f", "80058bffffff7f", "80055d72ffffff7f2e"})
    BOOST_TEST(peak_of_reading(PickleSerializer(), unhex(digits)) <= slack);
}

BOOST_AUTO_TEST_CASE(every_decoder_refuses_nested_announcements_within_eight_mebibytes) {
  for (const auto& announcements :
       {message_pack_announcements(), pickle_announcements(), reply_announcements(), other_announcements()}) {
    for (const auto& [name, bytes, refuses] : announcements) {
      MemoryMeter::reset();
      const bool refused = refuses(bytes);
      const auto peak = MemoryMeter::peak();
      BOOST_TEST(refused, name << " are not refused");
      BOOST_TEST(peak < most_for_a_refusal, name << " take " << peak / 1024 << " KiB");
      BOOST_TEST_MESSAGE(name << ": " << bytes.size() / 1024 << " KiB of bytes, peak " << peak / 1024
                              << " KiB");
    }
  }
}

BOOST_AUTO_TEST_CASE(a_limit_of_values_bounds_what_a_tree_takes) {
  constexpr std::size_t values = 10000;
  constexpr std::size_t each = 300;
  const std::size_t many = 1 << 20U;
  BOOST_TEST(peak_of_reading(MessagePackSerializer({{64, values}, false}),
                             unhex("dd00100000") + std::string(many, '\xC0')) <= values * each);
  BOOST_TEST(peak_of_reading(JsonSerializer({{64, values}, false}),
                             "[" + std::string(many, '1') + "," + std::string(many, '0')) <= 16 * many);
  std::string zeros = "[0";
  for (std::size_t count = 0; count < many; ++count)
    zeros += ",0";
  BOOST_TEST(peak_of_reading(JsonSerializer({{64, values}, false}), zeros + "]") <= values * each);
  // The literals of Python are set aside before the parser sees the text.
  BOOST_TEST(peak_of_reading(JsonSerializer({{64, values}, false}), "[" + times(many, "NaN,") + "NaN]") <=
             values * each);
  BOOST_TEST(peak_of_reading(PickleSerializer({{64, values}, 5}),
                             unhex("800528") + std::string(many, 'N') + "t.") <= values * each);
}

BOOST_AUTO_TEST_SUITE_END()
