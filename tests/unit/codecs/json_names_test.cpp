#include <cachesite/json_serializer.hpp>
#include <cachesite/memory_cache.hpp>
#include <cachesite/message_pack_serializer.hpp>
#include <cachesite/pickle_serializer.hpp>
#include <cachesite/typed_cache.hpp>

#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace std::chrono_literals;
using Kind = Data::Kind;

namespace {

struct HomeAddress {
  std::string street_name;
  std::optional<std::string> post_code;

  static auto fields() {
    return std::tuple(data_field("street_name", &HomeAddress::street_name),
                      data_field("post_code", &HomeAddress::post_code));
  }
  friend bool operator==(const HomeAddress&, const HomeAddress&) = default;
};

// One whose form is the program's own: a map with a field and with keys that are data.
struct Labels {
  std::string last_editor;
  std::string under_this_key;

  friend bool operator==(const Labels&, const Labels&) = default;
};

struct Account {
  std::int64_t user_id2 = 0;
  std::string http_url;
  std::optional<HomeAddress> home_address;
  std::vector<HomeAddress> other_addresses;
  std::map<std::string, HomeAddress> addresses_by_name;
  std::map<std::string, double> best_scores;
  Labels all_labels;
  Data any_thing;
  std::string _id_;

  static auto fields() {
    return std::tuple(data_field("user_id2", &Account::user_id2), data_field("http_url", &Account::http_url),
                      data_field("home_address", &Account::home_address),
                      data_field("other_addresses", &Account::other_addresses),
                      data_field("addresses_by_name", &Account::addresses_by_name),
                      data_field("best_scores", &Account::best_scores),
                      data_field("all_labels", &Account::all_labels),
                      data_field("any_thing", &Account::any_thing), data_field("_id_", &Account::_id_));
  }
  friend bool operator==(const Account&, const Account&) = default;
};

struct TwoForms {
  int user_id = 1;
  int userId = 2;

  static auto fields() {
    return std::tuple(data_field("user_id", &TwoForms::user_id), data_field("userId", &TwoForms::userId));
  }
};

struct Holder {
  std::vector<TwoForms> two_forms = {TwoForms()};

  static auto fields() { return std::tuple(data_field("two_forms", &Holder::two_forms)); }
};

struct Nothing {
  static std::tuple<> fields() { return {}; }
};

}  // namespace

template <>
struct cachesite::DataTraits<Labels> {
  static Data to(const Labels& labels) {
    auto data = Data::map();
    data.add(Data::field_name("last_editor"), Data(labels.last_editor));
    data.add(Data("under_this_key"), Data(labels.under_this_key));
    return data;
  }
  static Status from(const Data& data, Labels& labels) {
    const auto* const editor = data.find_field("last_editor");
    const auto* const under = data.find("under_this_key");
    if (editor == nullptr || under == nullptr) return Error(ErrorCode::corrupt, "no labels");
    labels = {editor->text(), under->text()};
    return Done{};
  }
};

namespace {

const Account grace{42,
                    "http://ada",
                    HomeAddress{"Main", "W1"},
                    {{"Side", std::nullopt}},
                    {{"summer_house", {"Sea", "S2"}}},
                    {{"in_chess", 1.5}},
                    {"Bob", "x"},
                    Data::map({"some_key", Data::map({"inner_key", 1})}),
                    "x"};

const std::string in_snake_case =
    R"({"user_id2": 42, "http_url": "http://ada", "home_address": {"street_name": "Main", "post_code": "W1"}, )"
    R"("other_addresses": [{"street_name": "Side", "post_code": null}], )"
    R"("addresses_by_name": {"summer_house": {"street_name": "Sea", "post_code": "S2"}}, )"
    R"("best_scores": {"in_chess": 1.5}, "all_labels": {"last_editor": "Bob", "under_this_key": "x"}, )"
    R"("any_thing": {"some_key": {"inner_key": 1}}, "_id_": "x"})";
const std::string in_camel_case =
    R"({"userId2": 42, "httpUrl": "http://ada", "homeAddress": {"streetName": "Main", "postCode": "W1"}, )"
    R"("otherAddresses": [{"streetName": "Side", "postCode": null}], )"
    R"("addressesByName": {"summer_house": {"streetName": "Sea", "postCode": "S2"}}, )"
    R"("bestScores": {"in_chess": 1.5}, "allLabels": {"lastEditor": "Bob", "under_this_key": "x"}, )"
    R"("anyThing": {"some_key": {"inner_key": 1}}, "_id_": "x"})";

JsonSerializer in_form(NamingPolicy names) {
  return JsonSerializer({.names = names});
}

template <class T>
std::string json_of(const T& value, NamingPolicy names) {
  std::string bytes;
  const auto status = in_form(names).write(value, bytes);
  return status.ok() ? bytes : std::string(status.error().message());
}

template <class T>
std::string refusal_of(std::string_view text, NamingPolicy names) {
  T value{};
  const auto found = in_form(names).read(ByteView(text), value);
  return found.ok() ? "none" : std::string(found.error().message());
}

// The struct of the same fields in the other form.
struct CamelAccount {
  std::int64_t userId2 = 0;
  std::string httpURL;

  static auto fields() {
    return std::tuple(data_field("userId2", &CamelAccount::userId2),
                      data_field("httpURL", &CamelAccount::httpURL));
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(json_names)

BOOST_AUTO_TEST_CASE(fields_have_their_names_in_the_form_of_the_policy_at_every_depth_and_keys_stay) {
  BOOST_TEST(json_of(grace, NamingPolicy::as_is) == in_snake_case);
  BOOST_TEST(json_of(grace, NamingPolicy::snake) == in_snake_case);
  BOOST_TEST(json_of(grace, NamingPolicy::camel) == in_camel_case);
  BOOST_TEST(json_of(CamelAccount{42, "x"}, NamingPolicy::snake) == R"({"user_id2": 42, "http_url": "x"})");
  BOOST_TEST(json_of(CamelAccount{42, "x"}, NamingPolicy::camel) == R"({"userId2": 42, "httpURL": "x"})");
  BOOST_TEST(json_of(Nothing(), NamingPolicy::camel) == "{}");
}

BOOST_AUTO_TEST_CASE(what_is_written_with_a_policy_is_read_with_it) {
  for (const auto names : {NamingPolicy::as_is, NamingPolicy::camel, NamingPolicy::snake}) {
    TypedCache<Account, JsonSerializer> users(std::make_shared<MemoryCache>(MemoryCacheOptions{}),
                                              in_form(names));
    BOOST_TEST(users.set_value("user:42", grace, 1h));
    BOOST_TEST((users.get_value("user:42") == grace));
    auto without = grace;
    without.home_address.reset();
    BOOST_TEST(users.set_value("user:42", without, 1h));
    BOOST_TEST((users.get_value("user:42") == without));
  }
  Nothing nothing;
  BOOST_TEST(in_form(NamingPolicy::camel).read(ByteView("{}"), nothing).ok());
}

BOOST_AUTO_TEST_CASE(other_programs_text_is_read_under_the_names_of_the_policy_alone) {
  CamelAccount user;
  BOOST_TEST(in_form(NamingPolicy::snake).read(ByteView(R"({"http_url": "x", "user_id2": 42})"), user).ok());
  BOOST_TEST(user.userId2 == 42);
  BOOST_TEST(user.httpURL == "x");
  BOOST_TEST(refusal_of<HomeAddress>(R"({"streetName": "Main"})", NamingPolicy::camel) == "none");
  BOOST_TEST(refusal_of<HomeAddress>(R"({"street_name": "Main"})", NamingPolicy::camel) ==
             "the field \"streetName\" is missing");
  BOOST_TEST(refusal_of<HomeAddress>(R"({"streetName": "Main"})", NamingPolicy::as_is) ==
             "the field \"street_name\" is missing");
  BOOST_TEST(refusal_of<Account>(R"({"userId2": "x"})", NamingPolicy::camel) ==
             "user_id2: expected an integer, found text");
}

BOOST_AUTO_TEST_CASE(two_fields_of_one_name_are_refused_written_and_read) {
  const std::string both = "the fields \"userId\" and \"user_id\" are both ";
  BOOST_TEST(json_of(TwoForms(), NamingPolicy::as_is) == R"({"user_id": 1, "userId": 2})");
  BOOST_TEST(json_of(TwoForms(), NamingPolicy::camel) == both + "\"userId\" in camel case");
  BOOST_TEST(json_of(TwoForms(), NamingPolicy::snake) == both + "\"user_id\" in snake case");
  BOOST_TEST(json_of(Holder(), NamingPolicy::camel) == both + "\"userId\" in camel case");
  BOOST_TEST(refusal_of<TwoForms>(R"({"user_id": 1, "userId": 2})", NamingPolicy::as_is) == "none");
  BOOST_TEST(refusal_of<TwoForms>(R"({"userId": 1})", NamingPolicy::camel) ==
             both + "\"userId\" in camel case");
  BOOST_TEST(refusal_of<TwoForms>(R"({"user_id": 1})", NamingPolicy::snake) ==
             both + "\"user_id\" in snake case");
  BOOST_TEST(refusal_of<Holder>(R"({"twoForms": [{"userId": 1}]})", NamingPolicy::camel) ==
             "two_forms: " + both + "\"userId\" in camel case");
  const auto object = Data::of_elements(
      Kind::object,
      {Data::map({"__class__", "app.User", "__data__", Data::map({"user_id", 1, "userId", 2})})});
  BOOST_TEST(json_of(object, NamingPolicy::camel) == both + "\"userId\" in camel case");
  BOOST_TEST(json_of(object, NamingPolicy::as_is) == R"({"user_id": 1, "userId": 2})");
}

BOOST_AUTO_TEST_CASE(fields_of_objects_have_the_names_that_rick_gives_them) {
  const auto object = [](Kind kind) {
    return Data::of_elements(
        kind, {Data::map({"__class__", "app.User", "__data__",
                          Data::map({"first_name", "Ada", "user_id2", 1, "_private_part", true, "httpURL", 2,
                                     "MAX_SIZE", 3, 7, "number", "plain_map", Data::map({"a_key", 1})})})});
  };
  for (const auto kind : {Kind::object, Kind::data_class})
    BOOST_TEST(json_of(object(kind), NamingPolicy::camel) ==
               R"({"firstName": "Ada", "userId2": 1, "_privatePart": true, "httpURL": 2, "MAX_SIZE": 3, )"
               R"("7": "number", "plainMap": {"a_key": 1}})");
}

BOOST_AUTO_TEST_CASE(a_tree_that_was_read_is_written_as_it_was) {
  for (const auto names : {NamingPolicy::as_is, NamingPolicy::camel, NamingPolicy::snake})
    for (const auto* const text :
         {R"({"user_id": {"userId": 1}, "a_b": [{"aB": 2}]})", R"({"a_b": 1, "aB": 2})"}) {
      const auto data = in_form(names).read_data(ByteView(text));
      BOOST_REQUIRE(data.ok());
      BOOST_TEST(json_of(data.value(), names) == text);
      BOOST_TEST((data.value() == in_form(NamingPolicy::as_is).read_data(ByteView(text)).value()));
    }
}

BOOST_AUTO_TEST_CASE(other_serialisers_write_and_read_the_names_as_they_are) {
  const HomeAddress address{"Main", "W1"};
  const auto there_and_back = [&](const auto& serializer) {
    std::string bytes;
    BOOST_TEST(serializer.write(address, bytes).ok());
    BOOST_TEST(bytes.find("street_name") != std::string::npos);
    HomeAddress again;
    BOOST_TEST(serializer.read(ByteView(bytes), again).ok());
    BOOST_TEST((again == address));
  };
  there_and_back(MessagePackSerializer());
  there_and_back(PickleSerializer());
  there_and_back(JsonSerializer());
}

BOOST_AUTO_TEST_SUITE_END()
