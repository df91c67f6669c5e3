#include "redis/wire/encoded_commands.hpp"

#include <array>
#include <string>
#include <string_view>

#include <boost/test/unit_test.hpp>

using namespace cachesite::redis;

BOOST_AUTO_TEST_SUITE(encoded_commands)

namespace {

void add(EncodedCommands& commands, std::string_view key, std::string_view value) {
  const std::array<Argument, 3> words{{{"SET"}, {key}, {value}}};
  commands.add({words, 0, true});
}

// What is left to send, as many pieces at once as there is room for.
std::string rest(const EncodedCommands& commands, std::size_t written, std::size_t room = 64) {
  std::array<iovec, 64> pieces;
  PieceCollector collector(std::span<iovec>(pieces).first(room), written);
  commands.collect(collector);
  std::string text;
  for (const auto& piece : std::span<iovec>(pieces).first(collector.count()))
    text.append(static_cast<const char*>(piece.iov_base), piece.iov_len);
  return text;
}

const std::string large(gather_from, 'v');

std::string wire(std::string_view key, const std::string& value) {
  return "*3\r\n$3\r\nSET\r\n$1\r\n" + std::string(key) + "\r\n$" + std::to_string(value.size()) + "\r\n" +
         value + "\r\n";
}

}  // namespace

BOOST_AUTO_TEST_CASE(commands_follow_each_other_and_large_arguments_stay_where_they_are) {
  EncodedCommands commands;
  add(commands, "a", "small");
  BOOST_TEST(commands.owns_all());
  add(commands, "b", large);
  add(commands, "c", large);
  const std::string whole = wire("a", "small") + wire("b", large) + wire("c", large);
  BOOST_TEST(!commands.owns_all());
  BOOST_TEST(commands.size() == whole.size());
  BOOST_TEST((rest(commands, 0) == whole));
}

BOOST_AUTO_TEST_CASE(what_is_written_is_left_out_wherever_the_writing_ended) {
  EncodedCommands commands;
  add(commands, "a", large);
  add(commands, "b", "small");
  const std::string whole = wire("a", large) + wire("b", "small");
  for (const std::size_t written : {std::size_t{0}, std::size_t{1}, std::size_t{30}, gather_from,
                                    gather_from + 40, whole.size() - 1, whole.size()})
    BOOST_TEST((rest(commands, written) == whole.substr(written)), written);
}

BOOST_AUTO_TEST_CASE(pieces_that_do_not_fit_are_left_for_the_next_time) {
  EncodedCommands commands;
  add(commands, "a", large);
  const std::string whole = wire("a", large);
  const std::string first = rest(commands, 0, 1);
  BOOST_TEST(first.size() < gather_from);
  BOOST_TEST((first + rest(commands, first.size()) == whole));
}

BOOST_AUTO_TEST_CASE(arguments_of_a_caller_that_may_go_are_copied) {
  EncodedCommands commands;
  const std::string whole = wire("a", large) + wire("b", large);
  {
    const std::string passing = large;
    add(commands, "a", passing);
    add(commands, "b", passing);
    commands.own_all();
  }
  BOOST_TEST(commands.owns_all());
  BOOST_TEST(commands.size() == whole.size());
  BOOST_TEST((rest(commands, 0) == whole));
}

BOOST_AUTO_TEST_CASE(a_value_that_holds_the_large_arguments_is_shared_and_another_is_not) {
  for (const bool holds : {true, false}) {
    EncodedCommands commands;
    cachesite::Value value{std::string_view(large)};
    const cachesite::Value other{std::string_view("other")};
    add(commands, "a", value.text());
    commands.own_all(holds ? value : other);
    value.clear();
    BOOST_TEST(commands.owns_all());
    BOOST_TEST(commands.is_plain() == !holds);
    BOOST_TEST((rest(commands, 0) == wire("a", large)));
    commands.clear(0);
    BOOST_TEST(commands.is_plain());
  }
}

BOOST_AUTO_TEST_CASE(nothing_is_left_after_clear) {
  EncodedCommands commands;
  add(commands, "a", large);
  commands.clear(0);
  BOOST_TEST(commands.size() == 0U);
  BOOST_TEST(commands.owns_all());
  add(commands, "b", large);
  BOOST_TEST((rest(commands, 0) == wire("b", large)));
}

BOOST_AUTO_TEST_SUITE_END()
