#define BOOST_TEST_MODULE cachesite
#include <boost/test/included/unit_test.hpp>
