#pragma once

#include "basics/condition.hpp"
#include "redis/base/deadline.hpp"
#include "redis/channel/parking_lot.hpp"
#include "redis/transport/transport.hpp"
#include "redis/wire/command.hpp"
#include "redis/wire/conversation.hpp"
#include "redis/wire/slot.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <thread>
#include <utility>
#include <vector>

namespace cachesite::redis {

struct ChannelLimits {
  FrameLimits frame = {};
  std::size_t most_requests = 1024;                     // waiting or unanswered
  std::size_t largest_batch = std::size_t{128} * 1024;  // bytes that one leader takes at once
  std::chrono::milliseconds stall{2500};  // a connection that answers nothing for so long may be dead
  std::chrono::milliseconds patience{0};  // a receive of the connection may block for so long
};

/// What a channel needs of the system; a simulation has its own.
struct SystemThreads {
  using Mutex = std::mutex;
  using Condition = basics::Condition;
  using ParkingLot = redis::ParkingLot;
  [[nodiscard]] static TimePoint now() noexcept { return SteadyTime::now(); }
  static void yield() noexcept { std::this_thread::yield(); }
};

/// One connection shared by any number of threads. Nobody owns it: the first caller that finds it free leads,
/// writes its own and everybody's waiting requests in one go, reads the answers, and hands the lead to the
/// next caller that waits. A caller without company does one send and one receive on its own thread.
template <class Threads>
class BasicChannel {
 public:
  /// Called once for each opened connection that ended, without a lock held, by a thread that was calling.
  using LossListener = std::function<void(const Error& reason)>;

  BasicChannel(ChannelLimits limits, LossListener on_loss);
  ~BasicChannel();

  /// Starts to use a connection. Precondition: not open.
  void open(std::unique_ptr<Transport> transport);
  [[nodiscard]] bool is_open() const noexcept { return open_.load(std::memory_order_acquire); }
  /// True while something large is under way, behind which others would wait.
  [[nodiscard]] bool clogged() const noexcept { return clogged_.load(std::memory_order_relaxed); }
  /// Requests that are waiting or unanswered.
  [[nodiscard]] std::size_t load() const noexcept { return load_.load(std::memory_order_relaxed); }
  /// Ends the connection, if any: calls that run end with `lost_...`. Does not tell the listener.
  void close(const Error& reason);
  /// Ends the connection, if any, as the server may do it: whoever uses it next, or does now, notices.
  void shut_down();

  /// Sends a command and waits for its answer. On anything but `answered`, `loss` may say why.
  Ending call(const Command& command, Reply& reply, TimePoint now, TimePoint deadline,
              std::optional<Error>& loss);
  /// Sends several commands next to each other, with nothing between them, and waits for all the answers. On
  /// `lost_sent` those that came are given, and the others are of no kind.
  Ending call(std::span<const Command> commands, std::span<Reply* const> replies, TimePoint now,
              TimePoint deadline, std::optional<Error>& loss);

  /// Commands under way whose answers are collected later. When it is destroyed before that, the commands are
  /// still carried out, and their answers are dropped.
  class Pending {
   public:
    Pending() noexcept = default;
    Pending(BasicChannel& channel, Slot* slot) noexcept : channel_(&channel), slot_(slot) {}
    ~Pending() {
      if (slot_ != nullptr) channel_->give_up(slot_);
    }
    Pending(Pending&& other) noexcept
        : channel_(other.channel_), slot_(std::exchange(other.slot_, nullptr)) {}
    Pending& operator=(Pending&& other) noexcept {
      std::swap(channel_, other.channel_);
      std::swap(slot_, other.slot_);
      return *this;
    }
    explicit operator bool() const noexcept { return slot_ != nullptr; }

   private:
    friend class BasicChannel;
    BasicChannel* channel_ = nullptr;
    Slot* slot_ = nullptr;
  };
  /// The first half of a `call` of several commands: sends them, as far as that is possible without waiting.
  /// Gives nothing when they cannot even be queued; a `call` says why.
  Pending begin(std::span<const Command> commands, TimePoint now);
  /// The second half.
  static Ending finish(Pending pending, std::span<Reply* const> replies, TimePoint now, TimePoint deadline,
                       std::optional<Error>& loss);

 private:
  // A connection that rested for so long is looked at before it is used: it may have ended, or something may
  // have come that nobody asked for.
  static constexpr std::chrono::milliseconds rest_before_check{1};

  // How long a leader whose request is done reads for others.
  static constexpr std::chrono::milliseconds company{5};

  // Of those who wait for a leader, see `yield`.
  static constexpr int most_yields = 8;
  static constexpr std::chrono::milliseconds longest_turn{1};
  // One long turn in so many waits is accepted; after a good time, a few more in a row.
  static constexpr int price_of_long_turn = 256;
  static constexpr int most_yield_credit = 4 * price_of_long_turn;

  using Lock = std::unique_lock<typename Threads::Mutex>;
  using Condition = typename Threads::Condition;

  using ParkingLot = typename Threads::ParkingLot;

  /// Sleepers to wake once the lock is free, so that they do not wake only to wait for it.
  class WakeList {
   public:
    explicit WakeList(ParkingLot& parking_lot) noexcept : parking_lot_(parking_lot) {}
    ~WakeList() { wake(); }
    WakeList(const WakeList&) = delete;
    WakeList& operator=(const WakeList&) = delete;

    void add(std::uint32_t group) noexcept { groups_ |= group; }
    /// Before all others: they can do without their processor, the leader cannot.
    void add_first(std::uint32_t group) noexcept { first_ |= group; }
    void wake() noexcept {
      if (first_ != 0) parking_lot_.wake(std::exchange(first_, 0));
      if (groups_ != 0) parking_lot_.wake(std::exchange(groups_, 0));
    }

   private:
    ParkingLot& parking_lot_;
    std::uint32_t first_ = 0;
    std::uint32_t groups_ = 0;
  };

  Slot* acquire(Lock& lock, TimePoint& now, TimePoint deadline) {
    if (free_ == nullptr) return acquire_other(lock, now, deadline);
    return std::exchange(free_, free_->next);
  }
  Slot* acquire_other(Lock& lock, TimePoint& now, TimePoint deadline);
  void count_load(int change) noexcept {
    load_.store(load_.load(std::memory_order_relaxed) + static_cast<std::size_t>(change),
                std::memory_order_relaxed);
  }
  bool any_free() noexcept;
  static void clean(Slot* slot) noexcept;
  void release(Slot* slot) noexcept;
  void give_back(Slot* slot) noexcept;
  void encode(Slot* slot, std::span<const Command> commands);
  void give_up(Slot* slot) noexcept;
  void withdraw(Slot* slot) noexcept;
  bool see_through(Lock& lock, WakeList& wakes, Slot* slot, TimePoint now, TimePoint deadline, Ending& left);
  Slot::Signal yield(const Slot* slot, TimePoint deadline) noexcept;
  Slot::Signal sleep(const Slot* slot, TimePoint deadline) noexcept;
  bool await(Lock& lock, WakeList& wakes, Slot* slot, TimePoint now, TimePoint deadline, Ending& left);
  Ending conclude(Slot* slot, std::span<Reply* const> replies, TimePoint now, TimePoint deadline,
                  std::optional<Error>& loss);
  Ending collect(const Lock& lock, Slot* slot, std::span<Reply* const> replies,
                 std::optional<Error>& loss) noexcept;
  Ending collect(const Lock& lock, Slot* slot, Reply& reply, std::optional<Error>& loss) noexcept;
  bool begin_lead(Lock& lock, WakeList& wakes, Slot* own, TimePoint now);
  bool lead(Lock& lock, WakeList& wakes, Slot* own, TimePoint now, TimePoint deadline, Ending& left);
  [[nodiscard]] bool alone(TimePoint now, TimePoint deadline) const noexcept;
  bool see_through_alone(Lock& lock, WakeList& wakes, Slot* slot, TimePoint now, TimePoint deadline,
                         Ending& left);
  bool lead_on(Lock& lock, WakeList& wakes, Slot* own, TimePoint deadline, bool may_block, Ending& left);
  void take_batch(const Slot* own) noexcept;
  bool idle_check();
  enum class Pumped : std::uint8_t { progress, timed_out, lost };
  std::optional<bool> review(Lock& lock, WakeList& wakes, Slot* own, Pumped pumped, Ending& left);
  Pumped pump(TimePoint deadline, bool& may_block);
  Pumped send_some() noexcept;
  Pumped receive_some(Transport::Patience patience, bool& nothing) noexcept;
  void settle(WakeList& wakes) noexcept;
  void finish(Slot* slot, WakeList& wakes) noexcept;
  bool hand_over(WakeList& wakes) noexcept;
  bool wanted_by_others(const Slot* own) const noexcept;
  SteadyTime::duration patience_of_others(const Slot* own) const noexcept;
  void end_connection(Lock& lock, WakeList& wakes, const Error& reason, bool tell);

  const ChannelLimits limits_;
  const LossListener on_loss_;
  const Error stalled_{ErrorCode::timeout, "no answer in time", Outcome::unknown};

  mutable typename Threads::Mutex mutex_;
  Condition room_;
  ParkingLot parking_lot_;
  std::vector<std::unique_ptr<Slot>> slots_;
  Slot* free_ = nullptr;                    // a stack
  std::atomic<Slot*> given_back_{nullptr};  // a stack of more, added to without the lock
  SlotQueue queue_;
  std::atomic<std::size_t> room_waiters_{0};
  std::atomic<int> yield_credit_{0};  // each wait adds one; below 0 nobody yields
  std::atomic<bool> open_{false};     // written under the lock
  std::atomic<bool> clogged_{false};
  bool leading_ = false;
  std::atomic<std::size_t> load_{0};  // written under the lock
  std::optional<Error> closing_;      // set by close() while a leader is at work

  // Of the leader; they change hands with the lead, under the lock.
  std::unique_ptr<Transport> transport_;
  std::unique_ptr<Conversation> conversation_;
  std::optional<Error> loss_;
  TimePoint last_lead_{};  // or when the connection was opened
  TimePoint unanswered_since_{};
};

extern template class BasicChannel<SystemThreads>;
using Channel = BasicChannel<SystemThreads>;

}  // namespace cachesite::redis
