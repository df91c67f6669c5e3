#include "redis_user/redis_user.hpp"

#include <cachesite/redis_connection.hpp>

#include <algorithm>
#include <array>
#include <string_view>

namespace cachesite::redis {

RedisUser::RedisUser(const RedisUserOptions& options, const ComponentContext& context)
    : redis_(options.connection.component()), own_(!options.connection.is_set()) {
  if (own_) redis_ = std::make_shared<RedisConnection>(RedisConnectionComponentOptions(options), context);
}

void RedisUser::start() const {
  if (own_) redis_->start();
}

void RedisUser::await_started() const {
  if (own_) redis_->await_started();
}

void RedisUser::stop() const noexcept {
  if (own_) redis_->stop();
}

bool RedisUser::reachable() const {
  return redis_->call(RedisCommand("PING").repeatable()).ok();
}

bool is_temporary(const Error& error) noexcept {
  switch (error.code()) {
    case ErrorCode::timeout:
    case ErrorCode::unreachable:
    case ErrorCode::protocol:
    case ErrorCode::no_memory:
      return true;
    case ErrorCode::refused: {
      constexpr std::array<std::string_view, 7> passing{"LOADING",    "READONLY", "MASTERDOWN", "CLUSTERDOWN",
                                                        "NOREPLICAS", "BUSY ",    "TRYAGAIN"};
      return std::any_of(passing.begin(), passing.end(),
                         [&](std::string_view word) { return error.message().starts_with(word); });
    }
    case ErrorCode::unsupported:
    case ErrorCode::not_computed:
    case ErrorCode::bad_argument:
    case ErrorCode::too_large:
    case ErrorCode::corrupt:
    case ErrorCode::closed:
      return false;
  }
  return false;
}

}  // namespace cachesite::redis
