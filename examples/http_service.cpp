// A small HTTP service on Boost.Asio. Its handlers await the cache, so one thread serves everybody.
//
//     http_service          answers two requests of its own, and ends
//     http_service 8080     serves http://127.0.0.1:8080/user/42 until it is interrupted

#include <cachesite/boost_asio.hpp>
#include <cachesite/cachesite.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <iostream>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

using namespace std::chrono_literals;
using Cache = std::shared_ptr<cachesite::ICache>;

std::string answer(std::string_view status, std::string_view body) {
  return "HTTP/1.1 " + std::string(status) + "\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\nConnection: close\r\n\r\n" + std::string(body);
}

// The second word of a request.
std::string path_of(std::string_view request) {
  const auto begin = std::min(request.find(' '), request.size() - 1) + 1;
  const auto end = std::min(request.find(' ', begin), request.size());
  return std::string(request.substr(begin, end - begin));
}

asio::awaitable<std::string> greet(Cache cache, std::string path) {
  const cachesite::CallOptions options{.patience = 50ms};
  const auto found = co_await cachesite::perform(cache->async_get(path, options), asio::use_awaitable);
  if (found.failed()) co_return answer("503 Service Unavailable", found.error().message());
  if (!found.hit()) co_return answer("404 Not Found", "nobody\n");
  co_return answer("200 OK", "hello, " + std::string(found.value().text()) + "\n");
}

asio::awaitable<void> serve(Cache cache, tcp::socket client) {
  std::string request;
  co_await asio::async_read_until(client, asio::dynamic_buffer(request, 8192), "\r\n\r\n",
                                  asio::use_awaitable);
  const auto path = path_of(request);
  const std::string response = co_await greet(cache, path);
  co_await asio::async_write(client, asio::buffer(response), asio::use_awaitable);
}

asio::awaitable<void> accept(Cache cache, tcp::acceptor& door) {
  for (;;) {
    tcp::socket client = co_await door.async_accept(asio::use_awaitable);
    asio::co_spawn(door.get_executor(), serve(cache, std::move(client)), asio::detached);
  }
}

// A client that waits, as any other.
std::string ask(std::uint16_t port, std::string_view path) {
  asio::io_context context;
  tcp::socket server(context);
  server.connect({asio::ip::address_v4::loopback(), port});
  asio::write(server, asio::buffer("GET " + std::string(path) + " HTTP/1.1\r\n\r\n"));
  std::string response;
  boost::system::error_code end;
  asio::read(server, asio::dynamic_buffer(response), end);
  return response.substr(response.find("\r\n\r\n") + 4);
}

}  // namespace

int main(int count, char** arguments) {
  const auto site = cachesite::load_component_site(CACHESITE_CONFIGS "/caches.yml");
  const auto cache = site->get_component<cachesite::ICache>("hot");
  cache->set_value("/user/42", "Ada", 30min);

  asio::io_context context;
  const auto port = static_cast<std::uint16_t>(count > 1 ? std::stoi(arguments[1]) : 0);
  tcp::acceptor door(context, {asio::ip::address_v4::loopback(), port});
  asio::co_spawn(context, accept(cache, door), asio::detached);
  if (count > 1) return static_cast<int>(context.run());

  std::thread service([&] { context.run(); });
  std::cout << ask(door.local_endpoint().port(), "/user/42");
  std::cout << ask(door.local_endpoint().port(), "/user/43");
  context.stop();
  service.join();
}
