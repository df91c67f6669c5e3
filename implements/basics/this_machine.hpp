#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include <arpa/inet.h>
#include <netinet/in.h>

namespace cachesite::basics {

/// True for "localhost", names below it, in letters of any case, with or without the final dot. Such a name
/// is this machine whatever a resolver says, which may not know it or may lie (RFC 6761, section 6.3).
inline bool is_localhost(std::string_view host) noexcept {
  constexpr std::string_view name = "localhost";
  if (host.ends_with('.')) host.remove_suffix(1);
  if (host.size() < name.size()) return false;
  const std::string_view end = host.substr(host.size() - name.size());
  const auto same = [](char letter, char small) { return letter == small || letter + ('a' - 'A') == small; };
  return std::equal(end.begin(), end.end(), name.begin(), same) &&
         (host.size() == name.size() || host[host.size() - name.size() - 1] == '.');
}

/// True when what is sent to the host does not leave the machine.
inline bool is_this_machine(const std::string& host) noexcept {
  if (is_localhost(host)) return true;
  in_addr four{};
  if (::inet_pton(AF_INET, host.c_str(), &four) == 1) return (ntohl(four.s_addr) >> 24U) == 127;
  in6_addr six{};
  return ::inet_pton(AF_INET6, host.c_str(), &six) == 1 && IN6_IS_ADDR_LOOPBACK(&six) != 0;
}

}  // namespace cachesite::basics
