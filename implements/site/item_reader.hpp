#pragma once

#include "binding/binder.hpp"
#include "binding/problem_list.hpp"
#include "site/entry_reader.hpp"
#include "site/item.hpp"

#include <cachesite/catalog.hpp>
#include <cachesite/document.hpp>

#include <cstddef>
#include <map>
#include <optional>
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
  void read_mapping(const Node& node, Item made);
  // A component in place of a reference of `owner`.
  std::optional<std::string> read_in_place(std::size_t owner_index, const Item& owner,
                                           const ParameterDeclaration& declaration, const Node& node,
                                           const std::string& path);
  void check_kind(const Item& made);
  // The classes that may stand where the item does.
  [[nodiscard]] std::vector<std::string> fitting_classes(const Item& made) const;
  Catalog::Match read_class(const Node& item, Item& made);
  void read_settings(const Node& item, Item& made);
  void warn_of_no_names(const Item& made);
  void note_origins(const Catalog::Match& match, const Defaults* defaults,
                    const std::vector<binding::BoundValue>& presets, Item& made);
  void read_parameters(const Catalog::Match& match, std::size_t index, Item& made);
  void find_references(std::vector<binding::BoundReference> own, const Defaults* defaults, Item& made);
  Catalog::Match find_class(std::string_view name, const binding::Place& place, const std::string& shown,
                            const Item& item);
  binding::Binder defaults_binder();

  const Catalog& catalog_;
  binding::ProblemList& problems_;
  EntryReader entries_;
  std::vector<Item> items_;
  std::size_t document_ = 0;
  const Document* origin_document_ = nullptr;
  std::map<const ComponentClass*, Defaults> defaults_;
};

}  // namespace cachesite::site
