// Missing values are computed once for all concurrent callers.

#include <cachesite/cachesite.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

using namespace std::chrono_literals;

namespace {

struct User {
  std::int64_t id = 0;
  std::string name;

  static auto fields() {
    return std::tuple(cachesite::data_field("id", &User::id), cachesite::data_field("name", &User::name));
  }
};

// In place of a slow one.
class Database {
 public:
  std::optional<User> find(std::int64_t id) {
    ++queries_;
    std::this_thread::sleep_for(50ms);
    if (id != 42) return std::nullopt;
    const std::lock_guard lock(mutex_);
    return User{42, name_};
  }
  void rename(std::int64_t id, const std::string& name) {
    const std::lock_guard lock(mutex_);
    if (id == 42) name_ = name;
  }
  int queries() const { return queries_; }

 private:
  std::mutex mutex_;
  std::string name_ = "Ada";
  std::atomic<int> queries_{0};
};

}  // namespace

int main() {
  const auto site = cachesite::load_component_site_from_text(R"(
- class: MemoryCache
  entries: [{interface: ICache, name: memory}]
- class: RememberCache
  entries: [{interface: IComputingCache, name: users}, {interface: ICache, name: users}]
  over: memory
)",
                                                             cachesite::Format::yaml);
  Database database;

  // Bytes: the factory returns text, or a std::optional of text.
  const auto pages = site->get_component<cachesite::IComputingCache>("users");
  const auto page = pages->remember("page:home", 10min, [] { return "<h1>Welcome</h1>"; });
  if (page.hit()) std::printf("%s\n", std::string(page.value().text()).c_str());
  if (page.failed()) std::printf("no page: %s\n", std::string(page.error().message()).c_str());

  // Values of a C++ type.
  const auto cache = site->get_component<cachesite::ICache>("users");
  const cachesite::TypedCache<User, cachesite::JsonSerializer> users(cache);
  const auto user = cachesite::remember(users, "user:42", 30min, [&] { return database.find(42); });
  if (user.hit()) std::printf("hello, %s\n", user.value().name.c_str());

  // A function whose results are cached, here called by eight threads at once.
  const auto find_user = cachesite::cached<cachesite::JsonSerializer>(
      cache, "user:{id}", 5min, [&](std::int64_t id) { return database.find(id); }, {.names = {"id"}});
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 8; ++thread)
    threads.emplace_back([&] { (void)find_user(43); });
  for (auto& thread : threads)
    thread.join();
  std::printf("%s; %d queries\n", find_user(43) ? "found" : "there is no user 43", database.queries());

  // A function that invalidates a cached result.
  const auto rename = cachesite::evicting(
      cache, "user:{id}", [&](std::int64_t id, const std::string& name) { return database.rename(id, name); },
      {.names = {"id"}});
  rename(42, "Grace");
  if (const auto renamed = find_user(42)) std::printf("hello, %s\n", renamed->name.c_str());
  std::printf("%d queries\n", database.queries());
}
