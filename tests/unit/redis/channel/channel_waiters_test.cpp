#include "redis/channel/channel.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <sys/wait.h>
#include <unistd.h>

using namespace cachesite;
using namespace cachesite::redis;
using namespace std::chrono_literals;

namespace {

constexpr ReplyKinds any_kind = 63;

/// What a server has got, and what it says when the test wants it to.
struct Wire {
  std::string written;
  std::string inbox;
  std::size_t room = 1'000'000;  // bytes that can be written now
  bool closed = false;
  const void* large = nullptr;  // where the last large piece was
};

class WireTransport final : public Transport {
 public:
  explicit WireTransport(std::shared_ptr<Wire> wire) : wire_(std::move(wire)) {}
  Transfer receive(std::span<const iovec> places, Patience) override {
    if (wire_->inbox.empty()) return {wire_->closed ? Status::ended : Status::again};
    const auto count = std::min(wire_->inbox.size(), places[0].iov_len);
    std::memcpy(places[0].iov_base, wire_->inbox.data(), count);
    wire_->inbox.erase(0, count);
    return {Status::ok, count};
  }
  Transfer send(std::span<const iovec> pieces) override {
    std::size_t count = 0;
    for (const auto& piece : pieces) {
      const auto part = std::min(piece.iov_len, wire_->room);
      wire_->written.append(static_cast<const char*>(piece.iov_base), part);
      if (part >= gather_from) wire_->large = piece.iov_base;
      wire_->room -= part;
      count += part;
    }
    return count == 0 ? Transfer{Status::again} : Transfer{Status::ok, count};
  }
  Waiting wait(bool, TimePoint) override { return Waiting::timed_out; }
  void shut_down() noexcept override { wire_->closed = true; }
  [[nodiscard]] int descriptor() const noexcept override { return 7; }
  [[nodiscard]] std::string problem() const override { return "the wire is cut"; }

 private:
  const std::shared_ptr<Wire> wire_;
};

class Home final : public ChannelHome {
 public:
  void deliver(Waiter* ended) noexcept override { delivered = ended; }
  void wanted(Channel&) noexcept override { ++wishes; }
  bool watch(Channel&, int descriptor) noexcept override {
    watched.push_back(descriptor);
    return watches;
  }
  Waiter* delivered = nullptr;
  int wishes = 0;
  std::vector<int> watched;
  bool watches = true;
};

struct Request : Waiter {
  Request() { reply = &answer; }
  Reply answer;
};

std::size_t count_of(const Waiter* list) {
  std::size_t count = 0;
  for (; list != nullptr; list = list->next)
    ++count;
  return count;
}

struct WaitersFixture {
  static ChannelLimits limits() {
    ChannelLimits limits;
    limits.most_requests = 3;
    limits.most_waiting = 2;
    limits.stall = 50ms;
    return limits;
  }
  WaitersFixture() {
    channel.set_home(home);
    open();
  }
  void open() {
    wire = std::make_shared<Wire>();
    channel.open(std::make_unique<WireTransport>(wire));
  }
  Submission submit(Request& request, std::string_view value, const Value* shared = nullptr) {
    const std::array<Argument, 2> words{{{"ECHO"}, {value}}};
    return channel.submit({words, any_kind, true, false, shared}, request, now);
  }
  static std::string wire_form(std::string_view value) {
    return "*2\r\n$4\r\nECHO\r\n$" + std::to_string(value.size()) + "\r\n" + std::string(value) + "\r\n";
  }
  void answer(std::string_view value) {
    wire->inbox += "$" + std::to_string(value.size()) + "\r\n" + std::string(value) + "\r\n";
  }
  Waiter* look(Look why) { return channel.attend(why, now).ended; }

  Home home;
  std::optional<Error> lost;
  Channel channel{limits(), [this](const Error& reason) { lost = reason; }};
  std::shared_ptr<Wire> wire;
  TimePoint now = SteadyTime::now();
  std::deque<Request> requests = std::deque<Request>(8);
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(channel_waiters, WaitersFixture)

BOOST_AUTO_TEST_CASE(what_is_submitted_in_one_turn_goes_out_together_at_the_next_look) {
  for (std::size_t index = 0; index < 3; ++index)
    BOOST_TEST((submit(requests[index], std::to_string(index)) == Submission::accepted));
  BOOST_TEST(home.wishes == 1);
  BOOST_TEST(wire->written.empty());
  BOOST_TEST(look(Look::wanted) == nullptr);
  BOOST_TEST(wire->written == wire_form("0") + wire_form("1") + wire_form("2"));
  BOOST_TEST((home.watched == std::vector<int>{7}));
  answer("0");
  answer("1");
  Waiter* const ended = look(Look::ready);
  BOOST_TEST(count_of(ended) == 2u);
  BOOST_TEST(ended == &requests[0]);
  BOOST_TEST(requests[0].answer.text() == "0");
  BOOST_TEST(requests[1].answer.text() == "1");
  answer("2");
  BOOST_TEST(look(Look::ready) == &requests[2]);
  BOOST_TEST((requests[2].ending == Ending::answered));
  BOOST_TEST(home.wishes == 1);
}

BOOST_AUTO_TEST_CASE(a_queued_request_that_is_withdrawn_is_never_sent) {
  submit(requests[0], "first");
  submit(requests[1], "second");
  BOOST_TEST(channel.withdraw(requests[0]));
  BOOST_TEST((requests[0].ending == Ending::timed_out_queued));
  look(Look::wanted);
  BOOST_TEST(wire->written == wire_form("second"));
  BOOST_TEST(!channel.withdraw(requests[0]));
}

BOOST_AUTO_TEST_CASE(the_answer_to_a_sent_request_that_is_withdrawn_is_dropped_and_the_connection_stays) {
  submit(requests[0], "first");
  submit(requests[1], "second");
  look(Look::wanted);
  BOOST_TEST(channel.withdraw(requests[0]));
  BOOST_TEST((requests[0].ending == Ending::timed_out_sent));
  answer("first");
  answer("second");
  BOOST_TEST(look(Look::ready) == &requests[1]);
  BOOST_TEST(requests[1].answer.text() == "second");
  BOOST_TEST((requests[0].answer.kind == ReplyKind::none));
  BOOST_TEST(channel.is_open());
  BOOST_TEST(channel.load() == 0u);
}

BOOST_AUTO_TEST_CASE(a_request_that_has_ended_cannot_be_withdrawn) {
  submit(requests[0], "first");
  look(Look::wanted);
  answer("first");
  BOOST_TEST(look(Look::ready) == &requests[0]);
  BOOST_TEST(!channel.withdraw(requests[0]));
  BOOST_TEST((requests[0].ending == Ending::answered));
}

BOOST_AUTO_TEST_CASE(a_half_written_request_that_is_withdrawn_is_written_to_its_end) {
  const std::string large(100'000, 'v');
  wire->room = 50'000;
  {
    const std::string passing = large;
    submit(requests[0], passing);
  }
  BOOST_TEST(channel.attend(Look::wanted, now).wants_to_send);
  BOOST_TEST(channel.clogged());
  BOOST_TEST(channel.withdraw(requests[0]));
  wire->room = 1'000'000;
  BOOST_TEST(!channel.attend(Look::ready, now).wants_to_send);
  BOOST_TEST((wire->written == wire_form(large)));
  BOOST_TEST(!channel.clogged());
}

BOOST_AUTO_TEST_CASE(a_large_value_is_shared_and_not_copied) {
  Value value{std::string_view(std::string(100'000, 'v'))};
  const void* const bytes = value.text().data();
  submit(requests[0], value.text(), &value);
  value.clear();
  look(Look::wanted);
  BOOST_TEST((wire->written == wire_form(std::string(100'000, 'v'))));
  BOOST_TEST(wire->large == bytes);
}

BOOST_AUTO_TEST_CASE(requests_without_a_slot_are_served_in_their_order_and_too_many_are_refused) {
  for (std::size_t index = 0; index < 5; ++index)
    BOOST_TEST((submit(requests[index], std::to_string(index)) == Submission::accepted));
  BOOST_TEST((submit(requests[5], "5") == Submission::no_room));
  BOOST_TEST(channel.withdraw(requests[3]));
  BOOST_TEST((requests[3].ending == Ending::timed_out_queued));
  BOOST_TEST((submit(requests[5], "5") == Submission::accepted));
  look(Look::wanted);
  BOOST_TEST(wire->written == wire_form("0") + wire_form("1") + wire_form("2"));
  wire->written.clear();
  answer("0");
  BOOST_TEST(look(Look::ready) == &requests[0]);
  answer("1");
  BOOST_TEST(look(Look::wanted) == nullptr);
  BOOST_TEST(wire->written == wire_form("4"));
  BOOST_TEST(look(Look::ready) == &requests[1]);
  look(Look::wanted);
  BOOST_TEST(wire->written == wire_form("4") + wire_form("5"));
}

BOOST_AUTO_TEST_CASE(a_lost_connection_ends_all_and_what_was_asked_can_be_asked_again) {
  for (std::size_t index = 0; index < 2; ++index)
    submit(requests[index], std::to_string(index));
  wire->room = wire_form("0").size() + 1;
  look(Look::wanted);
  for (std::size_t index = 2; index < 5; ++index)
    submit(requests[index], std::to_string(index));
  wire->closed = true;
  BOOST_TEST(count_of(look(Look::ready)) == 5u);
  BOOST_TEST((lost && lost->code() == ErrorCode::unreachable));
  BOOST_TEST((requests[0].ending == Ending::lost_sent));
  for (std::size_t index = 1; index < 5; ++index)
    BOOST_TEST((requests[index].ending == Ending::lost_unsent && requests[index].loss));
  BOOST_TEST((submit(requests[0], "0") == Submission::not_open));
  open();
  for (std::size_t index = 1; index < 4; ++index)
    BOOST_TEST((channel.submit(requests[index], now) == Submission::accepted));
  look(Look::wanted);
  BOOST_TEST(wire->written == wire_form("1") + wire_form("2") + wire_form("3"));
  BOOST_TEST((home.watched == std::vector<int>{7, 7}));
}

BOOST_AUTO_TEST_CASE(a_channel_that_is_closed_gives_its_waiters_to_the_home) {
  submit(requests[0], "0");
  look(Look::wanted);
  channel.close(Error(ErrorCode::closed, "stopped", Outcome::unknown));
  BOOST_TEST(home.delivered == &requests[0]);
  BOOST_TEST((requests[0].ending == Ending::lost_sent));
  BOOST_TEST((requests[0].loss->code() == ErrorCode::closed));
}

BOOST_AUTO_TEST_CASE(a_connection_that_cannot_be_watched_ends) {
  home.watches = false;
  submit(requests[0], "0");
  BOOST_TEST(look(Look::wanted) == &requests[0]);
  BOOST_TEST((requests[0].ending == Ending::lost_unsent));
  BOOST_TEST((lost->code() == ErrorCode::no_memory));
}

BOOST_AUTO_TEST_CASE(a_connection_that_is_silent_for_too_long_ends_once_a_deadline_has_passed) {
  submit(requests[0], "0");
  submit(requests[1], "1");
  requests[1].deadline = now + 60ms;
  look(Look::wanted);
  now += 40ms;
  BOOST_TEST(channel.withdraw(requests[0]));
  BOOST_TEST(look(Look::overdue) == nullptr);
  BOOST_TEST(channel.is_open());
  now += 20ms;
  BOOST_TEST(channel.withdraw(requests[1]));
  BOOST_TEST(look(Look::overdue) == nullptr);
  BOOST_TEST(!channel.is_open());
  BOOST_TEST((lost->code() == ErrorCode::timeout));
}

BOOST_AUTO_TEST_CASE(commands_next_to_each_other_are_answered_together) {
  std::array<Reply, 2> answers;
  std::array<Reply*, 2> places{&answers[0], &answers[1]};
  const std::array<Argument, 2> first{{{"ECHO"}, {"a"}}};
  const std::array<Argument, 2> second{{{"ECHO"}, {"b"}}};
  const std::array<Command, 2> commands{{{first, any_kind, true}, {second, any_kind, true}}};
  requests[0].replies = places;
  BOOST_TEST((channel.submit(commands, requests[0], now) == Submission::accepted));
  look(Look::wanted);
  BOOST_TEST(wire->written == wire_form("a") + wire_form("b"));
  answer("a");
  BOOST_TEST(look(Look::ready) == nullptr);
  answer("b");
  BOOST_TEST(look(Look::ready) == &requests[0]);
  BOOST_TEST(answers[0].text() == "a");
  BOOST_TEST(answers[1].text() == "b");
}

BOOST_AUTO_TEST_CASE(a_thread_that_leads_ends_the_requests_of_the_home_and_asks_it_for_the_rest) {
  submit(requests[0], "0");
  submit(requests[1], "1");
  answer("0");
  answer("1");
  answer("thread");
  const std::array<Argument, 2> words{{{"ECHO"}, {"thread"}}};
  Reply reply;
  std::optional<Error> loss;
  BOOST_TEST((channel.call({words, any_kind, true}, reply, now, now + 1s, loss) == Ending::answered));
  BOOST_TEST(reply.text() == "thread");
  BOOST_TEST(count_of(home.delivered) == 2u);
  BOOST_TEST(wire->written == wire_form("0") + wire_form("1") + wire_form("thread"));
  BOOST_TEST(home.wishes == 1);
}

BOOST_AUTO_TEST_CASE(in_a_forked_child_nothing_is_submitted_and_nothing_is_touched) {
  submit(requests[0], "0");
  look(Look::wanted);
  const pid_t child = ::fork();
  BOOST_REQUIRE(child >= 0);
  if (child == 0) {
    const auto written = wire->written.size();
    const bool good = submit(requests[1], "1") == Submission::not_open && look(Look::ready) == nullptr &&
                      channel.withdraw(requests[0]) && !channel.withdraw(requests[0]) &&
                      wire->written.size() == written;
    ::_exit(good ? 0 : 1);
  }
  int status = 1;
  BOOST_TEST(::waitpid(child, &status, 0) == child);
  BOOST_TEST(status == 0);
  answer("0");
  BOOST_TEST(look(Look::ready) == &requests[0]);
}

BOOST_AUTO_TEST_SUITE_END()
