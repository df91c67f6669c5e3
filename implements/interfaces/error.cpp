#include <cachesite/error.hpp>

#include <memory>
#include <string>
#include <utility>

namespace cachesite {

namespace {

template <class Text>
std::shared_ptr<const std::string> kept(Text&& message) noexcept {
  try {
    return std::make_shared<const std::string>(std::forward<Text>(message));
  } catch (...) {
    return nullptr;
  }
}

std::string text_of(const Error& error) {
  std::string text(to_string(error.code()));
  if (error.message() != text) text.append(": ").append(error.message());
  return text;
}

}  // namespace

Error::Error(ErrorCode code, std::string message, Outcome outcome) noexcept
    : message_(message.empty() ? nullptr : kept(std::move(message))), code_(code), outcome_(outcome) {}

Error::Error(ErrorCode code, const char* message, Outcome outcome) noexcept
    : message_(*message == '\0' ? nullptr : kept(message)), code_(code), outcome_(outcome) {}

CacheError::CacheError(Error error) : std::runtime_error(text_of(error)), error_(std::move(error)) {}

}  // namespace cachesite
