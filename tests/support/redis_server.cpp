#include "support/redis_server.hpp"

#include "support/wait_until.hpp"

#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <utility>

namespace cachesite::test {
namespace {

constexpr const char* harness_user = "cachesite-harness";
constexpr const char* harness_password = "harness-4c1f0a";

std::pair<int, int> find_version() {
  try {
    const std::string text = run_checked({"redis-server", "--version"});
    int major = 0;
    int minor = 0;
    const std::size_t position = text.find("v=");
    if (position != std::string::npos && std::sscanf(text.c_str() + position, "v=%d.%d", &major, &minor) == 2)
      return {major, minor};
  } catch (const std::exception&) {
    return {0, 0};
  }
  return {0, 0};
}

}  // namespace

std::pair<int, int> RedisServer::version() {
  static const std::pair<int, int> found = find_version();
  return found;
}

RedisServer::RedisServer(RedisServerOptions options)
    : options_(std::move(options)), unix_socket_path_(directory_.file("redis.sock")) {
  if (options_.tcp) port_ = std::make_unique<ReservedPort>();
  if (options_.tls) tls_port_ = std::make_unique<ReservedPort>();
  address_.unix_socket_path = unix_socket_path_;
  if (!options_.users.empty()) {
    address_.username = harness_user;
    address_.password = harness_password;
  } else {
    address_.password = options_.password;
  }
  // Written once: a sentinel and its servers keep what they learn in this file.
  directory_.write("redis.conf", configuration());
  launch();
  wait_until_ready();
}

RedisServer::~RedisServer() {
  if (process_) process_->kill();
}

std::uint16_t RedisServer::port() const {
  return port_ ? port_->number() : std::uint16_t{0};
}

std::uint16_t RedisServer::tls_port() const {
  return tls_port_ ? tls_port_->number() : std::uint16_t{0};
}

std::string RedisServer::log() const {
  return read_file(directory_.file("redis.log"));
}

std::string RedisServer::configuration() const {
  std::string text;
  const auto line = [&](const std::string& content) { text += content + "\n"; };
  line("bind 127.0.0.1");
  line("port " + std::to_string(port()));
  line("unixsocket " + unix_socket_path_);
  line("dir " + directory_.path().string());
  line("logfile " + directory_.file("redis.log"));
  line("protected-mode no");
  if (!options_.password.empty()) line("requirepass \"" + options_.password + "\"");
  if (!options_.sentinel) {
    line("save \"\"");
    line("appendonly no");
    line("repl-diskless-sync-delay 0");
    if (version().first >= 7) {
      line("enable-debug-command yes");
      line("shutdown-timeout 0");
    }
    for (const std::string& user : options_.users)
      line("user " + user);
    if (!options_.users.empty())
      line("user " + std::string(harness_user) + " on >" + harness_password + " ~* &* +@all");
  }
  if (options_.tls) {
    line("tls-port " + std::to_string(tls_port()));
    line("tls-cert-file " + options_.tls->certificate_file);
    line("tls-key-file " + options_.tls->key_file);
    line("tls-ca-cert-file " + options_.tls->authority_file);
    line(std::string("tls-auth-clients ") + (options_.tls->require_client_certificate ? "yes" : "no"));
  }
  for (const std::string& directive : options_.directives)
    line(directive);
  return text;
}

void RedisServer::launch() {
  if (process_) process_->kill();
  // A killed server leaves its socket file behind; its successor would be taken for ready too early.
  std::filesystem::remove(unix_socket_path_);
  std::vector<std::string> arguments = {"redis-server", directory_.file("redis.conf")};
  if (options_.sentinel) arguments.push_back("--sentinel");
  process_ = std::make_unique<Process>(std::move(arguments));
}

void RedisServer::wait_until_ready(std::chrono::milliseconds limit) {
  std::string reason;
  const auto ready = [&] {
    try {
      const RedisReply reply = RedisProbe(address_, std::chrono::seconds(5)).command({"PING"});
      reason = reply.describe();
      return reply.text == "PONG";
    } catch (const std::exception& failure) {
      reason = failure.what();
      return false;
    }
  };
  bool answered = false;
  wait_until([&] { return (answered = ready()) || !process_->running(); }, limit);
  if (answered) return;
  throw std::runtime_error("redis-server does not answer (" + reason + ")\n" + process_->output() +
                           process_->errors() + log());
}

void RedisServer::stop() {
  if (process_) process_->terminate();
}

void RedisServer::kill() {
  if (process_) process_->kill();
}

void RedisServer::freeze() {
  process_->freeze();
}

void RedisServer::thaw() {
  process_->signal(SIGCONT);
}

void RedisServer::restart() {
  stop();
  launch();
  wait_until_ready();
}

}  // namespace cachesite::test
