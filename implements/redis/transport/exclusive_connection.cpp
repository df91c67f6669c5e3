#include "redis/transport/exclusive_connection.hpp"

#include "redis/transport/server_call_report.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <poll.h>

namespace cachesite::redis {

namespace {

constexpr std::size_t most_kept_output = std::size_t{64} * 1024;

Error interruption() {
  return Error(ErrorCode::closed, "the call was stopped", Outcome::unknown);
}

}  // namespace

ExclusiveConnection::ExclusiveConnection(ConnectorOptions options)
    : options_(std::move(options)), stream_(options_.frame) {}

ExclusiveConnection::~ExclusiveConnection() {
  if (fork_mark_.forked()) basics::leave_alone(transport_.release());
}

std::optional<Error> ExclusiveConnection::open(TimePoint deadline) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - SteadyTime::now());
  if (left.count() <= 0) return Error(ErrorCode::timeout, "no time was left for connecting");
  auto options = options_;
  options.connect_timeout = std::min(options.connect_timeout, left);
  Connector connector(std::move(options));
  auto outcome = connector.connect(stop_signal_, [this](Transport* transport) {
    const std::lock_guard lock(mutex_);
    announced_ = transport;
    if (transport != nullptr && interrupted_) transport->shut_down();
  });
  const std::lock_guard lock(mutex_);
  if (interrupted_) return Error(ErrorCode::closed, "the call was stopped");
  if (outcome.error) return outcome.error;
  transport_ = std::move(outcome.transport);
  announced_ = transport_.get();
  opened_ = SteadyTime::now();
  peer_ = peer_of(transport_->descriptor());
  return std::nullopt;
}

void ExclusiveConnection::interrupt() noexcept {
  if (fork_mark_.forked()) return;
  const std::lock_guard lock(mutex_);
  interrupted_ = true;
  stop_signal_.raise();
  if (announced_ != nullptr) announced_->shut_down();
}

bool ExclusiveConnection::interrupted() const noexcept {
  if (fork_mark_.forked()) return true;
  const std::lock_guard lock(mutex_);
  return interrupted_;
}

void ExclusiveConnection::write(const Command& command) {
  output_.add(command);
  ends_.push_back(output_.size());
}

std::size_t ExclusiveConnection::sent() const noexcept {
  const auto first_open = std::upper_bound(ends_.begin(), ends_.end(), written_);
  return sent_before_ + static_cast<std::size_t>(first_open - ends_.begin());
}

void ExclusiveConnection::begin_count() noexcept {
  sent_before_ = 0;
}

ExclusiveConnection::Progress ExclusiveConnection::lose(Error reason) {
  abandon(interrupted() ? interruption() : std::move(reason));
  return Progress::lost;
}

void ExclusiveConnection::abandon(Error reason) {
  if (!failure_) failure_.emplace(std::move(reason));
}

bool ExclusiveConnection::receive(bool& nothing) {
  std::array<iovec, 2> places;
  const auto count = stream_.room(places);
  const auto received =
      transport_->receive(std::span<const iovec>(places.data(), count), Transport::Patience::none);
  nothing = received.status == Transport::Status::again;
  switch (received.status) {
    case Transport::Status::ok:
      stream_.received(received.count);
      return true;
    case Transport::Status::again:
      return true;
    case Transport::Status::ended:
      lose(Error(ErrorCode::unreachable, "the server closed the connection"));
      return false;
    case Transport::Status::failed:
      lose(Error(ErrorCode::unreachable, transport_->problem()));
      return false;
  }
  return false;
}

// Writes as much as goes without waiting. False when the connection is lost.
bool ExclusiveConnection::flush() {
  while (written_ < output_.size()) {
    std::array<iovec, 64> pieces;
    PieceCollector collector(pieces, written_);
    output_.collect(collector);
    const auto sent = transport_->send(std::span<const iovec>(pieces.data(), collector.count()));
    if (sent.status == Transport::Status::ok) {
      written_ += sent.count;
      continue;
    }
    if (sent.status == Transport::Status::again) return true;
    lose(Error(ErrorCode::unreachable, transport_->problem()));
    return false;
  }
  if (written_ != 0) {
    sent_before_ += ends_.size();
    ends_.clear();
    output_.clear(most_kept_output);
    written_ = 0;
  }
  return true;
}

ExclusiveConnection::Progress ExclusiveConnection::next(Reply& reply, TimePoint deadline) {
  if (fork_mark_.forked()) abandon(basics::forked_error());
  if (failure_) return Progress::lost;
  for (bool late = false;;) {
    if (!flush()) return Progress::lost;
    switch (stream_.next(reply)) {
      case ReplyStream::Progress::complete:
        return Progress::reply;
      case ReplyStream::Progress::more:
        break;
      case ReplyStream::Progress::malformed:
        return lose(Error(ErrorCode::protocol, stream_.problem(), Outcome::unknown));
      case ReplyStream::Progress::too_large:
        return lose(Error(ErrorCode::too_large, stream_.problem(), Outcome::unknown));
      case ReplyStream::Progress::no_memory:
        return lose(Error(ErrorCode::no_memory, stream_.problem(), Outcome::unknown));
    }
    if (late) return Progress::timed_out;
    bool nothing = false;
    if (!receive(nothing)) return Progress::lost;
    if (nothing) {
      if (transport_->wait(written_ < output_.size(), deadline) == Transport::Waiting::timed_out)
        return Progress::timed_out;
    } else {
      late = SteadyTime::now() >= deadline;
    }
  }
}

void ExclusiveConnection::await(const WakeSignal& wake, TimePoint deadline) {
  std::array<pollfd, 2> polls{{{transport_->descriptor(), POLLIN, 0}, {wake.descriptor(), POLLIN, 0}}};
  ::poll(polls.data(), polls.size(), poll_milliseconds(SteadyTime::now(), deadline));
}

bool ExclusiveConnection::usable() {
  if (fork_mark_.forked() || failure_ || retired_ || !transport_ || written_ != output_.size() ||
      stream_.has_bytes() || interrupted())
    return false;
  bool nothing = false;
  return receive(nothing) && nothing;
}

}  // namespace cachesite::redis
