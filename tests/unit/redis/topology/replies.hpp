#pragma once

#include "redis/wire/reply.hpp"

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace cachesite::test {

inline redis::Reply integer(std::int64_t number) {
  redis::Reply reply;
  reply.kind = redis::ReplyKind::integer;
  reply.integer = number;
  return reply;
}

inline redis::Reply bulk(std::string_view text) {
  redis::Reply reply;
  reply.kind = redis::ReplyKind::bulk;
  reply.value = Value(text);
  return reply;
}

inline redis::Reply nil() {
  redis::Reply reply;
  reply.kind = redis::ReplyKind::nil;
  return reply;
}

inline redis::Reply list(std::vector<redis::Reply> elements) {
  redis::Reply reply;
  reply.kind = redis::ReplyKind::array;
  reply.elements = std::move(elements);
  return reply;
}

}  // namespace cachesite::test
