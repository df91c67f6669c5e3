#include "redis/lent/subscription.hpp"

#include "basics/background_thread.hpp"
#include "basics/guarded_log.hpp"
#include "redis/base/placed_error.hpp"
#include "redis/lent/raw_command.hpp"
#include "redis/wire/server_text.hpp"

#include <exception>
#include <system_error>
#include <utility>
#include <vector>

namespace cachesite::redis {

namespace {

bool is_push(const Reply& reply, std::string_view kind, std::size_t size) {
  return reply.kind == ReplyKind::array && reply.elements.size() == size && reply.elements[0].text() == kind;
}

}  // namespace

Subscription::Subscription(Options options, RedisSubscriber subscriber)
    : options_(std::move(options)), subscriber_(std::move(subscriber)) {}

Subscription::~Subscription() {
  stop();
  // Only on its own thread, which holds on to this until it ends.
  if (worker_.joinable()) worker_.detach();
}

void Subscription::start() {
  try {
    worker_ = basics::background_thread([self = shared_from_this()] { self->work(); });
  } catch (const std::system_error& failure) {
    throw std::system_error(failure.code(),
                            options_.label + ": no thread could be started for the subscription");
  }
}

void Subscription::stop() noexcept {
  if (fork_mark_.forked()) return;
  basics::Thread worker;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    active_ = false;
    if (connection_) connection_->interrupt();
    changed_.notify_all();
    if (worker_.joinable() && worker_.get_id() == std::this_thread::get_id()) return;
    worker = std::move(worker_);
  }
  if (worker.joinable()) worker.join();
}

bool Subscription::stopping() const {
  const std::lock_guard lock(mutex_);
  return stopping_;
}

bool Subscription::active() const noexcept {
  if (fork_mark_.forked()) return false;
  const std::lock_guard lock(mutex_);
  return active_;
}

bool Subscription::wait_until_active(TimeSpan limit) noexcept {
  if (fork_mark_.forked()) return false;
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, limit.milliseconds(), [&] { return active_ || stopping_; });
  return active_;
}

void Subscription::set_active(bool active) {
  const std::lock_guard lock(mutex_);
  active_ = active && !stopping_;
  changed_.notify_all();
}

template <class Text>
void Subscription::log(LogLevel level, Text&& text) const noexcept {
  basics::log_guarded(*options_.logger, level, "redis", [&] { return options_.label + ": " + text(); });
}

template <class Function, class... Arguments>
void Subscription::tell(const Function& function, const Arguments&... arguments) const {
  if (!function || stopping()) return;
  try {
    function(arguments...);
  } catch (const std::exception& failure) {
    log(LogLevel::error, [&] { return std::string("a subscriber's function threw: ") + failure.what(); });
  } catch (...) {
    log(LogLevel::error,
        [] { return std::string("a subscriber's function threw something that is no std::exception"); });
  }
}

void Subscription::lost(const Error& reason) noexcept {
  const bool first = !loss_;
  loss_ = placed_error(options_.place, reason.code(), reason);
  set_active(false);
  if (!first) return;
  lost_since_ = SteadyTime::now();
  if (stopping()) return;
  log(LogLevel::warning, [&] { return "lost a subscription at " + std::string(loss_->message()); });
  tell(subscriber_.on_lost, *loss_);
}

void Subscription::work() noexcept {
  basics::BackOff pauses(options_.first_pause, options_.longest_pause,
                         reinterpret_cast<std::uintptr_t>(this));
  while (!stopping()) {
    std::optional<Error> reason;
    try {
      auto connection = std::make_shared<ExclusiveConnection>(options_.connector);
      {
        const std::lock_guard lock(mutex_);
        if (stopping_) return;
        connection_ = connection;
      }
      reason = connection->open(SteadyTime::now() + options_.connector.connect_timeout);
      if (!reason) reason = subscribe(*connection);
      if (!reason) {
        pauses.reset();
        reason = listen(*connection);
      }
    } catch (const std::exception&) {
      reason.emplace(ErrorCode::no_memory);
    }
    lost(*reason);
    auto pause = pauses.next();
    if (reason->code() == ErrorCode::refused) pause = options_.longest_pause * 5;
    std::unique_lock lock(mutex_);
    connection_.reset();
    changed_.wait_for(lock, pause, [&] { return stopping_; });
  }
}

// Asks for everything and waits until all of it is confirmed.
std::optional<Error> Subscription::subscribe(ExclusiveConnection& connection) {
  // Large texts are sent from where they are, so the commands live until all is confirmed.
  std::vector<RedisCommand> commands;
  if (!subscriber_.channels.empty()) {
    auto& command = commands.emplace_back("SUBSCRIBE");
    for (const auto& channel : subscriber_.channels)
      command.add(channel);
  }
  if (!subscriber_.patterns.empty()) {
    auto& command = commands.emplace_back("PSUBSCRIBE");
    for (const auto& pattern : subscriber_.patterns)
      command.add(pattern);
  }
  for (const auto& command : commands)
    connection.write(RawCommand(command).command());
  const auto deadline = SteadyTime::now() + options_.connector.connect_timeout;
  std::size_t awaited = subscriber_.channels.size() + subscriber_.patterns.size();
  std::vector<Reply> early;
  while (awaited != 0) {
    Reply reply;
    switch (connection.next(reply, deadline)) {
      case ExclusiveConnection::Progress::reply:
        break;
      case ExclusiveConnection::Progress::timed_out:
        return Error(ErrorCode::timeout, "the subscription was not confirmed in time");
      case ExclusiveConnection::Progress::lost:
        return connection.failure();
    }
    if (reply.kind == ReplyKind::error) return Error(ErrorCode::refused, readable_server_error(reply.text()));
    if (is_push(reply, "subscribe", 3) || is_push(reply, "psubscribe", 3))
      --awaited;
    else
      early.push_back(std::move(reply));
  }
  if (loss_) {
    const auto length =
        std::chrono::duration_cast<std::chrono::milliseconds>(SteadyTime::now() - lost_since_);
    const RedisGap gap{*loss_, length};
    loss_.reset();
    log(LogLevel::info, [&] {
      return "a subscription at " + options_.place + " is back after " + std::to_string(length.count()) +
             " ms";
    });
    set_active(true);
    tell(subscriber_.on_gap, gap);
  } else {
    set_active(true);
  }
  for (const auto& reply : early)
    if (auto problem = take(reply)) return problem;
  return std::nullopt;
}

Error Subscription::listen(ExclusiveConnection& connection) {
  for (;;) {
    Reply reply;
    if (auto reason = await_message(connection, reply)) return *reason;
    if (auto problem = take(reply)) return *problem;
    if (stopping()) return Error(ErrorCode::closed, "the subscription is stopped");
  }
}

std::optional<Error> Subscription::await_message(ExclusiveConnection& connection, Reply& reply) {
  static const RedisCommand ping("PING");
  for (const bool asked : {false, true}) {
    if (asked) connection.write(RawCommand(ping).command());
    switch (connection.next(reply, SteadyTime::now() + options_.patience)) {
      case ExclusiveConnection::Progress::reply:
        return std::nullopt;
      case ExclusiveConnection::Progress::lost:
        return connection.failure();
      case ExclusiveConnection::Progress::timed_out:
        break;
    }
  }
  return Error(ErrorCode::timeout, "no answer within " + std::to_string(options_.patience.count()) + " ms");
}

std::optional<Error> Subscription::take(const Reply& reply) {
  if (is_push(reply, "message", 3)) {
    tell(subscriber_.on_message, RedisMessage{reply.elements[1].text(), {}, reply.elements[2].text()});
    return std::nullopt;
  }
  if (is_push(reply, "pmessage", 4)) {
    tell(subscriber_.on_message,
         RedisMessage{reply.elements[2].text(), reply.elements[1].text(), reply.elements[3].text()});
    return std::nullopt;
  }
  if (is_push(reply, "pong", 2)) return std::nullopt;
  if (reply.kind == ReplyKind::error) return Error(ErrorCode::refused, readable_server_error(reply.text()));
  return Error(ErrorCode::protocol, "the server sent something that is not a message");
}

}  // namespace cachesite::redis
