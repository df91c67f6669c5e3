#include "rate_limit/redis_ledger.hpp"

#include "basics/key_hash.hpp"
#include "basics/temporary_error.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace cachesite::rate_limits {

namespace {

using std::chrono::milliseconds;

// When to try again if nobody knows.
constexpr milliseconds soon{1000};

void append_hexadecimal(std::string& text, std::uint64_t number, unsigned digits) {
  while (digits-- > 0)
    text.push_back("0123456789abcdef"[number >> (4 * digits) & 15U]);
}

std::vector<ByteView> views_of(const std::vector<std::string>& texts) {
  return {texts.begin(), texts.end()};
}

}  // namespace

RedisLedger::RedisLedger(std::shared_ptr<IRedis> redis, RedisForm form, const Options& options,
                         std::unique_ptr<Ledger> local, detail::FailureReport report)
    : redis_(std::move(redis)),
      form_(std::move(form)),
      script_(redis_->make_script(form_.script)),
      options_(options),
      local_(std::move(local)),
      report_(std::move(report)),
      origin_(basics::HashSeed::random().second) {}

Result<RateDecision> RedisLedger::take(std::string_view key, std::uint64_t cost) {
  if (cost > form_.most_cost)
    return Error(ErrorCode::bad_argument,
                 "a window in the form of redis-kit takes a cost of 1 to " + std::to_string(form_.most_cost));
  auto decision = ask(key, cost);
  if (!decision.ok()) {
    if (!basics::is_temporary(decision.error())) return decision;
    report_(decision.error());
    without_server_.fetch_add(1, std::memory_order_relaxed);
    decision = decide(key, cost);
  }
  if (decision.ok()) (decision.value().allowed ? allowed_ : refused_).fetch_add(1, std::memory_order_relaxed);
  return decision;
}

Result<RateDecision> RedisLedger::ask(std::string_view key, std::uint64_t cost) {
  const auto keys = form_.keys_of(key);
  const auto price = std::to_string(cost);
  const auto member = form_.needs_member ? next_member() : std::string();
  auto arguments = views_of(form_.arguments);
  arguments.emplace_back(price);
  if (form_.needs_member) arguments.emplace_back(member);
  const auto reply = redis_->run(script_, views_of(keys), arguments, options_.timeout);
  if (!reply.ok()) return reply.error();
  const auto& answer = reply.value().elements();
  const bool right = answer.size() == 4 && std::none_of(answer.begin(), answer.end(),
                                                        [](const auto& each) { return each.integer() < 0; });
  if (!right || answer[1].integer() > static_cast<std::int64_t>(options_.limit))
    return Error(ErrorCode::corrupt, "the key holds no rate limit");
  RateDecision decision;
  decision.allowed = answer[0].integer() == 1;
  decision.limit = options_.limit;
  decision.remaining = static_cast<std::uint64_t>(answer[1].integer());
  decision.retry_after = milliseconds(answer[2].integer());
  decision.reset_after = milliseconds(answer[3].integer());
  return decision;
}

Result<RateDecision> RedisLedger::decide(std::string_view key, std::uint64_t cost) {
  RateDecision decision;
  decision.limit = options_.limit;
  switch (options_.without_server) {
    case WithoutServer::deny:
      decision.retry_after = soon;
      break;
    case WithoutServer::allow:
      decision.allowed = true;
      decision.remaining = options_.limit - cost;
      break;
    case WithoutServer::local:
      if (cost > options_.local_limit) {
        decision.retry_after = soon;
        break;
      }
      const auto local = local_->take(key, cost);
      if (!local.ok()) return local;
      decision = local.value();
      break;
  }
  decision.without_server = true;
  return decision;
}

Result<bool> RedisLedger::reset(std::string_view key) {
  const bool forgotten = local_ && local_->reset(key).value_or(true);
  RedisCommand command("DEL");
  for (const auto& each : form_.keys_of(key))
    command.add(each);
  const auto removed = redis_->integer(command.repeatable().timeout(options_.timeout));
  if (!removed.ok()) return forgotten ? removed.error().with(Outcome::unknown) : removed.error();
  return removed.value() > 0;
}

RateLimiterStatistics RedisLedger::statistics() const {
  RateLimiterStatistics statistics;
  if (local_) statistics = local_->statistics();
  statistics.allowed = allowed_.load(std::memory_order_relaxed);
  statistics.refused = refused_.load(std::memory_order_relaxed);
  statistics.without_server = without_server_.load(std::memory_order_relaxed);
  return statistics;
}

std::string RedisLedger::next_member() {
  std::string member;
  append_hexadecimal(member, origin_, 16);
  append_hexadecimal(member, members_.fetch_add(1, std::memory_order_relaxed), 8);
  return member;
}

}  // namespace cachesite::rate_limits
