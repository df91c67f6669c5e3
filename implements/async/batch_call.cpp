#include "async/batch_call.hpp"

#include "async/cache_access.hpp"
#include "interfaces/request_rules.hpp"

#include <cachesite/detail/guarded_call.hpp>

#include <utility>

namespace cachesite::async {

BatchCall::Checked::Checked(ICache& cache, const CacheRequest& given)
    : entries(given.entries.begin(), given.entries.end()), whole(given) {
  for (auto& entry : entries)
    if (!entry.time_to_live.specified())
      entry.time_to_live = cache.effective_time_to_live(entry.key, entry.time_to_live);
  whole.entries = entries;
  std::vector<std::size_t> places;
  places.reserve(whole.items());
  for (std::size_t item = 0; item < whole.items(); ++item) {
    if (auto reason = interfaces::refusal_of_item(whole, item))
      refused.push_back({item, *std::move(reason)});
    else
      places.push_back(item);
  }
  if (!places.empty()) accepted.emplace(whole, std::move(places));
}

bool BatchCall::begin(detail::OperationCaller& caller) noexcept {
  if (!CacheAccess::may_wait(*cache_)) {
    cache_->perform(request_);
    return true;
  }
  try {
    checked_ = std::make_unique<Checked>(*cache_, request_);
  } catch (...) {
    failure_ = thrown_failure();
    return true;
  }
  for (const auto& refused : checked_->refused)
    CacheAccess::refuse(*cache_, refused.reason);
  if (!checked_->accepted) return true;
  return started_.begin(*cache_, checked_->accepted->request(), patience_, caller);
}

Status BatchCall::take_result() noexcept {
  if (failure_) return *failure_;
  if (checked_ == nullptr) return Done{};
  if (checked_->accepted) checked_->accepted->hand_back();
  for (const auto& refused : checked_->refused)
    checked_->whole.fail(refused.item, refused.reason);
  return Done{};
}

}  // namespace cachesite::async
