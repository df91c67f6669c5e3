#pragma once

#include "layers/tagged/tagged_value.hpp"

#include <cachesite/bytes.hpp>

#include <optional>
#include <string>

namespace cachesite::layers {

// What is stored for a value without tags: the value itself, unless it looks like one with tags.
class Untagged {
 public:
  explicit Untagged(std::optional<ByteView> value) : value_(value) {
    if (!value || !looks_tagged(value->text())) return;
    encode_tagged(value->text(), {}, escaped_);
    value_ = ByteView(escaped_);
  }
  Untagged(const Untagged&) = delete;
  Untagged& operator=(const Untagged&) = delete;
  ~Untagged() = default;

  [[nodiscard]] std::optional<ByteView> value() const noexcept { return value_; }

 private:
  std::string escaped_;
  std::optional<ByteView> value_;
};

}  // namespace cachesite::layers
