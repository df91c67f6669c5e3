#pragma once

#include "support/fake_clock.hpp"

#include <cachesite/backplane.hpp>

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cachesite::test {

/// A backplane whose messages a test carries: it decides when each is heard, and when they are lost. All by one
/// thread. It begins without vouching for anything. Several that are `linked` are those of several processes.
class FakeBackplane final : public IBackplane {
 public:
  struct Told {
    ChangeAction action;
    std::string key;

    friend bool operator==(const Told&, const Told&) = default;
  };

  explicit FakeBackplane(std::shared_ptr<FakeClock> clock) : clock_(std::move(clock)) {}

  static void link(FakeBackplane& one, FakeBackplane& other) {
    one.others_.push_back(&other);
    other.others_.push_back(&one);
  }

  /// What was told by the cache of this process.
  std::vector<Told> published;
  [[nodiscard]] bool is_watched() const noexcept { return listener_ != nullptr; }
  [[nodiscard]] std::chrono::milliseconds proof() const noexcept { return proof_; }

  // What happens on the channel.
  void tell(ChangeAction action, std::string_view key = {}) {
    pending_.push_back({action, std::string(key)});
  }
  [[nodiscard]] std::size_t pending() const noexcept { return pending_.size(); }
  void hear_one() {
    if (pending_.empty()) return;
    const auto told = std::move(pending_.front());
    pending_.pop_front();
    if (listener_ == nullptr || state_.epoch == 0) return;
    const BackplaneChange change{told.action, told.key};
    listener_->on_changes({&change, 1});
  }
  void hear_all() {
    while (!pending_.empty())
      hear_one();
  }
  void prove() {
    hear_all();
    if (listener_ != nullptr) listener_->on_proven(now());
  }
  void open() {
    pending_.clear();
    state_ = {++epochs_, false};
    if (listener_ == nullptr) return;
    listener_->on_proven(now());
    tell_state();
  }
  void lose() {
    pending_.clear();
    state_ = {};
    tell_state();
  }
  /// A message was missed, or another process is silent.
  void miss(bool doubtful) {
    if (state_.epoch == 0) return;
    pending_.clear();
    state_ = {++epochs_, doubtful};
    tell_state();
  }
  /// Nobody is silent any more.
  void trust() {
    state_.doubtful = false;
    tell_state();
  }

  std::unique_ptr<IBackplaneWatch> watch(IBackplaneListener& listener,
                                         std::chrono::milliseconds proof) override {
    proof_ = proof;
    listener.on_state(state_);
    listener_ = &listener;
    return std::make_unique<Watch>(*this);
  }

 private:
  class Watch final : public IBackplaneWatch {
   public:
    explicit Watch(FakeBackplane& bus) : bus_(bus) {}
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;
    ~Watch() override { bus_.listener_ = nullptr; }

    void publish(std::span<const BackplaneChange> changes) noexcept override {
      for (const auto& change : changes) {
        bus_.published.push_back({change.action, std::string(change.key)});
        for (auto* const other : bus_.others_)
          other->tell(change.action, change.key);
      }
    }
    [[nodiscard]] BackplaneStatistics statistics() const noexcept override {
      BackplaneStatistics statistics;
      statistics.published = bus_.published.size();
      return statistics;
    }
    [[nodiscard]] std::string reason() const override {
      if (bus_.state_.epoch == 0) return "the channel was lost";
      return bus_.state_.doubtful ? "a process is silent" : "";
    }

   private:
    FakeBackplane& bus_;
  };

  void tell_state() {
    if (listener_ == nullptr) return;
    listener_->on_state(state_);
    if (const auto notice = listener_->take_notice()) notice();
  }
  [[nodiscard]] std::int64_t now() const noexcept {
    return std::chrono::nanoseconds(clock_->now().time_since_epoch()).count();
  }

  const std::shared_ptr<FakeClock> clock_;
  std::vector<FakeBackplane*> others_;
  std::deque<Told> pending_;
  IBackplaneListener* listener_ = nullptr;
  std::chrono::milliseconds proof_{0};
  BackplaneState state_;
  std::uint32_t epochs_ = 0;
};

}  // namespace cachesite::test
