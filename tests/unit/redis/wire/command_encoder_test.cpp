#include "redis/wire/command_encoder.hpp"

#include <array>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite::redis;

namespace {

std::string encode(const std::vector<Argument>& arguments, std::size_t* insertion_count = nullptr) {
  ByteBuffer buffer;
  std::vector<Insertion> insertions;
  encode_command({arguments, 0, false}, buffer, insertions);
  if (insertion_count != nullptr) *insertion_count = insertions.size();
  std::string wire(buffer.text());
  for (auto at = insertions.rbegin(); at != insertions.rend(); ++at)
    wire.insert(at->offset, at->bytes);
  return wire;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(command_encoder)

BOOST_AUTO_TEST_CASE(a_command_is_an_array_of_bulks) {
  BOOST_TEST(encode({{"GET"}, {"key"}}) == "*2\r\n$3\r\nGET\r\n$3\r\nkey\r\n");
  BOOST_TEST(encode({{"GET"}, {"a:", "key"}}) == "*2\r\n$3\r\nGET\r\n$5\r\na:key\r\n");
  BOOST_TEST(encode({{"SET"}, {""}, {"", ""}}) == "*3\r\n$3\r\nSET\r\n$0\r\n\r\n$0\r\n\r\n");
}

BOOST_AUTO_TEST_CASE(parts_of_every_small_size_are_copied_whole) {
  std::string text;
  for (std::size_t size = 0; size < 200; ++size) {
    BOOST_TEST(encode({{text}}) == "*1\r\n$" + std::to_string(size) + "\r\n" + text + "\r\n");
    text += static_cast<char>('a' + size % 26);
  }
}

BOOST_AUTO_TEST_CASE(bytes_are_taken_as_they_are) {
  const std::string odd("a\r\nb c%d\0$5\r\n", 14);
  BOOST_TEST(encode({{odd}}) == "*1\r\n$14\r\n" + odd + "\r\n");
}

BOOST_AUTO_TEST_CASE(many_arguments_are_counted) {
  const std::vector<Argument> arguments(1234, Argument{"x"});
  BOOST_TEST(encode(arguments).starts_with("*1234\r\n$1\r\nx\r\n"));
}

BOOST_AUTO_TEST_CASE(large_arguments_stay_where_they_are) {
  const std::string large(gather_from, 'L');
  std::size_t insertions = 0;
  const auto wire = encode({{"SETEX"}, {"p:", "key"}, {"60"}, {"head", large}}, &insertions);
  BOOST_TEST(insertions == 1U);
  BOOST_TEST((wire == "*4\r\n$5\r\nSETEX\r\n$5\r\np:key\r\n$2\r\n60\r\n$16388\r\nhead" + large + "\r\n"));
  BOOST_TEST((encode({{large, large}, {large}}, &insertions) ==
              "*2\r\n$32768\r\n" + large + large + "\r\n$16384\r\n" + large + "\r\n"));
  BOOST_TEST(insertions == 3U);
}

BOOST_AUTO_TEST_SUITE_END()
