#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cachesite {

/// A cache key with places for arguments: "user:{id}:{language}". A place is the name of an argument or its
/// number from 0; "{{" and "}}" stand for the braces themselves. An argument may be used more than once. One
/// that is not used makes no difference to the key.
///
/// Two calls with different arguments never make the same key. The text after the last place is fixed, so the
/// last argument stands there as it is. An earlier one ends where the text behind it begins: the first byte
/// of that text, and '%', are written as %XX where they occur in the argument. Where there is no such text,
/// or it begins with a letter, a digit or one of "+-._", the argument is preceded by its length and an
/// apostrophe. So
///
///     "user:{0}"      makes of "ada"          user:ada
///     "{0}:{1}"       makes of "a:b", "c"     a%3Ab:c
///     "{0}{1}"        makes of 1, 23          1'123
///
/// and a template whose arguments hold no separator makes the same keys as Python's format does.
class KeyTemplate {
 public:
  /// `names` are those of the first arguments; there may be fewer names than arguments, and an argument that
  /// makes no difference has an empty one. Throws std::invalid_argument with the reason for a brace without
  /// its partner, a place that is no argument, a name that is used twice, a number, or that of an argument
  /// without a place, and for more names than arguments.
  KeyTemplate(std::string_view text, std::span<const std::string> names, std::size_t arguments);
  KeyTemplate(const KeyTemplate& other);
  KeyTemplate(KeyTemplate&& other) noexcept;
  KeyTemplate& operator=(const KeyTemplate& other);
  KeyTemplate& operator=(KeyTemplate&& other) noexcept;
  ~KeyTemplate();

  /// Whether the argument of that number, from 0, has a place.
  [[nodiscard]] bool uses(std::size_t argument) const noexcept;

  /// The key for these texts of the arguments; of those that have no place the text does not matter. Throws
  /// std::bad_alloc.
  [[nodiscard]] std::string key(std::span<const std::string> arguments) const;

 private:
  enum class Form : unsigned char { plain, escaped, counted };
  struct Placeholder {
    std::string before;
    std::size_t argument = 0;
    Form form = Form::plain;
    char separator = '\0';
  };

  [[noreturn]] void refuse(const std::string& reason) const;

  void check_names(std::span<const std::string> names, std::size_t arguments) const;

  std::size_t argument_of(std::string_view place, std::span<const std::string> names,
                          std::size_t arguments) const;

  std::string text_;
  std::vector<Placeholder> places_;
  std::string end_;
};

}  // namespace cachesite
