#include "basics/process_number.hpp"

#include <cachesite/computing_cache.hpp>
#include <cachesite/detail/guarded_call.hpp>
#include <cachesite/detail/pending_computation.hpp>

#include <utility>

namespace cachesite::detail {

PendingComputation::PendingComputation(IComputingCache& computing, std::shared_ptr<const void> owner,
                                       std::string_view asked, TimeToLive life,
                                       std::shared_ptr<AsyncFactory> makes, OperationCaller& caller)
    : key(asked),
      time_to_live(life),
      factory(std::move(makes)),
      computing_(computing),
      owner_(std::move(owner)),
      process_(basics::process_number()),
      caller_(&caller) {}

void PendingComputation::answer(Lookup lookup) noexcept {
  if (forked() || answered_.exchange(true)) return;
  const auto self = shared_from_this();
  const std::lock_guard telling(telling_);
  answer_ = std::move(lookup);
  if (auto* const caller = std::exchange(caller_, nullptr)) caller->ended();
}

void PendingComputation::begin() noexcept {
  const auto self = shared_from_this();
  if (answered()) return;
  try {
    computing_.do_begin_remember(self);
  } catch (...) {
    answer(Lookup(thrown_failure()));
  }
}

void PendingComputation::begin_by(IExecutor& executor) noexcept {
  self_ = shared_from_this();
  executor.execute(*this);
}

void PendingComputation::run() noexcept {
  const auto self = std::move(self_);
  begin();
}

void PendingComputation::abandon() noexcept {
  if (forked()) return;
  answered_.store(true);
  const std::lock_guard told(telling_);
  caller_ = nullptr;
}

bool PendingComputation::forked() const noexcept {
  return process_ != basics::process_number();
}

}  // namespace cachesite::detail
