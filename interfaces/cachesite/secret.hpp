#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace cachesite {

/// A text that must stay hidden: a password, a token, a key. It has no stream operator and no conversion, so
/// it cannot get into a message by mistake; dumps and descriptions show `Secret::mask`. Its memory is
/// overwritten when it is destroyed or replaced. (A core dump of a running process still shows it.)
class Secret {
 public:
  /// What is shown in place of any secret.
  static constexpr std::string_view mask = "******";

  Secret() noexcept = default;
  explicit Secret(std::string text) : text_(std::move(text)) {}
  Secret(const Secret&) = default;
  Secret(Secret&& other) noexcept : text_(std::move(other.text_)) { other.wipe(); }
  Secret& operator=(const Secret& other) {
    if (this != &other) {
      std::string copy = other.text_;
      wipe();
      text_ = std::move(copy);
    }
    return *this;
  }
  Secret& operator=(Secret&& other) noexcept {
    if (this != &other) {
      wipe();
      text_ = std::move(other.text_);
      other.wipe();
    }
    return *this;
  }
  ~Secret() { wipe(); }

  /// The text itself, for the one place that needs it. Valid until this Secret changes.
  [[nodiscard]] std::string_view reveal() const noexcept { return text_; }
  [[nodiscard]] bool empty() const noexcept { return text_.empty(); }

  /// Compares in a time that depends only on the lengths.
  friend bool operator==(const Secret& left, const Secret& right) noexcept {
    if (left.text_.size() != right.text_.size()) return false;
    unsigned difference = 0;
    for (std::size_t index = 0; index < left.text_.size(); ++index)
      difference |= static_cast<unsigned>(left.text_[index] ^ right.text_[index]);
    return difference == 0;
  }

 private:
  void wipe() noexcept {
    text_.resize(text_.capacity());
    volatile char* bytes = text_.data();
    for (std::size_t index = 0; index < text_.size(); ++index)
      bytes[index] = 0;
    text_.clear();
  }

  std::string text_;
};

}  // namespace cachesite
