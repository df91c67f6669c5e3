#pragma once

#include "redis/wire/command.hpp"

#include <cachesite/time_to_live.hpp>

#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace cachesite::redis {

/// A whole number as a word of a command.
class NumberWord {
 public:
  explicit NumberWord(std::int64_t number = 0) noexcept { set(number); }

  void set(std::int64_t number) noexcept {
    const auto* const end = std::to_chars(digits_.data(), digits_.data() + digits_.size(), number).ptr;
    size_ = static_cast<std::size_t>(end - digits_.data());
  }
  [[nodiscard]] std::string_view text() const noexcept { return {digits_.data(), size_}; }

 private:
  std::array<char, 24> digits_;
  std::size_t size_ = 0;
};

/// The words of a command that stores a value.
class StoreWords {
 public:
  enum class Only : std::uint8_t { always, if_absent, if_present };

  StoreWords() = default;
  StoreWords(const StoreWords&) = delete;
  StoreWords& operator=(const StoreWords&) = delete;

  /// The words, which are valid as long as this object and what they were made of.
  std::span<const Argument> make(const Argument& key, const Argument& payload, TimeToLive time_to_live,
                                 Only only = Only::always) noexcept {
    const bool expires = time_to_live.expires();
    const bool whole = time_to_live.whole_seconds();
    if (expires) number_.set(whole ? time_to_live.count() / 1000 : time_to_live.count());
    if (only == Only::always && expires) {
      words_[0] = {whole ? "SETEX" : "PSETEX"};
      words_[1] = key;
      words_[2] = {number_.text()};
      words_[3] = payload;
      return std::span<const Argument>(words_).first(4);
    }
    words_[0] = {"SET"};
    words_[1] = key;
    words_[2] = payload;
    std::size_t count = 3;
    if (only != Only::always) words_[count++] = {only == Only::if_absent ? "NX" : "XX"};
    if (expires) {
      words_[count++] = {whole ? "EX" : "PX"};
      words_[count++] = {number_.text()};
    }
    return std::span<const Argument>(words_).first(count);
  }

 private:
  NumberWord number_;
  std::array<Argument, 6> words_;
};

}  // namespace cachesite::redis
