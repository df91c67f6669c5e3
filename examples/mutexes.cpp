// Mutexes by name. With --local the program needs no server; otherwise Redis at REDIS_PORT (6379).

#include <cachesite/cachesite.hpp>

#include <chrono>
#include <iostream>
#include <mutex>
#include <shared_mutex>
#include <string_view>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

int main(int count, char** arguments) {
  const bool local = count > 1 && std::string_view(arguments[1]) == "--local";
  cachesite::LoadOptions options;
  options.allow_substitution = true;
  const auto site = cachesite::load_component_site(CACHESITE_CONFIGS "/mutexes.yml", options);
  const auto mutexes = site->get_component<cachesite::IMutexSite>(local ? "local" : "");

  // As a standard mutex: it waits, is renewed in the background, and is released at the end of the scope.
  const auto stock = mutexes->get_mutex("stock");
  int sold = 0;
  std::vector<std::thread> tills;
  for (int till = 0; till < 4; ++till)
    tills.emplace_back([&] {
      for (int sale = 0; sale < 25; ++sale) {
        const std::scoped_lock lock(*stock);
        ++sold;
      }
    });
  for (auto& till : tills)
    till.join();
  std::cout << "sold " << sold << "\n";

  // With a limit, and with access to the lease.
  if (cachesite::MutexGuard guard(*stock, 500ms); guard) {
    const std::stop_callback alarm(guard.lost(), [] { std::cout << "stop: the mutex is lost\n"; });
    std::cout << "a token that grows with every holder: " << (guard.fencing_token() > 0) << "\n";
  } else {
    std::cout << "not to be had: " << (guard.error() ? guard.error()->message() : "somebody has it") << "\n";
  }

  // Readers together, writers alone.
  {
    const std::shared_lock reading(*stock);
    std::cout << "a writer beside a reader: " << stock->try_lock_for(10ms) << "\n";
  }
}
