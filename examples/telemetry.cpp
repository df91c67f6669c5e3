// Traces and metrics of a cache, sent to a collector; here the collector is a dozen lines of this program.

#include <cachesite/cachesite.hpp>

#include <algorithm>
#include <iostream>
#include <memory>
#include <string>
#include <thread>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

// Accepts one HTTP request, prints its path and answers. A real collector listens at 127.0.0.1:4318.
void collect_one(int listener) {
  const int connection = ::accept(listener, nullptr, nullptr);
  std::string request;
  char bytes[4096];
  for (std::size_t size = 1, all = 1; size > 0 && request.size() < all;) {
    size = static_cast<std::size_t>(std::max<ssize_t>(::read(connection, bytes, sizeof bytes), 0));
    request.append(bytes, size);
    const auto length = request.find("Content-Length: "), end = request.find("\r\n\r\n");
    all = end == std::string::npos ? request.size() + 1 : end + 4 + std::stoul(request.substr(length + 16));
  }
  std::cout << request.substr(0, request.find(" HTTP")) << "\n"
            << request.substr(request.find("\r\n\r\n") + 4) << "\n";
  const std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";
  (void)!::write(connection, answer.data(), answer.size());
  ::close(connection);
}

int main() {
  using namespace std::chrono_literals;

  const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (::bind(listener, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(listener, 1) != 0)
    return 1;
  ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
  std::thread collector(collect_one, listener);

  cachesite::OpenTelemetryExporterOptions options;
  options.endpoint = "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port));
  options.service_name = "shop";
  options.sample_ratio = 1;  // every call
  const auto telemetry = std::make_shared<cachesite::OpenTelemetryExporter>(options);
  telemetry->start();

  // One hook adds traces to an existing cache.
  const auto store = std::make_shared<cachesite::MemoryCache>(cachesite::MemoryCacheOptions{});
  const auto sessions = cachesite::traced(store, telemetry, "sessions");

  {
    // In the handler of a request with a traceparent, calls belong to the caller's trace.
    const cachesite::TraceScope scope("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
    (void)sessions->get_value("user:42");
    std::cout << "to the next service: " << cachesite::current_traceparent() << "\n";
  }

  telemetry->stop();  // sends the rest
  collector.join();
  ::close(listener);
  std::cout << telemetry->statistics().spans_sent << " sent\n";
}
