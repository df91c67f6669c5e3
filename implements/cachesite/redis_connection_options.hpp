#pragma once

#include <cachesite/parameter.hpp>
#include <cachesite/secret.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace cachesite {

/// Whether the certificate of a server has to prove anything.
enum class CertificateRequirement : std::uint8_t {
  /// The certificate has to be valid now and signed by a trusted authority.
  required,
  /// Any certificate will do: the connection is encrypted, but with whom is not known.
  none,
};

/// How the operating system looks for dead connections.
struct KeepAliveOptions {
  /// Silence before the first probe.
  std::chrono::seconds idle{15};
  /// Pause between two probes.
  std::chrono::seconds interval{5};
  /// Probes without an answer after which the connection is dead.
  std::uint32_t count = 3;

  static ParameterTable parameters();
};

/// Settings of the connections to a Redis server; part of the options of every component that has one.
///
/// A password is sent to another machine only over TLS, unless `allow_plaintext_auth` is set. With `ssl` the
/// server has to prove by its certificate that it is the host that is meant; TLS 1.2 is the oldest version
/// spoken. Files with certificates are read when the component is made; a component made anew reads them
/// again.
struct RedisConnectionOptions {
  /// The server and more in one text, as other programs write it:
  /// `redis://[[user]:password@]host[:port][/db][?name=value&...]`, `rediss://...` for TLS, and
  /// `unix://[user:password@]/path[?db=n]`. Percent-encoded characters are decoded. The query may set any
  /// parameter of this struct by its name. It is a secret because it may hold a password. What the URL says
  /// may not contradict another parameter.
  std::optional<Secret> url;
  std::string host = "localhost";
  std::uint16_t port = 6379;
  /// Number of the database within the server.
  std::uint32_t db = 0;
  /// User of the server's access control list; without one the default user is meant.
  std::optional<std::string> username;
  std::optional<Secret> password;
  /// Connect to this socket instead of host and port.
  std::optional<std::string> unix_socket_path;
  /// Servers of a Redis Cluster to ask first, as "host:port" (port 6379 when there is none); the others are
  /// found by asking. `host`, `port` and `db` are not used then.
  std::vector<std::string> startup_nodes;
  /// Sentinels to ask where the master is, as "host:port" (port 26379 when there is none); the others are
  /// found by asking. `host` and `port` are not used then.
  std::vector<std::string> sentinels;
  /// The name under which the sentinels watch the master.
  std::optional<std::string> service_name;
  /// Login at the sentinels themselves; `username` and `password` are for the servers that they watch.
  std::optional<std::string> sentinel_username;
  std::optional<Secret> sentinel_password;
  /// Reads go to replicas, in turn, and to the master only when no replica can be used. A replica may not
  /// have the latest writes yet: a read may give what was there before, or miss.
  bool read_from_replicas = false;
  /// Longest time for a connection to become ready: finding the host, connecting, TLS, logging in.
  std::chrono::milliseconds socket_connect_timeout{500};
  /// Longest time of one call, whatever happens in it.
  std::chrono::milliseconds socket_timeout{250};
  /// Name of the connections in the server's CLIENT LIST.
  std::optional<std::string> client_name;

  /// Speak TLS.
  bool ssl = false;
  CertificateRequirement ssl_cert_reqs = CertificateRequirement::required;
  /// The certificate has to be for the host that was connected to. Without effect when `ssl_cert_reqs` is
  /// none.
  bool ssl_check_hostname = true;
  /// PEM file with the trusted authorities. Without it and `ssl_ca_path`, those of the system are trusted.
  std::optional<std::string> ssl_ca_certs;
  /// Directory of trusted authorities with hashed names, as `openssl rehash` makes it.
  std::optional<std::string> ssl_ca_path;
  /// PEM file with the certificate that this client shows, and those of the authorities between.
  std::optional<std::string> ssl_certfile;
  /// PEM file with the key of that certificate; without it the key is in `ssl_certfile`.
  std::optional<std::string> ssl_keyfile;
  /// Opens an encrypted key.
  std::optional<Secret> ssl_password;
  /// Name that is asked for and checked instead of `host`.
  std::optional<std::string> ssl_server_name;

  bool socket_keepalive = true;
  KeepAliveOptions socket_keepalive_options;
  /// Asks the server for a sign of life whenever so much time has passed; 0 does not. It finds a connection
  /// that has died in silence before a call does.
  std::chrono::milliseconds health_check_interval{0};
  /// A read whose connection is given up because nothing comes is asked again on a new one, within its time.
  bool retry_on_timeout = false;
  /// Most connections to the server at a time; without it as many as the component finds useful.
  std::optional<std::uint32_t> max_connections;
  /// Connections that ordinary requests share. Another one is opened when reads meet on the first, or
  /// something large is under way there; one more is opened for large values when there are any.
  std::uint32_t channels = 2;
  /// Most requests that wait for their answers on one connection; further calls wait for room.
  std::uint32_t max_inflight = 1024;
  /// Pause before the second attempt to reconnect; each later one is about twice as long.
  std::chrono::milliseconds reconnect_delay{50};
  /// Longest pause between two attempts.
  std::chrono::milliseconds reconnect_max_delay{1000};
  /// So many calls in a row that the server, though connected, does not answer in time open the circuit
  /// breaker: calls fail at once with `unreachable`, until after a pause one is let through and answered. A
  /// call counts when it was sent and then waited for at least half of `socket_timeout`. Lent connections
  /// (sessions, subscriptions, blocking commands) do not take part. 0 does without.
  std::uint32_t breaker_failures = 5;
  /// How long the breaker stays open, less up to a half by chance; about twice as long each time the call
  /// that is let through has no answer either.
  std::chrono::milliseconds breaker_delay{200};
  /// Longest such pause.
  std::chrono::milliseconds breaker_max_delay{5000};
  /// Allows a password to be sent over an unencrypted connection to another machine.
  bool allow_plaintext_auth = false;

  /// Accepted for files written for redis-py, without effect: values are bytes here.
  std::string encoding = "utf-8";
  /// Accepted for files written for redis-py, without effect.
  std::string encoding_errors = "strict";
  /// Accepted for files written for redis-py, without effect.
  bool decode_responses = false;

  static ParameterTable parameters();
  /// What is wrong with options that are each in range. No complaint repeats any part of the URL.
  [[nodiscard]] std::vector<OptionComplaint> complaints() const;
  /// These options with what `url` says put in; `url` itself is empty then. Precondition: no complaints.
  [[nodiscard]] RedisConnectionOptions resolved() const;
};

}  // namespace cachesite
