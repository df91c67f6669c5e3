#pragma once

#include <cachesite/document.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace cachesite::reading {

/// A part of a key as the text has it, without quotation marks, and its place.
struct TomlKeyPart {
  std::string_view name;
  Position position;
  std::uint32_t length = 0;
};

/// A key with dots between its parts.
using TomlKey = std::vector<TomlKeyPart>;

/// Which keys a TOML text has given, and where, so that a key that is given twice can be told with both
/// places. It compares keys as they are written: of two that are quoted in different ways, the parser tells.
class TomlKeys {
 public:
  /// What is wrong with a key: nothing when `part` is null.
  struct Clash {
    const TomlKeyPart* part = nullptr;
    Position first;
    bool holds_value = false;  // the part is no mapping, so nothing can be in it
  };

  /// A pair of the table that is open.
  Clash add_pair(const TomlKey& key) { return add_pair(table_, key); }
  /// A pair of the mapping in braces with this number.
  Clash add_pair(std::size_t mapping, const TomlKey& key);
  /// Opens `[key]`. After a clash, a table that nobody else has is open.
  Clash open_table(const TomlKey& key);
  /// Opens a new element of `[[key]]`.
  Clash open_element(const TomlKey& key);
  /// A number for a mapping in braces.
  [[nodiscard]] std::size_t new_mapping() {
    keys_.push_back(0);
    return keys_.size() - 1;
  }
  /// Tables that are there, with those that only stand in a longer key.
  [[nodiscard]] std::size_t tables() const noexcept { return tables_; }
  /// Keys of the mapping that has most of them.
  [[nodiscard]] std::size_t most_in_a_mapping() const noexcept { return most_keys_; }

 private:
  enum class Kind : std::uint8_t { value, table, passed_table, list_of_tables };
  struct Entry {
    Kind kind = Kind::value;
    Position position;
    std::size_t mapping = 0;
  };
  struct Name {
    std::size_t mapping;
    std::string_view text;
    friend bool operator==(const Name&, const Name&) = default;
  };
  struct Hash {
    std::size_t operator()(const Name& name) const noexcept {
      return std::hash<std::string_view>()(name.text) ^ (name.mapping * 0x9E3779B97F4A7C15U);
    }
  };

  /// The mapping in which the last part of a key stands; makes what is not there.
  Clash walk(std::size_t& mapping, const TomlKey& key, Kind made);
  Entry& add(std::size_t mapping, const TomlKeyPart& part, Kind kind);
  Clash open(const TomlKey& key, Kind kind);

  std::unordered_map<Name, Entry, Hash> entries_;
  std::vector<std::uint32_t> keys_{0};  // of each mapping
  std::size_t most_keys_ = 0;
  std::size_t table_ = 0;
  std::size_t tables_ = 0;
};

}  // namespace cachesite::reading
