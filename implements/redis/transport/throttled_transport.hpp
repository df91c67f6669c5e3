#pragma once

#include "redis/transport/transport.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>

namespace cachesite::redis {

/// A connection for large requests that pauses now and then, so that the server and the processors serve
/// small requests meanwhile. A server does one thing after the other, and a single caller with large values
/// can keep it busy while everybody else waits.
///
/// The time that transfers take is counted by how many requests are under way beside them; where something
/// large goes on, the connection pauses for a multiple of it. A large request now and then goes through
/// without a pause, and when nobody else waits there is none.
class ThrottledTransport : public Transport {
 public:
  struct System {
    std::function<TimePoint()> now;
    std::function<void(std::chrono::nanoseconds)> pause;
  };
  [[nodiscard]] static System this_system();

  /// `others_for_each` says how many requests are under way on other connections to the server, for each one
  /// on this. There is no pause when less than `reserve` is left until a deadline.
  ThrottledTransport(std::unique_ptr<Transport> inner, std::function<double()> others_for_each,
                     std::chrono::nanoseconds reserve, System system = this_system());

  Transfer receive(std::span<const iovec> places, Patience patience) override {
    return count(inner_->receive(places, patience));
  }
  Transfer send(std::span<const iovec> pieces) override { return count(inner_->send(pieces)); }
  Waiting wait(bool to_send, TimePoint deadline) override { return inner_->wait(to_send, deadline); }
  void pause(TimePoint deadline) override;
  [[nodiscard]] std::chrono::nanoseconds pause_length(TimePoint deadline) override;
  [[nodiscard]] bool wants_to_send() const noexcept override { return inner_->wants_to_send(); }
  void shut_down() noexcept override { inner_->shut_down(); }
  [[nodiscard]] int descriptor() const noexcept override { return inner_->descriptor(); }
  [[nodiscard]] std::string problem() const override { return inner_->problem(); }
  [[nodiscard]] ErrorCode problem_code() const override { return inner_->problem_code(); }

 private:
  Transfer count(Transfer transfer);

  const std::unique_ptr<Transport> inner_;
  const std::function<double()> others_for_each_;
  const std::chrono::nanoseconds reserve_;
  const System system_;
  TimePoint last_transfer_{};  // or the end of the pause after it
  TimePoint free_of_debt_{};   // when all pauses that are due will have been made
};

}  // namespace cachesite::redis
