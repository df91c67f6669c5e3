#include <cachesite/detail/implementation_pointer.hpp>

#include <memory>
#include <utility>

#include <boost/test/unit_test.hpp>

using cachesite::detail::ImplementationPointer;

BOOST_AUTO_TEST_SUITE(implementation_pointer)

namespace {

struct Counted {
  explicit Counted(int& number) : alive(number) { ++alive; }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;
  ~Counted() { --alive; }
  int& alive;
};

}  // namespace

BOOST_AUTO_TEST_CASE(owns_what_a_unique_ptr_gives_it) {
  int alive = 0;
  {
    const ImplementationPointer<Counted> pointer = std::make_unique<Counted>(alive);
    BOOST_TEST(static_cast<bool>(pointer));
    BOOST_TEST(&pointer->alive == &alive);
    BOOST_TEST(pointer.get() == &*pointer);
    BOOST_TEST(alive == 1);
  }
  BOOST_TEST(alive == 0);
}

BOOST_AUTO_TEST_CASE(moves_and_releases_what_it_held) {
  int alive = 0;
  ImplementationPointer<Counted> first = std::make_unique<Counted>(alive);
  ImplementationPointer<Counted> second = std::move(first);
  BOOST_TEST(alive == 1);
  first = std::make_unique<Counted>(alive);
  BOOST_TEST(alive == 2);
  second = std::move(first);
  BOOST_TEST(alive == 1);
  auto& same = second;
  second = std::move(same);
  BOOST_TEST(alive == 1);
  second.reset();
  BOOST_TEST(alive == 0);
  BOOST_TEST(!second);
}

BOOST_AUTO_TEST_SUITE_END()
