#include "redis/settings/connection_url.hpp"
#include "redis/settings/topology_settings.hpp"

#include <cachesite/redis_connection.hpp>

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

namespace cachesite {

namespace {

using redis::has_text;

void check_tls(const RedisConnectionOptions& options, std::vector<OptionComplaint>& complaints) {
  if (options.ssl && has_text(options.unix_socket_path))
    complaints.push_back({"ssl", "TLS is for host and port, not for a unix socket"});
  if (has_text(options.ssl_keyfile) && !has_text(options.ssl_certfile))
    complaints.push_back({"ssl_keyfile", "a key needs the certificate that it belongs to: ssl_certfile"});
  if (options.ssl) return;
  const auto without_effect = [&](std::string_view parameter, const std::optional<std::string>& text) {
    if (has_text(text))
      complaints.push_back({std::string(parameter),
                            std::string(parameter) + " is given, but the connection would not be encrypted: "
                                                     "ssl is not true"});
  };
  without_effect("ssl_ca_certs", options.ssl_ca_certs);
  without_effect("ssl_ca_path", options.ssl_ca_path);
  without_effect("ssl_certfile", options.ssl_certfile);
  without_effect("ssl_keyfile", options.ssl_keyfile);
  without_effect("ssl_server_name", options.ssl_server_name);
}

void check_host(const RedisConnectionOptions& options, std::vector<OptionComplaint>& complaints) {
  const bool unused =
      has_text(options.unix_socket_path) || !options.startup_nodes.empty() || !options.sentinels.empty();
  if (const auto fault = redis::host_fault(options.host); !unused && !fault.empty())
    complaints.push_back({"host", "the host " + fault});
}

void check(const RedisConnectionOptions& options, std::vector<OptionComplaint>& complaints) {
  const bool has_password = options.password && !options.password->empty();
  const bool plain = !options.ssl && !options.allow_plaintext_auth && !redis::stays_on_this_machine(options);
  if (plain && options.sentinel_password && !options.sentinel_password->empty())
    complaints.push_back({"sentinel_password",
                          "the password would be sent unencrypted to another machine; ssl: true encrypts it, "
                          "allow_plaintext_auth: true permits it"});
  if (has_password && plain)
    complaints.push_back({options.url ? "url" : "password",
                          "the password would be sent unencrypted to another machine; ssl: true encrypts it, "
                          "allow_plaintext_auth: true permits it"});
  if (has_text(options.username) && !options.password)
    complaints.push_back({"username", "a username needs a password; one without any has password: \"\""});
  if (options.client_name && std::any_of(options.client_name->begin(), options.client_name->end(),
                                         [](char character) { return character <= ' ' || character > '~'; }))
    complaints.push_back({"client_name", "the client name may not hold blanks or control characters"});
  check_host(options, complaints);
  check_tls(options, complaints);
  redis::check_topology(options, complaints);
}

}  // namespace

ParameterTable KeepAliveOptions::parameters() {
  using O = KeepAliveOptions;
  using std::chrono::seconds;
  return {
      parameter("idle", &O::idle, "Silence before the first probe.")
          .between(seconds(1), seconds(32767))
          .alias("TCP_KEEPIDLE"),
      parameter("interval", &O::interval, "Pause between two probes.")
          .between(seconds(1), seconds(32767))
          .alias("TCP_KEEPINTVL"),
      parameter("count", &O::count, "Unanswered probes after which the connection is dead.")
          .between(1, 127)
          .alias("TCP_KEEPCNT"),
  };
}

ParameterTable RedisConnectionOptions::parameters() {
  using O = RedisConnectionOptions;
  using std::chrono::hours;
  using std::chrono::milliseconds;
  const milliseconds least(1);
  const milliseconds longest = hours(1);
  return {
      parameter("url", &O::url,
                "Server, login and more in one text: "
                "redis://[[user]:password@]host[:port][/db][?name=value&...], rediss:// for TLS, or "
                "unix://[user:password@]/path[?db=n]. Percent-encoded characters are decoded. The query may "
                "set any parameter of a connection. No other parameter may contradict the URL."),
      parameter("host", &O::host, "Name or address of the server."),
      parameter("port", &O::port, "TCP port of the server.").between(1, 65535),
      parameter("db", &O::db, "Number of the database.").between(0, 1'000'000),
      parameter("username", &O::username,
                "User of the server's access control list; null: the default user."),
      parameter("password", &O::password, "Password of the user, or of the server when there is no user."),
      parameter("unix_socket_path", &O::unix_socket_path, "Unix socket to use instead of host and port."),
      parameter("startup_nodes", &O::startup_nodes,
                "Servers of a Redis Cluster to ask first, each as host:port (port 6379 by default); they "
                "name the others. host, port and db are not used."),
      parameter("sentinels", &O::sentinels,
                "Sentinels that know where the master is, each as host:port (port 26379 by default); they "
                "name the other sentinels. host and port are not used."),
      parameter("service_name", &O::service_name, "Name under which the sentinels watch the master."),
      parameter(
          "sentinel_username", &O::sentinel_username,
          "User at the sentinels themselves; username and password are for the servers that they watch."),
      parameter("sentinel_password", &O::sentinel_password, "Password at the sentinels themselves."),
      parameter("read_from_replicas", &O::read_from_replicas,
                "Replicas answer reads in turn; the master does when no replica can be used. A read may miss "
                "the latest writes."),
      parameter("socket_connect_timeout", &O::socket_connect_timeout,
                "Longest time until a connection is ready: name lookup, connecting, TLS, login.")
          .between(least, longest),
      parameter("socket_timeout", &O::socket_timeout, "Longest time of one call, whatever happens in it.")
          .between(least, longest),
      parameter("client_name", &O::client_name, "Name of the connections in the server's CLIENT LIST."),
      parameter("ssl", &O::ssl, "Encrypts the connection with TLS 1.2 or later.").alias("use_ssl"),
      parameter("ssl_cert_reqs", &O::ssl_cert_reqs,
                "Whether the server's certificate has to be valid and trusted (required), or any will do "
                "(none). optional means required, since a server always shows a certificate.")
          .choices({{"required", CertificateRequirement::required},
                    {"optional", CertificateRequirement::required},
                    {"none", CertificateRequirement::none}}),
      parameter("ssl_check_hostname", &O::ssl_check_hostname,
                "Whether the certificate has to name the host of the connection. No effect with "
                "ssl_cert_reqs: none."),
      parameter("ssl_ca_certs", &O::ssl_ca_certs,
                "PEM file with the trusted authorities. Without it and ssl_ca_path, those of the system are "
                "trusted."),
      parameter("ssl_ca_path", &O::ssl_ca_path,
                "Directory of trusted authorities with hashed names, as openssl rehash makes it."),
      parameter("ssl_certfile", &O::ssl_certfile,
                "PEM file with this client's certificate, and those of the intermediate authorities."),
      parameter("ssl_keyfile", &O::ssl_keyfile, "PEM file with the key of that certificate.")
          .computed_default("ssl_certfile"),
      parameter("ssl_password", &O::ssl_password, "Passphrase of an encrypted key."),
      parameter("ssl_server_name", &O::ssl_server_name, "Server name that is requested and checked.")
          .computed_default("the host"),
      parameter("socket_keepalive", &O::socket_keepalive,
                "Whether the operating system looks for dead connections (TCP keepalive)."),
      parameter("socket_keepalive_options", &O::socket_keepalive_options,
                "How the operating system looks for dead connections."),
      parameter(
          "health_check_interval", &O::health_check_interval,
          "How often the server is sent a PING, which finds a dead connection before a call does; 0: never.")
          .between(milliseconds(0), longest),
      parameter("retry_on_timeout", &O::retry_on_timeout,
                "Repeats a read on a new connection, within its time, when nothing arrives on the old one."),
      parameter("max_connections", &O::max_connections, "Most connections to the server at a time.")
          .computed_default("64; no limit for a RedisCache")
          .between(1, 1'000'000),
      parameter("channels", &O::channels,
                "Connections that ordinary requests share. A further one is opened when reads have to wait "
                "for each other, or for something large; large values get one more.")
          .between(1, 64),
      parameter("max_inflight", &O::max_inflight,
                "Most requests that wait for their answers on one connection; further calls wait for room.")
          .between(1, 1'000'000),
      parameter(
          "max_waiting", &O::max_waiting,
          "Most asynchronous calls that wait for that room, or for a connection; further ones fail with "
          "refused.")
          .between(1, 1'000'000),
      parameter("event_loop", &O::event_loop,
                "The EventLoop on which asynchronous calls go on. Without it, one that all components share, "
                "with one thread, which exists from the first asynchronous call on."),
      parameter("reconnect_delay", &O::reconnect_delay,
                "Pause before the second attempt to reconnect; each later pause is about twice as long.")
          .between(least, longest),
      parameter("reconnect_max_delay", &O::reconnect_max_delay,
                "Longest pause between two attempts to reconnect.")
          .between(least, longest),
      parameter("breaker_failures", &O::breaker_failures,
                "Calls in a row without an answer in time that open the circuit breaker: calls then fail at "
                "once with unreachable, until one is answered after a pause. A call counts when it waited "
                "for at least half of socket_timeout; lent connections do not count. 0: no breaker.")
          .between(0, 1'000'000),
      parameter(
          "breaker_delay", &O::breaker_delay,
          "First pause of the breaker, less up to a half by chance; each further one is about twice as long.")
          .between(least, longest),
      parameter("breaker_max_delay", &O::breaker_max_delay, "Longest pause of the breaker.")
          .between(least, longest),
      parameter("allow_plaintext_auth", &O::allow_plaintext_auth,
                "Allows a password to be sent unencrypted to another machine."),
      parameter("encoding", &O::encoding, "Accepted from files for redis-py and ignored: values are bytes."),
      parameter("encoding_errors", &O::encoding_errors,
                "Accepted from files for redis-py and ignored: values are bytes."),
      parameter("decode_responses", &O::decode_responses,
                "Accepted from files for redis-py and ignored: values are bytes."),
  };
}

std::vector<OptionComplaint> RedisConnectionOptions::complaints() const {
  auto reading = redis::apply_url(*this);
  if (reading.complaints.empty()) {
    if (url) reading.options.url = url;
    check(reading.options, reading.complaints);
  }
  return std::move(reading.complaints);
}

RedisConnectionOptions RedisConnectionOptions::resolved() const {
  return std::move(redis::apply_url(*this).options);
}

}  // namespace cachesite
