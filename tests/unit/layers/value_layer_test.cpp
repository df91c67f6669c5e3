#include <cachesite/memory_cache.hpp>
#include <cachesite/value_layer.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace std::chrono_literals;

namespace {

// The example of the header.
class Reversed final : public cachesite::ValueLayer {
 public:
  using ValueLayer::ValueLayer;

 protected:
  Result<ByteView> to_stored(std::string_view, ByteView value, std::string& memory) override {
    const auto text = value.text();
    memory.assign(text.rbegin(), text.rend());
    return ByteView(memory);
  }
  Result<Found> from_stored(std::string_view, const Value& stored, Value& destination) override {
    const auto text = stored.text();
    destination.assign(ByteView(std::string(text.rbegin(), text.rend())));
    return Found::hit;
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(value_layer)

BOOST_AUTO_TEST_CASE(two_functions_change_values_one_by_one_and_in_batches) {
  const auto below = std::make_shared<MemoryCache>();
  Reversed cache(below);
  BOOST_TEST(cache.write("write", "abc", 1h).ok());
  BOOST_TEST(cache.add("add", "def", 1h).value());
  BOOST_TEST(cache.replace("add", "ghi", 1h).value());
  for (const auto& stored : cache.set_many({{"one", "jkl", 1h}, {"null", std::nullopt, 1h}}))
    BOOST_TEST(stored.ok());
  BOOST_TEST(below->get("write").value().text() == "cba");
  BOOST_TEST(below->get("add").value().text() == "ihg");
  BOOST_TEST(below->get("one").value().text() == "lkj");
  const auto found = cache.get_many({"write", "add", "one", "null", "nothing"});
  BOOST_TEST(found[0].value().text() == "abc");
  BOOST_TEST(found[1].value().text() == "ghi");
  BOOST_TEST(found[2].value().text() == "jkl");
  BOOST_TEST(found[3].null());
  BOOST_TEST(found[4].miss());
  BOOST_TEST(cache.get("one").value().text() == "jkl");
  BOOST_TEST((cache.increment("n", 1, 1h).error().code() == ErrorCode::unsupported));
}

BOOST_AUTO_TEST_SUITE_END()
