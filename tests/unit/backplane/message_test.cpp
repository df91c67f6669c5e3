#include "backplane/message.hpp"

#include "backplane/hybrid_clock.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <boost/test/unit_test.hpp>
#include <zlib.h>

using namespace cachesite;
using namespace cachesite::backplane;

namespace {

SourceId sender_of(std::uint8_t first) {
  SourceId source{};
  source[0] = first;
  source[15] = 0xEE;
  return source;
}

std::string message_of(const BackplaneChange& change) {
  MessageWriter writer;
  writer.add(change);
  return writer.finish(sender_of(7), 258, 0x0102030405060708);
}

// The bytes with a checksum that is right again.
std::string checked(std::string bytes) {
  bytes.resize(bytes.size() - Message::checksum_size);
  auto checksum = ::crc32(0, reinterpret_cast<const Bytef*>(bytes.data()), static_cast<uInt>(bytes.size()));
  for (int index = 0; index < 4; ++index, checksum >>= 8U)
    bytes.push_back(static_cast<char>(checksum & 0xFFU));
  return bytes;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(message)

BOOST_AUTO_TEST_CASE(the_format_is_as_documented_byte_for_byte) {
  const auto bytes = message_of({ChangeAction::extend, "ab", 0x1122334455667788, 60});
  const std::string head(
      "\xC5\x4E\x01\x00"
      "\x07\0\0\0\0\0\0\0\0\0\0\0\0\0\0\xEE"
      "\x02\x01\0\0\0\0\0\0"
      "\x08\x07\x06\x05\x04\x03\x02\x01"
      "\x01\0",
      38);
  const std::string item(
      "\x04"
      "\x88\x77\x66\x55\x44\x33\x22\x11"
      "\x3C\0\0\0"
      "\x02\0\0\0"
      "ab",
      19);
  BOOST_TEST(bytes.substr(0, 57) == head + item);
  BOOST_TEST(bytes == checked(bytes));
}

BOOST_AUTO_TEST_CASE(what_is_written_is_read) {
  MessageWriter writer;
  const std::string binary("a\0\r\n@@\xFF", 7);
  writer.add({ChangeAction::set, binary, 9});
  writer.add({ChangeAction::remove, "b"});
  writer.add({ChangeAction::matching, "c*"});
  writer.add({ChangeAction::clear, {}});
  writer.add_sign(beat_action);
  const auto bytes = writer.finish(sender_of(1), 5, 6);
  Message message;
  BOOST_REQUIRE(read_message(bytes, message));
  BOOST_TEST((message.source == sender_of(1)));
  BOOST_TEST(message.sequence == 5);
  BOOST_TEST(message.sent == 6);
  BOOST_TEST(!message.bye);
  BOOST_REQUIRE(message.changes.size() == 4);  // the beat is none
  BOOST_TEST(message.changes[0].key == binary);
  BOOST_TEST(message.changes[0].version == 9);
  BOOST_TEST((message.changes[2].action == ChangeAction::matching));
  BOOST_TEST((message.changes[3].action == ChangeAction::clear));
}

BOOST_AUTO_TEST_CASE(a_source_says_that_it_stops) {
  MessageWriter writer;
  writer.add_sign(bye_action);
  const auto bytes = writer.finish(sender_of(1), 5, 6);
  Message message;
  BOOST_REQUIRE(read_message(bytes, message));
  BOOST_TEST(message.bye);
}

BOOST_AUTO_TEST_CASE(each_changed_byte_is_noticed) {
  const auto whole = message_of({ChangeAction::set, "key"});
  Message message;
  BOOST_REQUIRE(read_message(whole, message));
  std::size_t read = 0;
  for (std::size_t at = 0; at < whole.size(); ++at) {
    auto changed = whole;
    changed[at] = static_cast<char>(changed[at] ^ 0x10);
    if (read_message(changed, message)) ++read;
    if (read_message(std::string_view(whole).substr(0, at), message)) ++read;
  }
  BOOST_TEST(read == 0);
}

BOOST_AUTO_TEST_CASE(a_right_checksum_does_not_make_a_wrong_message_right) {
  const auto whole = message_of({ChangeAction::set, "key"});
  const auto with = [&](std::size_t at, char byte) {
    auto changed = whole;
    changed[at] = byte;
    Message message;
    return read_message(checked(changed), message);
  };
  BOOST_TEST(with(38, 1));     // set, as it is
  BOOST_TEST(!with(2, 2));     // another version
  BOOST_TEST(!with(3, 1));     // unknown flags
  BOOST_TEST(!with(36, 2));    // more items than there are
  BOOST_TEST(!with(37, 127));  // far more
  BOOST_TEST(!with(36, 0));    // fewer
  BOOST_TEST(!with(38, 0));    // no action
  BOOST_TEST(!with(38, 9));    // an unknown one
  BOOST_TEST(!with(38, 5));    // all entries, and yet a key
  BOOST_TEST(!with(38, 7));    // a beat with a key
  BOOST_TEST(!with(51, 4));    // a key that is longer than the message
  BOOST_TEST(!with(54, 127));
  BOOST_TEST(!with(51, 2));  // one that is shorter
  auto unnumbered = whole;
  unnumbered[20] = unnumbered[21] = 0;
  Message message;
  BOOST_TEST(!read_message(checked(unnumbered), message));
}

BOOST_AUTO_TEST_CASE(a_message_is_at_most_64_kib_long) {
  MessageWriter writer;
  const std::string longest(Message::longest_key, 'x');
  BOOST_TEST(writer.has_room_for({ChangeAction::set, longest}));
  BOOST_TEST(!writer.has_room_for({ChangeAction::set, longest + "x"}));
  writer.add({ChangeAction::set, longest});
  BOOST_TEST(!writer.has_room_for({ChangeAction::clear, {}}));
  const auto bytes = writer.finish(sender_of(1), 1, 1);
  BOOST_TEST(bytes.size() == Message::largest);
  Message message;
  BOOST_TEST(read_message(bytes, message));
  BOOST_TEST(!read_message(checked(bytes + "x"), message));
}

BOOST_AUTO_TEST_CASE(times_of_sending_order_what_happened_one_after_the_other) {
  HybridClock clock;
  const auto now = HybridClock::beginning + 1'000;
  const auto first = clock.next(now);
  BOOST_TEST(HybridClock::milliseconds(first) == 1'000);
  BOOST_TEST(clock.next(now) == first + 1);
  BOOST_TEST(clock.next(now - 500) == first + 2);  // the clock was set back
  BOOST_TEST(clock.merge(HybridClock::of(now + 5'000), now));
  BOOST_TEST(clock.next(now) > HybridClock::of(now + 5'000));
}

BOOST_AUTO_TEST_CASE(a_clock_that_is_far_ahead_is_not_followed) {
  HybridClock clock;
  const auto now = HybridClock::beginning + 1'000;
  BOOST_TEST(clock.merge(HybridClock::of(now + 600'000), now));
  BOOST_TEST(!clock.merge(HybridClock::of(now + 600'001), now));
  BOOST_TEST(!clock.merge(~std::uint64_t{0}, now));
}

BOOST_AUTO_TEST_SUITE_END()
