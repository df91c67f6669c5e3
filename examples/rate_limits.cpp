// How often something may happen. With --local the program needs no server; otherwise Redis at REDIS_PORT
// (6379).

#include <cachesite/cachesite.hpp>

#include <iostream>
#include <string>
#include <string_view>

int main(int count, char** arguments) {
  const bool local = count > 1 && std::string_view(arguments[1]) == "--local";
  cachesite::LoadOptions options;
  options.allow_substitution = true;
  const auto site = cachesite::load_component_site(CACHESITE_CONFIGS "/rate-limits.yml", options);
  const auto limiter = site->get_component<cachesite::IRateLimiter>(local ? "local" : "api");

  // One call: is this client allowed, and if not, when?
  int served = 0;
  for (int request = 0; request < 100; ++request) {
    const auto decision = limiter->acquire("client:42");
    if (decision.ok() && decision.value().allowed) ++served;
  }
  std::cout << "served at least 20: " << (served >= 20) << ", refused some: " << (served < 100) << "\n";
  const auto decision = limiter->acquire("client:42");
  if (decision.ok() && !decision.value().allowed)
    std::cout << "try again soon: " << (decision.value().retry_after.count() <= 1000) << "\n";

  // A large request costs more than a small one.
  std::cout << "another client: " << limiter->acquire("client:43", 10).value_or({}).allowed << "\n";

  // A limited function.
  const auto send_code = cachesite::rate_limited(
      limiter, "code:{phone}", [](const std::string& phone) { return "a code for " + phone; },
      {.names = {"phone"}, .cost = [](const std::string&) { return std::uint64_t{15}; }});
  std::cout << send_code("555-1234") << "\n";
  try {
    for (int attempt = 0; attempt < 10; ++attempt)
      (void)send_code("555-1234");
  } catch (const cachesite::RateLimitExceeded& refused) {
    std::cout << refused.what() << "\n";
  }
}
