#pragma once

#include <cachesite/error.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace cachesite::basics {

/// A call to a server that has just ended. It owns nothing.
struct ServerCall {
  std::string_view command;  // the first one of a batch
  std::size_t commands = 1;  // sent together
  std::uint32_t database = 0;
  std::string_view host;  // as configured; the path of a unix socket
  std::uint16_t port = 0;
  std::string_view peer;           // the address that is connected to; may be empty
  std::string_view error_prefix;   // the first word of the server's error, such as "WRONGTYPE"
  const Error* failure = nullptr;  // when there is no answer
  std::chrono::nanoseconds duration{0};
};

/// Takes down the calls that a thread makes to servers.
class IServerCallRecorder {
 public:
  virtual void record(const ServerCall& call) noexcept = 0;

 protected:
  ~IServerCallRecorder() = default;
};

/// Who takes down the calls that this thread makes now; null unless they are traced. One load to ask.
extern thread_local constinit IServerCallRecorder* server_call_recorder [[gnu::tls_model("initial-exec")]];

}  // namespace cachesite::basics
