#pragma once

#include <cachesite/error.hpp>
#include <cachesite/result.hpp>

#include <cstdint>
#include <optional>

namespace cachesite::basics {

/// A removal in several steps: how many entries have gone. A step that fails ends it with the outcome `unknown` when an earlier
/// one has removed something, or may have.
class PartialRemoval {
 public:
  void removed(std::uint64_t entries) noexcept { entries_ += entries; }
  /// The first failure is the one that is told.
  void failed(const Error& error) noexcept {
    if (!failure_) failure_ = error;
    unknown_ = unknown_ || error.outcome() == Outcome::unknown;
  }
  void add(const Result<bool>& removal) noexcept {
    if (!removal.ok()) return failed(removal.error());
    removed(removal.value() ? 1 : 0);
  }

  [[nodiscard]] bool ok() const noexcept { return !failure_; }
  [[nodiscard]] std::uint64_t entries() const noexcept { return entries_; }
  [[nodiscard]] Result<std::uint64_t> result() const noexcept {
    if (!failure_) return entries_;
    return unknown_ || entries_ > 0 ? failure_->with(Outcome::unknown) : *failure_;
  }

 private:
  std::optional<Error> failure_;
  std::uint64_t entries_ = 0;
  bool unknown_ = false;
};

}  // namespace cachesite::basics
