#include "redis/wire/pipeline_state.hpp"

#include <array>
#include <cstring>
#include <list>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::redis;

BOOST_AUTO_TEST_SUITE(pipeline_state)

namespace {

constexpr ReplyKinds any_kind = 63;

/// A pipeline with a server that lives in the test.
class Scene {
 public:
  RequestSlot* ask(const std::vector<std::string>& words, ReplyKinds expected = any_kind) {
    auto& slot = *slots_.emplace_back(std::make_unique<RequestSlot>());
    std::vector<Argument> arguments;
    for (const auto& word : words_.emplace_back(words))
      arguments.push_back({word});
    slot.output.add({arguments, expected, false});
    slot.expected = expected;
    pipeline.admit(&slot);
    return &slot;
  }

  /// Writes up to `most` bytes, in the pieces that the pipeline gives.
  std::size_t write(std::size_t most) {
    std::array<iovec, 4> pieces;
    const auto count = pipeline.has_output() ? pipeline.output(pieces) : 0;
    std::size_t written = 0;
    for (std::size_t index = 0; index < count && written < most; ++index) {
      const auto size = std::min(pieces[index].iov_len, most - written);
      wire.append(static_cast<const char*>(pieces[index].iov_base), size);
      written += size;
    }
    pipeline.wrote(written);
    return written;
  }
  void write_all() {
    while (pipeline.has_output())
      write(SIZE_MAX);
  }

  bool receive(std::string_view bytes) {
    while (!bytes.empty()) {
      std::array<iovec, 2> places;
      pipeline.input_room(places);
      const auto size = std::min(places[0].iov_len, bytes.size());
      std::memcpy(places[0].iov_base, bytes.data(), size);
      if (!pipeline.received(size)) return false;
      bytes.remove_prefix(size);
    }
    return true;
  }

  std::vector<RequestSlot*> take_finished() {
    std::vector<RequestSlot*> finished;
    while (!pipeline.finished().empty())
      finished.push_back(pipeline.finished().pop());
    return finished;
  }

  PipelineState pipeline{FrameLimits{}};
  std::string wire;

 private:
  std::list<std::vector<std::string>> words_;
  std::vector<std::unique_ptr<RequestSlot>> slots_;
};

}  // namespace

BOOST_AUTO_TEST_CASE(the_answers_of_a_slot_that_is_used_again_are_as_new) {
  RequestSlot slot;
  for (const std::size_t count : {2U, 1U, 5U, 2U}) {
    slot.parts.make(count);
    BOOST_TEST(slot.parts.size() == count);
    for (std::size_t place = 0; place < count; ++place) {
      auto& reply = slot.parts[place].reply;
      BOOST_TEST((reply.kind == ReplyKind::none));
      BOOST_TEST(reply.elements.capacity() == 0U);
      BOOST_TEST(reply.value.size() <= Value::inline_capacity);
      reply.kind = ReplyKind::array;
      reply.elements.resize(3);
      reply.value.assign(std::string(5000, 'v'));
    }
    slot.clear();
    BOOST_TEST(slot.parts.empty());
  }
}

BOOST_AUTO_TEST_CASE(answers_go_to_the_questions_in_order) {
  Scene scene;
  RequestSlot* const first = scene.ask({"GET", "a"});
  RequestSlot* const second = scene.ask({"GET", "b"});
  scene.write_all();
  BOOST_TEST(scene.wire == "*2\r\n$3\r\nGET\r\n$1\r\na\r\n*2\r\n$3\r\nGET\r\n$1\r\nb\r\n");
  BOOST_TEST(scene.receive("$2\r\nof"));
  BOOST_TEST(scene.take_finished().empty());
  BOOST_TEST(scene.receive("\r\n$-1\r\n"));
  const auto finished = scene.take_finished();
  BOOST_REQUIRE(finished.size() == 2U);
  BOOST_TEST(finished[0] == first);
  BOOST_TEST(finished[1] == second);
  BOOST_TEST(first->reply.text() == "of");
  BOOST_TEST((second->reply.kind == ReplyKind::nil));
  BOOST_TEST(!scene.pipeline.awaiting());
}

BOOST_AUTO_TEST_CASE(writing_goes_on_in_the_middle) {
  for (std::size_t step = 1; step < 40; ++step) {
    Scene scene;
    const std::string large(20'000, 'L');
    scene.ask({"SET", "a", large});
    scene.ask({"GET", "b"});
    while (scene.pipeline.has_output())
      scene.write(step * step);
    BOOST_TEST((scene.wire ==
                "*3\r\n$3\r\nSET\r\n$1\r\na\r\n$20000\r\n" + large + "\r\n*2\r\n$3\r\nGET\r\n$1\r\nb\r\n"));
  }
}

BOOST_AUTO_TEST_CASE(a_loss_tells_what_was_written_completely) {
  Scene scene;
  RequestSlot* const first = scene.ask({"GET", "a"});
  RequestSlot* const second = scene.ask({"GET", "b"});
  RequestSlot* const third = scene.ask({"GET", "c"});
  scene.write(first->output.size() + second->output.size() - 1);
  scene.pipeline.lose(Error(ErrorCode::unreachable, "gone"));
  BOOST_TEST(scene.take_finished().size() == 3U);
  BOOST_TEST((first->ending == Ending::lost_sent));
  BOOST_TEST((second->ending == Ending::lost_unsent));
  BOOST_TEST((third->ending == Ending::lost_unsent));
}

// The server may have done its first commands by then.
BOOST_AUTO_TEST_CASE(a_request_of_several_commands_counts_as_sent_from_its_first_byte_on) {
  for (const std::size_t written : {0U, 1U, 20U}) {
    Scene scene;
    RequestSlot* const slot = scene.ask({"GET", "a"});
    slot->parts.make(2);
    scene.write(written);
    scene.pipeline.lose(Error(ErrorCode::unreachable, "gone"));
    BOOST_TEST((slot->ending == (written == 0 ? Ending::lost_unsent : Ending::lost_sent)));
  }
}

BOOST_AUTO_TEST_CASE(a_surplus_answer_spoils_what_came_with_it) {
  Scene scene;
  RequestSlot* const slot = scene.ask({"GET", "a"});
  scene.write_all();
  BOOST_TEST(!scene.receive("$4\r\nevil\r\n$4\r\ngood\r\n"));
  BOOST_TEST(scene.take_finished().size() == 1U);
  BOOST_TEST((slot->ending == Ending::spoilt));
  BOOST_TEST((slot->loss.code() == ErrorCode::protocol));
}

BOOST_AUTO_TEST_CASE(an_answer_without_a_question_ends_the_pipeline) {
  Scene scene;
  BOOST_TEST(!scene.receive("+OK\r\n"));
  BOOST_TEST((scene.pipeline.failure()->code() == ErrorCode::protocol));
}

BOOST_AUTO_TEST_CASE(an_answer_before_the_question_is_written_ends_the_pipeline) {
  Scene scene;
  RequestSlot* const slot = scene.ask({"GET", "a"});
  RequestSlot* const behind = scene.ask({"GET", "b"});
  scene.write(5);
  BOOST_TEST(!scene.receive("+OK\r\n"));
  scene.take_finished();
  BOOST_TEST((slot->ending == Ending::spoilt));
  scene.pipeline.lose(*scene.pipeline.failure());
  BOOST_TEST((behind->ending == Ending::lost_unsent));
}

BOOST_AUTO_TEST_CASE(an_answer_of_another_kind_ends_the_pipeline) {
  const auto check = [](const std::string& answer, ReplyKinds expected, bool fine) {
    Scene scene;
    RequestSlot* const slot = scene.ask({"GET", "a"}, expected);
    scene.write_all();
    BOOST_TEST(scene.receive(answer) == fine, answer);
    scene.take_finished();
    BOOST_TEST((slot->ending == (fine ? Ending::answered : Ending::spoilt)));
  };
  const auto get = ReplyKind::bulk | ReplyKind::nil;
  check("$1\r\na\r\n", get, true);
  check("$-1\r\n", get, true);
  check("-ERR no\r\n", get, true);
  check("+OK\r\n", get, false);
  check(":1\r\n", get, false);
  check("*0\r\n", get, false);
}

// Whatever is cut, delayed or split, each request ends once and with an ending that fits what happened.
BOOST_AUTO_TEST_CASE(ten_thousand_seeded_schedules_end_every_request_once) {
  for (unsigned seed = 1; seed <= 10'000; ++seed) {
    std::minstd_rand random(seed);
    Scene scene;
    std::vector<RequestSlot*> asked;
    std::map<RequestSlot*, int> endings;
    std::string pending;  // answers on their way
    std::size_t answers = 0;
    bool broken = false;
    const auto note = [&] {
      for (RequestSlot* const slot : scene.take_finished())
        ++endings[slot];
    };
    for (int step = 0; step < 60 && !broken; ++step) {
      switch (random() % 5) {
        case 0:
          if (asked.size() < 12) asked.push_back(scene.ask({"GET", std::to_string(asked.size())}));
          break;
        case 1:
          scene.write(1 + random() % 40);
          break;
        case 2: {  // the server answers each command that it has completely
          std::size_t end = 0;
          for (std::size_t index = 0; index < asked.size(); ++index) {
            end += asked[index]->output.size();
            if (index < answers || end > scene.wire.size()) continue;
            const auto text = std::to_string(index);
            pending += "$" + std::to_string(text.size()) + "\r\n" + text + "\r\n";
            ++answers;
          }
          break;
        }
        case 3: {
          const auto size = std::min<std::size_t>(pending.size(), 1 + random() % 12);
          BOOST_REQUIRE_MESSAGE(scene.receive(pending.substr(0, size)), "seed " << seed);
          pending.erase(0, size);
          note();
          break;
        }
        default:
          broken = random() % 30 == 0;
      }
    }
    const auto written = scene.wire.size();
    scene.pipeline.lose(Error(ErrorCode::unreachable, "cut"));
    note();
    std::size_t end = 0;
    for (std::size_t index = 0; index < asked.size(); ++index) {
      const RequestSlot& slot = *asked[index];
      end += slot.output.size();
      BOOST_REQUIRE_MESSAGE(endings[asked[index]] == 1, "seed " << seed);
      if (slot.ending == Ending::answered)
        BOOST_REQUIRE_MESSAGE(slot.reply.text() == std::to_string(index), "seed " << seed);
      else
        BOOST_REQUIRE_MESSAGE(slot.ending == (end <= written ? Ending::lost_sent : Ending::lost_unsent),
                              "seed " << seed);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
