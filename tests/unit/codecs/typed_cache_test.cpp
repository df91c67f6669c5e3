#include <cachesite/codec_cache.hpp>
#include <cachesite/json_serializer.hpp>
#include <cachesite/memory_cache.hpp>
#include <cachesite/message_pack_serializer.hpp>
#include <cachesite/pickle_serializer.hpp>
#include <cachesite/typed_cache.hpp>

#include <stdexcept>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(typed_cache)

namespace {

struct Address {
  std::string city;
  std::uint16_t number = 0;

  static auto fields() {
    return std::tuple(data_field("city", &Address::city), data_field("number", &Address::number));
  }
  friend bool operator==(const Address&, const Address&) = default;
};

struct User {
  std::int64_t id = 0;
  std::string name;
  std::optional<std::string> mail;
  std::vector<Address> addresses;
  std::map<std::string, double> scores;
  bool active = false;

  static auto fields() {
    return std::tuple(data_field("id", &User::id), data_field("name", &User::name),
                      data_field("mail", &User::mail), data_field("addresses", &User::addresses),
                      data_field("scores", &User::scores), data_field("active", &User::active));
  }
  friend bool operator==(const User&, const User&) = default;
};

const User ada{42, "Ada", "ada@example.org", {{"London", 12}, {"Paris", 7}}, {{"chess", 1.5}}, true};

std::shared_ptr<ICache> in_memory() {
  return std::make_shared<MemoryCache>(MemoryCacheOptions{});
}

// A serialiser of a program's own, for a type that knows nothing of Data.
struct Point {
  int x = 0;
  int y = 0;
};
struct PointSerializer {
  Status write(const Point& point, std::string& bytes) const {
    if (point.x < 0) throw std::runtime_error("quotes the value");
    bytes = std::to_string(point.x) + "," + std::to_string(point.y);
    return Done{};
  }
  Result<Found> read(ByteView bytes, Point& point) const {
    const auto text = std::string(bytes.text());
    const auto comma = text.find(',');
    if (comma == std::string::npos) return Error(ErrorCode::corrupt, "no point");
    point = {std::stoi(text.substr(0, comma)), std::stoi(text.substr(comma + 1))};
    return Found::hit;
  }
};

template <class S>
void a_struct_comes_back(S serializer) {
  TypedCache<User, S> users(in_memory(), serializer);
  BOOST_TEST(users.get("user:42").miss());
  BOOST_TEST(users.set_value("user:42", ada, 1h));
  const auto lookup = users.get("user:42");
  BOOST_REQUIRE(lookup.hit());
  BOOST_TEST((lookup.value() == ada));
  auto without_mail = ada;
  without_mail.mail.reset();
  BOOST_TEST(users.write("user:42", without_mail, TimeToLive(1h)).ok());
  BOOST_TEST((users.get_value("user:42") == without_mail));
  BOOST_TEST(users.contains("user:42").value_or(false));
  BOOST_TEST((users.time_to_live("user:42").value().state == Remaining::State::expires));
  BOOST_TEST(users.remove("user:42").value_or(false));
  BOOST_TEST(users.get("user:42").miss());
}

template <class S>
std::string failure_of(std::string_view bytes) {
  const auto cache = in_memory();
  cache->set_value("key", bytes, 1h);
  const auto lookup = TypedCache<User, S>(cache).get("key");
  return lookup.failed() ? std::string(lookup.error().message()) : "none";
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_struct_comes_back_by_every_serialiser) {
  a_struct_comes_back(JsonSerializer());
  a_struct_comes_back(MessagePackSerializer());
  a_struct_comes_back(PickleSerializer());
}

BOOST_AUTO_TEST_CASE(a_cached_null_is_neither_a_value_nor_a_miss) {
  TypedCache<std::string, JsonSerializer> cache(in_memory());
  BOOST_TEST(cache.set_value("nothing", std::nullopt, 1h));
  const auto lookup = cache.get("nothing");
  BOOST_TEST(lookup.null());
  BOOST_TEST(!lookup.hit());
  BOOST_TEST(!lookup.miss());
  BOOST_TEST(!lookup.failed());
  BOOST_TEST(!cache.get_value("nothing").has_value());
  BOOST_TEST(lookup.value_or("fallback") == "fallback");
  BOOST_TEST(cache.cache()->get("nothing").null());
}

BOOST_AUTO_TEST_CASE(a_null_may_be_written_in_the_serialisers_own_form) {
  TypedCache<std::string, PickleSerializer> cache(in_memory(), PickleSerializer(), NullForm::serialized);
  BOOST_TEST(cache.set_value("nothing", std::nullopt, 1h));
  BOOST_TEST(cache.cache()->get_value("nothing")->text() == "\x80\x05N.");
  BOOST_TEST(cache.get("nothing").null());
}

BOOST_AUTO_TEST_CASE(bytes_that_hold_no_such_value_are_a_failure_that_says_why) {
  BOOST_TEST(failure_of<JsonSerializer>("{") == "the bytes are not the JSON of a value");
  BOOST_TEST(failure_of<JsonSerializer>("[]") == "expected a map, found a list");
  BOOST_TEST(failure_of<JsonSerializer>(R"({"id": 1})") == "the field \"name\" is missing");
  BOOST_TEST(failure_of<JsonSerializer>(R"({"id": "1"})") == "id: expected an integer, found text");
  BOOST_TEST(
      failure_of<JsonSerializer>(
          R"({"id": 1, "name": "", "addresses": [{"city": "", "number": 65536}], "scores": {}, "active": true})") ==
      "addresses: number: an integer is out of the range of its type");
  BOOST_TEST(failure_of<JsonSerializer>(
                 R"({"id": 1, "name": "", "addresses": [], "scores": {}, "active": true, "later": 1})") ==
             "none");
  BOOST_TEST(failure_of<PickleSerializer>("not a pickle") == "the bytes are not a pickle of plain data");
}

BOOST_AUTO_TEST_CASE(numbers_fit_their_types_or_fail) {
  const auto cache = in_memory();
  TypedCache<std::uint64_t, JsonSerializer> numbers(cache);
  BOOST_TEST(numbers.set_value("most", std::uint64_t{18446744073709551615U}, 1h));
  BOOST_TEST(numbers.get_value("most").value_or(0) == 18446744073709551615U);
  BOOST_TEST((TypedCache<std::int64_t, JsonSerializer>(cache).get("most").failed()));
  BOOST_TEST((TypedCache<std::int8_t, JsonSerializer>(cache).get("most").failed()));
  BOOST_TEST(cache->set_value("small", "-129", 1h));
  BOOST_TEST((TypedCache<std::int8_t, JsonSerializer>(cache).get("small").failed()));
  BOOST_TEST((TypedCache<std::int16_t, JsonSerializer>(cache).get_value("small") == std::int16_t{-129}));
  BOOST_TEST(numbers.get("small").failed());
  BOOST_TEST((TypedCache<double, JsonSerializer>(cache).get_value("small") == -129.0));
  BOOST_TEST((TypedCache<bool, JsonSerializer>(cache).get("small").failed()));
}

BOOST_AUTO_TEST_CASE(bytes_lists_and_trees_are_values_too) {
  const auto cache = in_memory();
  TypedCache<std::vector<std::byte>, MessagePackSerializer> bytes(cache);
  const std::vector<std::byte> some{std::byte{0}, std::byte{255}};
  BOOST_TEST(bytes.set_value("bytes", some, 1h));
  BOOST_TEST((bytes.get_value("bytes") == some));
  TypedCache<Data, PickleSerializer> trees(cache);
  const auto tree = Data::map({1, Data::list({"a", Data()})});
  BOOST_TEST(trees.set_value("tree", tree, 1h));
  BOOST_TEST((trees.get_value("tree") == tree));
}

BOOST_AUTO_TEST_CASE(a_serialiser_of_ones_own_may_even_throw) {
  TypedCache<Point, PointSerializer> points(in_memory());
  BOOST_TEST(points.set_value("point", Point{1, 2}, 1h));
  BOOST_TEST(points.get("point").value_or({}).y == 2);
  const auto status = points.write("bad", Point{-1, 0}, TimeToLive(1h));
  BOOST_REQUIRE(!status.ok());
  BOOST_TEST(status.error().message() == "the serialiser threw an exception");
  points.cache()->set_value("point", "x,y", 1h);
  BOOST_TEST(points.get("point").failed());
}

BOOST_AUTO_TEST_CASE(failures_of_the_cache_below_are_passed_on) {
  TypedCache<std::string, JsonSerializer> cache(in_memory());
  cache.cache()->stop();
  const auto lookup = cache.get("key");
  BOOST_REQUIRE(lookup.failed());
  BOOST_TEST((lookup.error().code() == ErrorCode::closed));
  BOOST_TEST(!cache.set_value("key", std::string("value"), 1h));
  BOOST_TEST(!cache.set_value("key", std::nullopt, 1h));
  BOOST_CHECK_THROW((TypedCache<std::string, JsonSerializer>(nullptr)), std::invalid_argument);
}

// What redis-kit stores: JSON, then zlib, in no envelope.
BOOST_AUTO_TEST_CASE(a_typed_cache_over_a_codec_layer_reads_what_redis_kit_wrote) {
  CodecCacheOptions options;
  const auto below = in_memory();
  options.over = Reference<ICache>(below);
  options.compression = Compression::zlib;
  options.format = StoredFormat::bare;
  TypedCache<Data, JsonSerializer> cache(std::make_shared<CodecCache>(options));
  const std::string_view text("\x78\x9c\x4b\x4c\x4a\x06\x00\x02\x4d\x01\x27", 11);
  BOOST_TEST(below->set_value("not json", text, 1h));
  BOOST_TEST(cache.get("not json").failed());
  BOOST_TEST(cache.set_value("key", Data::map({"a", 1}), 1h));
  BOOST_TEST(below->get_value("key")->text().starts_with("\x78\x9c"));
  BOOST_TEST((cache.get_value("key") == Data::map({"a", 1})));
}

BOOST_AUTO_TEST_SUITE_END()
