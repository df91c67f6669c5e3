#pragma once

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string>

#include <hiredis/hiredis.h>

namespace bench {

/// What a server says of itself, by a connection of its own.
class ServerFigures {
 public:
  explicit ServerFigures(std::uint16_t port) : context_(redisConnect("127.0.0.1", port)) {
    if (!context_ || context_->err != 0) throw std::runtime_error("no connection to the server");
  }

  template <class... Arguments>
  std::string ask(const char* format, Arguments... arguments) {
    const std::unique_ptr<redisReply, void (*)(void*)> reply(
        static_cast<redisReply*>(redisCommand(context_.get(), format, arguments...)), freeReplyObject);
    if (!reply) throw std::runtime_error(context_->errstr);
    if (reply->type == REDIS_REPLY_ERROR) throw std::runtime_error(reply->str);
    return reply->str == nullptr ? std::to_string(reply->integer) : std::string(reply->str, reply->len);
  }
  /// A field of INFO.
  double figure(const std::string& name) {
    const auto all = ask("INFO");
    const auto place = all.find("\n" + name + ":");
    if (place == std::string::npos) throw std::runtime_error("the server does not tell " + name);
    return std::atof(all.c_str() + place + name.size() + 2);
  }
  /// Seconds of processor time.
  double processor() { return figure("used_cpu_user") + figure("used_cpu_sys"); }

 private:
  struct End {
    void operator()(redisContext* context) const noexcept { redisFree(context); }
  };

  std::unique_ptr<redisContext, End> context_;
};

}  // namespace bench
