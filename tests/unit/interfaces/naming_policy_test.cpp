#include <cachesite/data.hpp>

#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;

namespace {

constexpr std::string_view of_names = "abzABZ09__";

std::string random_name(std::mt19937& random) {
  std::string name(random() % 9, '_');
  for (auto& character : name)
    character = of_names[random() % of_names.size()];
  return name;
}

std::string refusal_of(const std::vector<std::string_view>& names, NamingPolicy policy) {
  const auto status = check_distinct(names, policy);
  return status.ok() ? "" : std::string(status.error().message());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(naming_policy)

BOOST_AUTO_TEST_CASE(names_have_the_form_of_the_policy) {
  struct Row {
    std::string_view name, camel, snake;
  };
  for (const auto& [name, camel, snake] : std::vector<Row>{
           {"", "", ""},
           {"id", "id", "id"},
           {"user_id", "userId", "user_id"},
           {"user_id2", "userId2", "user_id2"},
           {"userId2", "userId2", "user_id2"},
           {"user_2nd_id", "user2ndId", "user_2nd_id"},
           {"address_2", "address2", "address_2"},
           {"address2", "address2", "address2"},
           {"sha256Sum", "sha256Sum", "sha256_sum"},
           {"sha256SUM", "sha256SUM", "sha256_sum"},
           {"http_url", "httpUrl", "http_url"},
           {"httpURL", "httpURL", "http_url"},
           {"HTTPServer", "HTTPServer", "http_server"},
           {"UserId", "userId", "user_id"},
           {"userID", "userID", "user_id"},
           {"ID", "ID", "id"},
           {"X", "X", "x"},
           {"x", "x", "x"},
           {"MAX_SIZE", "MAX_SIZE", "max_size"},
           {"Max_size", "maxSize", "max_size"},
           {"a_b_c", "aBC", "a_b_c"},
           {"a__b", "aB", "a__b"},
           {"_id", "_id", "_id"},
           {"_user_id", "_userId", "_user_id"},
           {"_UserId", "_userId", "_user_id"},
           {"class_", "class_", "class_"},
           {"__user_class__", "__userClass__", "__user_class__"},
           {"__userClass__", "__userClass__", "__user_class__"},
           {"_", "_", "_"},
           {"___", "___", "___"},
           {"content-Type_x", "content-Type_x", "content-Type_x"},
           {"user.userId", "user.userId", "user.userId"},
           {"größe_X", "größe_X", "größe_X"},
           {"user id_x", "user id_x", "user id_x"},
       }) {
    BOOST_TEST(renamed(name, NamingPolicy::as_is) == name);
    BOOST_TEST(renamed(name, NamingPolicy::camel) == camel);
    BOOST_TEST(renamed(name, NamingPolicy::snake) == snake);
  }
}

BOOST_AUTO_TEST_CASE(a_name_that_has_the_form_keeps_it) {
  std::mt19937 random(7);
  for (int round = 0; round < 100000; ++round) {
    const auto name = random_name(random);
    for (const auto policy : {NamingPolicy::as_is, NamingPolicy::camel, NamingPolicy::snake}) {
      const auto form = renamed(name, policy);
      BOOST_REQUIRE_MESSAGE(renamed(form, policy) == form, name + " " + form);
    }
  }
}

BOOST_AUTO_TEST_CASE(names_of_words_go_there_and_back) {
  std::mt19937 random(11);
  for (int round = 0; round < 10000; ++round) {
    std::string snake(random() % 3, '_');
    std::string camel = snake;
    for (std::size_t word = 0, words = 1 + random() % 4; word < words; ++word) {
      const std::string text =
          std::string(2, static_cast<char>('a' + random() % 26)) + (random() % 2 ? "7" : "");
      snake += (word == 0 ? "" : "_") + text;
      camel += word == 0 ? text : static_cast<char>(text.front() - 'a' + 'A') + text.substr(1);
    }
    BOOST_REQUIRE(renamed(snake, NamingPolicy::camel) == camel);
    BOOST_REQUIRE(renamed(camel, NamingPolicy::snake) == snake);
  }
}

BOOST_AUTO_TEST_CASE(two_names_of_one_form_are_refused_in_a_sentence) {
  BOOST_TEST(refusal_of({"user_id", "name", "userId"}, NamingPolicy::camel) ==
             "the fields \"userId\" and \"user_id\" are both \"userId\" in camel case");
  BOOST_TEST(refusal_of({"user_id", "name", "userId"}, NamingPolicy::snake) ==
             "the fields \"userId\" and \"user_id\" are both \"user_id\" in snake case");
  BOOST_TEST(refusal_of({"address2", "address_2"}, NamingPolicy::camel) ==
             "the fields \"address2\" and \"address_2\" are both \"address2\" in camel case");
  BOOST_TEST(refusal_of({"address2", "address_2"}, NamingPolicy::snake).empty());
  BOOST_TEST(refusal_of({"user_id", "userId"}, NamingPolicy::as_is).empty());
  BOOST_TEST(refusal_of({}, NamingPolicy::camel).empty());
  BOOST_TEST(
      to_string(
          check_distinct(std::vector<std::string_view>{"a_b", "aB"}, NamingPolicy::camel).error().code()) ==
      "bad_argument");
}

BOOST_AUTO_TEST_SUITE_END()
