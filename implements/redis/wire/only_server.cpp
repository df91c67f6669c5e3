#include "redis/wire/only_server.hpp"

#include <string>
#include <string_view>

namespace cachesite::redis {

bool heed_only_server(Reply& error) {
  constexpr std::size_t longest = 100;  // so that the advice is not cut off
  const auto text = error.text();
  if (text.starts_with("MOVED ") || text.starts_with("ASK "))
    error.value.assign(std::string(text.substr(0, longest)) +
                       " (the server belongs to a cluster: give startup_nodes instead of a host)");
  return text.starts_with("READONLY ");
}

}  // namespace cachesite::redis
