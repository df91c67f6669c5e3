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

}  // namespace

Error::Error(ErrorCode code, std::string message, Outcome outcome) noexcept
    : message_(message.empty() ? nullptr : kept(std::move(message))), code_(code), outcome_(outcome) {}

Error::Error(ErrorCode code, const char* message, Outcome outcome) noexcept
    : message_(*message == '\0' ? nullptr : kept(message)), code_(code), outcome_(outcome) {}

}  // namespace cachesite
