#pragma once

#include "mutex/backend.hpp"
#include "support/support_thread.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace cachesite::test {

/// A server of mutexes that a test can look into and make fail. It has no time of its own: a lease lasts
/// until it is released. Safe from any thread.
class FakeBackend final : public mutex::Backend {
 public:
  struct State {
    std::mutex mutex;
    std::map<std::string, std::string> owners;  // by the name of the mutex
    std::map<std::string, int> attempts;        // by the name of the mutex, and so on
    std::map<std::string, int> renewals;
    std::map<std::string, int> releases;
    std::map<std::string, int> given_up;
    std::vector<Limit> limits;  // of attempts
    /// Called instead of an answer to an attempt, when it gives one.
    std::function<std::optional<Error>(const mutex::Claim&)> fail_attempt;
    std::function<std::optional<Error>(const mutex::Claim&)> fail_renewal;
    std::function<std::optional<Error>(const mutex::Claim&)> fail_release;
    /// Called while somebody waits.
    std::function<void()> on_wait;

    bool is_free(const std::string& name) {
      const std::lock_guard lock(mutex);
      return owners.count(name) == 0;
    }
    int count(const std::map<std::string, int>& what, const std::string& name) {
      const std::lock_guard lock(mutex);
      const auto found = what.find(name);
      return found == what.end() ? 0 : found->second;
    }
  };

  explicit FakeBackend(std::shared_ptr<State> state) : state_(std::move(state)) {}

  Result<mutex::AttemptResult> attempt(const mutex::Claim& claim, bool, bool, Limit limit) override {
    {
      const Spared spared;
      const std::lock_guard lock(state_->mutex);
      ++state_->attempts[claim.name];
      state_->limits.push_back(limit);
      const auto taken = state_->owners.try_emplace(claim.name, claim.owner).first;
      if (taken->second != claim.owner) return mutex::AttemptResult{};
    }
    spend_memory();  // as a client does that reads the answer
    if (state_->fail_attempt)
      if (auto error = state_->fail_attempt(claim)) return *error;
    mutex::AttemptResult attempt;
    attempt.granted = true;
    attempt.fencing_token = 7;
    return attempt;
  }
  void wait(const mutex::Claim&, const mutex::AttemptResult&, std::chrono::milliseconds,
            const std::stop_token&) override {
    spend_memory();
    if (state_->on_wait) state_->on_wait();
  }
  void give_up(const mutex::Claim& claim, Limit) override {
    spend_memory();
    const Spared spared;
    const std::lock_guard lock(state_->mutex);
    ++state_->given_up[claim.name];
  }
  std::vector<Result<bool>> renew(std::span<const mutex::Claim> claims, std::chrono::milliseconds) override {
    spend_memory();
    std::vector<Result<bool>> answers;
    for (const auto& claim : claims) {
      {
        const Spared spared;
        const std::lock_guard lock(state_->mutex);
        ++state_->renewals[claim.name];
      }
      std::optional<Error> error;
      if (state_->fail_renewal) error = state_->fail_renewal(claim);
      if (error)
        answers.emplace_back(*error);
      else
        answers.emplace_back(owns(claim));
    }
    return answers;
  }
  Result<bool> release(const mutex::Claim& claim, Limit) override {
    spend_memory();
    const Spared spared;
    if (state_->fail_release)
      if (auto error = state_->fail_release(claim)) return *error;
    const std::lock_guard lock(state_->mutex);
    ++state_->releases[claim.name];
    const auto taken = state_->owners.find(claim.name);
    if (taken == state_->owners.end() || taken->second != claim.owner) return false;
    state_->owners.erase(taken);
    return true;
  }
  std::optional<Result<std::vector<MutexHolder>>> holders(const std::string&) override {
    return std::nullopt;
  }
  [[nodiscard]] bool needs_renewal() const noexcept override { return true; }

 private:
  static void spend_memory() { const std::string text(100, 'x'); }
  bool owns(const mutex::Claim& claim) {
    const Spared spared;
    const std::lock_guard lock(state_->mutex);
    const auto taken = state_->owners.find(claim.name);
    return taken != state_->owners.end() && taken->second == claim.owner;
  }

  const std::shared_ptr<State> state_;
};

}  // namespace cachesite::test
