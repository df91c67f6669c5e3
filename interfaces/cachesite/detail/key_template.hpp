#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cachesite {

/// A cache key with placeholders for arguments: "user:{id}:{language}". A placeholder is the name of an
/// argument or its number from 0; "{{" and "}}" are literal braces. An argument may be used more than once.
/// An unused argument does not affect the key.
///
/// Two calls with different arguments never make the same key. The last argument is written unchanged, since
/// the text after it is fixed. An earlier argument ends where the next text begins: the first byte of that
/// text, and '%', are written as %XX inside the argument. If there is no such text, or it begins with a
/// letter, a digit or one of "+-._", the length of the argument and an apostrophe precede it. So
///
///     "user:{0}"      makes of "ada"          user:ada
///     "{0}:{1}"       makes of "a:b", "c"     a%3Ab:c
///     "{0}{1}"        makes of 1, 23          1'123
///
/// and if no argument holds a separator, the keys are those of Python's format.
class KeyTemplate {
 public:
  /// `names` are the names of the first arguments; there may be fewer names than arguments, and an argument
  /// that does not affect the key has an empty name. Throws std::invalid_argument for an unmatched brace, a
  /// placeholder without an argument, a name that is used twice, is a number or has no placeholder, and for
  /// more names than arguments.
  KeyTemplate(std::string_view text, std::span<const std::string> names, std::size_t arguments);
  KeyTemplate(const KeyTemplate& other);
  KeyTemplate(KeyTemplate&& other) noexcept;
  KeyTemplate& operator=(const KeyTemplate& other);
  KeyTemplate& operator=(KeyTemplate&& other) noexcept;
  ~KeyTemplate();

  /// Throws std::invalid_argument when there are arguments and none has a placeholder, unless `names` say that
  /// this is meant: all calls would share one key.
  void require_placeholder(std::span<const std::string> names, std::size_t arguments) const;

  /// Whether the argument with that number, from 0, has a placeholder.
  [[nodiscard]] bool uses(std::size_t argument) const noexcept;

  /// The key for these texts of the arguments; texts of arguments without a placeholder are ignored. Throws
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
