#include "telemetry/http_response.hpp"

#include <cstddef>
#include <string>
#include <string_view>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using telemetry::HttpResponse;
using State = HttpResponse::State;

BOOST_TEST_DONT_PRINT_LOG_VALUE(State)

namespace {

HttpResponse read(std::string_view text, std::size_t piece) {
  HttpResponse response;
  for (std::size_t begin = 0; begin < text.size(); begin += piece)
    response.feed(text.substr(begin, piece));
  return response;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(http_response)

BOOST_AUTO_TEST_CASE(a_response_is_the_same_in_whatever_pieces_it_comes) {
  const std::string with_length =
      "HTTP/1.1 503 Busy\r\nRetry-After:  7 \r\ncontent-length: 5\r\nX: y\r\n\r\nhello";
  const std::string in_chunks =
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nhel\r\n2\r\nlo\r\n0\r\nTrailer: "
      "t\r\n\r\n";
  for (std::size_t piece = 1; piece <= in_chunks.size(); ++piece) {
    const auto first = read(with_length, piece);
    BOOST_TEST((first.state() == State::done));
    BOOST_TEST(first.status() == 503);
    BOOST_TEST(first.retry_after() == "7");
    BOOST_TEST(first.body() == "hello");
    BOOST_TEST(first.keeps_alive());
    const auto second = read(in_chunks, piece);
    BOOST_TEST((second.state() == State::done));
    BOOST_TEST(second.status() == 200);
    BOOST_TEST(second.body() == "hello");
    BOOST_TEST(second.keeps_alive());
  }
}

BOOST_AUTO_TEST_CASE(every_response_that_is_cut_off_is_unfinished_and_its_end_a_failure) {
  const std::string whole = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n0\r\n\r\n";
  for (std::size_t size = 0; size < whole.size(); ++size) {
    auto response = read(std::string_view(whole).substr(0, size), 7);
    BOOST_TEST(!response.finished(), size);
    response.end();
    BOOST_TEST((response.state() == State::failed), size);
  }
}

BOOST_AUTO_TEST_CASE(a_body_without_a_size_ends_with_the_connection) {
  auto response = read("HTTP/1.0 200 OK\r\n\r\nhello", 4);
  BOOST_TEST(!response.finished());
  response.end();
  BOOST_TEST((response.state() == State::done));
  BOOST_TEST(response.body() == "hello");
  BOOST_TEST(!response.keeps_alive());
}

BOOST_AUTO_TEST_CASE(provisional_answers_and_those_without_a_body_are_understood) {
  const auto continued =
      read("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\nContent-Length: 9\r\n\r\n", 3);
  BOOST_TEST((continued.state() == State::done));
  BOOST_TEST(continued.status() == 204);
  const auto closing = read("HTTP/1.1 200\r\nConnection: Close\r\nContent-Length: 0\r\n\r\n", 3);
  BOOST_TEST((closing.state() == State::done));
  BOOST_TEST(!closing.keeps_alive());
}

BOOST_AUTO_TEST_CASE(sizes_are_charged_when_they_are_announced) {
  const std::string most = std::to_string(HttpResponse::most_body);
  BOOST_TEST((read("HTTP/1.1 200 OK\r\nContent-Length: " + most + "\r\n\r\n", 9).state() == State::body));
  for (const std::string head :
       {"Content-Length: 65537\r\n\r\n", "Content-Length: 1073741824\r\n\r\n",
        "Content-Length: 18446744073709551615\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n40000000\r\n",
        "Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n10000\r\n"}) {
    const auto response = read("HTTP/1.1 200 OK\r\n" + head, 5);
    BOOST_TEST((response.state() == State::failed), head);
    BOOST_TEST(response.too_large(), head);
    BOOST_TEST(!response.keeps_alive(), head);
  }
  auto endless = read("HTTP/1.1 200 OK\r\n\r\n", 5);
  endless.feed(std::string(HttpResponse::most_body, 'x'));
  BOOST_TEST(!endless.finished());
  endless.feed("x");
  BOOST_TEST(endless.too_large());
  auto heads = read("HTTP/1.1 200 OK\r\n", 5);
  for (int line = 0; line < 2000 && !heads.finished(); ++line)
    heads.feed("Header: 1234567890\r\n");
  BOOST_TEST(heads.too_large());
  auto provisional = read("", 1);
  for (int answer = 0; answer < 2000 && !provisional.finished(); ++answer)
    provisional.feed("HTTP/1.1 100 Continue\r\n\r\n");
  BOOST_TEST(provisional.too_large());
}

BOOST_AUTO_TEST_CASE(what_is_no_response_is_refused) {
  for (const std::string text :
       {"+PONG\r\n", "HTTP/2 200\r\n", "HTTP/1.1 20\r\n", "HTTP/1.1 2000 OK\r\n", "HTTP/1.1 abc OK\r\n",
        "HTTP/1.1 099 OK\r\n", "HTTP/1.1 101 Switching\r\n\r\n", "HTTP/1.1 200 OK\r\nno colon\r\n",
        "HTTP/1.1 200 OK\r\n: x\r\n", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nxy\r\n"}) {
    const auto response = read(text, 6);
    BOOST_TEST((response.state() == State::failed), text);
    BOOST_TEST(!response.too_large(), text);
  }
}

BOOST_AUTO_TEST_SUITE_END()
