#include "redis/transport/considerate_transport.hpp"

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

constexpr double most_rest_for_work = 4;
constexpr std::chrono::milliseconds owed_without_rest{1};

// A few long rests disturb others less than many short ones: to wake up costs them a turn.
constexpr std::chrono::milliseconds shortest_rest{1};
constexpr std::chrono::milliseconds longest_rest{5};

constexpr std::chrono::milliseconds most_owed{20};

nanoseconds times(nanoseconds time, double factor) noexcept {
  return nanoseconds(static_cast<nanoseconds::rep>(static_cast<double>(time.count()) * factor));
}

}  // namespace

ConsiderateTransport::ConsiderateTransport(std::unique_ptr<Transport> inner,
                                           std::function<double()> others_for_each, nanoseconds reserve,
                                           System system)
    : inner_(std::move(inner)),
      others_for_each_(std::move(others_for_each)),
      reserve_(reserve),
      system_(std::move(system)) {}

ConsiderateTransport::System ConsiderateTransport::this_system() {
  return {[] { return SteadyTime::now(); },
          [](nanoseconds length) {
            timespec time{};
            time.tv_nsec = static_cast<long>(length.count());
            // By the bare system call: the functions of the C library are cancellation points.
            ::syscall(SYS_nanosleep, &time, nullptr);
          }};
}

void ConsiderateTransport::rest(TimePoint deadline) {
  const auto now = system_.now();
  const auto owed = std::min<nanoseconds>(settled_ - owed_without_rest - now, longest_rest);
  const auto length = std::min<nanoseconds>(owed, deadline - now - reserve_);
  if (length < shortest_rest) return;
  if (others_for_each_() == 0) {
    settled_ = now;
    return;
  }
  system_.pause(length);
  last_transfer_ = system_.now();
}

Transport::Transfer ConsiderateTransport::count(Transfer transfer) {
  if (transfer.status != Status::ok) return transfer;
  const auto now = system_.now();
  const nanoseconds took = now - std::exchange(last_transfer_, now);
  const auto worked = std::min(took, longest_work_per_byte * static_cast<nanoseconds::rep>(transfer.count));
  const auto rest = times(worked, std::min(others_for_each_(), most_rest_for_work));
  settled_ = std::min<TimePoint>(std::max(settled_ + worked, now) + rest, now + most_owed);
  return transfer;
}

}  // namespace cachesite::redis
