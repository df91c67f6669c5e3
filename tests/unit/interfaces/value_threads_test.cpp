#include <cachesite/value.hpp>

#include <atomic>
#include <string>
#include <thread>
#include <utility>

#include <boost/test/unit_test.hpp>

using cachesite::Value;

BOOST_AUTO_TEST_SUITE(value_of_threads)

// ThreadSanitizer sees a race when the memory is used again without having seen the reader's last step.
BOOST_AUTO_TEST_CASE(memory_that_another_thread_has_read_and_left_is_used_again) {
  Value value(std::string(1000, 'a'));
  const auto* const memory = value.bytes().data();
  std::atomic<bool> left{false};
  std::atomic<bool> whole{false};
  std::thread reader([&, copy = value]() mutable {
    whole = copy.text() == std::string(1000, 'a');
    copy = Value();
    left.store(true, std::memory_order_release);
  });
  while (!left.load(std::memory_order_relaxed))
    std::this_thread::yield();
  value.assign(std::string(1000, 'b'));
  BOOST_TEST(value.bytes().data() == memory);
  reader.join();
  BOOST_TEST(whole.load());
}

BOOST_AUTO_TEST_SUITE_END()
