#pragma once

#include "basics/condition.hpp"
#include "basics/fork_mark.hpp"
#include "basics/light_mutex.hpp"
#include "redis/base/deadline.hpp"
#include "redis/channel/channel_home.hpp"
#include "redis/channel/parking_lot.hpp"
#include "redis/channel/pipeline.hpp"
#include "redis/channel/request_slot_pool.hpp"
#include "redis/channel/sleepers.hpp"
#include "redis/channel/waiter.hpp"
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
  std::size_t most_waiting = 65'536;                    // waiters whose requests wait for one of these
  std::size_t largest_batch = std::size_t{128} * 1024;  // bytes that one leader takes at once
  std::uint32_t most_batches = 64;        // that threads carry in a row while the home could lead
  std::chrono::milliseconds stall{2500};  // a connection that answers nothing for so long may be dead
  std::chrono::milliseconds patience{0};  // a receive of the connection may block for so long
};

/// What a channel needs of the system; a simulation has its own.
struct SystemThreads {
  using Mutex = basics::LightMutex;
  using Condition = basics::AnyCondition;
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

/// What became of a request for which a waiter is to be told.
enum class Submission : std::uint8_t {
  accepted,  // the waiter will be told, unless it is withdrawn before
  not_open,  // there is no connection
  no_room    // too many wait already
};

/// One connection shared by any number of threads and an event loop. Nobody owns it: the first caller that
/// finds it free leads, writes its own and everybody's waiting requests in one go, reads the answers, and
/// hands the lead to the next caller that waits. A caller without company does one send and one receive on
/// its own thread. Where no thread waits the event loop leads, the home of the channel, which never blocks.
/// Whoever leads ends everybody's requests.
///
/// The states of a request, RequestSlot::Stage. They change under the lock:
///
///     free       nobody uses the slot         a call of several threads, send() -> queued
///                                             a call while nobody else is there -> in_flight
///     queued     waits for a leader           a leader takes it to write it -> in_flight
///                                             its caller leaves, or its waiter is withdrawn -> free
///                                             the connection ends -> done
///     in_flight  is written, or partly, and   the answer is there, or the connection ends -> done; free when
///                its answer is awaited        its caller has left
///     done       has an ending                its caller has taken the answer, or has left, or its waiter has
///                                             the answer -> free
///
/// What the caller of a request does meanwhile, RequestSlot::Caller:
///
///     waits      sleeps for a signal          Signal::done -> takes the answer, without the lock
///                                             Signal::leads -> leads
///                                             the home was to lead and does not come -> leads
///                                             its deadline -> left
///     leads      carries everybody's          its request is done -> passes the lead on, takes the answer
///                requests                     its deadline -> passes the lead on, left
///     is_told    no thread: a Waiter is told  its request is done -> the waiter has the answer
///                of the end                   withdraw() -> left
///     left       the request goes on          -
///                without it
///     elsewhere  between send() and           collect(): nobody leads -> leads; else -> waits
///                collect()                    the Pending is destroyed -> left
///
/// The duties of the leader, again and again:
///
///     1. takes queued requests into flight, until its own is done
///     2. without the lock: wakes those whose requests have ended and gives waiters to the home, writes, and
///        reads until one more request has ended, the deadline has passed or the connection is lost
///     3. ends what has been answered (`end_answered`)
///     4. decides (`judge`). Connection lost, closed or silent for too long: it ends the connection, and with
///        it all requests. Own request done and no answer awaited by a thread, or some milliseconds later: it
///        passes the lead on. Its deadline: it passes the lead on and leaves. Else it goes on.
///
/// The home does the same in `attend`, once and without waiting: it takes queued requests into flight, writes,
/// reads what has come, ends what has been answered, decides (`judge_look`) and passes the lead on, which is
/// free between its looks.
///
/// Whoever stops leading passes the lead to a caller that waits. When there is none, or threads have led for
/// `most_batches` in a row, it leaves the lead free, and asks the home when waiters have requests under way.
/// Who waits meanwhile leads when the home has not come within `longest_handover`. So while the lead is free
/// and a waiter has a request, the home has been asked, or has read all that had come.
template <class Threads>
class BasicChannel {
 public:
  /// Called once for each opened connection that ended, without a lock held, by a thread that was calling.
  using LossListener = std::function<void(const Error& reason)>;

  using Home = BasicChannelHome<Threads>;

  BasicChannel(ChannelLimits limits, LossListener on_loss);
  ~BasicChannel();

  /// The event loop; needed before the first `submit`, and said once. It outlives the channel.
  void set_home(Home& home);

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

  // For those who do not wait. In a child that the process forks nothing is submitted, and nothing is touched.

  /// Queues a command; never waits for anything but the lock. The bytes of the command are copied or shared
  /// before it returns. Unless it is accepted, or when there is no memory, the waiter is idle as before.
  Submission submit(const Command& command, Waiter& waiter, TimePoint now);
  /// The same for several, next to each other and with nothing between them; `waiter.replies` is for the
  /// answers. On `lost_sent` those that came are given, and the others are of no kind.
  Submission submit(std::span<const Command> commands, Waiter& waiter, TimePoint now);
  /// Once more what a lost connection has ended, as it was encoded then; or what was prepared.
  Submission submit(Waiter& waiter, TimePoint now);
  /// Encodes what is to be submitted later, without the commands. Precondition: the waiter is idle.
  static void prepare(std::span<const Command> commands, Waiter& waiter);
  /// For the home: leads without waiting, unless somebody else leads. `now` may be some milliseconds old.
  Attended attend(Look look, TimePoint now) noexcept;
  /// The deadline of a request has passed, or nobody wants it any more. It is never sent, or its answer is read
  /// and dropped; `ending` tells which, `timed_out_queued` or `timed_out_sent`. Nothing of the waiter is
  /// touched any more. False when it has ended: its `ended` is called all the same.
  bool withdraw(Waiter& waiter) noexcept;

 private:
  // A connection that rested for so long is looked at before it is used: it may have ended, or something may
  // have come that nobody asked for.
  static constexpr std::chrono::milliseconds rest_before_check{1};

  // How long a leader whose request is done reads for others. Answers that come together are read by one
  // thread; for later ones there are those who wait for them.
  static constexpr std::chrono::milliseconds company{5};

  // For so long threads wait for the home when it is its turn to lead.
  static constexpr std::chrono::milliseconds longest_handover{5};

  using Lock = std::unique_lock<typename Threads::Mutex>;
  using WakeList = typename Sleepers<Threads>::WakeList;
  using Pipeline = redis::Pipeline<Threads>;

  /// What the home is told when the lock is free again.
  class HomeNotice {
   public:
    explicit HomeNotice(BasicChannel& channel) noexcept : channel_(channel) {}
    ~HomeNotice() { tell(); }
    HomeNotice(const HomeNotice&) = delete;
    HomeNotice& operator=(const HomeNotice&) = delete;

    void tell() noexcept {
      if (ended_ != nullptr || wanted) [[unlikely]]
        tell_all();
    }
    void add(Waiter& waiter) noexcept { waiter.next = std::exchange(ended_, &waiter); }
    /// In the order in which they were added.
    [[nodiscard]] Waiter* take() noexcept;

    bool wanted = false;

   private:
    void tell_all() noexcept;

    BasicChannel& channel_;
    Waiter* ended_ = nullptr;  // the last one first
  };

  /// What a thread holds while it deals with the channel.
  struct Turn {
    Turn(BasicChannel& channel, TimePoint latest) noexcept
        : notice(channel), wakes(channel.sleepers_), lock(channel.mutex_), deadline(latest) {}

    HomeNotice notice;
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
  void or_put_back(Turn& turn, RequestSlot* slot, Work&& work);
  static void encode_all(Question& question, std::span<const Command> commands);
  static void own_bytes(Question& question, std::span<const Command> commands);
  static void clear_reply(Reply& place, Reply& reply) noexcept;
  void enqueue(RequestSlot* slot) noexcept;
  [[nodiscard]] bool is_alone(const Turn& turn, TimePoint now) const noexcept;
  [[gnu::always_inline]] CallerExit carry(Turn& turn, TimePoint now);
  CallerExit call_alone(Turn& turn, TimePoint now);
  CallerExit wait_or_lead(Turn& turn, TimePoint now);
  CallerExit wait_for_signal(Turn& turn, TimePoint& now);
  CallerExit leave(Turn& turn, RequestSlot* slot) noexcept;
  void abandon(RequestSlot* slot) noexcept;
  Ending take_answer(Turn& turn, Reply& reply, std::optional<Error>& loss) noexcept;
  Ending take_answers(Turn& turn, std::span<Reply* const> replies, std::optional<Error>& loss) noexcept;
  [[gnu::always_inline]] Ending finish(Turn& turn, std::optional<Error>& loss) noexcept;
  [[gnu::always_inline]] static void move_reply(Reply& from, Reply& to) noexcept;
  static void give_answers(RequestSlot& slot, std::span<Reply* const> replies) noexcept;
  void give_back(Turn& turn, RequestSlot* slot) noexcept {
    if (pool_.put_back(slot)) [[unlikely]]
      use_room(turn);
  }
  void use_room(Turn& turn) noexcept;

  // What is done for waiters.
  [[gnu::always_inline]] static void ask_one(Question& question, const Command& command);
  static void ask_several(Question& question, std::span<const Command> commands);
  template <class Fill>
  Submission submit_filled(Waiter& waiter, TimePoint now, Fill&& fill);
  void wait_for_room(Turn& turn, Waiter& waiter) noexcept;
  void admit_waiting(Turn& turn) noexcept;
  [[gnu::always_inline]] void begin_request(Turn& turn, RequestSlot& slot, Waiter& waiter) noexcept;
  void end_waiting(Turn& turn, const Error& reason) noexcept;
  [[gnu::always_inline]] void tell_waiter(Turn& turn, RequestSlot& slot) noexcept;
  void ask_home(Turn& turn) noexcept {
    turn.notice.wanted = !std::exchange(asked_, true) || turn.notice.wanted;
  }
  [[nodiscard]] bool is_turn_of_home() noexcept;
  // True when nobody awaits an answer but waiters.
  [[nodiscard]] bool only_waiters_wait() const noexcept { return waiters_ != 0 && waiters_ == load(); }

  // What the leader does.
  CallerExit begin_lead(Turn& turn, TimePoint now);
  CallerExit lead(Turn& turn);
  void take_batch(const RequestSlot* own) noexcept;
  CallerExit judge(Turn& turn, TransferResult transfer);
  CallerExit judge_deadline(Turn& turn);
  Attended lead_once(Turn& turn, Look look, TimePoint now);
  void judge_look(Turn& turn, LookResult result, Look look, TimePoint now);
  [[nodiscard]] bool is_stalled(SteadyTime::duration patience, TimePoint now) const noexcept;
  [[nodiscard]] bool is_stalled_for_all(TimePoint now) const noexcept;
  void end_answered(Turn& turn, RequestQueue& answered) noexcept;
  void end_request(RequestSlot* slot, Turn& turn) noexcept;
  bool pass_lead(Turn& turn) noexcept;
  bool pass_to_sleeper(WakeList& wakes) noexcept;
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
  const Error unwatched_{ErrorCode::no_memory, "the event loop cannot watch the connection"};
  const basics::ForkMark fork_mark_;

  mutable typename Threads::Mutex mutex_;
  Sleepers<Threads> sleepers_;
  RequestSlotPool<Threads> pool_;
  RequestQueue queue_;
  std::atomic<bool> open_{false};  // written under the lock
  std::atomic<bool> clogged_{false};
  bool leading_ = false;
  std::atomic<std::size_t> load_{0};  // written under the lock
  std::optional<Error> closing_;      // why close() ends the connection

  // Of the home and its waiters, under the lock.
  Home* home_ = nullptr;
  bool asked_ = false;   // and it has not looked yet
  bool unread_ = false;  // what has come may not have been read to the end
  bool threads_first_ = false;
  std::size_t waiters_ = 0;    // whose requests have slots
  WaiterQueue room_;           // whose requests have none yet
  std::uint32_t batches_ = 0;  // carried by threads since the home led

  // Of the leader; they change hands with the lead, under the lock.
  std::unique_ptr<Pipeline> pipeline_;
  TimePoint last_lead_{};  // or when the connection was opened
  TimePoint unanswered_since_{};
  bool watched_ = false;  // by the home
};

extern template class BasicChannel<SystemThreads>;
using Channel = BasicChannel<SystemThreads>;
using ChannelHome = BasicChannelHome<SystemThreads>;

}  // namespace cachesite::redis
