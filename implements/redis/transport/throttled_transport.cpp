#include "redis/transport/throttled_transport.hpp"

#include <algorithm>
#include <ctime>
#include <utility>

#include <sys/syscall.h>
#include <unistd.h>

namespace cachesite::redis {

namespace {

using std::chrono::nanoseconds;

// A transfer that takes longer for each byte waits for the network, and keeps no processor busy.
constexpr nanoseconds longest_work_per_byte{1};

constexpr double most_pause_for_work = 4;
constexpr std::chrono::milliseconds debt_without_pause{1};

// A few long pauses disturb others less than many short ones: to wake up costs them a turn.
constexpr std::chrono::milliseconds shortest_pause{1};
constexpr std::chrono::milliseconds longest_pause{5};

constexpr std::chrono::milliseconds most_debt{20};

nanoseconds times(nanoseconds time, double factor) noexcept {
  return nanoseconds(static_cast<nanoseconds::rep>(static_cast<double>(time.count()) * factor));
}

}  // namespace

ThrottledTransport::ThrottledTransport(std::unique_ptr<Transport> inner,
                                       std::function<double()> others_for_each, nanoseconds reserve,
                                       System system)
    : inner_(std::move(inner)),
      others_for_each_(std::move(others_for_each)),
      reserve_(reserve),
      system_(std::move(system)) {}

ThrottledTransport::System ThrottledTransport::this_system() {
  return {[] { return SteadyTime::now(); },
          [](nanoseconds length) {
            timespec time{};
            time.tv_nsec = static_cast<long>(length.count());
            // By the bare system call: the functions of the C library are cancellation points.
            ::syscall(SYS_nanosleep, &time, nullptr);
          }};
}

void ThrottledTransport::pause(TimePoint deadline) {
  const auto length = pause_length(deadline);
  if (length == nanoseconds::zero()) return;
  system_.pause(length);
  last_transfer_ = system_.now();
}

nanoseconds ThrottledTransport::pause_length(TimePoint deadline) {
  const auto now = system_.now();
  const auto debt = std::min<nanoseconds>(free_of_debt_ - debt_without_pause - now, longest_pause);
  const auto length = std::min<nanoseconds>(debt, deadline - now - reserve_);
  if (length < shortest_pause) return {};
  if (others_for_each_() == 0) {
    free_of_debt_ = now;
    return {};
  }
  last_transfer_ = now + length;
  return length;
}

Transport::Transfer ThrottledTransport::count(Transfer transfer) {
  if (transfer.status != Status::ok) return transfer;
  const auto now = system_.now();
  const nanoseconds took = std::max<nanoseconds>(now - std::exchange(last_transfer_, now), {});
  const auto worked = std::min(took, longest_work_per_byte * static_cast<nanoseconds::rep>(transfer.count));
  const auto pause = times(worked, std::min(others_for_each_(), most_pause_for_work));
  free_of_debt_ = std::min<TimePoint>(std::max(free_of_debt_ + worked, now) + pause, now + most_debt);
  return transfer;
}

}  // namespace cachesite::redis
