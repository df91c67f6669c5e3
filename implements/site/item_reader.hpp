#pragma once

#include "binding/binder.hpp"
#include "binding/problem_list.hpp"
#include "site/item.hpp"

#include <cachesite/catalog.hpp>
#include <cachesite/document.hpp>

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cachesite::site {

// Reads documents into items; every mistake inside an item becomes a problem.
class ItemReader {
 public:
  ItemReader(const Catalog& catalog, binding::ProblemList& problems);

  void read(const Document& document, std::size_t rank);
  [[nodiscard]] std::vector<Item> take() noexcept { return std::move(items_); }

 private:
  struct Defaults {
    const Node* node = nullptr;
    std::vector<binding::BoundValue> values;
    std::vector<binding::BoundReference> references;
    bool sound = true;
  };

  void read_sections(const Node& root);
  void read_defaults(const Node& defaults);
  void read_components(const Node& list);
  void read_item(const Node& node);
  Catalog::Match read_class(const Node& item, Item& made);
  void read_entries(const Node& entries, Item& made);
  void read_entry(const Node& entry, const binding::Place& entries, Item& made);
  bool read_interface(const Node& entry, const Item& made, ItemEntry& read);
  bool read_name(const Node& entry, ItemEntry& read);
  void read_settings(const Node& item, Item& made);
  void note_origins(const Catalog::Match& match, const Defaults* defaults,
                    const std::vector<binding::BoundValue>& presets, Item& made);
  void read_parameters(const Catalog::Match& match, Item& made);
  void find_references(std::vector<binding::BoundReference> own, const Defaults* defaults, Item& made);
  Catalog::Match find_class(std::string_view name, const binding::Place& place, const std::string& shown);
  std::string shown_name(const Node& name);

  const Catalog& catalog_;
  binding::ProblemList& problems_;
  binding::Binder binder_;
  std::vector<std::string> interfaces_;
  std::vector<Item> items_;
  std::size_t document_ = 0;
  const Document* origin_document_ = nullptr;
  std::map<const ComponentClass*, Defaults> defaults_;
};

}  // namespace cachesite::site
