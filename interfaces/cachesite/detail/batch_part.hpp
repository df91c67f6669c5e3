#pragma once

#include <cachesite/cache_request.hpp>
#include <cachesite/detail/guarded_call.hpp>
#include <cachesite/detail/implementation_pointer.hpp>

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace cachesite::detail {

/// Some items of a batch as a batch of their own.
class BatchPart {
 public:
  /// `places` are those of the items in `whole`. Throws std::bad_alloc.
  BatchPart(const CacheRequest& whole, std::vector<std::size_t> places);
  BatchPart(const BatchPart&) = delete;
  BatchPart& operator=(const BatchPart&) = delete;
  ~BatchPart();

  [[nodiscard]] CacheRequest& request() noexcept { return request_; }
  /// The entries of a part of `set_many`, to be changed before it is passed on.
  [[nodiscard]] std::span<CacheEntry> entries() noexcept { return {entries_.data(), entries_.size()}; }
  [[nodiscard]] std::span<const std::size_t> places() const noexcept {
    return {places_.data(), places_.size()};
  }
  /// Puts the answers to their places in the whole batch.
  void hand_back() noexcept;

 private:
  struct Room;

  const CacheRequest& whole_;
  const std::vector<std::size_t> places_;
  CacheRequest request_;
  std::vector<std::string_view> keys_;
  std::vector<CacheEntry> entries_;
  ImplementationPointer<Room> room_;
};

/// Passes those items of a batch on to `then(batch)` that `refusal(item)`, asked once for each, has no reason to
/// refuse, as one batch, and ends the others with their reason. What `then` or `refusal` throws becomes the
/// failure of those that were not refused. Returns how many were refused.
template <class Refusal, class Then>
std::size_t pass_accepted(CacheRequest& batch, Refusal refusal, Then then) noexcept {
  const auto items = batch.items();
  std::vector<std::size_t> accepted;  // in use from the first refusal on
  std::size_t refused = 0;
  std::size_t item = 0;
  bool passed_on = false;
  try {
    for (; item < items; ++item) {
      const std::optional<Error> reason = refusal(item);
      if (reason && refused == 0) {
        accepted.reserve(items);
        for (std::size_t before = 0; before < item; ++before)
          accepted.push_back(before);
      }
      if (reason) {
        batch.fail(item, *reason);
        ++refused;
      } else if (refused > 0) {
        accepted.push_back(item);
      }
    }
    if (refused == 0) {
      passed_on = true;
      then(batch);
    } else if (!accepted.empty()) {
      BatchPart part(batch, accepted);
      passed_on = true;
      then(part.request());
      part.hand_back();
    }
  } catch (...) {
    const auto error = thrown_failure(passed_on ? Outcome::unknown : Outcome::not_done);
    if (refused == 0) item = 0;
    for (const auto place : accepted)
      batch.fail(place, error);
    for (; item < items; ++item)
      batch.fail(item, error);
  }
  return refused;
}

}  // namespace cachesite::detail
