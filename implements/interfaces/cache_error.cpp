#include <cachesite/cache_error.hpp>

#include <string>
#include <utility>

namespace cachesite {

namespace {

std::string text_of(const Error& error) {
  std::string text(to_string(error.code()));
  if (error.message() != text) text.append(": ").append(error.message());
  return text;
}

}  // namespace

CacheError::CacheError(Error error) : std::runtime_error(text_of(error)), error_(std::move(error)) {}

}  // namespace cachesite
