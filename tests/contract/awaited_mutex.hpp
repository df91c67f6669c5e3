#pragma once

#include <cachesite/async_call.hpp>
#include <cachesite/mutex.hpp>

#include <algorithm>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace cachesite::test {

/// Mutexes whose calls are made in their asynchronous form, so that one contract is checked for both.
class AwaitedLease final : public IMutexLease {
 public:
  explicit AwaitedLease(std::shared_ptr<IMutexLease> lease) : lease_(std::move(lease)) {}
  ~AwaitedLease() override { (void)AwaitedLease::release(); }

  [[nodiscard]] bool held() const noexcept override { return lease_->held(); }
  [[nodiscard]] std::uint64_t fencing_token() const noexcept override { return lease_->fencing_token(); }
  [[nodiscard]] std::stop_token lost() const noexcept override { return lease_->lost(); }
  [[nodiscard]] std::chrono::steady_clock::time_point valid_until() const noexcept override {
    return lease_->valid_until();
  }
  Result<bool> renew() noexcept override { return lease_->renew(); }
  Result<bool> release() noexcept override { return lease_->async_release().wait(); }
  [[nodiscard]] const std::string& owner() const noexcept override { return lease_->owner(); }

 private:
  const std::shared_ptr<IMutexLease> lease_;
};

class AwaitedMutex final : public IMutex {
 public:
  explicit AwaitedMutex(std::shared_ptr<IMutex> mutex) : mutex_(std::move(mutex)) {}

  [[nodiscard]] const std::string& name() const noexcept override { return mutex_->name(); }
  Result<std::vector<MutexHolder>> holders() noexcept override { return mutex_->holders(); }

 protected:
  Result<std::shared_ptr<IMutexLease>> do_take(const MutexRequest& request) override {
    auto taken = mutex_->async_take(request).wait();
    if (!taken.ok() || !taken.value()) return taken;
    return std::shared_ptr<IMutexLease>(std::make_shared<AwaitedLease>(std::move(taken).value()));
  }
  Result<bool> keep_for_thread(const MutexRequest& request) noexcept override {
    auto taken = take(request);
    if (!taken.ok()) return taken.error();
    if (!taken.value()) return false;
    const std::lock_guard lock(lock_);
    kept_.push_back({std::this_thread::get_id(), request.mode, std::move(taken).value()});
    return true;
  }
  Result<bool> release_for_thread(std::optional<MutexMode> mode) noexcept override {
    std::unique_lock lock(lock_);
    const auto found = std::find_if(kept_.begin(), kept_.end(), [&](const Kept& kept) {
      return kept.thread == std::this_thread::get_id() && (!mode || kept.mode == *mode);
    });
    if (found == kept_.end()) return false;
    const auto lease = std::move(found->lease);
    kept_.erase(found);
    lock.unlock();
    return lease->release();
  }

 private:
  struct Kept {
    std::thread::id thread;
    MutexMode mode;
    std::shared_ptr<IMutexLease> lease;
  };

  const std::shared_ptr<IMutex> mutex_;
  std::mutex lock_;
  std::list<Kept> kept_;
};

class AwaitedMutexSite final : public IMutexSite {
 public:
  explicit AwaitedMutexSite(std::shared_ptr<IMutexSite> site) : site_(std::move(site)) {}

  void stop() noexcept override { site_->stop(); }
  [[nodiscard]] std::shared_ptr<IMutex> get_mutex(std::string_view name) override {
    return std::make_shared<AwaitedMutex>(site_->get_mutex(name));
  }
  // It is for threads.
  [[nodiscard]] std::shared_ptr<IMutex> get_reentrant_mutex(std::string_view name) override {
    return site_->get_reentrant_mutex(name);
  }

 private:
  const std::shared_ptr<IMutexSite> site_;
};

}  // namespace cachesite::test
