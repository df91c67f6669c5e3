#pragma once

#include "basics/fork_mark.hpp"
#include "basics/spin_lock.hpp"
#include "event_loop/reactor.hpp"
#include "redis/channel/loop_home.hpp"
#include "redis/channel/waiter.hpp"
#include "redis/endpoint/endpoint_call.hpp"
#include "redis/topology/key_order.hpp"
#include "redis/topology/redirect_policy.hpp"
#include "redis/topology/routed_topology.hpp"
#include "redis/wire/routing.hpp"

#include <cachesite/detail/async_operation.hpp>
#include <cachesite/result.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string_view>

namespace cachesite::redis {

/// A call about one key to whoever has it, for which no thread waits. It does what RoutedTopology::execute does: an
/// EndpointCall makes each attempt, and RedirectPolicy says what follows it. It belongs to its owner, and to itself
/// while it is under way, so its owner may be gone before.
///
///     made       begin() -> deciding
///     deciding   what comes next, in one go         a newer map, a pause, a view of the servers -> waits
///                                                   changes of the key that go elsewhere -> in_line
///                                                   a server is chosen -> at_server
///                                                   the policy says so, or it is cancelled -> ended
///     waits      in the list of the topology        it is told of a change, or its time has come -> deciding
///     in_line    of KeyOrder                        those before it are where it goes -> deciding; its deadline
///                                                   -> ended
///     at_server  its EndpointCall is under way      answered -> ended, or deciding when the answer says where or
///                                                   when it would succeed; failed -> deciding
///     ended      has its result
///
/// From `waits` and `in_line`, cancel() and abandon() -> ended, and it is never sent. From `at_server` they end its
/// EndpointCall, and nothing is sent afterwards. A change is an entry of KeyOrder from begin() to its end. A read is
/// one only while changes of its key keep it waiting.
///
/// The rules of AsyncOperation hold for begin(), cancel() and abandon(), but that an abandon() that comes too late
/// says so instead of waiting.
class RoutedCall final : private Waiter,
                         private event_loop::Timer,
                         private cachesite::detail::OperationCaller {
 public:
  struct Release {
    void operator()(RoutedCall* call) const noexcept { call->release(); }
  };
  using Pointer = std::unique_ptr<RoutedCall, Release>;

  /// Whose call it is.
  class Owner : public cachesite::detail::OperationCaller {
   public:
    /// Puts its question, by `call.ask()`. Called for each attempt, by one thread at a time, and not after abandon().
    virtual void put_question(RoutedCall& call) = 0;

   protected:
    ~Owner() = default;
  };
  struct Subject {
    Argument key;
    bool only_reads = false;  // so it may be repeated, and a replica may answer
  };
  /// Where a call begins that has been tried before.
  struct Beginning {
    RedirectPolicy policy;
    RedirectPolicy::Step step;
  };

  /// Null when there is no memory.
  [[nodiscard]] static Pointer make() noexcept;

  /// `topology` is not stopped, or has an event loop all the same.
  bool begin(RoutedTopology& topology, const Subject& subject, CallTime time, Owner& owner) noexcept;
  bool begin(RoutedTopology& topology, const Subject& subject, CallTime time, Owner& owner,
             Beginning beginning) noexcept;
  /// False when it has ended, or has not begun: else it ends soon, or within this call.
  bool cancel() noexcept;
  /// False when it has ended, so that its owner is told or has been, or when it has not begun.
  bool abandon() noexcept;

  /// Asks the server of this attempt. Called once within Owner::put_question.
  void ask(const ServerQuestion& asked);
  /// Where the answer to an only command goes, whose room is used again.
  [[nodiscard]] Reply& place_of_answer() noexcept { return at_server_->answer(); }

  // When it has ended.
  [[nodiscard]] const Status& status() const noexcept { return status_; }
  /// The answers when the status is ok, one for each command. To be called once.
  [[nodiscard]] std::span<Reply> answers() noexcept;
  /// The number of who has answered.
  [[nodiscard]] std::uint16_t server() const noexcept { return server_.node->number(); }

 private:
  using Lock = std::unique_lock<basics::SpinLock>;
  using Step = RedirectPolicy::Step;
  enum class Phase : std::uint8_t { deciding, waits, in_line, at_server, ended };
  enum class Attempt : std::uint8_t { none, goes_on, has_ended };

  RoutedCall() noexcept;
  ~RoutedCall() = default;

  void release() noexcept;

  void prepare(RoutedTopology& topology, const Subject& subject, CallTime time, Owner& owner) noexcept;
  // True when it has ended.
  [[nodiscard]] bool set_out(Lock lock) noexcept;

  // With the lock, while it is deciding.
  void go_on() noexcept;
  void take(Step step);
  [[nodiscard]] bool choose_server();
  [[nodiscard]] bool choose_by_map();
  [[nodiscard]] bool is_prepared();
  void wait_until(TimePoint limit, RoutedTopology::Lock lock);
  [[nodiscard]] bool may_go();
  [[nodiscard]] bool send();
  void ask_with_permission(const ServerQuestion& asked);
  void begin_attempt(const ServerQuestion& asked) noexcept;
  void take_answer();
  [[nodiscard]] bool is_hinted(ServerHint& hint);
  void fail(const Error& error) noexcept;
  void fail_without_room();
  void fail_without_view(const Error& why) noexcept;
  void fail_late(std::string_view why) noexcept;
  void end_cancelled() noexcept;
  void arm_for(TimePoint when) noexcept;

  void tell_others(Waiter* others) noexcept {
    if (others != nullptr) home_->deliver(others);
  }
  // True when it has left what it waited for.
  [[nodiscard]] bool withdraw() noexcept;
  void on_told() noexcept;
  void expire() noexcept override;
  void ended() noexcept override;
  void finish(Lock lock) noexcept;

  basics::SpinLock mutex_;
  std::atomic<std::uint8_t> owners_{1};
  const basics::ForkMark fork_mark_;
  Phase phase_ = Phase::ended;
  Attempt attempt_ = Attempt::none;
  bool cancelled_ = false;
  bool with_permission_ = false;  // ASKING is said before each command
  bool only_reads_ = false;
  RoutedTopology* topology_ = nullptr;
  LoopHome* home_ = nullptr;
  Owner* owner_ = nullptr;
  CallTime time_{};
  TimePoint now_{};  // when it began to decide
  TimePoint armed_for_{};
  Routing routing_;
  std::uint32_t turn_ = 0;
  std::optional<RedirectPolicy> policy_;

  Step step_;
  std::uint64_t awaited_round_ = 0;  // of the step; 0 when it waits for none any more
  TimePoint pause_ends_{};           // of the step
  RoutedTopology::ViewSearch search_;
  ChosenServer server_;
  KeyOrder::Place place_;
  EndpointCall::Pointer at_server_;
  KeyOrder::Entry place_in_line_{*this};
  Status status_ = Done{};
};

}  // namespace cachesite::redis
