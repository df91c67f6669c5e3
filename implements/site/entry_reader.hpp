#pragma once

#include "binding/problem_list.hpp"
#include "site/item.hpp"

#include <cachesite/catalog.hpp>
#include <cachesite/document.hpp>

#include <string>
#include <vector>

namespace cachesite::site {

// Reads under which names an item is found: its `entries`, or its `name`, which stands for an entry of each
// interface that it offers.
class EntryReader {
 public:
  EntryReader(const Catalog& catalog, binding::ProblemList& problems)
      : catalog_(catalog), problems_(problems), interfaces_(catalog.interfaces()) {}

  // The class of the item is known by now, if there is one.
  void read(Item& item);
  // Its options are known: whether it offers what it is to be found as.
  void check_offers(Item& item);

 private:
  void refuse_names(const Item& item);
  void read_short_form(const Node& name, Item& item);
  void read_entries(const Node& entries, Item& item);
  void read_entry(const Node& entry, const binding::Place& entries, Item& item);
  bool read_interface(const Node& entry, const Item& item, ItemEntry& read);
  bool read_name(const Node& name, ItemEntry& read);
  [[nodiscard]] bool is_interface(const Node& word);
  // `x` of `name: x` in a hint.
  [[nodiscard]] std::string in_hint(const Node& name);

  const Catalog& catalog_;
  binding::ProblemList& problems_;
  std::vector<std::string> interfaces_;
};

}  // namespace cachesite::site
