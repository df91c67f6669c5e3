#pragma once

#include "support/scripted_server.hpp"
#include "support/wait_until.hpp"

#include <algorithm>
#include <cctype>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>
#include <zlib.h>

namespace cachesite::test {

/// A request as a collector received it.
struct CollectedRequest {
  std::string path = {};
  std::map<std::string, std::string> headers = {};  // names in small letters
  std::string body = {};                            // unpacked
  bool gzipped = false;
  std::size_t bytes = 0;  // of the body as it came
  std::size_t connection = 0;
  bool taken = false;

  nlohmann::json json() const { return nlohmann::json::parse(body); }
};

/// What it answers.
struct CollectorReply {
  int status = 200;
  std::vector<std::string> headers = {};  // "name: value"
  std::string body = "{}";
  std::string raw = {};  // instead of all of the above, when it is not empty
  ScriptedAnswer how = {};
};

/// A collector of OpenTelemetry on 127.0.0.1 that keeps what it is sent and answers what a test wants.
class Collector {
 public:
  using Answer = std::function<CollectorReply(const CollectedRequest&, std::size_t number)>;

  explicit Collector(Answer answer = [](const auto&, std::size_t) { return CollectorReply{}; })
      : answer_(std::move(answer)),
        server_([this](const ScriptedCommand& command) { return take(command); },
                {.greeting = {}, .raw = true}) {}

  std::string url() const { return "http://127.0.0.1:" + std::to_string(server_.port()); }
  ScriptedServer& server() { return server_; }
  void set_answer(Answer answer) {
    const std::lock_guard lock(mutex_);
    answer_ = std::move(answer);
  }

  std::vector<CollectedRequest> requests(const std::string& path = {}) const {
    const std::lock_guard lock(mutex_);
    std::vector<CollectedRequest> found;
    for (const auto& request : requests_)
      if (path.empty() || request.path == path) found.push_back(request);
    return found;
  }
  bool wait_for_requests(std::size_t count, const std::string& path = {}) const {
    return wait_until([&] { return requests(path).size() >= count; });
  }

  /// The spans of all requests that were answered with 200.
  std::vector<nlohmann::json> spans() const {
    std::vector<nlohmann::json> found;
    for (const auto& request : requests("/v1/traces")) {
      if (!request.taken) continue;
      const auto whole = request.json();
      for (const auto& resource : whole["resourceSpans"])
        for (const auto& scope : resource["scopeSpans"])
          for (const auto& span : scope["spans"])
            found.push_back(span);
    }
    return found;
  }

 private:
  static std::string unpack(const std::string& packed) {
    std::string text(std::size_t{8} * 1024 * 1024, '\0');
    z_stream stream{};
    if (inflateInit2(&stream, MAX_WBITS + 16) != Z_OK) throw std::bad_alloc();
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
    stream.avail_in = static_cast<uInt>(packed.size());
    stream.next_out = reinterpret_cast<Bytef*>(text.data());
    stream.avail_out = static_cast<uInt>(text.size());
    const int result = inflate(&stream, Z_FINISH);
    text.resize(stream.total_out);
    inflateEnd(&stream);
    if (result != Z_STREAM_END) throw std::runtime_error("the body is no gzip");
    return text;
  }

  static std::string small(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(),
                   [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
    return text;
  }

  // On the thread of the server.
  ScriptedAnswer take(const ScriptedCommand& command) {
    auto& input = inputs_[command.connection];
    input += command.arguments.front();
    const auto end = input.find("\r\n\r\n");
    if (end == std::string::npos) return {};
    CollectedRequest request;
    request.connection = command.connection;
    std::size_t line_begin = 0;
    while (line_begin < end) {
      const auto line_end = input.find("\r\n", line_begin);
      const auto line = input.substr(line_begin, line_end - line_begin);
      if (line_begin == 0)
        request.path = line.substr(5, line.find(' ', 5) - 5);
      else
        request.headers[small(line.substr(0, line.find(':')))] = line.substr(line.find(':') + 2);
      line_begin = line_end + 2;
    }
    const auto size = std::stoul(request.headers["content-length"]);
    if (input.size() < end + 4 + size) return {};
    request.body = input.substr(end + 4, size);
    request.bytes = size;
    input.erase(0, end + 4 + size);
    request.gzipped = request.headers.count("content-encoding") != 0;
    if (request.gzipped) request.body = unpack(request.body);
    Answer answer;
    std::size_t number = 0;
    {
      const std::lock_guard lock(mutex_);
      answer = answer_;
      number = requests_.size();
    }
    auto reply = answer(request, number);
    request.taken = reply.raw.empty() && reply.status == 200;
    {
      const std::lock_guard lock(mutex_);
      requests_.push_back(std::move(request));
    }
    reply.how.bytes = reply.raw.empty() ? text_of(reply) : reply.raw;
    return reply.how;
  }

  static std::string text_of(const CollectorReply& reply) {
    auto text = "HTTP/1.1 " + std::to_string(reply.status) + " Anything\r\n";
    for (const auto& header : reply.headers)
      text += header + "\r\n";
    return text + "Content-Length: " + std::to_string(reply.body.size()) + "\r\n\r\n" + reply.body;
  }

  mutable std::mutex mutex_;
  Answer answer_;
  std::vector<CollectedRequest> requests_;
  std::map<std::size_t, std::string> inputs_;  // by connection
  ScriptedServer server_;
};

/// The value of an attribute of a span or a point, whatever its type, as text; "" without it.
inline std::string attribute_of(const nlohmann::json& owner, const std::string& name) {
  for (const auto& attribute : owner["attributes"]) {
    if (attribute["key"] != name) continue;
    const auto& value = attribute["value"];
    if (value.contains("stringValue")) return value["stringValue"].get<std::string>();
    if (value.contains("intValue")) return value["intValue"].get<std::string>();
    return value["doubleValue"].dump();
  }
  return {};
}

}  // namespace cachesite::test
