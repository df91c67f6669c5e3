#define BOOST_TEST_MODULE cachesite
#include <boost/test/included/unit_test.hpp>

// Some tests fork, and start threads in the child.
extern "C" const char* __tsan_default_options();
extern "C" const char* __tsan_default_options() {
  return "die_after_fork=0";
}
