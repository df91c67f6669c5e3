#include <cachesite/remember_cache.hpp>
#include <cachesite/time_to_live.hpp>

namespace cachesite {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds longest_keep{std::chrono::hours(30 * 24)};
constexpr milliseconds longest_error_ttl{std::chrono::hours(1)};
constexpr std::size_t most_rules = 64;

bool is_part(double from) noexcept {
  return from >= 0.05 && from <= 0.99;
}

bool is_ttl_or_nothing(const std::optional<milliseconds>& time) {
  return !time || time->count() == 0 || TimeToLive(*time).valid();
}

}  // namespace

ParameterTable StaleOptions::parameters() {
  using O = StaleOptions;
  return {
      parameter(
          "keep", &O::keep,
          "How long a value is kept in memory after the end of its TTL, to be returned when no newer one "
          "can be had; 0: not at all.")
          .between(milliseconds(0), longest_keep),
      parameter(
          "throttle", &O::throttle,
          "How long a factory that has failed is not called again while there is such a value; twice as "
          "long after each further failure.")
          .between(milliseconds(0), milliseconds(std::chrono::hours(1))),
      parameter("longest_throttle", &O::longest_throttle, "Longest such time.")
          .between(milliseconds(0), milliseconds(std::chrono::hours(24))),
  };
}

ParameterTable RefreshOptions::parameters() {
  using O = RefreshOptions;
  return {
      parameter("mode", &O::mode,
                "When a value is computed again before it is missing: not at all; at a part of its TTL; at "
                "random, the earlier the longer its factory takes; or as eager, and past the end the stale "
                "value is returned at once.")
          .choices({{"off", RefreshMode::off},
                    {"eager", RefreshMode::eager},
                    {"xfetch", RefreshMode::xfetch},
                    {"swr", RefreshMode::swr}}),
      parameter("from", &O::from, "The part of the TTL after which a value is computed again (eager, swr).")
          .between(0.05, 0.99),
      parameter("beta", &O::beta, "How early a value is computed again, as a factor (xfetch).")
          .between(0.0, 100.0),
      parameter("workers", &O::workers, "Most threads that compute values again.")
          .between(1, 64)
          .unit("threads"),
      parameter("queue", &O::queue, "Most values that wait for such a thread; more are not computed again.")
          .between(0, 1'000'000)
          .unit("values"),
  };
}

ParameterTable RememberRule::parameters() {
  using O = RememberRule;
  return {
      parameter("match", &O::match,
                "Pattern of keys, such as page:*; * is any number of bytes, ? is one, [a-z] is one of a set.")
          .required(),
      parameter(
          "ttl", &O::ttl,
          "TTL of computed values with such keys, in place of that of the call, unless the factory gives "
          "one.")
          .between(milliseconds(1), milliseconds(TimeToLive::longest)),
      parameter("negative_ttl", &O::negative_ttl, "As for the cache.")
          .between(milliseconds(0), milliseconds(TimeToLive::longest)),
      parameter("stale", &O::stale, "In place of stale.keep.").between(milliseconds(0), longest_keep),
      parameter("refresh_from", &O::refresh_from, "In place of refresh.from.").between(0.05, 0.99),
      parameter("error_ttl", &O::error_ttl, "As for the cache.").between(milliseconds(0), longest_error_ttl),
  };
}

ParameterTable RememberCacheOptions::parameters() {
  using O = RememberCacheOptions;
  return {
      parameter("over", &O::over, "The cache that holds the values.").required(),
      parameter("locks", &O::locks,
                "Mutexes, one for each key, that keep other processes from computing the same value. Without "
                "it each process computes for itself."),
      parameter("wait", &O::wait, "Longest wait for a value that another caller computes; 0: no wait.")
          .between(milliseconds(0), milliseconds(std::chrono::hours(24))),
      parameter("lease", &O::lease,
                "Length of the lease of a lock, which is renewed while the factory runs: other processes "
                "wait this long after the crash of the one that was computing.")
          .between(milliseconds(10), milliseconds(std::chrono::hours(24))),
      parameter("negative_ttl", &O::negative_ttl,
                "How long it is remembered that there is no value, at most as long as a value would be; 0: "
                "not at all.")
          .computed_default("a tenth of the TTL, at most 5s")
          .between(milliseconds(0), milliseconds(TimeToLive::longest)),
      parameter("on_lock_failure", &O::on_lock_failure,
                "What a caller does after `wait`, or when the lock cannot be taken.")
          .choices({{"compute", OnLockFailure::compute}, {"error", OnLockFailure::error}}),
      parameter(
          "form", &O::form,
          "What stands in the cache below for a value: the value itself, which every program reads and "
          "writes, and whose stale values are kept in memory; or an envelope around it, which keeps stale "
          "values, etags and costs there, for programs of this library alone.")
          .choices({{"plain", ValueForm::plain}, {"envelope", ValueForm::envelope}}),
      parameter("factory_soft", &O::factory_soft,
                "When a factory takes longer than this, callers get the stale value if there is one; 0: they "
                "wait. The caller that started it, too, if the factory may outlive the call.")
          .between(milliseconds(0), milliseconds(std::chrono::hours(24))),
      parameter("factory_hard", &O::factory_hard,
                "When a factory takes longer than this, who waits for it gets the stale value or a timeout, "
                "and the next caller may call a factory again; 0: never.")
          .between(milliseconds(0), milliseconds(std::chrono::hours(24))),
      parameter("far_soft", &O::far_soft,
                "Longest wait for the cache below while memory has a stale value of the key; 0: that of the "
                "cache below.")
          .between(milliseconds(0), milliseconds(std::chrono::hours(24))),
      parameter("most_abandoned", &O::most_abandoned,
                "Most factories past factory_hard that still run; as long as there are so many, no other is "
                "called.")
          .between(0, 1024)
          .unit("factories"),
      parameter("most_waiting", &O::most_waiting,
                "Most callers that wait for one value; more get the stale value or are refused.")
          .between(1, 1'000'000)
          .unit("callers"),
      parameter("error_ttl", &O::error_ttl,
                "How long the failure of a factory is remembered, and returned to callers without calling "
                "it again; 0: not at all.")
          .between(milliseconds(0), longest_error_ttl),
      parameter("stale", &O::stale,
                "What becomes of values whose TTL has ended; a duration alone is that of keep.")
          .short_for("keep"),
      parameter("refresh", &O::refresh,
                "Computes values again before their TTL ends; a word alone is that of mode.")
          .short_for("mode"),
      parameter(
          "rules", &O::rules,
          "Settings by key pattern, in place of those of the cache; the first rule that matches counts.")
          .live(),
      parameter("loader", &O::loader,
                "Makes the values of get_or_load, and computes values again ahead of their end: a component "
                "of the program."),
  };
}

std::vector<OptionComplaint> RememberCacheOptions::complaints() const {
  std::vector<OptionComplaint> complaints;
  if (wait < std::chrono::milliseconds(0)) complaints.push_back({"wait", "a wait is 0 s or longer"});
  if (lease < std::chrono::milliseconds(10)) complaints.push_back({"lease", "a lease is 10 ms or longer"});
  if (negative_ttl && *negative_ttl != std::chrono::milliseconds(0) && !TimeToLive(*negative_ttl).valid())
    complaints.push_back({"negative_ttl", "a TTL is 1 ms to 10 years"});
  if (factory_soft.count() < 0) complaints.push_back({"factory_soft", "a limit is 0 s or longer"});
  if (factory_hard.count() < 0 || (factory_hard.count() > 0 && factory_hard < milliseconds(10)))
    complaints.push_back({"factory_hard", "0, or 10 ms or longer"});
  if (far_soft.count() < 0) complaints.push_back({"far_soft", "a limit is 0 s or longer"});
  if (most_waiting < 1) complaints.push_back({"most_waiting", "at least one caller has to wait"});
  if (error_ttl.count() < 0 || error_ttl > longest_error_ttl)
    complaints.push_back({"error_ttl", "0 s to 1 h"});
  if (stale.keep.count() < 0 || stale.keep > longest_keep)
    complaints.push_back({"stale", "values are kept for 0 s to 30 days"});
  if (stale.throttle.count() < 0 || stale.longest_throttle < stale.throttle)
    complaints.push_back({"stale", "longest_throttle is as long as throttle, or longer"});
  if (!is_part(refresh.from)) complaints.push_back({"refresh", "from is 0.05 to 0.99"});
  if (!(refresh.beta >= 0 && refresh.beta <= 100)) complaints.push_back({"refresh", "beta is 0 to 100"});
  if (refresh.workers < 1) complaints.push_back({"refresh", "there is at least one worker"});
  if (rules.size() > most_rules) complaints.push_back({"rules", "there are at most 64 rules"});
  for (const auto& rule : rules) {
    if (rule.ttl && !TimeToLive(*rule.ttl).valid())
      complaints.push_back({"rules", "a TTL is 1 ms to 10 years"});
    if (!is_ttl_or_nothing(rule.negative_ttl))
      complaints.push_back({"rules", "a negative_ttl is 0, or 1 ms to 10 years"});
    if (rule.stale && (rule.stale->count() < 0 || *rule.stale > longest_keep))
      complaints.push_back({"rules", "values are kept for 0 s to 30 days"});
    if (rule.refresh_from && !is_part(*rule.refresh_from))
      complaints.push_back({"rules", "refresh_from is 0.05 to 0.99"});
    if (rule.error_ttl && (rule.error_ttl->count() < 0 || *rule.error_ttl > longest_error_ttl))
      complaints.push_back({"rules", "an error_ttl is 0 s to 1 h"});
  }
  return complaints;
}

}  // namespace cachesite
