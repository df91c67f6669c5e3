#pragma once

#include <cachesite/bytes.hpp>
#include <cachesite/change_feed.hpp>
#include <cachesite/component_context.hpp>
#include <cachesite/detail/redis_statistics.hpp>
#include <cachesite/detail/session_options.hpp>
#include <cachesite/i_event_loop.hpp>
#include <cachesite/parameter.hpp>
#include <cachesite/redis.hpp>
#include <cachesite/reference.hpp>
#include <cachesite/secret.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cachesite {

/// Requirements on the certificate of a server.
enum class CertificateRequirement : std::uint8_t {
  /// The certificate has to be valid now and signed by a trusted authority.
  required,
  /// Any certificate is accepted: the connection is encrypted, but the server is not authenticated.
  none,
};

/// How the operating system looks for dead connections.
struct KeepAliveOptions {
  std::chrono::seconds idle{15};
  std::chrono::seconds interval{5};
  std::uint32_t count = 3;

  static ParameterTable parameters();
};

/// Settings of the connections to a Redis server; part of the options of every component that has one.
/// configs/reference.md explains each.
///
/// A password is sent to another machine only over TLS, unless `allow_plaintext_auth` is set. With `ssl` the
/// server's certificate has to name its host; the oldest version is TLS 1.2. Files with certificates are read
/// when the component is created.
struct RedisConnectionOptions {
  std::optional<Secret> url;
  std::string host = "localhost";
  std::uint16_t port = 6379;
  std::uint32_t db = 0;
  std::optional<std::string> username;
  std::optional<Secret> password;
  std::optional<std::string> unix_socket_path;
  std::vector<std::string> startup_nodes;
  std::vector<std::string> sentinels;
  std::optional<std::string> service_name;
  std::optional<std::string> sentinel_username;
  std::optional<Secret> sentinel_password;
  bool read_from_replicas = false;
  std::chrono::milliseconds socket_connect_timeout{500};
  std::chrono::milliseconds socket_timeout{250};
  std::optional<std::string> client_name;

  bool ssl = false;
  CertificateRequirement ssl_cert_reqs = CertificateRequirement::required;
  bool ssl_check_hostname = true;
  std::optional<std::string> ssl_ca_certs;
  std::optional<std::string> ssl_ca_path;
  std::optional<std::string> ssl_certfile;
  std::optional<std::string> ssl_keyfile;
  std::optional<Secret> ssl_password;
  std::optional<std::string> ssl_server_name;

  bool socket_keepalive = true;
  KeepAliveOptions socket_keepalive_options;
  std::chrono::milliseconds health_check_interval{0};
  bool retry_on_timeout = false;
  std::optional<std::uint32_t> max_connections;
  std::uint32_t channels = 2;
  std::uint32_t max_inflight = 1024;
  std::uint32_t max_waiting = 65'536;
  Reference<IEventLoop> event_loop;
  std::chrono::milliseconds reconnect_delay{50};
  std::chrono::milliseconds reconnect_max_delay{1000};
  std::uint32_t breaker_failures = 5;
  std::chrono::milliseconds breaker_delay{200};
  std::chrono::milliseconds breaker_max_delay{5000};
  bool allow_plaintext_auth = false;

  std::string encoding = "utf-8";
  std::string encoding_errors = "strict";
  bool decode_responses = false;

  static ParameterTable parameters();
  /// Complaints about options that are each in range. They never repeat a part of the URL.
  [[nodiscard]] std::vector<OptionComplaint> complaints() const;
  /// These options completed by the parts of `url`, which is then empty. Precondition: no complaints.
  [[nodiscard]] RedisConnectionOptions resolved() const;
};

/// Settings of a RedisConnection: those of its connections and its own, explained by `cachesite describe
/// RedisConnection` and configs/reference.md. `max_connections` counts the shared connections, at most half
/// of it, and the lent ones. Each subscription has one more.
struct RedisConnectionComponentOptions : RedisConnectionOptions, SessionOptions {
  RedisConnectionComponentOptions();

  ByteSize max_reply_bytes{std::uint64_t{512} * 1024 * 1024};
  std::chrono::milliseconds max_idle_time{60'000};

  static ParameterTable parameters();
  [[nodiscard]] std::vector<OptionComplaint> complaints() const;
};

/// A Redis server (6 or later, or Valkey) for everything beyond caching, and a connection for caches to
/// share: a RedisCache whose `connection` names this component uses it instead of its own.
///
/// Ordinary commands of all threads, and of all caches that share the component, use a few connections,
/// `channels` and one for large values; concurrent commands are written together. Pipelines, sessions and
/// blocking commands each use another connection from a pool; it is checked before it is used again, and
/// closed after `max_idle_time`. A pipeline whose connection ends before it was sent, or whose unanswered
/// commands are all repeatable, continues once on a new connection.
///
/// While the server cannot be reached, calls fail at once with `unreachable` and the component reconnects in
/// the background. `stop()` ends every waiting call, and sessions and subscriptions.
///
/// In a forked child every call fails with `closed`, and the the connections belong to the parent; the child
/// creates its own component.
class RedisConnection final : public IRedis, public IRedisStatistics, public IChangeFeed {
 public:
  using provides = Provides<IRedis, IRedisStatistics, IChangeFeed>;
  using Options = RedisConnectionComponentOptions;

  /// Throws std::invalid_argument with the first of `options.complaints()`.
  explicit RedisConnection(Options options, const ComponentContext& context = {});
  ~RedisConnection() override;

  /// Begins to connect in the background. Without it, the first call does.
  void start() override;
  /// Waits until the first attempt to connect has succeeded or failed.
  void await_started() override;
  void stop() noexcept override;
  [[nodiscard]] Health health() const override;

  [[nodiscard]] RedisScript make_script(std::string text) const override;
  [[nodiscard]] std::unique_ptr<IRedisSubscription> subscribe(RedisSubscriber subscriber) override;

  /// News of the keys of the server, whoever changes them; see IChangeFeed.
  [[nodiscard]] std::unique_ptr<IFeedWatch> watch(std::string prefix, FeedOptions options,
                                                  IFeedListener& listener) override;
  [[nodiscard]] std::string_view obstacle() const noexcept override;

  /// The numbers of the shared connections; lent ones do not count.
  [[nodiscard]] std::vector<RedisEndpointStatistics> endpoint_statistics() const override;

  /// Number of connections in the pool, lent or idle, without the shared ones and those of subscriptions.
  [[nodiscard]] std::size_t lent_connections() const;

  [[nodiscard]] const redis::ConnectionHandle* connection_handle() const noexcept override;
  /// The IEventLoop of its asynchronous calls. Makes the shared loop when there is none yet.
  [[nodiscard]] void* interface_of_part(const InterfaceId& interface_id) const noexcept override;

 protected:
  Result<RedisValue> do_call(const RedisCommand& command, const std::stop_token& stop) override;
  std::vector<Result<RedisValue>> do_pipeline(std::span<const RedisCommand> commands,
                                              std::optional<std::chrono::milliseconds> timeout) override;
  Result<std::unique_ptr<IRedisSession>> do_open_session(
      std::optional<std::chrono::milliseconds> timeout) override;
  Result<RedisValue> do_run(const RedisScript& script, std::span<const ByteView> keys,
                            std::span<const ByteView> arguments,
                            std::optional<std::chrono::milliseconds> timeout) override;
  std::unique_ptr<AsyncAnswer> do_make_call(const RedisCommand& command,
                                            std::optional<std::chrono::milliseconds> patience) override;
  std::unique_ptr<AsyncAnswer> do_make_run(const RedisScript& script, std::span<const ByteView> keys,
                                           std::span<const ByteView> arguments,
                                           std::optional<std::chrono::milliseconds> patience) override;
  std::unique_ptr<AsyncAnswers> do_make_pipeline(std::span<const RedisCommand> commands,
                                                 std::optional<std::chrono::milliseconds> patience) override;

 private:
  class Inner;
  std::shared_ptr<Inner> inner_;
};

}  // namespace cachesite
