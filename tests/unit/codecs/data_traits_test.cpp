#include "random_values.hpp"

#include <cachesite/data_fields.hpp>
#include <cachesite/json_serializer.hpp>
#include <cachesite/message_pack_serializer.hpp>
#include <cachesite/pickle_serializer.hpp>

#include <deque>
#include <list>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace std::chrono_literals;

namespace of_data_traits {

enum class Shelf { cold, dry, unnamed = 77 };
constexpr auto data_names(Shelf) {
  return std::array{data_name("cold", Shelf::cold), data_name("dry", Shelf::dry),
                    data_name("arid", Shelf::dry)};
}

enum class Level : std::uint8_t { low = 1, high = 200 };

// Text of a type of one's own.
class Sku {
 public:
  Sku() = default;
  explicit Sku(std::string text) : text_(std::move(text)) {}
  operator std::string_view() const noexcept { return text_; }
  friend auto operator<=>(const Sku&, const Sku&) = default;

 private:
  std::string text_;
};

struct Base {
  std::uint64_t id = 0;
  friend bool operator==(const Base&, const Base&) = default;
};

struct Product : Base {
  enum class State : std::int16_t { draft = -1, sold };
  friend constexpr auto data_names(State) {
    return std::array{data_name("draft", State::draft), data_name("sold", State::sold)};
  }

  Sku sku;
  Shelf shelf = Shelf::cold;
  State state = State::draft;
  std::chrono::milliseconds keeps{0};
  std::chrono::sys_seconds made;
  std::variant<std::monostate, std::int32_t, std::string> extra;
  std::map<Shelf, std::set<std::string>> places;

  CACHESITE_FIELDS(Product, id, sku, shelf, state, keeps, made, extra, places)
  friend bool operator==(const Product&, const Product&) = default;
};

struct Pointers {
  std::shared_ptr<const Product> shared;
  std::unique_ptr<std::string> own;

  CACHESITE_FIELDS(Pointers, shared, own)
  friend bool operator==(const Pointers& left, const Pointers& right) {
    const auto same = [](const auto& one, const auto& other) {
      return one && other ? *one == *other : !one && !other;
    };
    return same(left.shared, right.shared) && same(left.own, right.own);
  }
};

template <class... T>
struct Types {};

using RoundTrips =
    Types<bool, std::int8_t, std::int64_t, std::uint64_t, float, double, std::string, Sku, Shelf, Level,
          Product::State, std::chrono::nanoseconds, std::chrono::hours, std::chrono::duration<double>,
          std::chrono::system_clock::time_point, std::chrono::sys_days, std::pair<int, std::string>,
          std::tuple<bool, Shelf, std::vector<int>>, std::tuple<int>, std::array<int, 3>,
          std::array<std::string, 1>, std::vector<bool>, std::vector<std::vector<std::string>>,
          std::deque<int>, std::list<Sku>, std::set<int>, std::set<std::vector<int>>,
          std::multiset<std::string>, std::unordered_set<std::string>, std::map<std::string, double>,
          std::map<Sku, int>, std::map<std::uint64_t, std::string>, std::map<std::int8_t, bool>,
          std::map<Shelf, int>, std::map<Level, int>, std::unordered_map<std::string, std::vector<int>>,
          std::unordered_map<std::int64_t, std::string>, std::variant<int, std::string, std::vector<bool>>,
          Product, std::vector<Product>, Pointers, std::map<std::string, Pointers>>;

template <class T, class S>
void comes_back(unsigned seed, const S& serializer) {
  test::RandomValues random(seed);
  T written{};
  random.fill(written);
  T read{};
  random.fill(read);  // what was there before is gone
  std::string bytes;
  BOOST_REQUIRE(serializer.write(written, bytes).ok());
  const auto found = serializer.read(bytes, read);
  BOOST_REQUIRE_MESSAGE(
      found.ok() && found.value() == Found::hit,
      typeid(T).name() << " of seed " << seed << ": " << (found.ok() ? "null" : found.error().message()));
  BOOST_REQUIRE_MESSAGE(read == written, typeid(T).name() << " of seed " << seed);
}

template <class S, class... T>
void all_come_back(const S& serializer, Types<T...>) {
  for (unsigned seed = 1; seed <= 60; ++seed)
    (comes_back<T>(seed, serializer), ...);
}

template <class T>
std::string json_of(const T& value) {
  std::string bytes;
  BOOST_REQUIRE(JsonSerializer().write(value, bytes).ok());
  return bytes;
}

template <class T, class S = JsonSerializer>
std::string failure_of(std::string_view bytes) {
  T value{};
  const auto found = S().read(bytes, value);
  return found.ok() ? "none" : std::string(found.error().message());
}

}  // namespace of_data_traits

using namespace of_data_traits;

BOOST_AUTO_TEST_SUITE(data_traits)

BOOST_AUTO_TEST_CASE(every_type_comes_back_from_json) {
  all_come_back(JsonSerializer(), RoundTrips());
}

BOOST_AUTO_TEST_CASE(every_type_comes_back_from_message_pack) {
  all_come_back(MessagePackSerializer(), RoundTrips());
  all_come_back(MessagePackSerializer(), Types<std::vector<std::byte>, std::array<std::byte, 16>>());
}

BOOST_AUTO_TEST_CASE(every_type_comes_back_from_a_pickle) {
  all_come_back(PickleSerializer(), RoundTrips());
  all_come_back(PickleSerializer(), Types<std::vector<std::byte>, std::array<std::byte, 16>>());
}

BOOST_AUTO_TEST_CASE(an_enumeration_has_its_names_or_its_number) {
  BOOST_TEST(json_of(std::vector{Shelf::cold, Shelf::dry, Shelf::unnamed}) == R"(["cold", "dry", 77])");
  BOOST_TEST(json_of(Level::high) == "200");
  BOOST_TEST(json_of(std::map<Shelf, int>{{Shelf::dry, 1}, {Shelf::unnamed, 2}}) == R"({"dry": 1, "77": 2})");
  Shelf shelf{};
  BOOST_TEST(JsonSerializer().read("\"arid\"", shelf).ok());
  BOOST_TEST((shelf == Shelf::dry));
  BOOST_TEST(failure_of<Shelf>("\"hot\"") == "expected one of cold, dry, arid, found other text");
  BOOST_TEST(failure_of<Level>("256") == "an integer is out of the range of its type");
  BOOST_TEST(failure_of<Level>("\"low\"") == "expected an integer, found text");
}

BOOST_AUTO_TEST_CASE(time_is_the_number_of_its_own_units) {
  BOOST_TEST(json_of(1500ms) == "1500");
  BOOST_TEST(json_of(std::chrono::duration<double>(1.5)) == "1.5");
  BOOST_TEST(json_of(std::chrono::sys_seconds(90s)) == "90");
}

BOOST_AUTO_TEST_CASE(tuples_sets_and_variants_have_the_forms_that_python_knows) {
  BOOST_TEST((DataTraits<std::pair<int, bool>>::to({1, true}).kind() == Data::Kind::tuple));
  BOOST_TEST((DataTraits<std::set<int>>::to({1}).kind() == Data::Kind::set));
  BOOST_TEST((DataTraits<std::set<std::vector<int>>>::to({{1}}).kind() == Data::Kind::list));
  BOOST_TEST(json_of(std::variant<int, std::string>("a")) == R"([1, "a"])");
  BOOST_TEST(json_of(std::vector<std::variant<std::monostate, int>>(1)) == "[[0, null]]");
}

BOOST_AUTO_TEST_CASE(what_is_no_such_value_is_a_failure_that_says_why) {
  BOOST_TEST((failure_of<std::pair<int, int>>("[1]")) == "expected a list of 2, found a list");
  BOOST_TEST((failure_of<std::array<int, 3>>("{}")) == "expected a list of 3, found a map");
  BOOST_TEST((failure_of<std::variant<int, bool>>("[2, true]")) ==
             "the number of an alternative is out of range");
  BOOST_TEST((failure_of<std::variant<int, bool>>("[-1, true]")) ==
             "the number of an alternative is out of range");
  BOOST_TEST((failure_of<std::variant<int, bool>>("[1, 1]")) == "expected a boolean, found an integer");
  BOOST_TEST((failure_of<std::variant<int, bool>>("true")) ==
             "expected a list of an alternative's number and its value, found a boolean");
  BOOST_TEST((failure_of<std::map<int, int>>(R"({"a": 1})")) == "expected an integer, found text");
  BOOST_TEST((failure_of<std::map<std::int8_t, int>>(R"({"128": 1})")) ==
             "an integer is out of the range of its type");
  BOOST_TEST((failure_of<std::map<Shelf, int>>(R"({"hot": 1})")) ==
             "expected one of cold, dry, arid, found other text");
  BOOST_TEST((failure_of<std::map<std::string, int>, MessagePackSerializer>("\x81\x01\x01")) ==
             "expected a text key, found an integer");
  BOOST_TEST((failure_of<std::array<std::byte, 2>, MessagePackSerializer>("\xC4\x01x")) ==
             "expected 2 bytes, found bytes");
}

BOOST_AUTO_TEST_CASE(fields_of_the_macro_are_those_of_the_struct) {
  struct One {
    int only = 0;
    CACHESITE_FIELDS(One, only);
  };
  BOOST_TEST(json_of(One{7}) == R"({"only": 7})");
  BOOST_TEST(json_of(Pointers()) == R"({"shared": null, "own": null})");
  BOOST_TEST(std::tuple_size_v<decltype(Product::fields())> == 8u);
}

BOOST_AUTO_TEST_SUITE_END()
