#include "basics/per_process_mutex.hpp"

#include <cachesite/detail/guarded_call.hpp>
#include <cachesite/memory_backplane.hpp>

#include <atomic>
#include <cstdint>
#include <functional>
#include <limits>
#include <mutex>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace cachesite {

class MemoryBackplane::Inner {
 public:
  void add(IBackplaneListener& listener) {
    const std::lock_guard lock(mutex_);
    listeners_.push_back(&listener);
    if (stopped_) return listener.on_state({});
    listener.on_proven(always);
    listener.on_state({1, false});
  }
  void remove(const IBackplaneListener& listener) noexcept {
    const std::lock_guard lock(mutex_);
    std::erase(listeners_, &listener);
  }
  void publish(std::span<const BackplaneChange> changes, const IBackplaneListener* origin) noexcept {
    const std::lock_guard lock(mutex_);
    if (stopped_) return;
    published_.fetch_add(1, std::memory_order_relaxed);
    for (auto* const listener : listeners_)
      if (listener != origin) listener->on_changes(changes);
  }
  void stop() noexcept {
    std::vector<std::function<void()>> notices;
    {
      const std::lock_guard lock(mutex_);
      if (stopped_.exchange(true)) return;
      for (auto* const listener : listeners_)
        listener->on_state({});
      (void)guarded_call<Done>([&]() -> Status {
        for (auto* const listener : listeners_)
          if (auto notice = listener->take_notice()) notices.push_back(std::move(notice));
        return Done{};
      });
    }
    for (const auto& notice : notices)
      notice();
  }
  [[nodiscard]] bool stopped() const noexcept { return stopped_; }
  [[nodiscard]] std::uint64_t published() const noexcept {
    return published_.load(std::memory_order_relaxed);
  }

 private:
  // Nothing can be missed, so nothing has to be proved; time can be added to it.
  static constexpr std::int64_t always = std::numeric_limits<std::int64_t>::max() / 2;

  basics::PerProcessMutex mutex_;  // held while they are told
  std::vector<IBackplaneListener*> listeners_;
  std::atomic<bool> stopped_{false};
  std::atomic<std::uint64_t> published_{0};
};

class MemoryBackplane::Watch final : public IBackplaneWatch {
 public:
  Watch(std::shared_ptr<Inner> inner, IBackplaneListener& listener)
      : inner_(std::move(inner)), listener_(listener) {}
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;
  ~Watch() override { inner_->remove(listener_); }

  void publish(std::span<const BackplaneChange> changes) noexcept override {
    inner_->publish(changes, &listener_);
  }
  [[nodiscard]] BackplaneStatistics statistics() const noexcept override {
    BackplaneStatistics statistics;
    statistics.published = inner_->published();
    return statistics;
  }
  [[nodiscard]] std::string reason() const override {
    return inner_->stopped() ? "the backplane is stopped" : std::string();
  }

 private:
  const std::shared_ptr<Inner> inner_;
  IBackplaneListener& listener_;
};

MemoryBackplane::MemoryBackplane(const Options&, const ComponentContext&)
    : inner_(std::make_shared<Inner>()) {}

MemoryBackplane::~MemoryBackplane() {
  MemoryBackplane::stop();
}

void MemoryBackplane::stop() noexcept {
  inner_->stop();
}

std::unique_ptr<IBackplaneWatch> MemoryBackplane::watch(IBackplaneListener& listener,
                                                        std::chrono::milliseconds) {
  auto watch = std::make_unique<Watch>(inner_, listener);
  inner_->add(listener);
  return watch;
}

}  // namespace cachesite
