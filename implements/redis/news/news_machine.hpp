#pragma once

#include "basics/back_off.hpp"
#include "redis/base/deadline.hpp"
#include "redis/news/news_frame.hpp"
#include "redis/news/prefix_set.hpp"
#include "redis/news/probe_name.hpp"

#include <cachesite/change_feed.hpp>
#include <cachesite/error.hpp>
#include <cachesite/logger.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cachesite::redis {

enum class NewsState : std::uint8_t { seeking, arming, proving, coherent, doubtful, refused, stopped };

[[nodiscard]] std::string_view name_of(NewsState state) noexcept;

/// By how many connections a key was written, and whether by all that are open.
struct WrittenProbe {
  std::size_t connections = 0;
  bool by_all = true;
};

/// What a NewsMachine asks of its owner, from within its own functions. Whoever is asked calls nothing of the
/// machine meanwhile.
class INewsOwner {
 public:
  virtual ~INewsOwner() = default;

  /// Begins to connect; `connected`, `connect_failed` or `data_connections_changed` follow.
  virtual void connect() = 0;
  /// Ends the connection, or the attempt.
  virtual void disconnect() noexcept = 0;
  /// Sends one command over the news connection.
  virtual void send(std::span<const std::string_view> words) = 0;
  /// Writes a key of its own by each open data connection, when `write` is true, and remembers which connections
  /// there are.
  virtual WrittenProbe begin_proof(std::uint64_t probe, bool write) = 0;
  /// The connections of the last proof lead to the server whose news come.
  virtual void proven() noexcept = 0;
  /// With true a new epoch begins, whose copies are vouched for from now on; with false none is.
  virtual void serve(bool vouched) noexcept = 0;
  virtual void trust_until(TimePoint end) noexcept = 0;
  /// The server sends news of these prefixes, and has confirmed it.
  virtual void prefixes_confirmed(std::span<const std::string> prefixes) = 0;
  virtual void changed(std::span<const std::string_view> keys) = 0;
  virtual void everything_changed() noexcept = 0;
  /// The pings up to this number are answered.
  virtual void answered(std::uint64_t ping) noexcept = 0;
  virtual void log(LogLevel level, const std::string& text) noexcept = 0;
};

struct NewsMachineOptions {
  FeedProtocol protocol = FeedProtocol::automatic;
  std::chrono::milliseconds max_staleness{2'000};
  std::chrono::milliseconds probe_interval{10'000};
  bool probe = true;
  /// For the answers to what is asked of a new connection.
  std::chrono::milliseconds arming_time{5'000};
  std::chrono::milliseconds first_pause{50};
  std::chrono::milliseconds longest_pause{1'000};
  std::uint64_t seed = 1;
};

/// What one server says about changes, and whether copies may trust it: no input, no output, no clock.
///
/// While it serves, copies of the current epoch may be served. `as_of` is when the last answered ping
/// was sent, or the ping and the probe of a proof: all news of changes before it have come (a server answers a
/// ping after the news of what it did before). Copies are good until `as_of` + max_staleness.
///
///     state     meaning                                 reads        new copies
///     seeking   no connection; pauses grow              server       no
///     arming    connected; asked for news, not all of   server       no
///               it is confirmed
///     proving   confirmed; a probe is written over      server       no
///               each data connection, not heard yet
///     coherent  vouched for                             copies       yes
///     doubtful  a data connection was made or lost:     copies       no
///               does it lead to the same server?
///     refused   the server says no                      server       no
///     stopped   for good                                -            no
///
///     from                 event                                   to        what is done
///     seeking              the pause is over                       seeking   connects
///     seeking              connected                               arming    asks for news
///     arming               all is confirmed                        proving   probe and ping
///     arming               LOADING, MASTERDOWN, BUSY, too many     seeking
///                          clients, or not confirmed in time
///     arming               HELLO or tracking is refused, and the   seeking   at once, by the other protocol
///                          other protocol was not tried
///     arming               another refusal                         refused   logged with what is missing
///     proving              proof: each probe heard, ping answered  coherent  a new serves a new epoch
///     proof, over RESP3    the server says that it is no master,   seeking   stops serving first
///                          so it may tell what others write
///     proving              a probe unheard for min(1 s,            seeking;  the third time in a row refused
///                          max_staleness)                          refused
///     coherent             max_staleness / 2 since the last ping   coherent  ping
///     coherent             a ping is answered                      coherent  as_of moves on, same epoch
///     coherent             probe_interval since the last proof     coherent  probe and ping
///     coherent             a data connection was made or lost      doubtful  probe and ping
///     doubtful             proof                                   coherent  same epoch
///     coherent, doubtful   no longer trusted, or a probe unheard   seeking   stops serving first
///                          for min(1 s, max_staleness / 2), after
///                          all input that had come was taken
///     proving, coherent,   a data connection has no room for the   the same; probe and ping again after 20 ms,
///     doubtful             probe                                   seeking   until a probe would be unheard
///     proving              no ping answered for max_staleness      seeking
///     connected            the connection ends, an unexpected or   seeking   stops serving first
///                          malformed frame, broken redirection
///     connected            the third time in 60 s that the connection   seeking   after 5 s, logged with the
///                          ends while much was unread                              limit of the server
///     connected            everything changed (a nil push)         the same  stops serving, all copies go,
///                                                                            serves a new epoch
///     coherent, doubtful   the topology has changed                proving   stops serving; probe and ping
///     coherent, doubtful,  the server refuses the probe for want   the same  proofs go without it; logged once
///     proving              of a right
///     refused              60 s, more or less                      seeking
///     any                  stop                                    stopped   stops serving
///
/// A prefix that is added while connected is asked for in place over RESP3; over RESP2, or when it covers others,
/// the connection is made anew: -> seeking, at once. So it is when another protocol than the one in use is asked for.
class NewsMachine {
 public:
  NewsMachine(NewsMachineOptions options, ProbeName probe_name, PrefixSet prefixes, INewsOwner& owner);

  // Events.
  void connected(TimePoint now);
  void connect_failed(TimePoint now, const Error& reason);
  void take(TimePoint now, const NewsFrame& frame);
  void lost(TimePoint now, std::string_view reason);
  /// `lost` while so much was unread that the server may have ended the connection for that.
  void cut_off(TimePoint now, std::string_view reason);
  /// All input that had come by `now` was taken: what is due is done. Call it again at `wake_at`.
  void judge(TimePoint now);
  void data_connections_changed(TimePoint now);
  /// Copies are not vouched for until `topology_changed` has been called.
  void distrust() noexcept { (void)unserve(); }
  /// The name of probes may be another one then, of the same feed.
  void topology_changed(TimePoint now, const ProbeName& probe_name);
  /// The server refused to carry out a probe, with this sentence.
  void probe_refused(TimePoint now, std::string_view text);
  void add_prefix(TimePoint now, std::string_view prefix);
  void set_protocol(TimePoint now, FeedProtocol protocol);
  void set_options(std::chrono::milliseconds max_staleness, std::chrono::milliseconds probe_interval,
                   bool probe);
  void stop();

  /// Sends a ping if the machine is connected and armed; the number that `answered` has to reach, 0 for none.
  std::uint64_t fence(TimePoint now);

  [[nodiscard]] TimePoint wake_at() const noexcept;
  [[nodiscard]] NewsState state() const noexcept { return state_; }
  [[nodiscard]] bool served() const noexcept { return served_; }
  [[nodiscard]] TimePoint as_of() const noexcept { return as_of_; }
  [[nodiscard]] FeedProtocol protocol() const noexcept { return protocol_; }
  [[nodiscard]] const std::string& reason() const noexcept { return reason_; }
  [[nodiscard]] bool proven() const noexcept { return proven_; }
  [[nodiscard]] bool proof_runs() const noexcept { return proof_runs_; }
  /// A proof goes on whose ping is answered, but whose probe was not heard of.
  [[nodiscard]] bool awaits_news_of_probe() const noexcept {
    return proof_runs_ && probe_written_ && unheard_ != 0 && answered_ping_ >= proof_ping_;
  }

 private:
  enum class Awaited : std::uint8_t {
    hello,
    id,
    tracking,
    idle_channel,
    news_channel,
    more_prefixes,
    role,
    ping
  };

  struct Ping {
    std::uint64_t number;
    TimePoint sent;
  };

  [[nodiscard]] bool is_armed() const noexcept {
    return state_ == NewsState::proving || state_ == NewsState::coherent || state_ == NewsState::doubtful;
  }
  [[nodiscard]] bool is_connected() const noexcept { return is_armed() || state_ == NewsState::arming; }

  // Arming.
  void ask(Awaited answer, std::initializer_list<std::string_view> words);
  void ask_for_prefixes(Awaited answer, std::span<const std::string> prefixes, std::string_view redirect);
  void take_reply(TimePoint now, const NewsFrame& frame);
  void take_error(TimePoint now, Awaited question, std::string_view text);
  void take_subscribed(TimePoint now);
  bool take_awaited(Awaited question);
  void confirm(TimePoint now);
  void confirm_more();
  void other_protocol_or_refuse(TimePoint now, const std::string& why);
  void begin_proving(TimePoint now);

  // News.
  bool take_push(TimePoint now, const NewsFrame& frame);
  void take_invalidation(TimePoint now, const NewsFrame& frame, std::size_t keys);
  void take_everything();
  void take_pong(TimePoint now, std::string_view number);
  void take_role(TimePoint now, const NewsFrame& frame);
  void hear(std::string_view key) noexcept;

  // Proofs.
  std::uint64_t ping(TimePoint now);
  void begin_proof(TimePoint now);
  void write_proof(TimePoint now);
  void try_end_proof(TimePoint now);
  [[nodiscard]] std::chrono::milliseconds probe_time() const noexcept;
  void trust(TimePoint as_of) noexcept;

  // Ends.
  void judge_armed(TimePoint now);
  bool unserve() noexcept;
  void begin_gap(TimePoint now, std::string_view reason);
  void fail_proof(TimePoint now);
  void seek(TimePoint now, std::string_view reason, std::chrono::microseconds pause);
  void refuse(TimePoint now, const std::string& reason);
  void set_reason(std::string_view reason);

  NewsMachineOptions options_;
  ProbeName probe_name_;
  PrefixSet prefixes_;
  INewsOwner& owner_;
  basics::BackOff pauses_;

  NewsState state_ = NewsState::seeking;
  FeedProtocol protocol_;
  bool other_tried_ = false;
  bool attempting_ = false;
  TimePoint retry_at_ = TimePoint::min();
  TimePoint not_before_ = TimePoint::min();  // the end of the pause of who was cut off too often
  TimePoint armed_by_{};
  std::vector<Awaited> awaited_;
  bool served_ = false;
  TimePoint as_of_{};
  std::string reason_;
  std::string logged_refusal_;
  std::optional<TimePoint> gap_since_;
  std::array<TimePoint, 2> cut_offs_{TimePoint::min(),
                                     TimePoint::min()};  // the last ones, the later one first

  std::vector<std::string_view> keys_;  // of the news at hand

  std::vector<Ping> pings_;
  std::uint64_t last_ping_ = 0;
  std::uint64_t answered_ping_ = 0;
  TimePoint ping_sent_{};

  // The proof under way, and the last one.
  std::uint64_t proof_ = 0;
  bool proof_runs_ = false;
  bool probe_written_ = false;
  bool probe_skipped_ = false;  // a connection had no room for it
  bool may_probe_ = true;
  bool may_ask_role_ = true;
  bool proven_ = false;
  TimePoint proof_began_{};
  TimePoint proof_due_{};
  TimePoint next_proof_{};
  std::uint64_t proof_ping_ = 0;
  std::uint64_t unheard_ = 0;  // a bit for each connection
  std::uint32_t unheard_proofs_ = 0;
};

}  // namespace cachesite::redis
