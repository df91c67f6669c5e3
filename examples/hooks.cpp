// Hooks around every call of a cache: here they print what a tracing library would be told.

#include <cachesite/cachesite.hpp>

#include <iostream>
#include <string>
#include <vector>

// One span for each call. Its two events come on the same thread, and a call within a call ends first, so
// open spans are a stack of the thread.
class SpanHook final : public cachesite::ICacheHook {
 public:
  void before(const cachesite::CacheCall& call) override {
    open_spans().push_back("redis." + std::string(to_string(call.operation)));
  }
  void after(const cachesite::CacheCall& call, const cachesite::CacheCallResult& result,
             std::chrono::nanoseconds duration) override {
    (void)duration;  // the span has its own times; otherwise it is db.redis.duration_ms
    end_span(call, std::string(to_string(result.kind)));
  }
  void on_error(const cachesite::CacheCall& call, const cachesite::Error& error,
                std::chrono::nanoseconds) override {
    end_span(call, "ERROR " + std::string(to_string(error.code())));
  }

 private:
  static std::vector<std::string>& open_spans() {
    thread_local std::vector<std::string> spans;
    return spans;
  }
  static void end_span(const cachesite::CacheCall& call, const std::string& status) {
    std::cout << open_spans().back() << " db.system=redis db.operation=" << to_string(call.operation)
              << " db.redis.key=" << call.key << " keys=" << call.keys << ": " << status << "\n";
    open_spans().pop_back();
  }
};

int main() {
  using namespace std::chrono_literals;

  cachesite::Catalog catalog;
  catalog.add<SpanHook>("SpanHook").text("Prints a span for each call.");
  const auto site = cachesite::load_component_site(CACHESITE_CONFIGS "/hooks.yml", catalog);

  const auto sessions = site->get_component<cachesite::ICache>("sessions");
  sessions->set_value("user:42", "Ada", 30min);
  (void)sessions->get_value("user:42");
  (void)sessions->get_many({"user:42", "user:43"});
  (void)sessions->increment("user:42", 1, 30min);  // fails: the value is not a number

  // The same without a file, over any cache.
  const auto own = std::make_shared<cachesite::HookedCache>(
      std::make_shared<cachesite::MemoryCache>(cachesite::MemoryCacheOptions{}),
      std::vector<std::shared_ptr<cachesite::ICacheHook>>{std::make_shared<SpanHook>()});
  (void)own->get_value("nobody");
}
