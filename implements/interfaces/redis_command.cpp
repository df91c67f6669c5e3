#include <cachesite/redis_command.hpp>

namespace cachesite {

RedisCommand& RedisCommand::add(ByteView argument) {
  bytes_.append(argument.text());
  ends_.push_back(bytes_.size());
  return *this;
}

}  // namespace cachesite
