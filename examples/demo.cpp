// The demo: caches that a file declares, found by name and used, on memory and on Redis; then the Redis
// server dies and comes back under a running program.
//
//   demo                 uses configs/demo.yml and a private redis-server
//   demo --config FILE   runs the same steps on every cache of your own file

#include "demo_server.hpp"

#include <cachesite/cachesite.hpp>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace std::chrono_literals;
using cachesite::ICache;

namespace {

int failures = 0;

void chapter(const std::string& title) {
  std::cout << "\n== " << title << "\n";
}

void expect(bool held, const std::string& sentence) {
  std::cout << (held ? "  ok    " : "  WRONG ") << sentence << "\n";
  if (!held) ++failures;
}

bool wait_until(const std::function<bool()>& condition, std::chrono::milliseconds limit) {
  const auto end = std::chrono::steady_clock::now() + limit;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(5ms);
  }
  return true;
}

/// False for a cache that is switched off.
bool keeps_anything(ICache& cache) {
  const bool kept = cache.set_value("kept?", "yes", 1min) && cache.contains("kept?").value_or(false);
  (void)cache.remove("kept?");
  return kept;
}

// The same code for every cache: that is the point of the interface.
void use(ICache& cache) {
  expect(cache.set_value("user:42", "Ada", 30min), "set user:42 to \"Ada\" for 30 minutes");
  const auto value = cache.get_value("user:42");
  expect(value && value->text() == "Ada", "get user:42 gives \"Ada\"");

  expect(!cache.get_value("user:43"), "get user:43 is a miss: an empty optional");

  const std::string bytes("\x00\x01\xff\r\n\x00", 6);
  cache.set_value("binary", bytes, 30min);
  const auto read_back = cache.get_value("binary");
  expect(read_back && read_back->text() == bytes, "six bytes with zeros and line ends come back unchanged");

  cache.set_value("user:42", "Ada Lovelace", 30min);
  expect(cache.get_value("user:42").value_or(cachesite::Value()).text() == "Ada Lovelace",
         "a second set replaces the first");

  cache.set_value("blink", "gone soon", 50ms);
  expect(wait_until([&] { return cache.get("blink").miss(); }, 5s),
         "an entry with a TTL of 50 ms is gone after it");

  cache.set_value("nobody", std::nullopt, 1min);
  const auto nobody = cache.get("nobody");
  expect(nobody.null() || (nobody.hit() && nobody.value().empty()),
         "a cached null says \"there is no such user\", which is not a miss");

  expect(!cache.set_value("user:42", "x", 0s), "a TTL of 0 is refused");
  const auto refused = cache.write("", "x", 1min);
  expect(!refused.ok(),
         "an empty key is refused: " + std::string(refused.ok() ? "?" : refused.error().message()));

  for (const auto* key : {"user:42", "binary", "nobody"})
    (void)cache.remove(key);
}

void show_names(const cachesite::ComponentSite& site) {
  chapter("What the file declares");
  for (const auto& entry : site.entries())
    std::cout << "  " << entry.interface_name << " \"" << entry.name << "\" is a " << entry.class_name
              << "\n";
}

void run_all_caches(const cachesite::ComponentSite& site) {
  std::vector<cachesite::IComponent*> seen;
  auto entries = site.entries();
  std::reverse(entries.begin(), entries.end());  // a cache with a name and without one is shown by its name
  for (const auto& entry : entries) {
    if (entry.interface_name != ICache::interface_name) continue;
    const auto cache = site.get_component<ICache>(entry.name);
    if (std::find(seen.begin(), seen.end(), cache.get()) != seen.end()) continue;
    seen.push_back(cache.get());
    chapter("Using the cache \"" + entry.name + "\", a " + entry.class_name);
    const auto health = cache->health();
    if (health.state == cachesite::HealthState::down) {
      std::cout << "  it is down: " << health.reason << "\n";
      expect(!cache->get_value("anything"), "so a read is simply empty");
      continue;
    }
    if (keeps_anything(*cache))
      use(*cache);
    else
      expect(!cache->get_value("anything"), "it keeps nothing, and every read is a miss");
  }
}

void lose_the_server(DemoServer& server, ICache& cache) {
  chapter("The Redis server dies while the program runs");
  cache.set_value("basket", "3 apples", 30min);
  server.kill();
  std::cout << "  redis-server is killed\n";
  expect(!cache.get_value("basket"), "get_value is empty, as on a miss; the program goes on");
  expect(!cache.set_value("basket", "4 apples", 30min), "set_value says false");
  const auto lookup = cache.get("basket");
  expect(lookup.failed(), "the precise call knows more: " +
                              (lookup.failed() ? std::string(lookup.error().message()) : std::string("?")));
  const auto start = std::chrono::steady_clock::now();
  for (int call = 0; call < 1000; ++call)
    (void)cache.get_value("basket");
  const auto spent = std::chrono::steady_clock::now() - start;
  std::cout << "  1000 reads without a server take "
            << std::chrono::duration_cast<std::chrono::microseconds>(spent).count()
            << " microseconds in all\n";

  chapter("The server comes back");
  expect(server.start(), "redis-server runs again on port " + std::to_string(server.port()));
  expect(wait_until([&] { return cache.set_value("basket", "5 apples", 30min); }, 10s),
         "the cache has reconnected by itself and stores again");
  const auto value = cache.get_value("basket");
  expect(value && value->text() == "5 apples", "and reads again");
}

void show_mistakes() {
  chapter("What a mistake in the file looks like");
  const auto* const text =
      "- class: MemoryCache\n"
      "  entries: [{interface: ICache, name: hot}]\n"
      "  max_szie: 100000\n"
      "- class: RedisCache\n"
      "  entries: [{interface: ICache, name: sessions}]\n"
      "  port: abc\n";
  try {
    (void)cachesite::load_component_site_from_text(text, cachesite::Format::yaml);
    expect(false, "the file is refused");
  } catch (const cachesite::LoadError& error) {
    std::cout << error.what() << "\n";
    expect(error.problems().size() == 2, "both mistakes are reported at once, and nothing was started");
  }
}

int run_own_file(const std::string& path) {
  const auto site = cachesite::load_component_site(path, cachesite::LoadOptions{.allow_substitution = true});
  show_names(*site);
  run_all_caches(*site);
  site->stop();
  return failures == 0 ? 0 : 1;
}

int run_demo() {
  DemoServer server;
  const bool with_redis = server.start();
  if (with_redis) {
    std::cout << "A private redis-server runs on 127.0.0.1:" << server.port() << " for this demo.\n";
  } else {
    std::cout << "There is no redis-server on this machine (Debian: apt install redis-server):\n"
                 "the demo shows what a program sees without one.\n";
  }
  ::setenv("DEMO_REDIS_PORT", std::to_string(server.port()).c_str(), 1);

  const std::string path = CACHESITE_CONFIGS "/demo.yml";
  std::cout << "The caches are declared in " << path << "\n";
  const auto site = cachesite::load_component_site(path, cachesite::LoadOptions{.allow_substitution = true});
  show_names(*site);
  run_all_caches(*site);

  chapter("Two names for one cache");
  site->get_component<ICache>("hot")->set_value("shared", "seen by both", 1min);
  const auto shared = site->get_component<ICache>("local")->get_value("shared");
  expect(shared && shared->text() == "seen by both", "what \"hot\" stores, \"local\" finds");

  chapter("Names that do not exist");
  expect(!site->query_component<ICache>("nope"), "query_component gives a null pointer");
  try {
    (void)site->get_component<ICache>("nope");
    expect(false, "get_component throws");
  } catch (const cachesite::ComponentNotFound& error) {
    expect(true, std::string("get_component throws: ") + error.what());
  }

  show_mistakes();
  if (with_redis) lose_the_server(server, *site->get_component<ICache>("sessions"));
  site->stop();
  std::cout << "\n" << (failures == 0 ? "Everything worked." : "Something went wrong.") << "\n";
  return failures == 0 ? 0 : 1;
}

}  // namespace

int main(int count, char** arguments) {
  const std::vector<std::string> options(arguments + 1, arguments + count);
  try {
    if (options.empty()) return run_demo();
    if (options.size() == 2 && options[0] == "--config") return run_own_file(options[1]);
    const bool help = options.size() == 1 && (options[0] == "--help" || options[0] == "-h");
    (help ? std::cout : std::cerr)
        << "usage: demo [--config FILE]\n"
           "Shows caches that a file declares. Without FILE: configs/demo.yml with a "
           "private redis-server.\n";
    return help ? 0 : 2;
  } catch (const cachesite::LoadError& error) {
    std::cerr << error.what() << "\n";
    return 3;
  } catch (const std::exception& error) {
    std::cerr << "demo: " << error.what() << "\n";
    return 1;
  }
}
