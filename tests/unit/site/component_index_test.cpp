#include "support/parts.hpp"

#include <cachesite/component_site.hpp>

#include <atomic>
#include <thread>
#include <vector>

#include <boost/test/unit_test.hpp>

using cachesite::ComponentSite;

namespace {

class INumbered : public cachesite::Interface<INumbered, "INumbered"> {
 public:
  virtual int number() const = 0;
};

// Notices when it is used after its end.
class Numbered final : public INumbered {
 public:
  explicit Numbered(int number) : number_(number) {}
  ~Numbered() override { number_ = -1; }
  int number() const override { return number_; }

 private:
  int number_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(component_index)

BOOST_AUTO_TEST_CASE(lookups_run_beside_registration_replacement_and_removal) {
  ComponentSite site;
  site.register_component<INumbered>(std::make_shared<Numbered>(1), "fixed");
  std::atomic<bool> done{false};
  std::atomic<int> wrong{0};
  std::atomic<long> found{0};
  std::vector<std::thread> readers;
  for (int reader = 0; reader < 4; ++reader)
    readers.emplace_back([&] {
      while (!done) {
        const auto fixed = site.query_component<INumbered>("fixed");
        if (!fixed || fixed->number() != 1) ++wrong;
        if (const auto changing = site.query_component<INumbered>("changing")) {
          if (changing->number() < 2) ++wrong;
          ++found;
        }
      }
    });
  std::vector<std::thread> writers;
  for (int writer = 0; writer < 2; ++writer)
    writers.emplace_back([&, writer] {
      for (int round = 0; round < 300; ++round) {
        site.register_component<INumbered>(std::make_shared<Numbered>(2 + round), "changing");
        site.register_component<INumbered>(std::make_shared<Numbered>(2 + round),
                                           "n" + std::to_string(writer * 1000 + round));
        if (round % 3 == 0) site.remove_component<INumbered>("changing");
        if (round % 2 == 0) site.remove_component<INumbered>("n" + std::to_string(writer * 1000 + round));
      }
    });
  for (auto& writer : writers)
    writer.join();
  site.register_component<INumbered>(std::make_shared<Numbered>(2), "changing");
  while (found == 0)
    std::this_thread::yield();
  done = true;
  for (auto& reader : readers)
    reader.join();
  BOOST_TEST(wrong == 0);
  BOOST_TEST(site.entries().size() == 302u);
}

BOOST_AUTO_TEST_CASE(two_threads_that_stop_a_site_stop_each_component_once_and_both_wait_for_it) {
  struct Slow final : INumbered {
    int number() const override { return stops; }
    void stop() noexcept override {
      while (!released)
        std::this_thread::yield();
      ++stops;
    }
    std::atomic<bool> released{false};
    std::atomic<int> stops{0};
  };
  ComponentSite site;
  const auto slow = std::make_shared<Slow>();
  site.register_component<INumbered>(slow);
  std::atomic<int> seen{0};
  std::vector<std::thread> stoppers;
  for (int index = 0; index < 2; ++index)
    stoppers.emplace_back([&] {
      site.stop();
      seen += slow->number();
    });
  slow->released = true;
  for (auto& stopper : stoppers)
    stopper.join();
  BOOST_TEST(slow->stops == 1);
  BOOST_TEST(seen == 2);
}

BOOST_AUTO_TEST_SUITE_END()
