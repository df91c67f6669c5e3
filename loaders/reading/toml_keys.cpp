#include "reading/toml_keys.hpp"

#include <algorithm>

namespace cachesite::reading {

TomlKeys::Entry& TomlKeys::add(std::size_t mapping, const TomlKeyPart& part, Kind kind) {
  if (kind != Kind::value) ++tables_;
  most_keys_ = std::max<std::size_t>(most_keys_, ++keys_[mapping]);
  return entries_[Name{mapping, part.name}] = Entry{kind, part.position, new_mapping()};
}

TomlKeys::Clash TomlKeys::walk(std::size_t& mapping, const TomlKey& key, Kind made) {
  for (std::size_t index = 0; index + 1 < key.size(); ++index) {
    const auto found = entries_.find(Name{mapping, key[index].name});
    if (found != entries_.end() && found->second.kind == Kind::value)
      return {&key[index], found->second.position, true};
    mapping = found == entries_.end() ? add(mapping, key[index], made).mapping : found->second.mapping;
  }
  return {};
}

TomlKeys::Clash TomlKeys::add_pair(std::size_t mapping, const TomlKey& key) {
  if (const Clash clash = walk(mapping, key, Kind::table); clash.part != nullptr) return clash;
  const auto found = entries_.find(Name{mapping, key.back().name});
  if (found != entries_.end()) return {&key.back(), found->second.position, false};
  add(mapping, key.back(), Kind::value);
  return {};
}

TomlKeys::Clash TomlKeys::open(const TomlKey& key, Kind kind) {
  std::size_t mapping = 0;
  table_ = new_mapping();
  if (const Clash clash = walk(mapping, key, Kind::passed_table); clash.part != nullptr) return clash;
  const auto found = entries_.find(Name{mapping, key.back().name});
  if (found == entries_.end()) {
    table_ = add(mapping, key.back(), kind).mapping;
    return {};
  }
  Entry& entry = found->second;
  const bool again = kind == Kind::list_of_tables ? entry.kind == kind : entry.kind == Kind::passed_table;
  if (!again) return {&key.back(), entry.position, false};
  entry.kind = kind;
  if (kind == Kind::list_of_tables) {
    entry.mapping = table_;
    ++tables_;
  }
  table_ = entry.mapping;
  return {};
}

TomlKeys::Clash TomlKeys::open_table(const TomlKey& key) {
  return open(key, Kind::table);
}

TomlKeys::Clash TomlKeys::open_element(const TomlKey& key) {
  return open(key, Kind::list_of_tables);
}

}  // namespace cachesite::reading
