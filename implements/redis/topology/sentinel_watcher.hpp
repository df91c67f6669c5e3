#pragma once

#include "basics/condition.hpp"
#include "basics/thread.hpp"
#include "redis/base/wake_signal.hpp"
#include "redis/topology/sentinel_news.hpp"
#include "redis/transport/connector.hpp"
#include "redis/transport/exclusive_connection.hpp"

#include <cachesite/error.hpp>

#include <functional>
#include <memory>
#include <mutex>
#include <string>

namespace cachesite::redis {

/// Keeps up with one sentinel on a thread of its own, over two connections: one hears what it announces, the
/// other asks it about the master. Both are kept as long as the sentinel answers; then it begins again, after
/// a pause.
class SentinelWatcher {
 public:
  /// Called by the watcher's thread. `trouble` when the sentinel could not be asked.
  struct Listener {
    std::function<void(const SentinelNews&)> on_news;
    std::function<void(const Error& trouble)> on_trouble;
    std::function<void(const MasterSwitch&)> on_switch;
  };

  SentinelWatcher(ConnectorOptions options, std::string service_name, Listener listener);
  ~SentinelWatcher();

  /// Asks anew, at once unless the sentinel could not be asked just now.
  void ask_again() noexcept;
  void stop() noexcept;

 private:
  void watch() noexcept;
  void tell_trouble(const Error& trouble) const noexcept;
  void visit();
  std::shared_ptr<ExclusiveConnection> open(std::shared_ptr<ExclusiveConnection> SentinelWatcher::*place);
  bool subscribe(ExclusiveConnection& connection);
  bool ask(ExclusiveConnection& connection);
  bool listen(ExclusiveConnection& connection);

  const ConnectorOptions options_;
  const std::string service_name_;
  const Listener listener_;
  std::mutex mutex_;
  basics::Condition changed_;
  std::shared_ptr<ExclusiveConnection> connection_;  // hears announcements
  std::shared_ptr<ExclusiveConnection> questions_;
  bool stopped_ = false;
  WakeSignal wake_;
  const basics::ForkMark fork_mark_;
  basics::Thread thread_;
};

}  // namespace cachesite::redis
