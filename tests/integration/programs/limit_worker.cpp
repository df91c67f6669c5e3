// A program of which tests start several: its threads all take from one limit on Redis until they are told to
// stop.
//
// limit_worker PORT bucket|window cachesite|redis_kit RATE THREADS NUMBERS
//
// NUMBERS is a file of shared numbers: stop, calls, allowed, failures.

#include "support/shared_numbers.hpp"

#include <cachesite/redis_connection.hpp>
#include <cachesite/sliding_window_limiter.hpp>
#include <cachesite/token_bucket_limiter.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace cachesite;

template <class Limiter>
std::shared_ptr<IRateLimiter> made(const std::vector<std::string>& arguments) {
  typename Limiter::Options options;
  options.host = "127.0.0.1";
  options.port = static_cast<std::uint16_t>(std::stoi(arguments.at(1)));
  options.form = arguments.at(3) == "redis_kit" ? RateLimitForm::redis_kit : RateLimitForm::cachesite;
  options.rate = arguments.at(4);
  options.timeout = std::chrono::seconds(60);
  options.socket_timeout = std::chrono::seconds(60);
  options.socket_connect_timeout = std::chrono::seconds(60);
  auto limiter = std::make_shared<Limiter>(options);
  limiter->start();
  limiter->await_started();
  return limiter;
}

}  // namespace

int main(int count, char** values) {
  const std::vector<std::string> arguments(values, values + count);
  const auto limiter = arguments.at(2) == "bucket" ? made<TokenBucketLimiter>(arguments)
                                                   : made<SlidingWindowLimiter>(arguments);
  test::SharedNumbers<4> numbers(arguments.at(6));
  std::vector<std::thread> threads;
  for (int thread = std::stoi(arguments.at(5)); thread > 0; --thread)
    threads.emplace_back([&] {
      while (numbers[0] == 0) {
        const auto answer = limiter->acquire("everybody's");
        if (!answer.ok() || answer.value().without_server)
          ++numbers[3];
        else if (answer.value().allowed)
          ++numbers[2];
        ++numbers[1];
      }
    });
  for (auto& thread : threads)
    thread.join();
  return 0;
}
