#include "redis/news/news_link.hpp"

#include "basics/background_thread.hpp"
#include "basics/stop_signal.hpp"

#include <array>
#include <exception>
#include <mutex>
#include <utility>

namespace cachesite::redis {

struct NewsLink::Attempt {
  explicit Attempt(const ConnectorOptions& options) : connector(options) {}

  Connector connector;
  basics::StopSignal stop;
  basics::ForkMark fork_mark;
  std::mutex mutex;
  Transport* announced = nullptr;
  bool ended = false;
  bool interrupted = false;
  Connector::Outcome outcome;

  void run() noexcept {
    Connector::Outcome made;
    try {
      made = connector.connect(stop, [this](Transport* transport) {
        const std::lock_guard lock(mutex);
        announced = transport;
        if (transport != nullptr && interrupted) transport->shut_down();
      });
    } catch (const std::exception&) {
      made.error.emplace(ErrorCode::no_memory, "no memory for a connection");
    }
    const std::lock_guard lock(mutex);
    outcome = std::move(made);
    ended = true;
  }
  void interrupt() noexcept {
    const std::lock_guard lock(mutex);
    interrupted = true;
    stop.raise();
    if (announced != nullptr) announced->shut_down();
  }
};

NewsLink::NewsLink(ConnectorOptions options, std::function<void()> on_end)
    : options_(std::move(options)), on_end_(std::move(on_end)) {}

NewsLink::~NewsLink() {
  close();
}

void NewsLink::connect() {
  close();
  auto attempt = std::make_shared<Attempt>(options_);
  thread_ = basics::background_thread([attempt, on_end = on_end_] {
    attempt->run();
    on_end();
  });
  attempt_ = std::move(attempt);
}

std::optional<NewsLink::Outcome> NewsLink::take_outcome() {
  if (attempt_ == nullptr) return std::nullopt;
  {
    const std::lock_guard lock(attempt_->mutex);
    if (!attempt_->ended) return std::nullopt;
  }
  thread_.join();
  const auto attempt = std::exchange(attempt_, nullptr);
  if (attempt->outcome.error) return Outcome{std::move(attempt->outcome.error)};
  transport_ = std::move(attempt->outcome.transport);
  return Outcome{};
}

void NewsLink::close() noexcept {
  if (attempt_ != nullptr) {
    attempt_->interrupt();
    if (thread_.joinable()) thread_.join();
    attempt_.reset();
  }
  transport_.reset();
  output_.clear();
  sent_ = 0;
  backlog_ = 0;
  parser_ = NewsParser();
}

void NewsLink::add(std::span<const std::string_view> words) {
  output_ += "*" + std::to_string(words.size()) + "\r\n";
  for (const auto word : words) {
    output_ += "$" + std::to_string(word.size()) + "\r\n";
    output_.append(word).append("\r\n");
  }
}

bool NewsLink::flush() {
  while (sent_ < output_.size()) {
    const std::array<iovec, 1> piece{{{output_.data() + sent_, output_.size() - sent_}}};
    const auto sent = transport_->send(piece);
    if (sent.status == Transport::Status::again) return true;
    if (sent.status != Transport::Status::ok) {
      problem_ = transport_->problem();
      return false;
    }
    sent_ += sent.count;
  }
  output_.clear();
  sent_ = 0;
  return true;
}

NewsLink::Received NewsLink::receive() {
  const auto room = parser_.room();
  const std::array<iovec, 1> place{{{room.data(), room.size()}}};
  const auto received = transport_->receive(place, Transport::Patience::none);
  switch (received.status) {
    case Transport::Status::ok:
      parser_.received(received.count);
      backlog_ += received.count;
      // With TLS there may be more that no poll() tells of.
      return options_.tls == nullptr && received.count < room.size() ? Received::all : Received::something;
    case Transport::Status::again:
      return Received::nothing;
    case Transport::Status::ended:
      problem_ = "the server closed the connection";
      return Received::lost;
    case Transport::Status::failed:
      problem_ = transport_->problem();
      return Received::lost;
  }
  return Received::lost;
}

}  // namespace cachesite::redis
