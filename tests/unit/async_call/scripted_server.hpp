#pragma once

#include "event_loop/reactor.hpp"

#include <cachesite/async_call.hpp>
#include <cachesite/result.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <utility>

namespace cachesite::test {

class ScriptedOperation;

/// What makes calls end that are asked of it: at once, or when a test says so.
class ScriptedServer {
 public:
  using Answer = Result<int>;

  explicit ScriptedServer(IEventLoop& loop)
      : loop_(&loop), reactor_(find_interface<event_loop::IReactor>(loop)) {}

  /// A call that ends with its number, at once.
  AsyncCall<Answer> at_hand(int number, const CallOptions& options = {});
  /// A call that waits for its end.
  AsyncCall<Answer> later(int number, const CallOptions& options = {});

  /// Ends the call with this number. False when none is under way.
  bool end(int number, Answer answer);
  bool answer(int number) { return end(number, number); }

  [[nodiscard]] std::size_t under_way() {
    const std::lock_guard lock(mutex_);
    return waiting_.size();
  }
  [[nodiscard]] int begun() {
    const std::lock_guard lock(mutex_);
    return begun_;
  }

  /// Called for each call that waits, before its caller does.
  std::function<void(int)> between = [](int) {};

 private:
  friend class ScriptedOperation;

  IEventLoop* loop_;
  event_loop::IReactor* reactor_;
  std::mutex mutex_;
  std::map<int, ScriptedOperation*> waiting_;
  int begun_ = 0;
};

class ScriptedOperation final : public detail::AsyncOperationOf<Result<int>> {
 public:
  using Patience = std::optional<std::chrono::milliseconds>;

  ScriptedOperation(ScriptedServer& server, int number, bool waits, Patience patience)
      : server_(&server), number_(number), waits_(waits), patience_(patience) {}
  ~ScriptedOperation() override { server_->reactor_->disarm(deadline_); }

  AsyncOperation* move_to(void* place) noexcept override {
    return new (place) ScriptedOperation(*server_, number_, waits_, patience_);
  }
  bool begin(detail::OperationCaller& caller) noexcept override {
    {
      const std::lock_guard lock(server_->mutex_);
      ++server_->begun_;
      if (!waits_) {
        result_ = number_;
        return true;
      }
      caller_ = &caller;
      server_->waiting_[number_] = this;
      if (patience_) server_->reactor_->arm(deadline_, server_->reactor_->now() + *patience_);
    }
    server_->between(number_);
    return false;
  }
  void cancel() noexcept override { server_->end(number_, Error(ErrorCode::closed, "", Outcome::unknown)); }
  void abandon() noexcept override {
    server_->reactor_->disarm(deadline_);
    const std::lock_guard lock(server_->mutex_);
    const auto entry = server_->waiting_.find(number_);
    if (entry != server_->waiting_.end() && entry->second == this) server_->waiting_.erase(entry);
  }
  [[nodiscard]] IEventLoop* loop() const noexcept override { return server_->loop_; }
  Result<int> take_result() noexcept override { return std::move(*result_); }

 private:
  friend class ScriptedServer;
  struct Deadline final : event_loop::Timer {
    explicit Deadline(ScriptedOperation& of) : operation(&of) {}
    void expire() noexcept override {
      operation->server_->end(operation->number_, Error(ErrorCode::timeout, "", Outcome::unknown));
    }
    ScriptedOperation* operation;
  };

  ScriptedServer* server_;
  int number_;
  bool waits_;
  Patience patience_;
  detail::OperationCaller* caller_ = nullptr;
  std::optional<Result<int>> result_;
  Deadline deadline_{*this};
};

inline AsyncCall<Result<int>> ScriptedServer::at_hand(int number, const CallOptions& options) {
  return AsyncCall<Answer>(std::in_place_type<ScriptedOperation>, options, *this, number, false,
                           options.patience);
}
inline AsyncCall<Result<int>> ScriptedServer::later(int number, const CallOptions& options) {
  return AsyncCall<Answer>(std::in_place_type<ScriptedOperation>, options, *this, number, true,
                           options.patience);
}

// Told under the lock, for which `abandon` waits.
inline bool ScriptedServer::end(int number, Answer answer) {
  const std::lock_guard lock(mutex_);
  const auto entry = waiting_.find(number);
  if (entry == waiting_.end()) return false;
  ScriptedOperation& operation = *entry->second;
  waiting_.erase(entry);
  operation.result_ = std::move(answer);
  operation.caller_->ended();
  return true;
}

}  // namespace cachesite::test
