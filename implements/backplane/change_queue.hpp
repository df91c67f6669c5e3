#pragma once

#include <cachesite/backplane.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace cachesite::backplane {

/// Changes that wait to be published, at most one for each key and kind of thing; the last one counts. When there
/// are too many, one `clear` takes the place of all. Not safe from several threads.
class ChangeQueue {
 public:
  /// Who has published a change; null: several have.
  using Origin = const void*;
  struct Waiting {
    ChangeAction action = ChangeAction::clear;
    std::string key;
    std::uint64_t version = 0;
    std::uint32_t extra = 0;
    Origin origin = nullptr;
    bool told = false;  // to the neighbours

    [[nodiscard]] BackplaneChange view() const noexcept { return {action, key, version, extra}; }
  };

  explicit ChangeQueue(std::size_t most) : most_(most) {}

  /// False when all have become one `clear`.
  bool add(const BackplaneChange& change, Origin origin) {
    if (change.action == ChangeAction::clear) {
      become_clear(origin);
      return true;
    }
    const auto [place, is_new] =
        places_.try_emplace(place_of(change), first_ + static_cast<std::uint64_t>(waiting_.size()));
    if (!is_new) {
      replace(waiting_[static_cast<std::size_t>(place->second - first_)], change, origin);
      return true;
    }
    if (waiting_.size() >= most_) {
      become_clear(nullptr);
      return false;
    }
    waiting_.push_back({change.action, std::string(change.key), change.version, change.extra, origin, false});
    return true;
  }
  void become_clear(Origin origin) noexcept {
    const bool of_others = (cleared_ && clear_origin_ != origin) ||
                           std::any_of(waiting_.begin(), waiting_.end(),
                                       [&](const Waiting& waiting) { return waiting.origin != origin; });
    clear_origin_ = of_others ? nullptr : origin;
    waiting_.clear();
    places_.clear();
    cleared_ = true;
  }

  [[nodiscard]] bool empty() const noexcept { return !cleared_ && waiting_.empty(); }
  [[nodiscard]] std::size_t size() const noexcept { return waiting_.size() + (cleared_ ? 1 : 0); }

  /// The oldest one; the view is valid until the next change of the queue. Precondition: not empty.
  [[nodiscard]] BackplaneChange oldest() const noexcept {
    return cleared_ ? BackplaneChange{ChangeAction::clear, {}} : waiting_.front().view();
  }
  Waiting take() {
    if (std::exchange(cleared_, false)) {
      Waiting clear;
      clear.origin = std::exchange(clear_origin_, nullptr);
      return clear;
    }
    auto oldest = std::move(waiting_.front());
    waiting_.pop_front();
    ++first_;
    places_.erase(place_of(oldest.view()));
    return oldest;
  }

  /// All that wait and have not been asked for in this way; `clear` each time.
  [[nodiscard]] std::vector<Waiting> take_untold() {
    std::vector<Waiting> untold;
    if (cleared_) untold.emplace_back().origin = clear_origin_;
    for (auto& waiting : waiting_) {
      if (waiting.told) continue;
      untold.push_back(waiting);
      waiting.told = true;
    }
    return untold;
  }

 private:
  // Patterns are no keys.
  static std::string place_of(const BackplaneChange& change) {
    std::string place(1, change.action == ChangeAction::matching ? 'm' : 'k');
    return place.append(change.key);
  }
  // A removal ends stale copies, too, so nothing that comes after it may take its place: a receiver that drops the
  // copy for the removal has done what all others ask for. Nor may another end of the value take the place of a write.
  static void replace(Waiting& waiting, const BackplaneChange& change, Origin origin) noexcept {
    if (waiting.origin != origin) waiting.origin = nullptr;
    waiting.told = false;
    if (waiting.action == ChangeAction::remove) return;
    const bool same_value = change.action == ChangeAction::expire || change.action == ChangeAction::extend;
    if (waiting.action == ChangeAction::set && same_value) return;
    waiting.action = change.action;
    waiting.version = change.version;
    waiting.extra = change.extra;
  }

  const std::size_t most_;
  bool cleared_ = false;  // before all that wait
  Origin clear_origin_ = nullptr;
  std::uint64_t first_ = 0;  // number of the oldest that waits
  std::deque<Waiting> waiting_;
  std::unordered_map<std::string, std::uint64_t> places_;
};

}  // namespace cachesite::backplane
