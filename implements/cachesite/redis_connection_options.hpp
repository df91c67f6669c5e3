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
  std::chrono::milliseconds socket_connect_timeout{5000};
  std::chrono::milliseconds socket_timeout{5000};
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
  /// What is wrong with options that are each in range. No complaint repeats any part of the URL.
  [[nodiscard]] std::vector<OptionComplaint> complaints() const;
  /// These options with what `url` says put in; `url` itself is empty then. Precondition: no complaints.
  [[nodiscard]] RedisConnectionOptions resolved() const;
};

}  // namespace cachesite
