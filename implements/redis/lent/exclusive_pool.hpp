#pragma once

#include "basics/condition.hpp"
#include "basics/thread.hpp"
#include "redis/base/deadline.hpp"
#include "redis/transport/connector.hpp"
#include "redis/transport/exclusive_connection.hpp"

#include <cachesite/result.hpp>

#include <chrono>
#include <cstddef>
#include <list>
#include <memory>
#include <mutex>
#include <stop_token>
#include <utility>
#include <vector>

namespace cachesite::redis {

/// Connections that are lent to one user at a time. There are at most `most`, idle ones included; who comes
/// when all are lent waits in line. A connection that is not clearly sound is closed instead of lent again,
/// and one that is idle for long is closed by a thread that exists only while there are idle ones.
/// In a forked child there is none to lend.
class ExclusivePool {
 public:
  struct Options {
    ConnectorOptions connector;
    std::size_t most = 16;
    std::chrono::milliseconds longest_idle{60'000};
  };

  explicit ExclusivePool(Options options);
  ~ExclusivePool();
  ExclusivePool(const ExclusivePool&) = delete;
  ExclusivePool& operator=(const ExclusivePool&) = delete;

  /// The right to use one connection; ends when it is destroyed.
  class Lease {
   public:
    Lease(ExclusivePool& pool, std::unique_ptr<ExclusiveConnection> connection, bool fresh) noexcept
        : pool_(&pool), connection_(std::move(connection)), fresh_(fresh) {}
    Lease(Lease&& other) noexcept = default;
    Lease& operator=(Lease&&) = delete;
    ~Lease() {
      if (connection_) pool_->give_back(std::move(connection_));
    }

    ExclusiveConnection* operator->() const noexcept { return connection_.get(); }
    ExclusiveConnection& operator*() const noexcept { return *connection_; }
    /// True when the connection was made for this lease.
    [[nodiscard]] bool fresh() const noexcept { return fresh_; }

   private:
    ExclusivePool* pool_;
    std::unique_ptr<ExclusiveConnection> connection_;
    bool fresh_;
  };

  /// Lends a connection, and makes it if need be. A request of `stop` ends the waiting with `closed`.
  Result<Lease> acquire(TimePoint deadline, const std::stop_token& stop = {});

  /// Ends what the lent connections are used for, and the waiting. Later calls end with `closed`.
  void stop() noexcept;

  /// Connections that are open or being made.
  [[nodiscard]] std::size_t size() const;
  [[nodiscard]] std::size_t idle() const;
  /// Those in line.
  [[nodiscard]] std::size_t waiting() const;

 private:
  using Lock = std::unique_lock<std::mutex>;
  struct Idle {
    std::unique_ptr<ExclusiveConnection> connection;
    TimePoint since;
  };
  struct Waiter {
    basics::AnyCondition wake;
  };

  Result<Lease> make(TimePoint deadline, const std::stop_token& stop);
  void give_back(std::unique_ptr<ExclusiveConnection> connection) noexcept;
  void wake_next() noexcept;
  void close_idle();

  const Options options_;
  const basics::ForkMark fork_mark_;
  mutable std::mutex mutex_;
  basics::Condition housekeeping_;
  std::vector<Idle> idle_;  // the last one used is at the end
  std::vector<ExclusiveConnection*> lent_;
  std::list<Waiter*> waiters_;
  std::size_t size_ = 0;
  bool stopped_ = false;
  bool keeping_house_ = false;
  basics::Thread housekeeper_;
};

}  // namespace cachesite::redis
