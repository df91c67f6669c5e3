#include "binding/quoted.hpp"
#include "site/item_reader.hpp"
#include "site/secret_finder.hpp"

#include <cachesite/detail/problem_ids.hpp>
#include <cachesite/detail/site_builder.hpp>

#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cachesite {

namespace {

using site::Item;
using Names = std::set<std::pair<std::string, std::string>>;  // interface and name

bool names_unknown_class(const Item& item) {
  const Node* const name = item.node->find("class");
  return !item.component_class && name && name->is_text();
}

// Finds what has to go, and says so.
class UnknownClasses {
 public:
  UnknownClasses(const std::vector<Document>& documents, const Catalog& catalog)
      : documents_(documents), problems_([catalog](const Document& document) {
          return site::SecretFinder(catalog).find(document);
        }) {
    binding::ProblemList unread;
    site::ItemReader reader(catalog, unread);
    for (std::size_t index = 0; index < documents.size(); ++index)
      reader.read(documents[index], index);
    items_ = reader.take();
    for (const auto& item : items_) {
      if (!names_unknown_class(item)) continue;
      leave_out(item, "there is no component class ");
      if (const Node* const name = item.node->find("name")) names_of_any_interface_.insert(name->scalar);
    }
    while (leave_out_dependants()) {
    }
  }

  [[nodiscard]] bool has(const Node& node) const { return nodes_.contains(&node); }
  [[nodiscard]] std::vector<Problem> problems() const { return problems_.sorted(); }

 private:
  void leave_out(const Item& item, std::string reason) {
    nodes_.insert(item.node);
    problems_.enter(documents_[item.document], item.document);
    if (!item.component_class) reason += shown(*item.node->find("class"));
    problems_.add(problem_ids::unknown_class, item.place, std::move(reason), "it is left out",
                  Problem::Severity::warning);
  }

  std::string shown(const Node& name) {
    if (name.substituted) return "of the substituted name";
    return problems_.may_show(name) ? binding::quoted(name.scalar) : "of this name";
  }

  [[nodiscard]] Names names_of(bool left_out) const {
    Names names;
    for (const auto& item : items_)
      if (nodes_.contains(item.node) == left_out)
        for (const auto& entry : item.entries)
          names.emplace(entry.interface_name, entry.name);
    return names;
  }

  bool leave_out_dependants() {
    const auto kept = names_of(false);
    const auto gone = names_of(true);
    const auto before = nodes_.size();
    for (const auto& item : items_) {
      if (nodes_.contains(item.node)) continue;
      const auto lost = std::find_if(item.references.begin(), item.references.end(), [&](const auto& each) {
        const std::pair name(each.interface_name, each.name);
        const bool is_gone = gone.contains(name) || names_of_any_interface_.contains(each.name);
        return !each.optional && is_gone && !kept.contains(name);
      });
      if (lost == item.references.end()) continue;
      const auto needed = lost->secret ? " of a substituted name" : " " + binding::quoted(lost->name);
      leave_out(item, item.label() + " needs the " + lost->interface_name + needed + ", which is left out");
    }
    for (const auto& item : items_) {
      if (!item.in_place || !nodes_.contains(item.node)) continue;
      const Item& owner = items_[item.in_place->owner];
      if (!nodes_.contains(owner.node))
        leave_out(owner, owner.label() + " needs the component in place of its " + item.in_place->where +
                             ", which is left out");
    }
    return nodes_.size() != before;
  }

  const std::vector<Document>& documents_;
  binding::ProblemList problems_;
  std::vector<Item> items_;
  std::set<const Node*> nodes_;
  std::set<std::string> names_of_any_interface_;  // what an unknown class offers is not known either
};

Node* section(Document& document, std::string_view name) {
  for (auto& member : document.root.members)
    if (member.key == name) return &member.value;
  return nullptr;
}

}  // namespace

std::vector<Problem> leave_out_unknown_classes(std::vector<Document>& documents, const Catalog& catalog) {
  const UnknownClasses unknown(documents, catalog);
  const auto problems = unknown.problems();
  for (auto& document : documents) {
    Node* const list = document.root.is_list() ? &document.root : section(document, "components");
    if (list) std::erase_if(list->elements, [&](const Node& item) { return unknown.has(item); });
    if (Node* const defaults = section(document, "defaults"))
      std::erase_if(defaults->members, [&](const NodeMember& member) { return !catalog.find(member.key); });
  }
  return problems;
}

}  // namespace cachesite
