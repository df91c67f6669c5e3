#include "redis/settings/endpoint_settings.hpp"

#include "event_loop/reactor.hpp"

#include <algorithm>
#include <limits>
#include <memory>
#include <stdexcept>

namespace cachesite::redis {

namespace {

TlsOptions tls_options(const RedisConnectionOptions& options) {
  TlsOptions tls;
  tls.authority_file = options.ssl_ca_certs.value_or("");
  tls.authority_directory = options.ssl_ca_path.value_or("");
  tls.certificate_file = options.ssl_certfile.value_or("");
  tls.key_file = options.ssl_keyfile.value_or("");
  if (options.ssl_password) tls.key_password = *options.ssl_password;
  tls.verify_certificate = options.ssl_cert_reqs == CertificateRequirement::required;
  tls.verify_name = options.ssl_check_hostname;
  tls.server_name = options.ssl_server_name.value_or("");
  return tls;
}

std::shared_ptr<IEventLoop> checked_loop(const RedisConnectionOptions& options) {
  const auto& loop = options.event_loop.component();
  if (loop != nullptr && find_interface<event_loop::IReactor>(*loop) == nullptr)
    throw std::invalid_argument("event_loop: only an EventLoop of the library can watch connections");
  return loop;
}

}  // namespace

EndpointOptions endpoint_settings(const RedisConnectionOptions& given, std::size_t largest_bulk) {
  const RedisConnectionOptions options = given.resolved();
  EndpointOptions endpoint;
  auto& connector = endpoint.connector;
  connector.address = {options.host, options.port, options.unix_socket_path.value_or("")};
  connector.login.username = options.username.value_or("");
  if (options.password) connector.login.password = *options.password;
  connector.login.database = options.db;
  connector.login.client_name = options.client_name.value_or("");
  connector.socket.keep_alive = options.socket_keepalive;
  connector.socket.keep_alive_idle = options.socket_keepalive_options.idle;
  connector.socket.keep_alive_interval = options.socket_keepalive_options.interval;
  connector.socket.keep_alive_count = options.socket_keepalive_options.count;
  connector.socket.user_timeout = options.socket_timeout;
  if (options.ssl) connector.tls = std::make_shared<TlsContext>(tls_options(options));
  connector.connect_timeout = options.socket_connect_timeout;
  connector.call_timeout = options.socket_timeout;
  connector.frame.largest_bulk = largest_bulk;
  connector.plaintext_password = options.ssl || options.allow_plaintext_auth;
  endpoint.channel.frame = connector.frame;
  endpoint.channel.most_requests = options.max_inflight;
  endpoint.channel.most_waiting = options.max_waiting;
  endpoint.event_loop = checked_loop(options);
  endpoint.channel.stall = options.socket_timeout / 2;
  const std::size_t most = options.max_connections.value_or(std::numeric_limits<std::uint32_t>::max());
  endpoint.channels.bulk = most > 1;
  endpoint.channels.shared = std::min<std::size_t>(options.channels, endpoint.channels.bulk ? most - 1 : 1);
  endpoint.first_pause = options.reconnect_delay;
  endpoint.longest_pause = options.reconnect_max_delay;
  endpoint.breaker = {options.breaker_failures, options.breaker_delay, options.breaker_max_delay};
  endpoint.retry_on_timeout = options.retry_on_timeout;
  endpoint.health_check_interval = options.health_check_interval;
  return endpoint;
}

}  // namespace cachesite::redis
