#include "support/scripted_server.hpp"

#include "support/poll_loop.hpp"
#include "support/redis_reply.hpp"
#include "support/reserved_port.hpp"
#include "support/socket_actions.hpp"
#include "support/wait_until.hpp"

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <deque>
#include <list>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string_view>

#include <sys/socket.h>

namespace cachesite::test {
namespace {

using Clock = std::chrono::steady_clock;

struct Connection {
  FileDescriptor socket;
  std::size_t number = 0;
  std::size_t commands = 0;
  std::string input;
  std::deque<ScriptedAnswer> answers;
  // Progress of the first answer.
  std::size_t offset = 0;
  std::optional<Clock::time_point> next_send;
  bool blocked = false;
  bool hanging = false;
  bool ended = false;
};

std::string capitals(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char letter) { return static_cast<char>(std::toupper(letter)); });
  return text;
}

// Takes one command from the front of the input; absent when it is not complete.
std::optional<std::vector<std::string>> take_command(std::string& input) {
  if (input.empty()) return std::nullopt;
  if (input.front() != '*') return std::vector<std::string>{std::exchange(input, {})};
  try {
    const std::optional<RedisReply> value = take_reply(input);
    if (!value) return std::nullopt;
    std::vector<std::string> arguments;
    for (const RedisReply& element : value->elements)
      arguments.push_back(element.text);
    return arguments;
  } catch (const std::runtime_error&) {
    return std::vector<std::string>{std::exchange(input, {})};
  }
}

}  // namespace

std::string ScriptedCommand::name() const {
  return arguments.empty() ? std::string() : capitals(arguments.front());
}

std::string ScriptedCommand::text() const {
  std::string result;
  for (std::size_t index = 0; index < arguments.size(); ++index)
    result += (index == 0 ? "" : " ") + arguments[index];
  return result;
}

class ScriptedServer::Worker {
 public:
  Worker(Handler handler, ScriptedServerOptions options)
      : handler_(std::move(handler)),
        options_(std::move(options)),
        loop_(
            "script", [this](PollRound& round) { prepare(round); },
            [this](PollRound& round) { handle(round); }) {
    loop_.call([this] { listener_ = listen_on_loopback(reserved_.number()); });
  }

  ~Worker() { loop_.stop(); }

  std::uint16_t port() const { return reserved_.number(); }

  void set_handler(Handler handler) {
    loop_.call([&] { handler_ = std::move(handler); });
  }

  void push(const std::string& bytes, std::optional<std::size_t> only) {
    loop_.call([&] {
      for (Connection& connection : connections_) {
        if (only && connection.number != *only) continue;
        if (!connection.hanging) connection.answers.push_back({.bytes = bytes});
      }
    });
  }

  void drop_connections() {
    loop_.call([&] {
      for (Connection& connection : connections_)
        reset(connection);
      sweep();
    });
  }

  std::vector<ScriptedCommand> commands() const {
    const std::lock_guard lock(mutex_);
    return commands_;
  }

  std::size_t command_count() const {
    const std::lock_guard lock(mutex_);
    return commands_.size();
  }

  struct Counters {
    std::size_t accepted = 0;
    std::size_t live = 0;
    std::uint64_t sent = 0;
  };

  // Read between two turns of the loop: whatever a client has seen is counted.
  Counters counters() {
    return loop_.call([this] { return counters_; });
  }

 private:
  void prepare(PollRound& round) {
    for (Connection& connection : connections_)
      pump(connection, round);
    sweep();
    round.watch(listener_.get(), POLLIN);
    for (Connection& connection : connections_) {
      if (connection.hanging) continue;
      const int events = POLLIN | (connection.blocked ? POLLOUT : 0);
      round.watch(connection.socket.get(), static_cast<short>(events));
    }
  }

  void handle(PollRound& round) {
    for (Connection& connection : connections_) {
      const short events = round.events(connection.socket.get());
      if (events == 0) continue;
      connection.blocked = false;
      if ((events & (POLLIN | POLLERR | POLLHUP)) != 0) receive(connection);
    }
    if (round.events(listener_.get()) != 0) accept_all();
    sweep();
  }

  void accept_all() {
    while (FileDescriptor socket = accept_next(listener_.get())) {
      Connection& connection = connections_.emplace_back();
      connection.socket = std::move(socket);
      connection.number = counters_.accepted++;
      ++counters_.live;
      answer(connection, options_.greeting);
    }
  }

  void answer(Connection& connection, ScriptedAnswer next) {
    if (!next.bytes.empty() || next.then != ScriptedAnswer::Then::keep)
      connection.answers.push_back(std::move(next));
  }

  void receive(Connection& connection) {
    const ReadOutcome outcome = read_available(connection.socket.get(), connection.input);
    if (outcome == ReadOutcome::ended || outcome == ReadOutcome::failed) end(connection);
    if (outcome != ReadOutcome::bytes) return;
    if (options_.raw) {
      dispatch(connection, {std::exchange(connection.input, {})});
      return;
    }
    while (!connection.ended) {
      std::optional<std::vector<std::string>> arguments = take_command(connection.input);
      if (!arguments) return;
      dispatch(connection, *std::move(arguments));
    }
  }

  void dispatch(Connection& connection, std::vector<std::string> arguments) {
    ScriptedCommand command{std::move(arguments), connection.number, connection.commands++, 0};
    {
      const std::lock_guard lock(mutex_);
      command.total_number = commands_.size();
      commands_.push_back(command);
    }
    try {
      answer(connection, handler_(command));
    } catch (...) {
      reset(connection);
    }
  }

  void pump(Connection& connection, PollRound& round) {
    while (!connection.ended && !connection.hanging && !connection.blocked && !connection.answers.empty()) {
      ScriptedAnswer& current = connection.answers.front();
      const auto now = Clock::now();
      if (!connection.next_send) connection.next_send = now + current.delay;
      if (*connection.next_send > now) {
        round.wake_at(*connection.next_send);
        return;
      }
      if (connection.offset == current.bytes.size()) {
        conclude(connection, current.then);
        continue;
      }
      std::string_view bytes = std::string_view(current.bytes).substr(connection.offset);
      if (current.piece_size > 0) bytes = bytes.substr(0, current.piece_size);
      const ssize_t count =
          ::send(connection.socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (count < 0) {
        if (errno == EAGAIN) connection.blocked = true;
        if (errno != EAGAIN && errno != EINTR) end(connection);
        continue;
      }
      counters_.sent += static_cast<std::uint64_t>(count);
      connection.offset += static_cast<std::size_t>(count);
      const bool complete = connection.offset == current.bytes.size();
      connection.next_send = complete ? now : now + current.piece_interval;
    }
  }

  void conclude(Connection& connection, ScriptedAnswer::Then then) {
    connection.answers.pop_front();
    connection.offset = 0;
    connection.next_send.reset();
    switch (then) {
      case ScriptedAnswer::Then::keep:
        return;
      case ScriptedAnswer::Then::close: {
        // Unread bytes would turn the orderly end into a reset.
        std::string unread;
        while (read_available(connection.socket.get(), unread) == ReadOutcome::bytes) {
        }
        end(connection);
        return;
      }
      case ScriptedAnswer::Then::reset:
        reset(connection);
        return;
      case ScriptedAnswer::Then::hang:
        connection.hanging = true;
        connection.answers.clear();
    }
  }

  void reset(Connection& connection) {
    reset_connection(connection.socket);
    end(connection);
  }

  void end(Connection& connection) {
    if (connection.ended) return;
    connection.ended = true;
    connection.socket.reset();
    --counters_.live;
  }

  void sweep() {
    connections_.remove_if([](const Connection& connection) { return connection.ended; });
  }

  Handler handler_;
  const ScriptedServerOptions options_;
  ReservedPort reserved_;
  FileDescriptor listener_;
  std::list<Connection> connections_;
  mutable std::mutex mutex_;
  std::vector<ScriptedCommand> commands_;
  Counters counters_;
  PollLoop loop_;
};

ScriptedServer::ScriptedServer(Handler handler, ScriptedServerOptions options)
    : worker_(std::make_unique<Worker>(std::move(handler), std::move(options))) {}

ScriptedServer::~ScriptedServer() = default;

ScriptedServer::Handler ScriptedServer::always(std::string bytes) {
  return [bytes = std::move(bytes)](const ScriptedCommand&) { return ScriptedAnswer{.bytes = bytes}; };
}

ScriptedServer::Handler ScriptedServer::sequence(std::vector<ScriptedAnswer> answers) {
  if (answers.empty()) throw std::invalid_argument("a sequence needs an answer");
  return [answers = std::move(answers), next = std::size_t{0}](const ScriptedCommand&) mutable {
    const ScriptedAnswer& answer = answers[next];
    if (next + 1 < answers.size()) ++next;
    return answer;
  };
}

ScriptedServer::Handler ScriptedServer::after_setup(Handler handler) {
  return [handler = std::move(handler)](const ScriptedCommand& command) {
    const std::string name = command.name();
    if (name == "PING") return ScriptedAnswer{.bytes = "+PONG\r\n"};
    if (name == "HELLO") return ScriptedAnswer{.bytes = "-ERR unknown command 'HELLO'\r\n"};
    if (name == "AUTH" || name == "SELECT" || name == "CLIENT") return ScriptedAnswer{.bytes = "+OK\r\n"};
    if (name == "QUIT") return ScriptedAnswer{.bytes = "+OK\r\n", .then = ScriptedAnswer::Then::close};
    if (name == "ROLE") return ScriptedAnswer{.bytes = array({bulk("master"), ":0\r\n", "*0\r\n"})};
    return handler(command);
  };
}

std::uint16_t ScriptedServer::port() const {
  return worker_->port();
}

void ScriptedServer::set_handler(Handler handler) {
  worker_->set_handler(std::move(handler));
}

std::vector<ScriptedCommand> ScriptedServer::commands() const {
  return worker_->commands();
}

std::vector<std::string> ScriptedServer::texts() const {
  std::vector<std::string> result;
  for (const ScriptedCommand& command : commands())
    result.push_back(command.text());
  return result;
}

std::size_t ScriptedServer::count(const std::string& name) const {
  const std::vector<ScriptedCommand> all = commands();
  return static_cast<std::size_t>(std::count_if(
      all.begin(), all.end(), [&](const ScriptedCommand& command) { return command.name() == name; }));
}

std::size_t ScriptedServer::accepted() const {
  return worker_->counters().accepted;
}

std::size_t ScriptedServer::live() const {
  return worker_->counters().live;
}

std::uint64_t ScriptedServer::sent() const {
  return worker_->counters().sent;
}

void ScriptedServer::push(const std::string& bytes, std::optional<std::size_t> connection) {
  worker_->push(bytes, connection);
}

void ScriptedServer::drop_connections() {
  worker_->drop_connections();
}

bool ScriptedServer::wait_for_commands(std::size_t count, Limit limit) const {
  return wait_until([&] { return worker_->command_count() >= count; }, limit);
}

bool ScriptedServer::wait_for_accepted(std::size_t count, Limit limit) const {
  return wait_until([&] { return accepted() >= count; }, limit);
}

bool ScriptedServer::wait_for_live(std::size_t count, Limit limit) const {
  return wait_until([&] { return live() == count; }, limit);
}

}  // namespace cachesite::test
