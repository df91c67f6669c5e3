#include "redis/channel/loop_home.hpp"

#include <thread>
#include <utility>

namespace cachesite::redis {

// One channel, as the loop sees it.
class LoopHome::Seat final : public Work, public event_loop::Watch, public event_loop::Timer {
 public:
  Seat(LoopHome& home, Channel& led) noexcept : channel(led), home_(home) {}

  void run() noexcept override {
    const auto kept = std::move(keeps);
    look(Look::wanted);
  }
  void ready(std::uint32_t) noexcept override { look(Look::ready); }
  void expire() noexcept override { look(Look::ready); }

  Channel& channel;
  std::shared_ptr<LoopHome> keeps;  // while the loop has it as work

 private:
  void look(Look why) noexcept {
    if (Waiter* const ended = home_.look(*this, why)) home_.tell_each(ended);
  }

  LoopHome& home_;
};

// A thread that tells a list of waiters. What it has not told yet is told by whoever wants all to be told while
// one of them is.
class LoopHome::Telling {
 public:
  Telling(const LoopHome& home, Waiter* rest) noexcept
      : home_(home), rest_(rest), outer_(std::exchange(innermost, this)) {}
  ~Telling() { innermost = outer_; }
  Telling(const Telling&) = delete;
  Telling& operator=(const Telling&) = delete;

  void tell() noexcept {
    const TimePoint now = SteadyTime::now();
    while (rest_ != nullptr) {
      Waiter& waiter = *std::exchange(rest_, rest_->next);
      waiter.ended(waiter, now);
    }
  }
  static void tell_of_this_thread(const LoopHome& home) noexcept {
    for (Telling* each = innermost; each != nullptr; each = each->outer_)
      if (&each->home_ == &home) each->tell();
  }

 private:
  static inline thread_local Telling* innermost = nullptr;

  const LoopHome& home_;
  Waiter* rest_;
  Telling* const outer_;
};

LoopHome::LoopHome(Private, std::shared_ptr<IEventLoop> loop, event_loop::IReactor& reactor)
    : loop_(std::move(loop)), executor_(*loop_), reactor_(reactor) {}

LoopHome::LoopHome(Private own, std::shared_ptr<IEventLoop> loop, event_loop::IReactor& reactor,
                   ChannelSet& channels)
    : LoopHome(own, std::move(loop), reactor) {
  channels.for_each([this](Channel& channel) { seats_.push_back(std::make_unique<Seat>(*this, channel)); });
}

LoopHome::~LoopHome() = default;

std::shared_ptr<LoopHome> LoopHome::make(std::shared_ptr<IEventLoop> loop, ChannelSet& channels) {
  auto* const reactor = find_interface<event_loop::IReactor>(*loop);
  if (reactor == nullptr) return nullptr;
  return std::make_shared<LoopHome>(Private{}, std::move(loop), *reactor, channels);
}

std::shared_ptr<LoopHome> LoopHome::make(std::shared_ptr<IEventLoop> loop) {
  auto* const reactor = find_interface<event_loop::IReactor>(*loop);
  if (reactor == nullptr) return nullptr;
  return std::make_shared<LoopHome>(Private{}, std::move(loop), *reactor);
}

LoopHome::Seat& LoopHome::seat_of(const Channel& channel) const noexcept {
  auto seat = seats_.begin();
  while (&(*seat)->channel != &channel)
    ++seat;
  return **seat;
}

void LoopHome::deliver(Waiter* ended) noexcept {
  if (fork_mark_.forked()) return;
  std::unique_lock lock(mutex_);
  if (out_) {
    lock.unlock();
    return tell_each(ended);
  }
  while (ended != nullptr) {
    Waiter* const waiter = std::exchange(ended, ended->next);
    waiter->next = std::exchange(ended_, waiter);
  }
  if (teller_.keeps == nullptr) post(teller_, teller_.keeps);
}

void LoopHome::wanted(Channel& channel) noexcept {
  if (fork_mark_.forked()) return;
  Seat& seat = seat_of(channel);
  const std::lock_guard lock(mutex_);
  if (!out_) post(seat, seat.keeps);
}

void LoopHome::post(Work& work, std::shared_ptr<LoopHome>& keeps) noexcept {
  keeps = shared_from_this();
  loop_->execute(work);
}

// The connection before this one has been closed.
bool LoopHome::watch(Channel& channel, int descriptor) noexcept {
  Seat& seat = seat_of(channel);
  reactor_.forget(seat);
  return reactor_.watch(descriptor, seat);
}

void LoopHome::overdue(Channel& channel) noexcept {
  if (Waiter* const ended = look(seat_of(channel), Look::overdue)) deliver(ended);
}

// Those that ended.
Waiter* LoopHome::look(Seat& seat, Look look) noexcept {
  if (!enter()) return nullptr;
  const auto attended = seat.channel.attend(look, reactor_.now());
  if (attended.paused_until != TimePoint{}) reactor_.arm(seat, attended.paused_until);
  exit();
  return attended.ended;
}

bool LoopHome::enter() noexcept {
  if (fork_mark_.forked()) return false;
  const std::lock_guard lock(mutex_);
  if (out_) return false;
  ++inside_;
  return true;
}

void LoopHome::exit() noexcept {
  const std::lock_guard lock(mutex_);
  --inside_;
}

void LoopHome::tell_each(Waiter* ended) noexcept {
  Telling(*this, ended).tell();
}

void LoopHome::tell() noexcept {
  if (fork_mark_.forked()) return;
  Telling::tell_of_this_thread(*this);
  Waiter* last = nullptr;
  {
    const std::lock_guard lock(mutex_);
    last = std::exchange(ended_, nullptr);
  }
  Waiter* first = nullptr;
  while (last != nullptr) {
    Waiter* const waiter = std::exchange(last, last->next);
    waiter->next = std::exchange(first, waiter);
  }
  tell_each(first);
}

void LoopHome::Teller::run() noexcept {
  std::shared_ptr<LoopHome> kept;
  {
    const std::lock_guard lock(home_.mutex_);
    kept = std::move(keeps);
  }
  home_.tell();
}

void LoopHome::leave() noexcept {
  if (fork_mark_.forked()) return;
  std::shared_ptr<IEventLoop> loop;
  std::unique_lock lock(mutex_);
  out_ = true;
  loop = std::move(loop_);
  while (inside_ != 0) {
    lock.unlock();
    std::this_thread::yield();
    lock.lock();
  }
  lock.unlock();
  if (loop == nullptr) return;
  for (const auto& seat : seats_) {
    reactor_.forget(*seat);
    (void)reactor_.disarm(*seat);
  }
  (void)reactor_.disarm(deadline_timer_);
  tell();
}

void LoopHome::leave_after(const std::atomic<std::size_t>& calls) noexcept {
  while (calls.load() != 0) {
    tell();
    std::this_thread::yield();
  }
  leave();
}

}  // namespace cachesite::redis
