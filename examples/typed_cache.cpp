// Values of a C++ type in a cache: serialised as JSON, compressed, and bound to their key.

#include <cachesite/cachesite.hpp>
#include <cachesite/data_fields.hpp>

#include <array>
#include <chrono>
#include <cstdio>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>

using namespace std::chrono_literals;

struct User {
  std::int64_t id = 0;
  std::string name;
  std::optional<std::string> mail;

  static auto fields() {
    return std::tuple(cachesite::data_field("id", &User::id), cachesite::data_field("name", &User::name),
                      cachesite::data_field("mail", &User::mail));
  }
};

// Like programs in JavaScript, with names of fields in camel case: {"userId": 42, "lastSeen": ...}
struct Visit {
  std::int64_t user_id = 0;
  std::string last_seen;

  static auto fields() {
    return std::tuple(cachesite::data_field("user_id", &Visit::user_id),
                      cachesite::data_field("last_seen", &Visit::last_seen));
  }
};

enum class Shelf { cold, dry };

constexpr auto data_names(Shelf) {
  return std::array{cachesite::data_name("cold", Shelf::cold), cachesite::data_name("dry", Shelf::dry)};
}

struct Product {
  std::string name;
  Shelf shelf = Shelf::dry;
  std::chrono::hours keeps{0};
  std::map<std::string, int> stock;

  CACHESITE_FIELDS(Product, name, shelf, keeps, stock)
};

int main() {
  const auto site = cachesite::load_component_site_from_text(R"(
- class: MemoryCache
  entries: [{interface: ICache, name: store}]
- class: CodecCache
  entries: [{interface: ICache, name: users}]
  over: store
  compression: zstd
)",
                                                             cachesite::Format::yaml);

  cachesite::TypedCache<User, cachesite::JsonSerializer> users(
      site->get_component<cachesite::ICache>("users"));
  users.set_value("user:42", User{42, "Ada", std::nullopt}, 30min);
  users.set_value("user:43", std::nullopt, 5min);  // there is no such user

  for (const auto* key : {"user:42", "user:43", "user:44"}) {
    const auto lookup = users.get(key);
    if (lookup.hit()) std::printf("%s is %s\n", key, lookup.value().name.c_str());
    if (lookup.null()) std::printf("%s is nobody\n", key);
    if (lookup.miss()) std::printf("%s is not in the cache\n", key);
    if (lookup.failed()) std::printf("%s: %s\n", key, std::string(lookup.error().message()).c_str());
  }

  cachesite::TypedCache<Visit, cachesite::JsonSerializer> visits(
      site->get_component<cachesite::ICache>("store"),
      cachesite::JsonSerializer({.names = cachesite::NamingPolicy::camel}));
  visits.set_value("visit:42", Visit{42, "today"}, 30min);
  const auto stored = visits.cache()->get_value("visit:42");
  if (stored) std::printf("%s\n", std::string(stored->text()).c_str());
  if (const auto visit = visits.get_value("visit:42"))
    std::printf("last seen %s\n", visit->last_seen.c_str());

  cachesite::TypedCache<Product, cachesite::JsonSerializer> products(
      site->get_component<cachesite::ICache>("store"));
  products.set_value("product:7", Product{"milk", Shelf::cold, 240h, {{"Berlin", 12}}}, 30min);
  if (const auto bytes = products.cache()->get_value("product:7"))
    std::printf("%s\n", std::string(bytes->text()).c_str());

  cachesite::TypedCache<std::shared_ptr<const Product>, cachesite::JsonSerializer> shared(
      products.cache(), std::make_unique<cachesite::ObjectTable>());
  for (int read = 0; read < 1000; ++read)
    if (const auto lookup = shared.get("product:7"); !lookup.hit()) return 1;
  std::printf("read 1000 times, parsed %d\n", static_cast<int>(shared.objects()->statistics().made));
}
