#pragma once

#include "binding/problem_list.hpp"
#include "site/item.hpp"

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
  Composition(const std::vector<Document>& documents, std::vector<Item>& items,
              binding::ProblemList& problems);

  // Indices of the items to make: what is referred to first, otherwise as in the documents, except that the
  // unnamed logger and what it needs come before everything else. Incomplete when there are problems.
  [[nodiscard]] const std::vector<std::size_t>& order() const noexcept { return order_; }
  // The item that has the name.
  [[nodiscard]] std::optional<std::size_t> find(std::string_view interface_name, std::string_view name) const;

 private:
  enum class Mark : unsigned char { fresh, open, done };
  struct Step {
    std::size_t item;
    std::size_t next_reference;
  };

  void hand_out_names();
  void check_references();
  void put_in_order(std::size_t first);
  void report_circle(const std::vector<Step>& chain, std::size_t begin);
  std::string known_names(std::string_view interface_name) const;

  const std::vector<Document>& documents_;
  std::vector<Item>& items_;
  binding::ProblemList& problems_;
  std::unordered_map<std::string, std::size_t> names_;  // "interface\0name" to item
  std::vector<Mark> marks_;
  std::vector<std::size_t> order_;
};

}  // namespace cachesite::site
