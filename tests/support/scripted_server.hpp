#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace cachesite::test {

/// A command as the scripted server received it.
struct ScriptedCommand {
  /// The arguments byte for byte; for input that is no RESP command, one argument with the raw bytes.
  std::vector<std::string> arguments = {};
  /// Number of the connection, from 0 in the order of accepting.
  std::size_t connection = 0;
  /// Number of the command on its connection and over all connections, from 0.
  std::size_t number = 0;
  std::size_t total_number = 0;

  /// The command in capitals: "GET".
  std::string name() const;
  /// The arguments joined by blanks.
  std::string text() const;
};

/// What the server answers to one command.
struct ScriptedAnswer {
  enum class Then {
    keep,
    /// Ends the connection in an orderly way after the bytes.
    close,
    /// Resets the connection after the bytes.
    reset,
    /// Neither reads nor writes any more; the connection stays open.
    hang,
  };

  /// Sent as they are; empty: no answer.
  std::string bytes = {};
  Then then = Then::keep;
  std::chrono::milliseconds delay = {};
  /// Largest number of bytes in one send; 0: no limit.
  std::size_t piece_size = 0;
  /// Pause between two sends: with `piece_size` 1 and 100 ms the answer drips.
  std::chrono::microseconds piece_interval = {};
};

struct ScriptedServerOptions {
  /// Sent on every new connection before anything is read.
  ScriptedAnswer greeting = {};
  /// Every received block is one "command" with the raw bytes as its only argument; nothing is parsed.
  bool raw = false;
};

/// A server on 127.0.0.1 whose answers are a function of the received commands: hostile bytes, drips, hangs,
/// closes.
class ScriptedServer {
 public:
  /// Called on the thread of the server, one command at a time. An exception resets the connection.
  using Handler = std::function<ScriptedAnswer(const ScriptedCommand&)>;

  explicit ScriptedServer(Handler handler, ScriptedServerOptions options = {});
  ~ScriptedServer();
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  /// The same bytes for every command.
  static Handler always(std::string bytes);
  /// One answer after the other over all connections; the last one for all that follow.
  static Handler sequence(std::vector<ScriptedAnswer> answers);
  /// Plays a friendly Redis for PING, AUTH, SELECT, CLIENT, QUIT, ROLE, HELLO (refused, as by Redis 5); asks
  /// `handler` else.
  static Handler after_setup(Handler handler);

  std::uint16_t port() const;
  /// Replaces the handler for the commands that come from now on.
  void set_handler(Handler handler);

  /// All received commands so far, in order.
  std::vector<ScriptedCommand> commands() const;
  std::vector<std::string> texts() const;
  /// Number of received commands called `name` (capitals).
  std::size_t count(const std::string& name) const;
  std::size_t accepted() const;
  std::size_t live() const;
  /// Bytes sent so far.
  std::uint64_t sent() const;

  /// Sends bytes nobody asked for on every connection, or on the one of this number.
  void push(const std::string& bytes, std::optional<std::size_t> connection = {});
  void drop_connections();

  using Limit = std::chrono::milliseconds;
  bool wait_for_commands(std::size_t count, Limit limit = std::chrono::seconds(10)) const;
  bool wait_for_accepted(std::size_t count, Limit limit = std::chrono::seconds(10)) const;
  bool wait_for_live(std::size_t count, Limit limit = std::chrono::seconds(10)) const;

 private:
  class Worker;
  std::unique_ptr<Worker> worker_;
};

}  // namespace cachesite::test
