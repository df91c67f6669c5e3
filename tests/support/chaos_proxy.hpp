#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace cachesite::test {

enum class Direction { to_server, to_client };

/// What the proxy does with a new connection.
enum class Accepting {
  forward,
  /// Nobody listens: "connection refused".
  refuse,
  /// Accepts and closes at once.
  close,
  /// Accepts and resets at once.
  reset,
  /// Accepts, never reads and never answers.
  ignore,
  /// The SYN is lost: connecting takes until the client gives up. On Linux, by a full queue of pending
  /// connections.
  black_hole,
};

enum class Flow {
  pass,
  /// Bytes wait in the proxy (then in the kernel) and go on when the flow passes again.
  hold,
  /// Bytes and the end of a connection vanish: a half-open link.
  discard,
};

enum class Cut {
  /// RST to both sides.
  reset,
  /// An orderly end (FIN) for both sides.
  close,
  /// The direction holds from that byte on.
  hold,
};

/// Faults of one direction. Byte offsets count per connection, from its beginning or from `ChaosProxy::set`,
/// whichever is later.
struct Faults {
  Flow flow = Flow::pass;
  /// Exactly this many bytes pass, then `cut` happens. With 0 it happens when the first byte arrives, which
  /// does not pass.
  std::optional<std::uint64_t> cut_after = {};
  Cut cut = Cut::reset;
  /// The cut happens on one connection only; later ones pass.
  bool cut_once = false;
  /// Largest number of bytes in one send; 0: no limit.
  std::size_t piece_size = 0;
  /// Pause between two sends: with `piece_size` 1 and 100 ms the bytes drip.
  std::chrono::microseconds piece_interval = {};
  /// 0: no limit.
  std::uint64_t bytes_per_second = 0;
  std::chrono::milliseconds delay = {};
  /// Up to this much is added to the delay at random (same sequence in every run); the order of bytes stays.
  std::chrono::milliseconds jitter = {};
  /// The lowest bit of the byte at this offset is inverted.
  std::optional<std::uint64_t> corrupt_at = {};
  /// The same for every n-th byte; 0: none.
  std::uint64_t corrupt_every = 0;
};

class ChaosWorker;

/// A TCP proxy on 127.0.0.1 between a client and a server, with faults that can be changed while it runs.
/// A change is in force when the call returns. All functions may be called from any thread.
class ChaosProxy {
 public:
  explicit ChaosProxy(std::uint16_t server_port);
  explicit ChaosProxy(const std::string& server_unix_socket);
  ~ChaosProxy();
  ChaosProxy(const ChaosProxy&) = delete;
  ChaosProxy& operator=(const ChaosProxy&) = delete;

  /// The port the client connects to; reserved while nobody listens.
  std::uint16_t port() const;

  void set(Direction direction, const Faults& faults);
  void set_accepting(Accepting accepting);
  /// No faults any more. Connections stay, held bytes go on.
  void pass();
  /// Discards in both directions on every connection, and loses new connections: the server has vanished.
  void vanish();

  /// Sends the next `count` complete RESP replies twice (a surplus reply).
  void duplicate_replies(std::size_t count = 1);
  /// Swallows the next `count` complete RESP replies.
  void omit_replies(std::size_t count = 1);
  /// Puts bytes of its own into every connection.
  void inject(Direction direction, std::string_view bytes);
  /// Resets every connection.
  void drop_connections();
  /// Ends every connection in an orderly way.
  void close_connections();

  /// Connections accepted so far, whatever was done with them.
  std::uint64_t accepted() const;
  /// Connections forwarded now.
  std::size_t live() const;
  /// Connections that the client ended (FIN or RST).
  std::uint64_t closed_by_client() const;
  /// Cuts, drops and closes made by a fault.
  std::uint64_t cuts() const;
  /// Bytes forwarded so far.
  std::uint64_t bytes(Direction direction) const;
  /// Bytes that arrived so far, forwarded or not.
  std::uint64_t arrived(Direction direction) const;
  /// Complete RESP replies that came from the server.
  std::uint64_t replies() const;

  using Limit = std::chrono::milliseconds;
  bool wait_for_accepted(std::uint64_t count, Limit limit = std::chrono::seconds(10)) const;
  bool wait_for_live(std::size_t count, Limit limit = std::chrono::seconds(10)) const;
  bool wait_for_cuts(std::uint64_t count, Limit limit = std::chrono::seconds(10)) const;
  bool wait_for_closed_by_client(std::uint64_t count, Limit limit = std::chrono::seconds(10)) const;
  bool wait_for_bytes(Direction direction, std::uint64_t count, Limit limit = std::chrono::seconds(10)) const;
  bool wait_for_arrived(Direction direction, std::uint64_t count,
                        Limit limit = std::chrono::seconds(10)) const;

 private:
  std::unique_ptr<ChaosWorker> worker_;
};

}  // namespace cachesite::test
