#pragma once

#include <string_view>

namespace cachesite {

struct Node;

namespace detail {

/// A part of a cache that knows something about single keys. Safe from any thread.
class IKeyExplanation {
 public:
  /// Adds members to a map: what is known of the key here, and never its value. Waits for no server.
  virtual void explain_key(std::string_view key, Node& facts) = 0;
  /// The same of what is stored beside the value. Reads it from the store, so it comes after `explain_key` of all parts.
  virtual void explain_stored(std::string_view /*key*/, Node& /*facts*/) {}

 protected:
  ~IKeyExplanation() = default;
};

}  // namespace detail
}  // namespace cachesite
