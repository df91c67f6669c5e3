#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace cachesite::telemetry {

/// Reads one response of HTTP/1.1, whatever the pieces it comes in. Everything is bounded: the head to 16 KiB
/// and the body to 64 KiB, both judged by what is announced and not only by what has come.
///
///   head       the status line and the headers        an empty line -> body, chunk_size, until_end or done;
///                                                     of a response with a status of 1xx -> head
///   body       so many bytes of a body                its end -> done
///   chunk_size the line before a chunk                a size -> chunk; the size 0 -> trailer
///   chunk      the bytes of a chunk                   its end -> chunk_end
///   chunk_end  the line end after a chunk             -> chunk_size
///   trailer    headers after the last chunk           an empty line -> done
///   until_end  a body without an announced size       end() -> done
///   done       all of it is there
///   failed     it is no response, or too large a one; from any state, also by end()
class HttpResponse {
 public:
  enum class State : std::uint8_t {
    head,
    body,
    chunk_size,
    chunk,
    chunk_end,
    trailer,
    until_end,
    done,
    failed,
  };

  static constexpr std::size_t most_head = std::size_t{16} * 1024;
  static constexpr std::size_t most_body = std::size_t{64} * 1024;

  /// Takes the next bytes; those after the end of the response are left.
  void feed(std::string_view bytes);
  /// The connection has ended.
  void end() noexcept {
    state_ = state_ == State::until_end || state_ == State::done ? State::done : State::failed;
  }

  [[nodiscard]] State state() const noexcept { return state_; }
  [[nodiscard]] bool finished() const noexcept { return state_ == State::done || state_ == State::failed; }
  /// Of a failed one: too large rather than no response.
  [[nodiscard]] bool too_large() const noexcept { return too_large_; }
  [[nodiscard]] bool began() const noexcept { return head_size_ > 0; }

  [[nodiscard]] int status() const noexcept { return status_; }
  [[nodiscard]] const std::string& retry_after() const noexcept { return retry_after_; }
  [[nodiscard]] const std::string& body() const noexcept { return body_; }
  /// Whether the connection may carry another request.
  [[nodiscard]] bool keeps_alive() const noexcept { return keeps_alive_; }

 private:
  void take_line();
  void begin_status(std::string_view line);
  void take_header(std::string_view line);
  void end_head();
  void expect_body(std::uint64_t size);
  void take_chunk_size(std::string_view line);
  void take_body(std::string_view& bytes);
  void fail(bool too_large = false) noexcept;

  State state_ = State::head;
  std::string line_;
  std::size_t head_size_ = 0;  // of all lines, those between chunks included
  std::uint64_t left_ = 0;     // of the body or the chunk
  std::uint64_t length_ = 0;
  bool has_length_ = false;
  bool chunked_ = false;
  bool keeps_alive_ = true;
  bool too_large_ = false;
  int status_ = 0;
  std::string retry_after_;
  std::string body_;
};

}  // namespace cachesite::telemetry
