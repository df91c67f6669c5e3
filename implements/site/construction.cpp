#include "site/construction.hpp"

#include "binding/secret_scrubber.hpp"

#include <cachesite/problem_ids.hpp>

#include <algorithm>
#include <exception>
#include <utility>

namespace cachesite::site {

Construction::Construction(const std::vector<Document>& documents, const std::vector<Item>& items,
                           const Composition& composition, const BuildOptions& options,
                           binding::ProblemList& problems)
    : documents_(documents),
      items_(items),
      composition_(composition),
      problems_(problems),
      logger_is_given_(options.logger != nullptr),
      logger_(options.logger ? options.logger : std::make_shared<SilentLogger>()),
      clock_(options.clock ? options.clock : std::make_shared<SteadyClock>()),
      site_(std::make_shared<ComponentSite>()),
      made_(items.size()) {}

void Construction::make_all() {
  for (const auto index : composition_.order())
    if (is_ready(items_[index])) make(index);
}

void Construction::start_all() {
  for (const auto index : composition_.order())
    if (!attempt(items_[index], problem_ids::cannot_start,
                 " cannot be started: ", [&] { made_[index].component->start(); }))
      return;
  for (const auto index : composition_.order())
    attempt(items_[index], problem_ids::cannot_start,
            " cannot be started: ", [&] { made_[index].component->await_started(); });
}

// Not ready when something that it refers to could not be made.
bool Construction::is_ready(const Item& item) const {
  return std::all_of(item.references.begin(), item.references.end(), [&](const auto& reference) {
    const auto needed = composition_.find(reference.interface_name, reference.name);
    return needed && made_[*needed].component;
  });
}

void Construction::make(std::size_t index) {
  const Item& item = items_[index];
  attempt(item, problem_ids::cannot_make, " cannot be made: ", [&] {
    const ComponentContext context{item.label(), site_.get(), logger_, clock_};
    auto made = item.component_class->make(item.options.get(), context,
                                           [&](const InterfaceId& id, const std::string& name,
                                               const auto& resolve) { resolve(referred(id, name)); });
    DeclaredComponent declared{item.component_class, item.options, {}};
    for (const auto& entry : item.entries)
      if (!entry.overridden) declared.names.push_back({entry.interface_name, entry.name});
    site_->register_declared(declared, made);
    made_[index] = std::move(made);
  });
  if (logger_is_given_ || !made_[index].component) return;
  if (composition_.find(ILogger::interface_name, {}) == index) {
    const auto* provided = item.component_class->find_interface(ILogger::interface_name);
    logger_ = std::static_pointer_cast<ILogger>(provided->from_instance(made_[index].instance));
  }
}

std::shared_ptr<void> Construction::referred(const InterfaceId& interface_id, const std::string& name) const {
  const auto index = composition_.find(interface_id.name, name);
  if (!index) return nullptr;
  return items_[*index]
      .component_class->find_interface(interface_id.name)
      ->from_instance(made_[*index].instance);
}

template <class Action>
bool Construction::attempt(const Item& item, std::string_view id, std::string_view failure,
                           const Action& action) {
  std::string reason;
  try {
    action();
    return true;
  } catch (const std::exception& thrown) {
    reason = thrown.what();
  } catch (...) {
    reason = "it threw something that is no std::exception";
  }
  binding::SecretScrubber scrubber;
  scrubber.add_options(item.component_class->parameters, item.options.get());
  scrubber.add_substituted(*item.node);
  problems_.enter(documents_[item.document], item.document);
  problems_.add(id, item.place, item.label().append(failure).append(scrubber.scrub(std::move(reason))));
  return false;
}

}  // namespace cachesite::site
