// A slow, hanging and failing source: values that survive it.

#include <cachesite/cachesite.hpp>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <memory>
#include <string>
#include <thread>

using namespace std::chrono_literals;

namespace {

// In place of a database that may be slow or gone. What it does is decided from outside.
class Source {
 public:
  enum class Mood { good, slow, gone };

  cachesite::Result<std::string> find(const std::string& name) const {
    if (mood == Mood::gone)
      return cachesite::Error(cachesite::ErrorCode::unreachable, "the database is away");
    if (mood == Mood::slow) std::this_thread::sleep_for(500ms);
    return name + " costs 5";
  }

  std::atomic<Mood> mood{Mood::good};
};

void show(const char* when, const cachesite::Lookup& found) {
  if (found.failed())
    std::printf("%s: %s\n", when, std::string(found.error().message()).c_str());
  else
    std::printf("%s: %s%s\n", when, std::string(found.value().text()).c_str(),
                found.stale() ? ", stale" : "");
}

}  // namespace

int main() {
  const auto site = cachesite::load_component_site_from_text(R"(
- class: Cache
  name: prices
  store: {class: MemoryCache}
  remember: {stale: 1h, soft: 50ms, hard: 10s}
)",
                                                             cachesite::Format::yaml);
  const auto source = std::make_shared<Source>();
  const auto prices = site->get_component<cachesite::IComputingCache>("prices");

  // The factory owns all that it uses, so it may go on when its caller leaves.
  const auto price = [&](const std::string& name) {
    return prices->remember("price:" + name, 20ms,
                            cachesite::background([source, name] { return source->find(name); }));
  };
  show("the source works", price("tea"));

  std::this_thread::sleep_for(30ms);  // the TTL ends
  source->mood = Source::Mood::slow;
  show("it is slow", price("tea"));

  source->mood = Source::Mood::gone;
  std::this_thread::sleep_for(600ms);  // the slow value has come, and its TTL has ended
  const auto found = price("tea");
  if (found.stale()) std::printf("an old price: %s\n", std::string(found.value().text()).c_str());
  show("it never worked", price("coffee"));

  const auto counted = site->get_component<cachesite::IComputingStatistics>("prices")->computing_statistics();
  std::printf("%d soft limit, %d stale values\n", static_cast<int>(counted.soft_timeouts),
              static_cast<int>(counted.stale_served));
}
