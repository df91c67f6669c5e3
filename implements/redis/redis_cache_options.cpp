#include <cachesite/redis_cache.hpp>

#include <string_view>

namespace cachesite {

namespace {

bool is_this_machine(std::string_view host) noexcept {
  return host == "localhost" || host == "::1" || host.starts_with("127.");
}

}  // namespace

ParameterTable RedisCacheOptions::parameters() {
  using O = RedisCacheOptions;
  using std::chrono::hours;
  using std::chrono::milliseconds;
  const milliseconds least(1);
  const milliseconds longest = hours(1);
  return {
      parameter("host", &O::host, "Name or address of the server."),
      parameter("port", &O::port, "TCP port of the server.").between(1, 65535),
      parameter("db", &O::db, "Number of the database.").between(0, 1'000'000),
      parameter("username", &O::username, "User of the server's access control list."),
      parameter("password", &O::password, "Password of the user, or of the server when there is no user."),
      parameter("unix_socket_path", &O::unix_socket_path, "Socket to use instead of host and port."),
      parameter("prefix", &O::prefix, "Put in front of every key."),
      parameter("socket_connect_timeout", &O::socket_connect_timeout,
                "Longest time for a connection to become ready.")
          .between(least, longest),
      parameter("socket_timeout", &O::socket_timeout, "Longest time of one call.").between(least, longest),
      parameter("null_as", &O::null_as, "How a cached null is stored.")
          .choices({{"marker", NullAs::marker}, {"empty", NullAs::empty}}),
      parameter("max_value_bytes", &O::max_value_bytes, "Longer values are refused.")
          .between(ByteSize{1}, ByteSize{ICache::largest_value}),
      parameter("client_name", &O::client_name, "Name of the connections in the server's client list."),
      parameter("socket_keepalive", &O::socket_keepalive, "Lets the system look for dead connections."),
      parameter("max_inflight", &O::max_inflight, "Most requests without an answer on one connection.")
          .between(1, 1'000'000),
      parameter("reconnect_delay", &O::reconnect_delay, "Pause before the second attempt to reconnect.")
          .between(least, longest),
      parameter("reconnect_max_delay", &O::reconnect_max_delay,
                "Longest pause between two attempts to reconnect.")
          .between(least, longest),
      parameter("allow_plaintext_auth", &O::allow_plaintext_auth,
                "Allows a password to be sent unencrypted to another machine."),
  };
}

std::vector<OptionComplaint> RedisCacheOptions::complaints() const {
  std::vector<OptionComplaint> complaints;
  const bool has_password = password && !password->empty();
  const bool has_socket = unix_socket_path && !unix_socket_path->empty();
  if (has_password && !has_socket && !is_this_machine(host) && !allow_plaintext_auth)
    complaints.push_back({"password",
                          "the password would be sent unencrypted to another machine; allow_plaintext_auth: "
                          "true permits it"});
  if (username && !username->empty() && !has_password)
    complaints.push_back({"username", "a username needs a password"});
  if (client_name)
    for (const char character : *client_name)
      if (character <= ' ' || character > '~') {
        complaints.push_back({"client_name", "the client name may not hold blanks or control characters"});
        break;
      }
  if (prefix.size() > ICache::longest_key)
    complaints.push_back({"prefix", "the prefix is longer than a key may be"});
  return complaints;
}

}  // namespace cachesite
