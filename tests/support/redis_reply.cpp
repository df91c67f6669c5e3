#include "support/redis_reply.hpp"

#include <charconv>
#include <cstdio>
#include <ostream>
#include <stdexcept>

namespace cachesite::test {
namespace {

std::string quoted(const std::string& bytes) {
  std::string result = "\"";
  for (const char byte : bytes) {
    if (byte >= ' ' && byte <= '~' && byte != '"' && byte != '\\') {
      result += byte;
    } else {
      char escaped[8];
      std::snprintf(escaped, sizeof escaped, "\\x%02x",
                    static_cast<unsigned>(static_cast<unsigned char>(byte)));
      result += escaped;
    }
  }
  return result + "\"";
}

std::int64_t number(std::string_view line) {
  std::int64_t value = 0;
  const auto [end, failure] = std::from_chars(line.data(), line.data() + line.size(), value);
  if (failure != std::errc() || end != line.data() + line.size())
    throw std::runtime_error("not a RESP number: " + quoted(std::string(line)));
  return value;
}

bool parse(std::string_view bytes, std::size_t& position, RedisReply& reply) {
  const std::size_t end = bytes.find("\r\n", position);
  if (end == std::string_view::npos) return false;
  const char type = bytes[position];
  const std::string_view line = bytes.substr(position + 1, end - position - 1);
  position = end + 2;
  switch (type) {
    case '+':
    case '-':
      reply.kind = type == '+' ? RedisReply::Kind::status : RedisReply::Kind::error;
      reply.text = line;
      return true;
    case ':':
      reply.kind = RedisReply::Kind::integer;
      reply.integer = number(line);
      return true;
    case '$': {
      const std::int64_t length = number(line);
      if (length < 0) return true;
      const auto size = static_cast<std::size_t>(length);
      if (bytes.size() - position < size + 2) return false;
      reply.kind = RedisReply::Kind::bulk;
      reply.text = bytes.substr(position, size);
      position += size + 2;
      return true;
    }
    case '*': {
      const std::int64_t count = number(line);
      if (count < 0) return true;
      reply.kind = RedisReply::Kind::array;
      for (std::int64_t index = 0; index < count; ++index) {
        if (position >= bytes.size() || !parse(bytes, position, reply.elements.emplace_back())) return false;
      }
      return true;
    }
    default:
      throw std::runtime_error("not RESP2: " + quoted(std::string(bytes.substr(0, 80))));
  }
}

}  // namespace

std::string RedisReply::describe() const {
  switch (kind) {
    case Kind::status:
    case Kind::error:
      return text;
    case Kind::integer:
      return std::to_string(integer);
    case Kind::bulk:
      return quoted(text);
    case Kind::null:
      return "nil";
    case Kind::array:
      break;
  }
  std::string result = "[";
  for (const RedisReply& element : elements)
    result += (result.size() == 1 ? "" : ", ") + element.describe();
  return result + "]";
}

std::ostream& operator<<(std::ostream& stream, const RedisReply& reply) {
  return stream << reply.describe();
}

std::string encode_command(const std::vector<std::string>& arguments) {
  std::string result = "*" + std::to_string(arguments.size()) + "\r\n";
  for (const std::string& argument : arguments)
    result += bulk(argument);
  return result;
}

std::string bulk(std::string_view bytes) {
  std::string result = "$" + std::to_string(bytes.size()) + "\r\n";
  result += bytes;
  return result + "\r\n";
}

std::string array(const std::vector<std::string>& encoded_elements) {
  std::string result = "*" + std::to_string(encoded_elements.size()) + "\r\n";
  for (const std::string& element : encoded_elements)
    result += element;
  return result;
}

std::optional<RedisReply> take_reply(std::string& bytes) {
  if (bytes.empty()) return std::nullopt;
  std::size_t position = 0;
  RedisReply reply;
  if (!parse(bytes, position, reply)) return std::nullopt;
  bytes.erase(0, position);
  return reply;
}

}  // namespace cachesite::test
