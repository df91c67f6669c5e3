#pragma once

#include <cachesite/result.hpp>

#include <bit>
#include <cassert>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cachesite {

/// The form of the names of fields that a serialiser writes and reads.
enum class NamingPolicy : std::uint8_t {
  as_is,  ///< as the struct lists them
  camel,  ///< `user_id` as `userId`
  snake,  ///< `userId` as `user_id`
};

[[nodiscard]] constexpr std::string_view to_string(NamingPolicy policy) noexcept {
  switch (policy) {
    case NamingPolicy::as_is:
      return "as is";
    case NamingPolicy::camel:
      return "camel case";
    case NamingPolicy::snake:
      return "snake case";
  }
  return "unknown";
}

/// `name` in the form of `policy`. Digits belong to the word before them. Underscores at either end do not
/// change, nor does a name with characters other than ASCII letters, digits and underscores.
///
/// Camel case: underscores are removed, and the next letter becomes a capital; a capital at the start becomes
/// small when a small letter follows. Other letters do not change, nor does a name without small letters:
/// `http_url2` is `httpUrl2`, and `userID`, `HTTPServer` and `MAX_SIZE` do not change. These are the names of
/// rick's encoder.
///
/// Snake case: an underscore goes before a capital that follows a small letter or a digit, and before the
/// last of several capitals when a small letter follows; all letters become small: `HTTPServer` is
/// `http_server`, `userID2` is `user_id2`.
[[nodiscard]] std::string renamed(std::string_view name, NamingPolicy policy);

/// Fails with `bad_argument` when `policy` gives two of `names` the same form.
[[nodiscard]] Status check_distinct(std::span<const std::string_view> names, NamingPolicy policy);

/// A value without a format, as serialisers use it: a tree of all kinds of values of JSON, MessagePack and
/// plain Python.
///
/// A Data owns everything in it. Thread safety: that of a standard container. Destruction and comparison
/// recurse to the depth of the tree; trees that were read from bytes have a limited depth (see DataLimits).
class Data {
 public:
  enum class Kind : std::uint8_t {
    null,
    boolean,
    integer,      ///< fits 64 bits with sign
    big_integer,  ///< any other whole number: `text()` has its decimal digits, with `-` when negative
    real,
    text,  ///< UTF-8
    bytes,
    list,
    tuple,       ///< Python's; a list elsewhere
    set,         ///< Python's; a list elsewhere
    frozen_set,  ///< Python's; a list elsewhere
    map,         ///< keys of any kind, in order; `elements()` holds key, value, key, value ...
    // Kinds that rick's MessagePack has as extensions:
    date,         ///< `text()` is ISO 8601
    date_time,    ///< `text()` is ISO 8601
    decimal,      ///< `text()` is the number
    uuid,         ///< `text()` holds the 16 raw bytes
    memory_view,  ///< bytes that Python sees as a memoryview
    data_class,   ///< one element: the map of `__class__` and `__data__`; never made into an object
    object,       ///< as data_class
  };

  using List = std::vector<Data>;

  Data() noexcept = default;
  Data(std::nullptr_t) noexcept {}
  template <std::same_as<bool> T>
  Data(T value) noexcept : number_(value ? 1 : 0), kind_(Kind::boolean) {}
  template <std::integral T>
  requires(!std::same_as<T, bool> && !std::same_as<T, char>) Data(T value) : kind_(Kind::integer) {
    if (std::in_range<std::int64_t>(value)) {
      number_ = static_cast<std::int64_t>(value);
    } else {
      text_ = std::to_string(value);
      kind_ = Kind::big_integer;
    }
  }
  Data(double value) noexcept : number_(std::bit_cast<std::int64_t>(value)), kind_(Kind::real) {}
  Data(std::string text) noexcept : text_(std::move(text)), kind_(Kind::text) {}
  Data(std::string_view text) : Data(std::string(text)) {}
  Data(const char* text) : Data(std::string(text)) {}

  /// A whole number beyond 64 bits, by its decimal digits.
  [[nodiscard]] static Data big_integer(std::string digits) {
    return of_text(Kind::big_integer, std::move(digits));
  }
  [[nodiscard]] static Data bytes(std::string bytes) { return of_text(Kind::bytes, std::move(bytes)); }
  [[nodiscard]] static Data list(List elements = {}) { return of_elements(Kind::list, std::move(elements)); }
  /// `elements` is key, value, key, value ...
  [[nodiscard]] static Data map(List elements = {}) {
    assert(elements.size() % 2 == 0);
    return of_elements(Kind::map, std::move(elements));
  }
  /// The name of a struct's field, as the key of a map: text that a serialiser may write in the form of its
  /// NamingPolicy. Other keys are data and do not change.
  [[nodiscard]] static Data field_name(std::string_view name);
  /// A value of a kind whose content is text or bytes.
  [[nodiscard]] static Data of_text(Kind kind, std::string text);
  /// A value of a kind whose content is other values.
  [[nodiscard]] static Data of_elements(Kind kind, List elements);

  [[nodiscard]] Kind kind() const noexcept { return kind_; }
  [[nodiscard]] bool is_null() const noexcept { return kind_ == Kind::null; }
  [[nodiscard]] bool is_map() const noexcept { return kind_ == Kind::map; }
  /// A list, tuple, set or frozen set.
  [[nodiscard]] bool is_sequence() const noexcept { return kind_ >= Kind::list && kind_ <= Kind::frozen_set; }

  /// The value of a boolean; false for another kind.
  [[nodiscard]] bool boolean() const noexcept { return kind_ == Kind::boolean && number_ != 0; }
  /// The value of an integer; 0 for another kind.
  [[nodiscard]] std::int64_t integer() const noexcept { return kind_ == Kind::integer ? number_ : 0; }
  /// The value of a real; 0 for another kind.
  [[nodiscard]] double real() const noexcept {
    return kind_ == Kind::real ? std::bit_cast<double>(number_) : 0.0;
  }
  /// The characters, digits or bytes of the value; empty for a kind without them.
  [[nodiscard]] const std::string& text() const noexcept { return text_; }
  /// The elements of a sequence, map or object; empty for another kind.
  [[nodiscard]] const List& elements() const noexcept { return list_; }
  /// Whether this was made by `field_name()`.
  [[nodiscard]] bool is_field_name() const noexcept { return kind_ == Kind::text && number_ != 0; }
  /// The form in which fields have their names in this map: that of the serialiser that read it.
  [[nodiscard]] NamingPolicy naming() const noexcept {
    return is_map() ? static_cast<NamingPolicy>(number_) : NamingPolicy::as_is;
  }
  /// Precondition: is_map().
  void set_naming(NamingPolicy naming) noexcept {
    assert(is_map());
    number_ = static_cast<std::int64_t>(naming);
  }
  /// Adds to a sequence. Precondition: is_sequence().
  void add(Data element);
  /// Adds to a map. Precondition: is_map().
  void add(Data key, Data value);
  /// The value under a text key of a map; the last one when a key occurs twice, as in Python and JSON. Null
  /// when there is none.
  [[nodiscard]] const Data* find(std::string_view key) const noexcept;

  /// The value of the field that a struct calls `name`, as `find()` of the name in the form of `naming()`.
  [[nodiscard]] const Data* find_field(std::string_view name) const;

  /// Equal kind and content, whatever the naming; maps are equal when their members are in the same order.
  friend bool operator==(const Data& left, const Data& right) noexcept { return left.equals(right); }

 private:
  [[nodiscard]] bool equals(const Data& other) const noexcept;

  // Not a std::variant: g++ 12 warns of its temporaries wherever a sanitizer is on.
  std::string text_;
  List list_;
  // Of a real its bits, of text whether it is the name of a field, of a map its naming.
  std::int64_t number_ = 0;
  Kind kind_ = Kind::null;
};

/// The kind as messages call it, such as "an integer".
[[nodiscard]] constexpr std::string_view to_string(Data::Kind kind) noexcept {
  switch (kind) {
    case Data::Kind::null:
      return "null";
    case Data::Kind::boolean:
      return "a boolean";
    case Data::Kind::integer:
    case Data::Kind::big_integer:
      return "an integer";
    case Data::Kind::real:
      return "a number";
    case Data::Kind::text:
      return "text";
    case Data::Kind::bytes:
      return "bytes";
    case Data::Kind::list:
      return "a list";
    case Data::Kind::tuple:
      return "a tuple";
    case Data::Kind::set:
    case Data::Kind::frozen_set:
      return "a set";
    case Data::Kind::map:
      return "a map";
    case Data::Kind::date:
      return "a date";
    case Data::Kind::date_time:
      return "a date with time";
    case Data::Kind::decimal:
      return "a decimal number";
    case Data::Kind::uuid:
      return "a UUID";
    case Data::Kind::memory_view:
      return "bytes";
    case Data::Kind::data_class:
    case Data::Kind::object:
      return "an object";
  }
  return "a value";
}

/// Limits for reading a Data from untrusted bytes. A value beyond them is `too_large`.
struct DataLimits {
  std::size_t depth = 64;          ///< values within values
  std::size_t values = 1'000'000;  ///< in total; each takes 80 bytes besides its text, 400 while it is read
};

}  // namespace cachesite
