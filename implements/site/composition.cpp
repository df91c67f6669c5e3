#include "site/composition.hpp"

#include "binding/quoted.hpp"
#include "binding/suggestion.hpp"

#include <cachesite/detail/problem_ids.hpp>
#include <cachesite/logger.hpp>

#include <algorithm>
#include <utility>

namespace cachesite::site {

namespace {

constexpr std::size_t names_listed = 20;
constexpr std::size_t detailed_problems = 50;  // each costs a look at every name

std::string key_of(std::string_view interface_name, std::string_view name) {
  std::string key;
  key.reserve(interface_name.size() + name.size() + 1);
  return key.append(interface_name).append(1, '\0').append(name);
}

// Whether the item has the interface only over a cache that has it.
bool passes_on(const Item& item, std::string_view interface_name) {
  const auto* provided =
      item.component_class ? item.component_class->find_interface(interface_name) : nullptr;
  return provided && provided->passed_on;
}

std::string line_of(const binding::Place& place) {
  return "line " + std::to_string(place.position.line);
}

}  // namespace

Composition::Composition(const std::vector<Document>& documents, const Catalog& catalog,
                         std::vector<Item>& items, binding::ProblemList& problems)
    : documents_(documents), items_(items), problems_(problems), marks_(items.size(), Mark::fresh) {
  hand_out_names();
  hand_out_passed_on();
  check_references(catalog);
  order_.reserve(items_.size());
  logger_ = find_logger();
  if (logger_) put_in_order(*logger_);
  for (std::size_t item = 0; item < items_.size(); ++item)
    put_in_order(item);
}

std::optional<std::size_t> Composition::find(std::string_view interface_name, std::string_view name) const {
  const auto found = names_.find(key_of(interface_name, name));
  if (found == names_.end()) return std::nullopt;
  return found->second;
}

bool Composition::wanted(std::size_t index) const noexcept {
  while (items_[index].in_place)
    index = items_[index].in_place->owner;
  return items_[index].has_place();
}

void Composition::hand_out_names() {
  names_.reserve(items_.size());
  for (std::size_t index = 0; index < items_.size(); ++index) {
    if (const auto& in_place = items_[index].in_place)
      names_.emplace(key_of(in_place->interface_name, in_place->name), index);
    for (auto& entry : items_[index].entries) {
      if (entry.is_short_form && passes_on(items_[index], entry.interface_name)) continue;
      const auto [present, is_new] = names_.emplace(key_of(entry.interface_name, entry.name), index);
      if (is_new) continue;
      Item& earlier = items_[present->second];
      const auto taken =
          std::find_if(earlier.entries.begin(), earlier.entries.end(), [&](const ItemEntry& each) {
            return !each.overridden && each.interface_name == entry.interface_name && each.name == entry.name;
          });
      taken->overridden = true;
      taken->overridden_later = earlier.document != items_[index].document;
      const std::size_t earlier_index = std::exchange(present->second, index);
      if (taken->is_short_form && entry.is_short_form) take_away_name(earlier_index, *taken);
      if (earlier.document != items_[index].document) continue;
      problems_.enter(documents_[earlier.document], earlier.document);
      problems_.add(problem_ids::name_taken_again, entry.place,
                    entry.interface_name + " " +
                        (entry.substituted ? "of the substituted name" : binding::quoted(entry.name)) +
                        " takes the place of the one in " + line_of(taken->place),
                    "remove one of them", Problem::Severity::warning);
    }
  }
}

bool Composition::offers(std::size_t index, std::string_view interface_name) const {
  for (std::size_t steps = 0; steps < items_.size(); ++steps) {
    const Item& item = items_[index];
    if (!item.options) return true;  // a problem is known already
    if (!item.component_class->find_interface(interface_name)) return false;
    if (!item.component_class->offers(item.options.get(), interface_name)) return false;
    if (!passes_on(item, interface_name)) return true;
    const auto below = item.over() ? needed(index, *item.over()) : std::nullopt;
    if (!below) return true;
    index = *below;
  }
  return true;
}

void Composition::hand_out_passed_on() {
  for (std::size_t index = 0; index < items_.size(); ++index) {
    Item& item = items_[index];
    const auto lacks = [&](const std::string& interface_name) {
      return passes_on(item, interface_name) && !offers(index, interface_name);
    };
    for (auto& entry : item.entries)
      if (entry.is_short_form && passes_on(item, entry.interface_name))
        hand_out_passed_on(index, entry);
      else if (!entry.overridden && lacks(entry.interface_name))
        report_not_passed_on(item, entry.interface_name, entry.place);
    if (item.in_place && lacks(item.in_place->interface_name))
      report_not_passed_on(item, item.in_place->interface_name, item.place);
  }
}

void Composition::hand_out_passed_on(std::size_t index, ItemEntry& entry) {
  const ItemEntry& own = items_[index].entries.front();
  entry.overridden = own.overridden || !offers(index, entry.interface_name) ||
                     !names_.emplace(key_of(entry.interface_name, entry.name), index).second;
  entry.overridden_later = own.overridden_later;
}

void Composition::report_not_passed_on(const Item& item, const std::string& interface_name,
                                       const binding::Place& place) {
  problems_.enter(documents_[item.document], item.document);
  problems_.add(problem_ids::wrong_interface, place,
                item.said(item.component_class->name + " offers " + interface_name +
                          " only if the cache of \"over\" does"),
                "put a layer there that does");
}

void Composition::take_away_name(std::size_t index, const ItemEntry& taken) {
  for (auto& entry : items_[index].entries) {
    if (entry.overridden || !entry.is_short_form || entry.name != taken.name) continue;
    if (passes_on(items_[index], entry.interface_name)) continue;  // is not handed out yet
    entry.overridden = true;
    entry.overridden_later = taken.overridden_later;
    names_.erase(key_of(entry.interface_name, entry.name));
  }
}

std::optional<std::size_t> Composition::needed(std::size_t item,
                                               const binding::BoundReference& reference) const {
  const auto found = find(reference.interface_name, reference.name);
  if (reference.optional && found == item) return std::nullopt;
  return found;
}

std::optional<std::size_t> Composition::find_logger() const {
  if (const auto unnamed = find(ILogger::interface_name, {})) return unnamed;
  if (const auto unnamed = find(ILoggerSite::interface_name, {})) return unnamed;
  std::optional<std::size_t> only;
  for (std::size_t item = 0; item < items_.size(); ++item)
    for (const auto& entry : items_[item].entries) {
      if (entry.overridden || entry.interface_name != ILoggerSite::interface_name) continue;
      if (only && *only != item) return std::nullopt;
      only = item;
    }
  return only;
}

void Composition::check_references(const Catalog& catalog) {
  std::size_t missing = 0;
  for (std::size_t index = 0; index < items_.size(); ++index) {
    if (!wanted(index)) continue;
    for (const auto& reference : items_[index].references)
      if (!reference.optional && !names_.contains(key_of(reference.interface_name, reference.name)))
        report_missing(index, reference, catalog, ++missing <= detailed_problems);
  }
}

void Composition::report_missing(std::size_t index, const binding::BoundReference& reference,
                                 const Catalog& catalog, bool in_detail) {
  const Item& item = items_[index];
  std::string message = "there is no ";
  message.append(reference.interface_name);
  std::string hint;
  std::string other_kinds;
  if (reference.secret) {
    message += " of the substituted name";
  } else if (reference.name.empty()) {
    message += " without a name";
  } else {
    message.append(" named ").append(binding::quoted(reference.name));
    binding::Suggestion suggestion(reference.name);
    for (const auto& other : items_) {
      if (!in_detail) break;
      for (const auto& entry : other.entries) {
        if (entry.overridden) continue;
        if (entry.interface_name == reference.interface_name && !entry.substituted)
          suggestion.offer(entry.name);
        else if (entry.interface_name != reference.interface_name && entry.name == reference.name)
          other_kinds.append(other_kinds.empty() ? "" : " and ")
              .append(other.component_class ? other.component_class->name + ", " : "")
              .append("an ")
              .append(entry.interface_name);
      }
    }
    hint = suggestion.question();
    const auto match = catalog.find(reference.name);
    if (match && match.component_class->find_interface(reference.interface_name))
      hint = "this is the name of a class; write {class: " + reference.name + "} to declare one here";
  }
  if (!other_kinds.empty())
    message.append("; ").append(binding::quoted(reference.name)).append(" is a ").append(other_kinds);
  if (in_detail) {
    const auto known = known_names(reference.interface_name);
    message.append(known.empty() ? "; there is none at all" : "; there are: ").append(known);
    message.append(needed_by(index));
  }
  problems_.enter(documents_[item.document], item.document);
  problems_.add(
      other_kinds.empty() ? problem_ids::missing_component : problem_ids::wrong_kind, reference.place,
      reference.path.empty() ? item.said(std::move(message)) : item.said_of(reference.path, message),
      std::move(hint));
}

std::string Composition::needed_by(std::size_t index) const {
  std::vector<std::size_t> chain{index};
  for (bool found = true; found && chain.size() < names_listed;) {
    found = false;
    for (std::size_t item = 0; item < items_.size() && !found; ++item) {
      if (!wanted(item) || std::find(chain.begin(), chain.end(), item) != chain.end()) continue;
      const auto& references = items_[item].references;
      found = std::any_of(references.begin(), references.end(),
                          [&](const auto& reference) { return needed(item, reference) == chain.back(); });
      if (found) chain.push_back(item);
    }
  }
  if (chain.size() == 1) return {};
  std::string text;
  for (auto item = chain.rbegin(); item != chain.rend(); ++item)
    text.append(text.empty() ? " (needed by " : " -> ").append(items_[*item].label());
  return text + ")";
}

std::string Composition::known_names(std::string_view interface_name) const {
  std::vector<std::string> names;
  for (const auto& item : items_)
    for (const auto& entry : item.entries)
      if (!entry.overridden && entry.interface_name == interface_name)
        names.push_back(entry.substituted ? "one of a substituted name" : binding::quoted(entry.name));
  std::sort(names.begin(), names.end());
  std::string text;
  for (std::size_t index = 0; index < names.size() && index < names_listed; ++index)
    text.append(text.empty() ? "" : ", ").append(names[index]);
  if (names.size() > names_listed)
    text.append(" and ").append(std::to_string(names.size() - names_listed)).append(" more");
  return text;
}

// Depth first, without recursion: chains of references may be as long as the document.
void Composition::put_in_order(std::size_t first) {
  if (marks_[first] != Mark::fresh || !wanted(first)) return;
  std::vector<Step> chain{{first, 0}};
  marks_[first] = Mark::open;
  while (!chain.empty()) {
    Step& step = chain.back();
    const auto& references = items_[step.item].references;
    if (step.next_reference == references.size()) {
      marks_[step.item] = Mark::done;
      order_.push_back(step.item);
      chain.pop_back();
      continue;
    }
    const auto& reference = references[step.next_reference++];
    const auto next = needed(step.item, reference);
    if (!next) continue;
    if (marks_[*next] == Mark::fresh) {
      marks_[*next] = Mark::open;
      chain.push_back({*next, 0});
    } else if (marks_[*next] == Mark::open) {
      const auto begin =
          std::find_if(chain.begin(), chain.end(), [&](const Step& each) { return each.item == *next; });
      report_circle(chain, static_cast<std::size_t>(begin - chain.begin()));
    }
  }
}

// The chain is shown from the component that stands first in the documents.
void Composition::report_circle(const std::vector<Step>& chain, std::size_t begin) {
  std::vector<Step> circle(chain.begin() + static_cast<std::ptrdiff_t>(begin), chain.end());
  std::rotate(circle.begin(),
              std::min_element(circle.begin(), circle.end(),
                               [](const Step& left, const Step& right) { return left.item < right.item; }),
              circle.end());
  std::string text;
  for (const auto& step : circle)
    text.append(items_[step.item].label()).append(" -> ");
  const Item& first = items_[circle.front().item];
  problems_.enter(documents_[first.document], first.document);
  problems_.add(problem_ids::circle, first.references[circle.front().next_reference - 1].place,
                "components refer to each other in a circle: " + text + first.label());
}

}  // namespace cachesite::site
