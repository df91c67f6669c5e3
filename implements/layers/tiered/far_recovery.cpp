#include "layers/tiered/far_recovery.hpp"

#include "layers/base/outage.hpp"
#include "layers/tiered/backplane_news.hpp"

#include <cachesite/detail/cache_statistics.hpp>
#include <cachesite/detail/guarded_call.hpp>

#include <cstddef>
#include <limits>
#include <string_view>
#include <utility>
#include <vector>

namespace cachesite::tiered {

namespace {

bool is_lost(const Error* error) noexcept {
  return error != nullptr && (layers::is_outage(*error) || error->outcome() == Outcome::unknown);
}

// The end of the call, not of the far tier. What was not done then is as the caller knows it.
bool comes_of_caller(const Error& error, bool caller_left) noexcept {
  return caller_left && (error.code() == ErrorCode::timeout || error.code() == ErrorCode::closed);
}
bool is_owed(const Error& error, bool caller_left) noexcept {
  return !comes_of_caller(error, caller_left) || error.outcome() == Outcome::unknown;
}

void forget(NearTier& near, const layers::OwedRemovals::Part& removed) noexcept {
  if (removed.clear) near.clear();
  if (removed.pattern) near.changed_matching(removed.pattern->first);
  for (const auto& [key, number] : removed.keys)
    (void)near.changed(key);
}

}  // namespace

FarRecovery::FarRecovery(ICache& far, const RecoveryOptions& options,
                         std::shared_ptr<const TierListeners> told, const ComponentContext& context)
    : far_(far),
      clock_(context.clock),
      log_(far, nullptr,
           {.retry_after = options.delay,
            .remembered_keys = static_cast<std::size_t>(options.keys),
            .always_tries = false,
            .topic = "recovery",
            .name = "the far tier",
            .remembered_bytes = static_cast<std::size_t>(options.bytes.bytes),
            .delay = options.delay,
            .rate = static_cast<std::size_t>(options.rate),
            .keys_back_off = true,
            .on_removed =
                [told = std::move(told)](std::size_t removed, std::size_t given_up) {
                  told->each([&](ITierListener& listener) { listener.on_recovery(removed, given_up); });
                },
            .on_forgotten = [this] { note_forgotten(); }},
           context) {}

// As long as an entry lives that is written to live for ever.
void FarRecovery::note_forgotten() noexcept {
  const auto longest = far_.effective_time_to_live({}, TimeToLive::never_expires());
  const auto end = longest.expires() ? (clock_->now() + longest.milliseconds()).time_since_epoch().count()
                                     : std::numeric_limits<std::int64_t>::max();
  auto before = old_until_.load();
  while (before < end && !old_until_.compare_exchange_weak(before, end)) {
  }
}

std::string FarRecovery::trouble() const {
  if (clock_->now().time_since_epoch().count() >= old_until_.load()) return {};
  return "keys that changed while the far tier failed could not all be remembered: it may hold old values of "
         "them "
         "until they end";
}

Status FarRecovery::settle(const CacheRequest& request) {
  if (!log_.may_owe()) return Done{};
  (void)log_.may_use_first();
  if (request.subject() == CacheSubject::key) return log_.settle({&request.key, 1});
  if (!request.is_batch()) return Done{};
  std::vector<std::string_view> keys;
  for (std::size_t item = 0; item < request.items(); ++item)
    keys.push_back(request.key_of(item));
  return log_.settle(keys);
}

std::vector<std::size_t> FarRecovery::fail_owed(CacheRequest& batch, const Error& error) {
  std::vector<std::size_t> others;
  for (std::size_t item = 0; item < batch.items(); ++item)
    if (log_.owes(batch.key_of(item)))
      batch.fail(item, error);
    else
      others.push_back(item);
  return others;
}

void FarRecovery::note(const CacheRequest& request, bool caller_left) noexcept {
  (void)guarded_call<Done>([&]() -> Status {
    take_end(request, caller_left);
    return Done{};
  });
}

// What is owed comes first: it is what counts when memory ends.
void FarRecovery::take_end(const CacheRequest& request, bool caller_left) {
  if (!request.is_batch()) {
    const auto* const error = request.error();
    if (error == nullptr) {
      if (request.operation == CacheOperation::clear) old_until_.store(0);
      return log_.note_success();
    }
    if (!is_lost(error)) return;
    if (layers::changes_entries(request) && is_owed(*error, caller_left)) owe(request);
    if (!comes_of_caller(*error, caller_left)) log_.note_failure(*error);
    return;
  }
  const Error* failure = nullptr;
  bool succeeded = false;
  for (std::size_t item = 0; item < request.items(); ++item) {
    const auto* const error = request.error(item);
    succeeded = succeeded || error == nullptr;
    if (!is_lost(error)) continue;
    if (!comes_of_caller(*error, caller_left)) failure = error;
    if (layers::changes_entries(request) && is_owed(*error, caller_left)) remember_key(request.key_of(item));
  }
  if (failure != nullptr) log_.note_failure(*failure);
  if (succeeded) log_.note_success();
}

void FarRecovery::note_unanswered(const CacheRequest& request) noexcept {
  (void)guarded_call<Done>([&]() -> Status {
    if (layers::changes_entries(request)) owe(request);
    return Done{};
  });
}

void FarRecovery::tell(NearTier& near, BackplaneNews* bus) {
  bus_ = bus;
  log_.when_removed([&near, bus](const layers::OwedRemovals::Part& removed) {
    forget(near, removed);
    if (bus != nullptr) bus->publish(removed);
  });
}

template <class Remember>
void FarRecovery::remember(Remember remember) noexcept {
  const auto before = log_.forgotten();
  if (!guarded_call<bool>([&]() -> Result<bool> { return remember(); }).ok()) log_.note_forgotten();
  if (bus_ != nullptr && log_.forgotten() != before) bus_->publish_clear();
}

void FarRecovery::remember_key(std::string_view key) noexcept {
  remember([&] { return log_.remember_key(key, true); });
}

void FarRecovery::owe(const CacheRequest& request) {
  switch (request.subject()) {
    case CacheSubject::key:
      return remember_key(request.key);
    case CacheSubject::batch:
      for (std::size_t item = 0; item < request.items(); ++item)
        remember_key(request.key_of(item));
      return;
    case CacheSubject::pattern:
      return remember([&] { return log_.remember_pattern(request.key, true); });
    case CacheSubject::everything:
      return remember([&] { return log_.remember_clear(true); });
  }
}

void FarRecovery::fill(TierStatistics& statistics) const {
  FailoverStatistics of_log;
  log_.add_to(of_log);
  statistics.recovery_pending = of_log.keys_to_repair;
  statistics.recovery_done = of_log.repaired_keys;
  statistics.recovery_given_up = log_.given_up();
  statistics.recovery_forgotten = of_log.forgotten_keys - statistics.recovery_given_up;
}

}  // namespace cachesite::tiered
