#include "telemetry/span_text.hpp"

#include "telemetry/trace_parent.hpp"

#include <string>

namespace cachesite::telemetry {

namespace {

using Conventions = TelemetryConventions;
using Text = Span::Text;

constexpr std::uint32_t internal = 1;  // kinds and status of the protocol
constexpr std::uint32_t client = 3;
constexpr std::uint32_t error_status = 2;
constexpr std::uint16_t usual_port = 6379;

// What redis-kit calls the operation, in small letters.
std::string_view redis_kit_command(CacheOperation operation) noexcept {
  switch (operation) {
    case CacheOperation::read:
      return "get";
    case CacheOperation::write:
      return "set";
    case CacheOperation::remove:
      return "delete";
    case CacheOperation::remove_matching:
      return "delete_pattern";
    default:
      return to_string(operation);
  }
}

std::string in_capitals(std::string_view text) {
  std::string capitals(text);
  for (char& character : capitals)
    if (character >= 'a' && character <= 'z') character = static_cast<char>(character - 'a' + 'A');
  return capitals;
}

std::string name_of(const Span& span, Conventions conventions) {
  const auto name = span.text(Text::name);
  if (span.kind == Span::Kind::server_call) return (span.keys > 1 ? "PIPELINE " : "") + std::string(name);
  if (conventions == Conventions::redis_kit)
    return std::string("redis.").append(redis_kit_command(span.operation));
  return std::string(to_string(span.operation)).append(" ").append(name);
}

void write_redis_kit(JsonText& text, const Span& span) {
  text.attribute("db.system", "redis");
  text.attribute("db.operation", in_capitals(redis_kit_command(span.operation)));
  if (const auto key = span.text(Text::key); !key.empty()) text.attribute("db.redis.key", key);
  if (!span.failed)
    text.attribute_real("db.redis.duration_ms", static_cast<double>(span.duration) / 1'000'000.0);
}

void write_cache_call(JsonText& text, const Span& span) {
  text.attribute("cachesite.cache", span.text(Text::name));
  text.attribute("cachesite.operation", to_string(span.operation));
  if (!span.failed) text.attribute("cachesite.result", to_string(span.result));
  text.attribute("cachesite.keys", span.keys);
  if (const auto key = span.text(Text::key); !key.empty()) text.attribute("cachesite.key", key);
  if (span.failed) text.attribute("error.type", to_string(span.code));
}

void write_hashed_key(JsonText& text, const Span& span) {
  std::string digits;
  append_hex(digits, span.hash);
  text.attribute("cachesite.key", std::string_view(digits));
}

void write_server_call(JsonText& text, const Span& span) {
  text.attribute("db.system.name", "redis");
  text.attribute("db.operation.name", std::string_view(name_of(span, Conventions::stable)));
  text.attribute("db.namespace", std::string_view(std::to_string(span.database)));
  text.attribute("server.address", span.text(Text::host));
  if (span.port != usual_port && span.port != 0) text.attribute("server.port", std::uint64_t{span.port});
  if (const auto peer = span.text(Text::peer); !peer.empty()) text.attribute("network.peer.address", peer);
  if (span.keys > 1) text.attribute("db.operation.batch.size", span.keys);
  const auto prefix = span.text(Text::error_prefix);
  if (!prefix.empty()) text.attribute("db.response.status_code", prefix);
  if (span.failed) text.attribute("error.type", prefix.empty() ? to_string(span.code) : prefix);
}

void write_attributes(JsonText& text, const Span& span, Conventions conventions) {
  text.key("attributes").open('[');
  if (span.kind == Span::Kind::server_call) {
    write_server_call(text, span);
  } else {
    if (conventions != Conventions::redis_kit) write_cache_call(text, span);
    if (conventions != Conventions::stable) write_redis_kit(text, span);
    if (span.hashed) write_hashed_key(text, span);
  }
  text.close(']');
}

void write_exception(JsonText& text, const Span& span) {
  text.key("events").open('[').open('{');
  text.key("timeUnixNano").integer(span.begin + span.duration).key("name").text("exception");
  text.key("attributes").open('[');
  text.attribute("exception.type", to_string(span.code));
  text.attribute("exception.message", span.text(Text::message));
  text.close(']').close('}').close(']');
}

}  // namespace

void write_span(JsonText& text, const Span& span, TelemetryConventions conventions) {
  text.open('{').key("traceId").hex(span.trace_high, span.trace_low).key("spanId").hex(span.id);
  if (span.parent != 0) text.key("parentSpanId").hex(span.parent);
  text.key("name").text(name_of(span, conventions));
  text.key("kind").number(span.kind == Span::Kind::server_call ? client : internal);
  text.key("startTimeUnixNano").integer(span.begin);
  text.key("endTimeUnixNano").integer(span.begin + span.duration);
  write_attributes(text, span, conventions);
  if (span.failed) {
    const bool tells = conventions != Conventions::stable && span.kind == Span::Kind::cache_call;
    if (tells) write_exception(text, span);
    text.key("status").open('{').key("code").number(error_status).close('}');
  }
  text.close('}');
}

}  // namespace cachesite::telemetry
