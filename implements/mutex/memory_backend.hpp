#pragma once

#include "mutex/backend.hpp"

#include <atomic>
#include <optional>
#include <vector>

namespace cachesite::mutex {

/// For mutexes of one process: whoever is first in line has it.
class MemoryBackend final : public Backend {
 public:
  Result<AttemptResult> attempt(const Claim& claim, bool, bool, Limit) override {
    AttemptResult attempt;
    attempt.granted = true;
    attempt.fencing_token = claim.mode == MutexMode::exclusive ? tokens_.fetch_add(1) + 1 : tokens_.load();
    return attempt;
  }
  void wait(const Claim&, const AttemptResult&, std::chrono::milliseconds, const std::stop_token&) override {}
  void give_up(const Claim&, Limit) override {}
  std::vector<Result<bool>> renew(std::span<const Claim> claims, std::chrono::milliseconds) override {
    return std::vector<Result<bool>>(claims.size(), Result<bool>(true));
  }
  Result<bool> release(const Claim&, Limit) override { return true; }
  std::optional<Result<std::vector<MutexHolder>>> holders(const std::string&) override {
    return std::nullopt;
  }
  [[nodiscard]] bool needs_renewal() const noexcept override { return false; }

 private:
  std::atomic<std::uint64_t> tokens_{0};
};

}  // namespace cachesite::mutex
