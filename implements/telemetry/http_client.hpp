#pragma once

#include "basics/stop_signal.hpp"
#include "redis/base/deadline.hpp"
#include "redis/transport/dialer.hpp"
#include "redis/transport/tls_context.hpp"
#include "redis/transport/transport.hpp"
#include "telemetry/collector_url.hpp"
#include "telemetry/http_response.hpp"

#include <cachesite/secret.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace cachesite::telemetry {

/// What became of a request.
struct HttpAnswer {
  int status = 0;           // 0: there is no valid response, and `problem` says why
  bool lost = false;        // there is none because the connection failed or the time was over
  std::string problem;      // without anything that the server wrote
  std::string retry_after;  // as the server wrote it
  std::string body;
};

/// Sends requests to one server over one connection, which is kept. Redirections are not followed. One thread
/// at a time.
class HttpClient {
 public:
  /// `headers` are complete lines without their end. `tls` is null for http.
  HttpClient(CollectorUrl url, std::vector<Secret> headers, std::shared_ptr<redis::TlsContext> tls);
  ~HttpClient();

  /// Posts JSON to `path` below the path of the URL, with everything done before `deadline`. A connection
  /// that was kept and turns out to have ended is replaced at once.
  HttpAnswer post(std::string_view path, std::string_view body, bool gzipped, redis::TimePoint deadline);

 private:
  [[nodiscard]] Secret head(std::string_view path, std::size_t size, bool gzipped) const;
  // Gives why not.
  std::string connect(redis::TimePoint deadline);
  bool send(std::string_view head, std::string_view body, HttpResponse& response, redis::TimePoint deadline);
  // False when there is nothing to read now, or nothing to come.
  bool receive(HttpResponse& response);
  HttpAnswer exchange(std::string_view head, std::string_view body, redis::TimePoint deadline, bool& silent);

  const CollectorUrl url_;
  const std::vector<Secret> headers_;
  const std::shared_ptr<redis::TlsContext> tls_;
  redis::Dialer dialer_;
  basics::StopSignal never_;
  std::unique_ptr<redis::Transport> transport_;
  std::string problem_;
};

}  // namespace cachesite::telemetry
