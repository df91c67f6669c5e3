#include "support/redis_reply.hpp"

#include "support/reply_framer.hpp"

#include <boost/test/unit_test.hpp>

using namespace cachesite::test;

BOOST_AUTO_TEST_SUITE(redis_reply)

BOOST_AUTO_TEST_CASE(every_kind_of_reply_is_read) {
  std::string bytes = "+OK\r\n-ERR no\r\n:-7\r\n$3\r\na\r\n\r\n$-1\r\n*2\r\n$0\r\n\r\n*-1\r\n";
  BOOST_TEST(take_reply(bytes)->describe() == "OK");
  BOOST_TEST(take_reply(bytes)->is_error());
  BOOST_TEST(take_reply(bytes)->integer == -7);
  BOOST_TEST(take_reply(bytes)->text == "a\r\n");
  BOOST_TEST(take_reply(bytes)->is_null());
  BOOST_TEST(take_reply(bytes)->describe() == "[\"\", nil]");
  BOOST_TEST(bytes.empty());
}

BOOST_AUTO_TEST_CASE(an_incomplete_reply_is_left_alone) {
  const std::string whole = array({bulk("ab"), array({":1\r\n", "+x\r\n"}), bulk("")});
  for (std::size_t size = 0; size < whole.size(); ++size) {
    std::string part = whole.substr(0, size);
    BOOST_TEST(!take_reply(part).has_value());
    BOOST_TEST(part == whole.substr(0, size));
  }
}

BOOST_AUTO_TEST_CASE(bytes_that_are_not_resp_are_an_exception) {
  std::string http = "HTTP/1.1 400 Bad Request\r\n";
  BOOST_CHECK_THROW(take_reply(http), std::runtime_error);
  std::string number = ":1x\r\n";
  BOOST_CHECK_THROW(take_reply(number), std::runtime_error);
}

BOOST_AUTO_TEST_CASE(the_framer_finds_the_same_ends_however_the_bytes_are_cut) {
  const std::string values[] = {"+OK\r\n", bulk("a\r\n$5\r\n"),
                                array({bulk("x"), array({":1\r\n", "$-1\r\n"}), "*0\r\n"}), "*-1\r\n",
                                bulk("")};
  std::string stream;
  std::vector<std::size_t> ends;
  for (const std::string& value : values)
    ends.push_back((stream += value).size());
  for (std::size_t piece = 1; piece <= stream.size(); ++piece) {
    ReplyFramer framer;
    std::vector<std::size_t> found;
    std::size_t position = 0;
    while (position < stream.size()) {
      std::string_view part = std::string_view(stream).substr(position, piece);
      while (!part.empty()) {
        const std::size_t used = framer.feed(part);
        position += used;
        part.remove_prefix(used);
        if (framer.at_end()) found.push_back(position);
      }
    }
    BOOST_TEST(found == ends, boost::test_tools::per_element());
    BOOST_TEST(framer.count() == std::size(values));
  }
}

BOOST_AUTO_TEST_SUITE_END()
