// What a GET of 64 bytes over TLS costs the client, and what the first and a resumed handshake take.
//
//   bench_redis_tls                         everything; exits with 1 when a target is missed
//   bench_redis_tls run COUNT PORT FOLDER   the calls alone, for an instruction counter
//
// Instructions come from callgrind: the difference of two run lengths, so that start-up does not count. The
// anchor is redis-plus-plus on hiredis 1.x with TLS: 21534 instructions per GET.

#include "redis/settings/endpoint_settings.hpp"
#include "redis/transport/connector.hpp"
#include "redis/transport/tls_transport.hpp"

#include <cachesite/redis_cache.hpp>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

using namespace std::chrono_literals;

constexpr double anchor = 21534;
constexpr double target = 0.75;

std::uint16_t free_port() {
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ::bind(socket, reinterpret_cast<const sockaddr*>(&address), size);
  ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size);
  ::close(socket);
  return ntohs(address.sin_port);
}

/// A redis-server of this program's own that speaks TLS, with a certificate of its own.
class TlsRedis {
 public:
  TlsRedis() : port_(free_port()) {
    char folder[] = "/tmp/cachesite-bench-XXXXXX";
    if (::mkdtemp(folder) == nullptr) throw std::runtime_error("mkdtemp");
    folder_ = folder;
    const std::string command =
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 "
        "-subj /CN=localhost -addext subjectAltName=IP:127.0.0.1 -keyout " +
        folder_ + "/key.pem -out " + folder_ + "/certificate.pem 2>/dev/null";
    if (std::system(command.c_str()) != 0) throw std::runtime_error("openssl");
    child_ = ::fork();
    if (child_ == 0) {
      const std::string port = std::to_string(port_);
      const std::string certificate = folder_ + "/certificate.pem";
      const std::string key = folder_ + "/key.pem";
      ::execlp("redis-server", "redis-server", "--port", "0", "--tls-port", port.c_str(), "--bind",
               "127.0.0.1", "--save", "", "--tls-cert-file", certificate.c_str(), "--tls-key-file",
               key.c_str(), "--tls-ca-cert-file", certificate.c_str(), "--tls-auth-clients", "no", "--dir",
               folder, "--logfile", "log", nullptr);
      ::_exit(127);
    }
    for (int attempt = 0; attempt < 500 && !connects(); ++attempt)
      std::this_thread::sleep_for(10ms);
  }
  ~TlsRedis() {
    ::kill(child_, SIGKILL);
    ::waitpid(child_, nullptr, 0);
    std::filesystem::remove_all(folder_);
  }
  TlsRedis(const TlsRedis&) = delete;
  TlsRedis& operator=(const TlsRedis&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] const std::string& folder() const { return folder_; }

 private:
  [[nodiscard]] bool connects() const {
    const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port_);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const bool good = ::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    ::close(socket);
    return good;
  }

  std::uint16_t port_;
  std::string folder_;
  pid_t child_ = -1;
};

cachesite::RedisCacheOptions options(std::uint16_t port, const std::string& folder) {
  cachesite::RedisCacheOptions options;
  options.host = "127.0.0.1";
  options.port = port;
  options.prefix = "bench:";
  options.ssl = true;
  options.ssl_ca_certs = folder + "/certificate.pem";
  return options;
}

int run(int count, std::uint16_t port, const std::string& folder) {
  cachesite::RedisCache cache(options(port, folder));
  cache.start();
  cache.await_started();
  if (!cache.set_value("key", std::string(64, 'x'), 60s)) return 1;
  cachesite::Value value;
  for (int call = 0; call < count; ++call) {
    const auto found = cache.read("key", value);
    if (!found.ok() || found.value() != cachesite::Found::hit) return 1;
  }
  return 0;
}

double instructions(const std::string& program, int count, const TlsRedis& server) {
  const std::string command = "valgrind --tool=callgrind --callgrind-out-file=/dev/null " + program +
                              " run " + std::to_string(count) + " " + std::to_string(server.port()) + " " +
                              server.folder() + " 2>&1";
  FILE* const pipe = ::popen(command.c_str(), "r");
  double collected = 0;
  char line[512];
  while (std::fgets(line, sizeof line, pipe) != nullptr)
    if (const char* const at = std::strstr(line, "Collected : ")) collected = std::atof(at + 12);
  if (::pclose(pipe) != 0) throw std::runtime_error("the run under callgrind failed");
  return collected;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

/// Microseconds from nothing to the first PONG.
double handshake(const TlsRedis& server, bool resumed) {
  std::vector<double> times;
  cachesite::basics::StopSignal stop;
  auto settings =
      cachesite::redis::endpoint_settings(options(server.port(), server.folder()), 1000).connector;
  for (int round = 0; round < 41; ++round) {
    if (!resumed) settings.tls = std::make_shared<cachesite::redis::TlsContext>(settings.tls->options());
    cachesite::redis::Connector connector(settings);
    const auto begin = std::chrono::steady_clock::now();
    const auto outcome = connector.connect(stop, [](cachesite::redis::Transport*) {});
    const std::chrono::duration<double, std::micro> spent = std::chrono::steady_clock::now() - begin;
    if (!outcome.transport) throw std::runtime_error(std::string(outcome.error->message()));
    const auto& transport = dynamic_cast<const cachesite::redis::TlsTransport&>(*outcome.transport);
    if (transport.resumed() == resumed) times.push_back(spent.count());
  }
  if (times.size() < 30) throw std::runtime_error("sessions are not resumed as expected");
  return median(times);
}

}  // namespace

int main(int count, char** words) {
  if (count == 5 && std::string(words[1]) == "run")
    return run(std::atoi(words[2]), static_cast<std::uint16_t>(std::atoi(words[3])), words[4]);
  const TlsRedis server;
  const double base = instructions(words[0], 500, server);
  const double each = (instructions(words[0], 2500, server) - base) / 2000;
  std::printf("GET 64 B over TLS through ICache: %.0f instructions, %.2f of redis-plus-plus (target %.2f)\n",
              each, each / anchor, target);
  const double full = handshake(server, false);
  const double resumed = handshake(server, true);
  std::printf("connection ready: first %.0f us, resumed %.0f us, ratio %.2f (target 0.60)\n", full, resumed,
              resumed / full);
  return each <= target * anchor ? 0 : 1;
}
