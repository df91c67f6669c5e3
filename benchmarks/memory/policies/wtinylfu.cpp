#include "policies/key_lists.hpp"
#include "policies/policy.hpp"

#include <algorithm>
#include <bit>

namespace cachesite::bench {

namespace {

// Four-bit count-min sketch of four rows, halved after ten times its capacity.
class Sketch {
 public:
  explicit Sketch(std::uint32_t capacity)
      : mask_(std::bit_ceil(std::max(8U, capacity)) * 4 - 1),
        rows_(4, std::vector<std::uint8_t>(mask_ + 1)),
        sample_(10 * std::uint64_t{std::max(1U, capacity)}) {}

  void add(std::uint32_t key) {
    bool added = false;
    for (unsigned row = 0; row < 4; ++row) {
      std::uint8_t& count = rows_[row][index(key, row)];
      if (count < 15) {
        ++count;
        added = true;
      }
    }
    if (!added || ++additions_ < sample_) return;
    for (auto& row : rows_) {
      for (auto& count : row)
        count = static_cast<std::uint8_t>(count / 2);
    }
    additions_ /= 2;
  }
  unsigned estimate(std::uint32_t key) const {
    unsigned least = 15;
    for (unsigned row = 0; row < 4; ++row)
      least = std::min<unsigned>(least, rows_[row][index(key, row)]);
    return least;
  }

 private:
  std::size_t index(std::uint32_t key, unsigned row) const {
    std::uint64_t mixed = (key + 1) * 0x9E3779B97F4A7C15U;
    mixed = (mixed ^ mixed >> 32U) * (0xD6E8FEB86659FD93U + 2 * row);
    return (mixed ^ mixed >> 29U) & mask_;
  }

  std::size_t mask_;
  std::vector<std::vector<std::uint8_t>> rows_;
  std::uint64_t sample_;
  std::uint64_t additions_ = 0;
};

// Einziger, Friedman and Manes 2017: an LRU window of a hundredth, a segmented LRU whose protected part is
// four fifths.
class WTinyLfu final : public IPolicy {
 public:
  WTinyLfu(std::uint32_t keys, std::uint32_t capacity)
      : lists_(keys, 3),
        sketch_(capacity),
        window_(std::max(1U, capacity / 100)),
        main_(capacity > window_ ? capacity - window_ : 0),
        protected_(main_ * 4 / 5) {}

  bool access(std::uint32_t key) override {
    sketch_.add(key);
    const auto where = lists_.where(key);
    if (where == KeyLists::nowhere) {
      lists_.push(window, key);
      if (lists_.size(window) > window_) leave_window();
      return false;
    }
    if (where != probation) {
      lists_.move(where, key);
      return true;
    }
    lists_.move(guarded, key);
    if (lists_.size(guarded) > protected_) lists_.push(probation, lists_.pop(guarded));
    return true;
  }

 private:
  enum List : std::uint8_t { window, probation, guarded };

  void leave_window() {
    const std::uint32_t candidate = lists_.pop(window);
    if (lists_.size(probation) + lists_.size(guarded) < main_) {
      lists_.push(probation, candidate);
      return;
    }
    const unsigned from = lists_.size(probation) != 0 ? probation : guarded;
    if (lists_.size(from) == 0) return;
    if (sketch_.estimate(candidate) <= sketch_.estimate(lists_.oldest(from))) return;
    lists_.pop(from);
    lists_.push(probation, candidate);
  }

  KeyLists lists_;
  Sketch sketch_;
  const std::uint32_t window_;
  const std::uint32_t main_;
  const std::uint32_t protected_;
};

}  // namespace

std::unique_ptr<IPolicy> make_wtinylfu(std::uint32_t keys, std::uint32_t capacity) {
  return std::make_unique<WTinyLfu>(keys, capacity);
}

}  // namespace cachesite::bench
