#pragma once

#include "basics/thread.hpp"
#include "redis/news/news_parser.hpp"
#include "redis/transport/connector.hpp"
#include "redis/transport/transport.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace cachesite::redis {

/// The connection that news come over, of the one thread that polls it. Only connecting has a thread of its own, for
/// as long as it lasts, so that a server that does not answer keeps nobody from hearing the others.
///
///     closed      nothing                  connect() -> connecting
///     connecting  a thread connects and    take_outcome() after it has ended -> open, or closed with the reason
///                 logs in                  close() -> closed
///     open        bytes come and go        close() -> closed
class NewsLink {
 public:
  /// `on_end` is called by the thread of an attempt when it has ended.
  NewsLink(ConnectorOptions options, std::function<void()> on_end);
  ~NewsLink();
  NewsLink(const NewsLink&) = delete;
  NewsLink& operator=(const NewsLink&) = delete;

  /// Throws std::system_error when there is no thread or no descriptor, and std::bad_alloc.
  void connect();
  /// The end of an attempt, once: an error, or none when the link is open. Nothing while it goes on.
  struct Outcome {
    std::optional<Error> error;
  };
  [[nodiscard]] std::optional<Outcome> take_outcome();
  void close() noexcept;

  [[nodiscard]] bool is_open() const noexcept { return transport_ != nullptr; }
  [[nodiscard]] int descriptor() const noexcept { return transport_->descriptor(); }
  [[nodiscard]] bool wants_to_send() const noexcept {
    return sent_ < output_.size() || transport_->wants_to_send();
  }

  /// Queues a command.
  void add(std::span<const std::string_view> words);
  /// Sends what is queued as far as it goes. False when the connection is lost: `problem()`.
  bool flush();
  /// Takes what has come into the parser; with `all` there was no more.
  enum class Received : std::uint8_t { something, all, nothing, lost };
  Received receive();
  [[nodiscard]] NewsParser& parser() noexcept { return parser_; }
  /// Bytes received since the last call of `forget_backlog`.
  [[nodiscard]] std::size_t backlog() const noexcept { return backlog_; }
  void forget_backlog() noexcept { backlog_ = 0; }
  [[nodiscard]] const std::string& problem() const noexcept { return problem_; }

 private:
  struct Attempt;

  const ConnectorOptions options_;
  const std::function<void()> on_end_;
  std::shared_ptr<Attempt> attempt_;
  basics::Thread thread_;  // of the attempt
  std::unique_ptr<Transport> transport_;
  NewsParser parser_;
  std::string output_;
  std::size_t sent_ = 0;
  std::size_t backlog_ = 0;
  std::string problem_;
};

}  // namespace cachesite::redis
