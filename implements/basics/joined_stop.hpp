#pragma once

#include <stop_token>

namespace cachesite::basics {

/// A stop that is requested as soon as one of several is.
class JoinedStop {
 public:
  JoinedStop(const std::stop_token& first, const std::stop_token& second, const std::stop_token& third = {})
      : on_first_(first, Request{&either_}),
        on_second_(second, Request{&either_}),
        on_third_(third, Request{&either_}) {}
  JoinedStop(const JoinedStop&) = delete;
  JoinedStop& operator=(const JoinedStop&) = delete;

  [[nodiscard]] std::stop_token token() const noexcept { return either_.get_token(); }

 private:
  struct Request {
    std::stop_source* source;
    void operator()() const noexcept { (void)source->request_stop(); }
  };

  std::stop_source either_;
  const std::stop_callback<Request> on_first_;
  const std::stop_callback<Request> on_second_;
  const std::stop_callback<Request> on_third_;
};

}  // namespace cachesite::basics
