// Caches that end while their backplane is about to call them.

#include "support/fake_clock.hpp"

#include <cachesite/memory_cache.hpp>
#include <cachesite/tiered_cache.hpp>

#include <chrono>
#include <memory>
#include <span>
#include <string>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::test;

namespace {

// The end of a watch waits for calls that are under way.
class BusyBackplane final : public IBackplane {
 public:
  std::unique_ptr<IBackplaneWatch> watch(IBackplaneListener& listener, std::chrono::milliseconds) override {
    listener.on_state({1, false});
    return std::make_unique<Watch>(listener, notices);
  }

  int notices = 0;

 private:
  class Watch final : public IBackplaneWatch {
   public:
    Watch(IBackplaneListener& listener, int& notices) : listener_(listener), notices_(notices) {}
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;
    ~Watch() override {
      listener_.on_state({});
      if (listener_.take_notice()) ++notices_;
    }
    void publish(std::span<const BackplaneChange>) noexcept override {}
    [[nodiscard]] BackplaneStatistics statistics() const noexcept override { return {}; }
    [[nodiscard]] std::string reason() const override { return "it ends"; }

   private:
    IBackplaneListener& listener_;
    int& notices_;
  };
};

}  // namespace

BOOST_AUTO_TEST_SUITE(backplane_end)

BOOST_AUTO_TEST_CASE(a_call_that_is_under_way_may_ask_for_the_reason) {
  const auto bus = std::make_shared<BusyBackplane>();
  TieredCacheOptions options;
  options.over = Reference<ICache>(std::make_shared<MemoryCache>());
  options.near = Reference<ICache>(std::make_shared<MemoryCache>());
  options.coherence.mode = CoherenceMode::backplane;
  options.coherence.backplane = Reference<IBackplane>(bus);
  auto cache = std::make_unique<TieredCache>(options);
  (void)cache->get("key");
  cache.reset();
  BOOST_TEST(bus->notices == 1);
}

BOOST_AUTO_TEST_SUITE_END()
