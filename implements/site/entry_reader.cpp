#include "site/entry_reader.hpp"

#include "binding/component_name.hpp"
#include "binding/quoted.hpp"
#include "binding/suggestion.hpp"
#include "site/item_texts.hpp"

#include <cachesite/detail/problem_ids.hpp>

#include <algorithm>
#include <string_view>
#include <utility>

namespace cachesite::site {

using binding::Place;
using binding::Suggestion;

namespace {

// A class may have a parameter called `name`.
const Node* short_form(const Item& item) {
  if (item.component_class && item.component_class->parameters.find("name")) return nullptr;
  return item.node->find("name");
}

}  // namespace

void EntryReader::read(Item& item) {
  if (item.in_place) return refuse_names(item);
  const Node* entries = item.node->find("entries");
  const Node* name = short_form(item);
  if (entries && name)
    problems_.add(problem_ids::bad_entries, place_within(item.place, *name),
                  "a component has a name or entries, not both",
                  "name stands for an entry of each interface of the class");
  else if (name)
    read_short_form(*name, item);
  if (entries) read_entries(*entries, item);
}

void EntryReader::refuse_names(const Item& item) {
  for (const auto& [key, node] :
       {std::pair{"name", short_form(item)}, {"entries", item.node->find("entries")}})
    if (node)
      problems_.add(problem_ids::bad_entries, place_within(item.place, *node),
                    item.said_of(key, "a component in place of a reference has no name"),
                    "declare it in the list of components to give it one, and write the name here");
}

void EntryReader::read_short_form(const Node& name, Item& item) {
  ItemEntry read;
  read.place = item.place;
  read.is_short_form = true;
  if (!read_name(name, read) || !item.component_class) return;
  for (const auto& provided : item.component_class->interfaces) {
    read.interface_name = provided.id.name;
    item.entries.push_back(read);
  }
}

void EntryReader::read_entries(const Node& entries, Item& item) {
  if (!entries.is_list()) {
    problems_.add(problem_ids::bad_entries, Place::of(entries),
                  expected("entries", "a list of {interface, name}", entries),
                  is_interface(entries) ? "write [{interface: " + entries.scalar + "}]"
                  : is_word(entries)    ? "write name: " + in_hint(entries)
                                        : "");
    return;
  }
  item.entries.reserve(entries.elements.size());
  const Place place = place_within(Place::of(*item.node), entries);
  for (const auto& entry : entries.elements)
    read_entry(entry, place, item);
}

void EntryReader::read_entry(const Node& entry, const Place& entries, Item& item) {
  if (!entry.is_map()) {
    const auto name = in_hint(entry);
    problems_.add(
        problem_ids::bad_entry, Place::of(entry), expected("entries", "a mapping {interface, name}", entry),
        is_interface(entry) ? "write {interface: " + entry.scalar + "}"
        : is_word(entry)
            ? "write {interface: ..., name: " + name + "}, or name: " + name + " in place of all entries"
            : "");
    return;
  }
  for (const auto& member : entry.members) {
    if (member.key == "interface" || member.key == "name") continue;
    Suggestion suggestion(member.key);
    suggestion.offer("interface");
    suggestion.offer("name");
    problems_.add(problem_ids::bad_entry, Place::of_key(member),
                  "an entry has no " + problems_.shown_key(member.key),
                  suggestion.best().empty() ? "an entry has interface and name" : suggestion.question());
  }
  ItemEntry read;
  read.place = place_within(entries, entry);
  const bool has_interface = read_interface(entry, item, read);
  const Node* name = entry.find("name");
  const bool has_name = !name || read_name(*name, read);
  if (has_interface && has_name) item.entries.push_back(std::move(read));
}

bool EntryReader::read_interface(const Node& entry, const Item& item, ItemEntry& read) {
  const Node* node = entry.find("interface");
  if (!node) {
    std::string hint;
    if (item.component_class && item.component_class->interfaces.size() == 1)
      hint = "add interface: " + std::string(item.component_class->interfaces.front().id.name);
    problems_.add(problem_ids::missing_interface, read.place, "this entry has no interface", hint);
    return false;
  }
  if (!node->is_text()) {
    problems_.add(problem_ids::unknown_interface, Place::of(*node),
                  expected("interface", "the name of an interface", *node));
    return false;
  }
  read.interface_name = catalog_.interface_name(node->scalar);
  if (std::find(interfaces_.begin(), interfaces_.end(), read.interface_name) == interfaces_.end()) {
    Suggestion suggestion(node->scalar);
    for (const auto& each : interfaces_)
      suggestion.offer(each);
    problems_.add(
        problem_ids::unknown_interface, Place::of(*node),
        "there is no interface " + shown_word(*node, problems_),
        suggestion.best().empty() ? "the interfaces are: " + joined(interfaces_) : suggestion.question());
    return false;
  }
  if (item.component_class && !item.component_class->find_interface(read.interface_name)) {
    std::vector<std::string_view> provided;
    for (const auto& each : item.component_class->interfaces)
      provided.push_back(each.id.name);
    problems_.add(problem_ids::wrong_interface, Place::of(*node),
                  item.component_class->name + " does not implement " + read.interface_name,
                  "it implements " + joined(provided));
    return false;
  }
  return true;
}

bool EntryReader::read_name(const Node& name, ItemEntry& read) {
  if (!is_word(name) && !name.substituted) {
    problems_.add(
        problem_ids::bad_name, Place::of(name), expected("name", "text", name),
        name.is_null() ? "leave it out for the unnamed component" : "put it in quotes to make it text");
    return false;
  }
  if (!binding::valid_component_name(name.scalar)) {
    problems_.add(problem_ids::bad_name, Place::of(name),
                  "a component cannot be called " + (name.substituted           ? "like the substituted value"
                                                     : problems_.may_show(name) ? binding::quoted(name.scalar)
                                                                                : "like this"),
                  std::string(binding::name_rule));
    return false;
  }
  read.name = name.scalar;
  read.substituted = name.substituted;
  read.place = place_within(read.place, name);
  return true;
}

void EntryReader::check_offers(Item& item) {
  const auto is_missing = [&](const ItemEntry& entry) {
    return !item.component_class->offers(item.options.get(), entry.interface_name);
  };
  std::erase_if(item.entries,
                [&](const ItemEntry& entry) { return entry.is_short_form && is_missing(entry); });
  for (const auto& entry : item.entries)
    if (is_missing(entry))
      problems_.add(
          problem_ids::wrong_interface, entry.place,
          item.component_class->name + " does not offer " + entry.interface_name + " with these parameters");
}

bool EntryReader::is_interface(const Node& word) {
  return word.is_text() && problems_.may_show(word) &&
         std::find(interfaces_.begin(), interfaces_.end(), word.scalar) != interfaces_.end();
}

std::string EntryReader::in_hint(const Node& name) {
  return problems_.may_show(name) && binding::valid_component_name(name.scalar) ? name.scalar : "...";
}

}  // namespace cachesite::site
