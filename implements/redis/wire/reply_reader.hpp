#pragma once

#include "redis/wire/reply.hpp"

#include <cstddef>
#include <memory>
#include <string>

struct redisReader;

namespace cachesite::redis {

/// hiredis' parser, made to build `Reply` objects in place. It sees only what the frame gate let through.
class ReplyReader {
 public:
  ReplyReader();
  ~ReplyReader();
  ReplyReader(const ReplyReader&) = delete;
  ReplyReader& operator=(const ReplyReader&) = delete;

  enum class Progress : unsigned char { more, complete, failed, no_memory };
  /// Parses further bytes of one reply into `target`, which stays the same until the reply is complete.
  Progress feed(const char* bytes, std::size_t size, Reply& target);
  [[nodiscard]] std::string problem() const;

 private:
  struct Free {
    void operator()(redisReader* reader) const noexcept;
  };
  std::unique_ptr<redisReader, Free> reader_;
};

}  // namespace cachesite::redis
