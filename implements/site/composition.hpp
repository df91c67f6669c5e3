#pragma once

#include "binding/problem_list.hpp"
#include "site/item.hpp"

#include <cachesite/catalog.hpp>
#include <cachesite/document.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace cachesite::site {

// How items fit together: who has which name, who refers to whom, and the order in which to make them.
class Composition {
 public:
  Composition(const std::vector<Document>& documents, const Catalog& catalog, std::vector<Item>& items,
              binding::ProblemList& problems);

  // Indices of the items to make: what is referred to first, otherwise as in the documents, except that the
  // unnamed logger and what it needs come before everything else. Incomplete when there are problems.
  [[nodiscard]] const std::vector<std::size_t>& order() const noexcept { return order_; }
  // The item that has the name.
  [[nodiscard]] std::optional<std::size_t> find(std::string_view interface_name, std::string_view name) const;
  // The item that a reference means; none for an optional one that nobody has, or that means the item itself.
  [[nodiscard]] std::optional<std::size_t> needed(std::size_t item,
                                                  const binding::BoundReference& reference) const;
  // The item that diagnostics go to: the unnamed logger, else the unnamed logger site, else the only one.
  [[nodiscard]] std::optional<std::size_t> logger() const noexcept { return logger_; }

 private:
  enum class Mark : unsigned char { fresh, open, done };
  struct Step {
    std::size_t item;
    std::size_t next_reference;
  };

  // Whether the item is made.
  [[nodiscard]] bool wanted(std::size_t index) const noexcept;
  void hand_out_names();
  // Of an item that has a name in place of entries, and lost it: it is replaced as a whole.
  void take_away_name(std::size_t index, const ItemEntry& taken);
  // A layer passes some interfaces on from the cache below, if that has them. A name in place of entries stands
  // for those too, unless another component has the name.
  void hand_out_passed_on();
  void hand_out_passed_on(std::size_t index, ItemEntry& entry);
  [[nodiscard]] bool offers(std::size_t index, std::string_view interface_name) const;
  void report_not_passed_on(const Item& item, const std::string& interface_name, const binding::Place& place);
  void check_references(const Catalog& catalog);
  void put_in_order(std::size_t first);
  void report_circle(const std::vector<Step>& chain, std::size_t begin);
  [[nodiscard]] std::optional<std::size_t> find_logger() const;
  void report_missing(std::size_t index, const binding::BoundReference& reference, const Catalog& catalog,
                      bool in_detail);
  // Who refers to the item, from the first component that nobody refers to: ` (needed by A -> B)`.
  std::string needed_by(std::size_t index) const;
  std::string known_names(std::string_view interface_name) const;

  const std::vector<Document>& documents_;
  std::vector<Item>& items_;
  binding::ProblemList& problems_;
  std::unordered_map<std::string, std::size_t> names_;  // "interface\0name" to item
  std::vector<Mark> marks_;
  std::vector<std::size_t> order_;
  std::optional<std::size_t> logger_;
};

}  // namespace cachesite::site
