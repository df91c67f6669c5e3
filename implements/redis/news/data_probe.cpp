#include "redis/news/data_probe.hpp"

#include <array>
#include <utility>

namespace cachesite::redis {

namespace {

constexpr std::string_view life = "1000";  // milliseconds
constexpr std::chrono::milliseconds patience{20};

}  // namespace

WrittenProbe DataProbe::send(Endpoint& server, const ProbeName& name, std::uint64_t number) {
  forget();
  const auto value = std::to_string(number);
  std::string key;
  std::array<Argument, 5> words{{{"SET"}, {}, {value}, {"PX"}, {life}}};
  auto sent = server.send_on_each([&](std::size_t place) {
    key = name.text(number, place);
    words[1] = {key};
    return Command{words, static_cast<ReplyKinds>(ReplyKind::status), false};
  });
  sent_ = std::move(sent.answers);
  return {sent_.size(), sent.on_all};
}

std::optional<std::string> DataProbe::collect() {
  std::optional<std::string> refusal;
  const auto now = SteadyTime::now();
  for (auto& pending : std::exchange(sent_, {})) {
    Reply reply;
    const std::array<Reply*, 1> replies{&reply};
    std::optional<Error> loss;
    const auto ending = Channel::collect(std::move(pending), replies, now, now + patience, loss);
    if (ending == Ending::answered && reply.kind == ReplyKind::error) refusal = std::string(reply.text());
  }
  return refusal;
}

}  // namespace cachesite::redis
