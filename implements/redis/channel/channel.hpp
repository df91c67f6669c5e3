#pragma once

#include "basics/condition.hpp"
#include "redis/base/deadline.hpp"
#include "redis/channel/parking_lot.hpp"
#include "redis/channel/pipeline.hpp"
#include "redis/channel/request_slot_pool.hpp"
#include "redis/channel/sleepers.hpp"
#include "redis/transport/transport.hpp"
#include "redis/wire/command.hpp"
#include "redis/wire/request_slot.hpp"

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

/// Whether the caller of a request goes on with it.
enum class CallerExit : std::uint8_t {
  none,       // it goes on
  done,       // the request has ended: the caller takes the answer, with or without the lock
  withdrawn,  // the caller leaves, and nobody will send the request
  abandoned   // the caller leaves, and the request goes on without it
};

/// One connection shared by any number of threads. Nobody owns it: the first caller that finds it free leads,
/// writes its own and everybody's waiting requests in one go, reads the answers, and hands the lead to the
/// next caller that waits. A caller without company does one send and one receive on its own thread.
///
/// The states of a request, RequestSlot::Stage. They change under the lock:
///
///     free       nobody uses the slot         a call of several threads, send() -> queued
///                                             a call while nobody else is there -> in_flight
///     queued     waits for a leader           a leader takes it to write it -> in_flight
///                                             its caller leaves -> free
///                                             the connection ends -> done
///     in_flight  is written, or partly, and   the answer is there, or the connection ends -> done; free when
///                its answer is awaited        its caller has left
///     done       has an ending                its caller has taken the answer, or has left -> free
///
/// What the caller of a request does meanwhile, RequestSlot::Caller:
///
///     waits      sleeps for a signal          Signal::done -> takes the answer, without the lock
///                                             Signal::leads -> leads
///                                             its deadline -> left
///     leads      carries everybody's          its request is done -> passes the lead on, takes the answer
///                requests                     its deadline -> passes the lead on, left
///     left       the request goes on          -
///                without it
///     elsewhere  between send() and           collect(): nobody leads -> leads; else -> waits
///                collect()                    the Pending is destroyed -> left
///
/// The duties of the leader, again and again:
///
///     1. takes queued requests into flight, until its own is done
///     2. without the lock: wakes those whose requests have ended, writes, and reads until one more request
///        has ended, the deadline has passed or the connection is lost
///     3. ends what has been answered (`end_answered`)
///     4. decides (`judge`). Connection lost, closed or silent for too long: it ends the connection, and with
///        it all requests. Own request done and no answer awaited, or some milliseconds later: it passes the
///        lead on. Its deadline: it passes the lead on and leaves. Else it goes on.
///
/// Whoever stops leading passes the lead to a caller that waits, or leaves it free when there is none.
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
  Ending call_all(std::span<const Command> commands, std::span<Reply* const> replies, TimePoint now,
                  TimePoint deadline, std::optional<Error>& loss);

  /// Commands under way whose answers are collected later. When it is destroyed before that, the commands are
  /// still carried out, and their answers are dropped.
  class Pending {
   public:
    Pending() noexcept = default;
    Pending(BasicChannel& channel, RequestSlot* slot) noexcept : channel_(&channel), slot_(slot) {}
    ~Pending() {
      if (slot_ != nullptr) channel_->abandon(slot_);
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
    RequestSlot* slot_ = nullptr;
  };
  /// The first half of `call_all`: sends the commands, as far as that is possible without waiting. Gives
  /// nothing when they cannot even be queued; `call_all` says why.
  Pending send(std::span<const Command> commands, TimePoint now);
  /// The second half.
  static Ending collect(Pending pending, std::span<Reply* const> replies, TimePoint now, TimePoint deadline,
                        std::optional<Error>& loss);

 private:
  // A connection that rested for so long is looked at before it is used: it may have ended, or something may
  // have come that nobody asked for.
  static constexpr std::chrono::milliseconds rest_before_check{1};

  // How long a leader whose request is done reads for others. Answers that come together are read by one
  // thread; for later ones there are those who wait for them.
  static constexpr std::chrono::milliseconds company{5};

  using Lock = std::unique_lock<typename Threads::Mutex>;
  using WakeList = typename Sleepers<Threads>::WakeList;
  using Pipeline = redis::Pipeline<Threads>;

  /// What a thread holds while it deals with the channel.
  struct Turn {
    Turn(BasicChannel& channel, TimePoint latest) noexcept
        : wakes(channel.sleepers_), lock(channel.mutex_), deadline(latest) {}

    WakeList wakes;  // wakes when the lock is free again
    Lock lock;
    RequestSlot* own = nullptr;  // its request
    TimePoint deadline;
    Transport::Patience patience = Transport::Patience::none;  // of the next receive
  };

  static Ending ending_of(CallerExit exit) noexcept {
    return exit == CallerExit::withdrawn ? Ending::timed_out_queued : Ending::timed_out_sent;
  }

  // What a caller does.
  // Gives an ending when there is no slot; sets `now` anew when one had to be waited for.
  std::optional<Ending> take_slot(Turn& turn, TimePoint& now) {
    if (!is_open()) return Ending::not_open;
    turn.own = pool_.take();
    return turn.own != nullptr ? std::nullopt : wait_for_slot(turn, now);
  }
  std::optional<Ending> wait_for_slot(Turn& turn, TimePoint& now);
  template <class Work>
  void or_put_back(RequestSlot* slot, Work&& work);
  void encode_all(RequestSlot* slot, std::span<const Command> commands);
  void enqueue(RequestSlot* slot) noexcept;
  [[nodiscard]] bool is_alone(const Turn& turn, TimePoint now) const noexcept;
  CallerExit call_alone(Turn& turn, TimePoint now);
  CallerExit wait_or_lead(Turn& turn, TimePoint now);
  CallerExit leave(RequestSlot* slot) noexcept;
  void abandon(RequestSlot* slot) noexcept;
  Ending take_answer(const Turn& turn, Reply& reply, std::optional<Error>& loss) noexcept;
  Ending take_answers(const Turn& turn, std::span<Reply* const> replies, std::optional<Error>& loss) noexcept;

  // What the leader does.
  CallerExit begin_lead(Turn& turn, TimePoint now);
  CallerExit lead(Turn& turn);
  void take_batch(const RequestSlot* own) noexcept;
  CallerExit judge(Turn& turn, TransferResult transfer);
  CallerExit judge_deadline(Turn& turn);
  void end_answered(WakeList& wakes) noexcept;
  void end_request(RequestSlot* slot, WakeList& wakes) noexcept;
  bool pass_lead(WakeList& wakes) noexcept;
  template <class Visit>
  void for_each_of_others(const RequestSlot* own, Visit&& visit) const noexcept;
  CallerExit end_connection(Turn& turn);

  void count_load(int change) noexcept {
    load_.store(load_.load(std::memory_order_relaxed) + static_cast<std::size_t>(change),
                std::memory_order_relaxed);
  }

  const ChannelLimits limits_;
  const LossListener on_loss_;
  const Error stalled_{ErrorCode::timeout, "no answer in time", Outcome::unknown};

  mutable typename Threads::Mutex mutex_;
  Sleepers<Threads> sleepers_;
  RequestSlotPool<Threads> pool_;
  RequestQueue queue_;
  std::atomic<bool> open_{false};  // written under the lock
  std::atomic<bool> clogged_{false};
  bool leading_ = false;
  std::atomic<std::size_t> load_{0};  // written under the lock
  std::optional<Error> closing_;      // why close() ends the connection

  // Of the leader; they change hands with the lead, under the lock.
  std::unique_ptr<Pipeline> pipeline_;
  TimePoint last_lead_{};  // or when the connection was opened
  TimePoint unanswered_since_{};
};

extern template class BasicChannel<SystemThreads>;
using Channel = BasicChannel<SystemThreads>;

}  // namespace cachesite::redis
