#include "mutex/redis_backend.hpp"

#include "basics/owner_names.hpp"
#include "mutex/redis_mutex_scripts.hpp"
#include "redis_client/async_calls.hpp"

#include <cachesite/detail/interruptible_sleep.hpp>

#include <algorithm>
#include <utility>

namespace cachesite::mutex {

using coroutines::Routine;

namespace {

using std::chrono::milliseconds;

// A holder that announces its release may die, and an announcement may get lost with a connection.
constexpr milliseconds longest_sleep{1000};
// How long the name of a waiting writer stays.
constexpr milliseconds intent{3000};
constexpr int most_sleepers = 16;

std::string text_of(milliseconds length) {
  return std::to_string(length.count());
}

// No longer than the lease of the holder.
milliseconds time_to_wait(const AttemptResult& failed, milliseconds longest) noexcept {
  auto length = longest;
  if (failed.remaining) length = std::min(length, *failed.remaining + milliseconds(1));
  return std::max(length, milliseconds(1));
}

Result<AttemptResult> read_attempt(const Result<RedisValue>& reply) {
  if (!reply.ok()) return reply.error();
  const auto& answer = reply.value().elements();
  if (answer.size() < 2) return Error(ErrorCode::protocol, "unexpected answer to a script of the mutexes");
  AttemptResult attempt;
  attempt.granted = answer[0].integer() == 1;
  if (attempt.granted) {
    attempt.fencing_token = static_cast<std::uint64_t>(answer[1].integer());
    return attempt;
  }
  if (answer[1].integer() >= 0) attempt.remaining = milliseconds(answer[1].integer());
  attempt.announced = answer.size() > 2 && answer[2].text().starts_with(basics::owner_prefix);
  return attempt;
}

Result<bool> read_bool(const Result<RedisValue>& reply) {
  if (!reply.ok()) return reply.error();
  return reply.value().integer() == 1;
}

}  // namespace

RedisBackend::RedisBackend(std::shared_ptr<IRedis> redis, Options options)
    : redis_(std::move(redis)),
      options_(std::move(options)),
      take_exclusive_(redis_->make_script(scripts::take_exclusive)),
      take_shared_(redis_->make_script(scripts::take_shared)),
      release_exclusive_(redis_->make_script(scripts::release_exclusive)),
      release_shared_(redis_->make_script(scripts::release_shared)),
      renew_(redis_->make_script(scripts::renew)),
      give_up_(redis_->make_script(scripts::give_up)),
      holders_(redis_->make_script(scripts::holders)) {}

RedisBackend::Keys RedisBackend::keys_of(const std::string& name) const {
  const std::string mutex = options_.prefix + name;
  return {mutex, "readers@" + mutex, "writers@" + mutex, "fence@" + mutex, "wake@" + mutex};
}

Backend::Limit RedisBackend::within(Limit limit) const {
  if (!limit) return limit;
  return std::min(*limit, options_.call_timeout);
}

RedisBackend::Attempt RedisBackend::attempt_for(const Claim& claim, bool will_wait, bool has_waited) const {
  const Keys keys = keys_of(claim.name);
  const std::string expire = text_of(claim.expire);
  if (claim.mode == MutexMode::shared)
    return {take_shared_,
            {keys.mutex, keys.readers, keys.writers, keys.fence, keys.wake},
            {claim.owner, expire, has_waited ? "1" : "0"}};
  return {take_exclusive_,
          {keys.mutex, keys.readers, keys.writers, keys.fence},
          {claim.owner, expire, will_wait ? text_of(intent) : std::string("0")}};
}

Result<AttemptResult> RedisBackend::attempt(const Claim& claim, bool will_wait, bool has_waited,
                                            Limit limit) {
  const auto attempt = attempt_for(claim, will_wait, has_waited);
  const std::vector<ByteView> keys(attempt.keys.begin(), attempt.keys.end());
  const std::vector<ByteView> arguments(attempt.arguments.begin(), attempt.arguments.end());
  return read_attempt(redis_->run(attempt.script, keys, arguments, within(limit)));
}

Routine<Result<AttemptResult>> RedisBackend::async_attempt(const Claim& claim, bool will_wait,
                                                           bool has_waited, Limit limit,
                                                           std::stop_token stop) {
  auto attempt = attempt_for(claim, will_wait, has_waited);
  auto asked = redis::run_without_thread(*redis_, attempt.script, std::move(attempt.keys),
                                         std::move(attempt.arguments), within(limit), stop);
  const auto reply = co_await asked;
  co_return read_attempt(reply);
}

milliseconds RedisBackend::pause_after(const AttemptResult& failed) const noexcept {
  return time_to_wait(failed, options_.poll_interval);
}

void RedisBackend::wait(const Claim& claim, const AttemptResult& failed, milliseconds limit,
                        const std::stop_token& stop) {
  const auto length =
      time_to_wait(failed, std::min(limit, failed.announced ? longest_sleep : options_.poll_interval));
  struct SleeperCount {
    std::atomic<int>& count;
    const bool taken;
    explicit SleeperCount(std::atomic<int>& sleepers)
        : count(sleepers), taken(count.fetch_add(1) < most_sleepers) {}
    ~SleeperCount() { count.fetch_sub(1); }
  } const sleeper(sleepers_);
  if (!sleeper.taken) return detail::interruptible_sleep(std::min(length, options_.poll_interval), stop);
  constexpr milliseconds answer(500);  // servers look at such waits ten times a second
  const double seconds = std::chrono::duration<double>(length).count();
  const auto woken =
      redis_->call(RedisCommand("BLPOP", keys_of(claim.name).wake, seconds).timeout(length + answer), stop);
  // A server that does not answer has taken the time already.
  if (!woken.ok() && woken.error().code() != ErrorCode::timeout)
    detail::interruptible_sleep(std::min(length, options_.poll_interval), stop);
}

void RedisBackend::give_up(const Claim& claim, Limit limit) {
  const Keys keys = keys_of(claim.name);
  (void)redis_->run(give_up_, {keys.mutex, keys.writers, keys.wake}, {claim.owner}, within(limit));
}

Routine<Status> RedisBackend::async_give_up(const Claim& claim, Limit limit) {
  const Keys keys = keys_of(claim.name);
  auto asked = redis::run_without_thread(*redis_, give_up_, {keys.mutex, keys.writers, keys.wake},
                                         {claim.owner}, within(limit), {});
  const auto reply = co_await asked;
  if (!reply.ok()) co_return reply.error();
  co_return Done{};
}

std::vector<Result<bool>> RedisBackend::renew(std::span<const Claim> claims, milliseconds limit) {
  std::vector<Result<bool>> answers;
  answers.reserve(claims.size());
  constexpr std::size_t most_at_once = 500;
  while (!claims.empty()) {
    const auto some = claims.first(std::min(claims.size(), most_at_once));
    claims = claims.subspan(some.size());
    std::vector<std::string> texts;
    texts.reserve(some.size() * 2);
    std::vector<ByteView> keys;
    std::vector<ByteView> arguments;
    for (const auto& claim : some) {
      const Keys all = keys_of(claim.name);
      const bool shared = claim.mode == MutexMode::shared;
      keys.emplace_back(texts.emplace_back(shared ? all.readers : all.mutex));
      arguments.emplace_back(shared ? "shared" : "exclusive");
      arguments.emplace_back(claim.owner);
      arguments.emplace_back(texts.emplace_back(text_of(claim.expire)));
    }
    const auto reply = redis_->run(renew_, keys, arguments, limit);
    for (std::size_t index = 0; index < some.size(); ++index) {
      if (!reply.ok())
        answers.emplace_back(reply.error());
      else if (index < reply.value().elements().size())
        answers.emplace_back(reply.value().elements()[index].integer() == 1);
      else
        answers.emplace_back(Error(ErrorCode::protocol, "unexpected answer to a script of the mutexes"));
    }
  }
  return answers;
}

Result<bool> RedisBackend::release(const Claim& claim, Limit limit) {
  const Keys keys = keys_of(claim.name);
  if (claim.mode == MutexMode::shared)
    return read_bool(redis_->run(release_shared_, {keys.readers, keys.wake}, {claim.owner}, within(limit)));
  return read_bool(redis_->run(release_exclusive_, {keys.mutex, keys.wake}, {claim.owner}, within(limit)));
}

Routine<Result<bool>> RedisBackend::async_release(const Claim& claim, Limit limit, std::stop_token stop) {
  const Keys keys = keys_of(claim.name);
  const bool shared = claim.mode == MutexMode::shared;
  auto asked = redis::run_without_thread(*redis_, shared ? release_shared_ : release_exclusive_,
                                         {shared ? keys.readers : keys.mutex, keys.wake}, {claim.owner},
                                         within(limit), stop);
  const auto reply = co_await asked;
  co_return read_bool(reply);
}

std::optional<Result<std::vector<MutexHolder>>> RedisBackend::holders(const std::string& name) {
  using Answer = Result<std::vector<MutexHolder>>;
  const Keys keys = keys_of(name);
  const auto reply = redis_->run(holders_, {keys.mutex, keys.readers}, {});
  if (!reply.ok()) return Answer(reply.error());
  std::vector<MutexHolder> holders;
  const auto& list = reply.value().elements();
  for (std::size_t index = 0; index + 2 < list.size(); index += 3) {
    MutexHolder holder;
    holder.mode = list[index].text() == "shared" ? MutexMode::shared : MutexMode::exclusive;
    holder.owner = list[index + 1].text();
    if (list[index + 2].integer() >= 0) holder.remaining = milliseconds(list[index + 2].integer());
    holders.push_back(std::move(holder));
  }
  return Answer(std::move(holders));
}

}  // namespace cachesite::mutex
