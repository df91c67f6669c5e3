#pragma once

#include <cachesite/detail/cache_key_part.hpp>
#include <cachesite/detail/key_template.hpp>

#include <array>
#include <concepts>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace cachesite {

namespace detail {
[[noreturn]] void refuse_argument_without_text(std::size_t argument);
}  // namespace detail

/// Whether arguments may all have the same key although nothing says that this is meant.
enum class SharedKey : bool { refused, allowed };

/// Makes a cache key of the arguments of a function, by a template or by a function of the program.
/// Thread-safe if the function is.
template <class... Arguments>
class ArgumentKey {
 public:
  /// `key` is the text of a KeyTemplate, whose places are numbers of arguments and `names`, the names of the
  /// first ones; or something that is called with the arguments and returns a std::string. Throws
  /// std::invalid_argument for a wrong template, and for one with a place for an argument that has no
  /// `cache_key_part`.
  template <class Key>
  ArgumentKey(Key&& key, const std::vector<std::string>& names, SharedKey shared = SharedKey::allowed) {
    if constexpr (std::convertible_to<Key, std::string_view>) {
      const KeyTemplate parsed(std::string_view(key), names, sizeof...(Arguments));
      if (shared == SharedKey::refused) parsed.require_placeholder(names, sizeof...(Arguments));
      make_ = from_template(parsed);
    } else {
      static_assert(std::is_invocable_r_v<std::string, Key&, const Arguments&...>,
                    "a key is a template or a function of the arguments");
      make_ = std::forward<Key>(key);
    }
  }

  /// The key. Throws what the program's function throws, and std::bad_alloc.
  [[nodiscard]] std::string operator()(const Arguments&... arguments) const { return make_(arguments...); }

 private:
  using Make = std::function<std::string(const Arguments&...)>;

  static Make from_template(const KeyTemplate& parsed) {
    constexpr std::array<bool, sizeof...(Arguments)> has_text{CacheKeyPart<Arguments>...};
    for (std::size_t index = 0; index < has_text.size(); ++index)
      if (parsed.uses(index) && !has_text[index]) detail::refuse_argument_without_text(index);
    return [parsed](const Arguments&... arguments) {
      std::array<std::string, sizeof...(Arguments)> texts;
      [[maybe_unused]] std::size_t index = 0;
      (write_part(parsed, texts, index++, arguments), ...);
      return parsed.key(texts);
    };
  }

  template <class Texts, class Argument>
  static void write_part(const KeyTemplate& parsed, Texts& texts, std::size_t index,
                         const Argument& argument) {
    if constexpr (CacheKeyPart<Argument>)
      if (parsed.uses(index)) texts[index] = cache_key_part(argument);
  }

  Make make_;
};

}  // namespace cachesite
