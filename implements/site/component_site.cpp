#include "basics/inherited.hpp"
#include "basics/per_process_mutex.hpp"
#include "binding/component_name.hpp"
#include "binding/suggestion.hpp"
#include "site/component_index.hpp"
#include "site/stop_worker.hpp"

#include <cachesite/component_site.hpp>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <list>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <tuple>
#include <unordered_map>
#include <utility>

namespace cachesite {

namespace {

// An instance with what is known about it; the order of the list is the order of registration.
struct Instance {
  std::shared_ptr<IComponent> component;
  DeclaredComponent declared;       // without a class when registered by hand
  std::size_t names = 0;            // in the table
  bool kept_without_names = false;  // declared without entries, or needed by lazy ones
  bool stopping = false;            // its stop() runs: it stays in the list
};

using Instances = std::list<Instance>;

// A component that is still to be made.
struct LazyEntry {
  std::shared_ptr<site::LazyComponent> maker;
  DeclaredComponent declared;
};
using LazyEntries = std::list<LazyEntry>;

// Lets go of the last registered first.
struct InstanceList : Instances {
  ~InstanceList() {
    while (!empty())
      pop_back();
  }
};

constexpr std::size_t names_shown = 20;

std::string quoted_names(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t index = 0; index < names.size() && index < names_shown; ++index)
    text.append(index ? ", \"" : "\"").append(names[index]).append("\"");
  if (names.size() > names_shown)
    text.append(" and ").append(std::to_string(names.size() - names_shown)).append(" more");
  return text;
}

void check_names(const DeclaredComponent& declared) {
  for (const auto& name : declared.names) {
    binding::check_component_name(name.name);
    if (!declared.component_class->find_interface(name.interface_name))
      throw std::invalid_argument(declared.component_class->name + " does not implement " +
                                  name.interface_name);
  }
}

std::string label_of(const Instance& instance) {
  const auto& declared = instance.declared;
  if (!declared.component_class) return "a component that the program registered";
  if (!declared.in_place.empty())
    return declared.component_class->name + " \"" + std::string(binding::shown_name(declared.in_place)) +
           "\"";
  for (const auto& name : declared.names)
    if (!name.name.empty()) return declared.component_class->name + " \"" + name.name + "\"";
  return declared.component_class->name;
}

}  // namespace

struct ComponentSite::State {
  enum class Phase { open, stopping, stopped };

  InstanceList instances;  // above the index, so that it goes last
  site::ComponentIndex index;
  mutable basics::PerProcessMutex
      mutex;  // held by writers and enumerations, never by lookups or while a component runs
  basics::PerProcess<std::condition_variable_any> stopped;
  const basics::ForkMark fork_mark;
  Phase phase = Phase::open;
  std::thread::id stopper;
  std::uint32_t stopping_process = 0;
  std::unordered_map<const IComponent*, Instances::iterator> by_component;
  LazyEntries lazy;

  template <class StopOne>
  void stop_all(const StopOne& stop_one);
  Instances::iterator instance_of(const std::shared_ptr<IComponent>& component);
  // What nobody needs any more goes into `released`, to be destroyed without the lock.
  void put(const InterfaceId& interface_id, std::string_view name, Instance& instance,
           std::shared_ptr<void> as_interface, Instances& released);
  void put_declared(Instance& instance, const DeclaredComponent& declared, const MadeComponent& made,
                    Instances& released);
  void forget(std::unique_ptr<site::ComponentRecord> record, Instances& released) noexcept;
  void discard(std::unique_ptr<site::ComponentRecord> record) const noexcept;
  [[nodiscard]] LazyEntries::iterator lazy_of(const DeclaredComponent& declared) noexcept;
  bool release_if_unused(Instances::iterator instance, Instances& released) noexcept;
};

Instances::iterator ComponentSite::State::instance_of(const std::shared_ptr<IComponent>& component) {
  if (const auto found = by_component.find(component.get()); found != by_component.end())
    return found->second;
  instances.push_back({component, {}, 0, false, false});
  const auto added = std::prev(instances.end());
  try {
    by_component.emplace(component.get(), added);
  } catch (...) {
    instances.pop_back();
    throw;
  }
  return added;
}

void ComponentSite::State::put(const InterfaceId& interface_id, std::string_view name, Instance& instance,
                               std::shared_ptr<void> as_interface, Instances& released) {
  const auto& declared_class = instance.declared.component_class;
  auto record = std::make_unique<site::ComponentRecord>(interface_id, name,
                                                        declared_class ? declared_class->name : std::string(),
                                                        std::move(as_interface), instance.component);
  auto replaced = index.put(std::move(record));
  if (replaced && replaced->component() == instance.component) return discard(std::move(replaced));
  ++instance.names;
  if (replaced) forget(std::move(replaced), released);
}

void ComponentSite::State::forget(std::unique_ptr<site::ComponentRecord> record,
                                  Instances& released) noexcept {
  if (record->lazy()) {
    const auto entry = std::find_if(lazy.begin(), lazy.end(),
                                    [&](const LazyEntry& each) { return each.maker == record->lazy(); });
    if (entry == lazy.end()) return;
    auto& names = entry->declared.names;
    std::erase_if(names, [&](const DeclaredComponent::Name& name) {
      return name.interface_name == record->interface_name() && name.name == record->name();
    });
    if (names.empty()) lazy.erase(entry);
    return discard(std::move(record));
  }
  const auto found = by_component.find(record->component().get());
  if (found == by_component.end()) return;
  const auto instance = found->second;
  std::erase_if(instance->declared.names, [&](const DeclaredComponent::Name& name) {
    return name.interface_name == record->interface_name() && name.name == record->name();
  });
  --instance->names;
  release_if_unused(instance, released);
  discard(std::move(record));
}

// In a forked child nobody knows whether a lookup still uses it.
void ComponentSite::State::discard(std::unique_ptr<site::ComponentRecord> record) const noexcept {
  if (fork_mark.forked()) basics::leave_alone(record.release());
}

bool ComponentSite::State::release_if_unused(Instances::iterator instance, Instances& released) noexcept {
  if (instance->names > 0 || instance->kept_without_names || instance->stopping) return false;
  by_component.erase(instance->component.get());
  released.splice(released.end(), instances, instance);
  return true;
}

ComponentSite::ComponentSite(detail::HeaderVersion headers) : state_(std::make_unique<State>()) {
  headers.require_library();
}

ComponentSite::~ComponentSite() {
  stop();
}

std::shared_ptr<void> ComponentSite::find(const InterfaceId& interface_id, std::string_view name) const {
  return state_->index.find(interface_id, name);
}

void ComponentSite::throw_not_found(const InterfaceId& interface_id, std::string_view name) const {
  std::vector<std::string> names;
  std::vector<std::string> interfaces;
  for (const auto& entry : entries()) {
    if (entry.interface_name == interface_id.name) names.push_back(entry.name);
    if (interfaces.empty() || interfaces.back() != entry.interface_name)
      interfaces.push_back(entry.interface_name);
  }
  std::string message = "no component ";
  message.append(interface_id.name).append(" \"").append(name).append("\"");
  if (!names.empty()) {
    message.append("; registered as ").append(interface_id.name).append(": ").append(quoted_names(names));
    binding::Suggestion suggestion(name);
    for (const auto& present : names)
      suggestion.offer(present);
    if (!suggestion.best().empty())
      message.append("; did you mean \"").append(suggestion.best()).append("\"?");
  } else if (!interfaces.empty()) {
    message.append("; nothing is registered as ").append(interface_id.name);
    message.append(", only as ").append(quoted_names(interfaces));
  } else {
    message.append("; the site is empty");
  }
  throw ComponentNotFound(message);
}

void ComponentSite::store(const InterfaceId& interface_id, std::string_view name,
                          std::shared_ptr<void> as_interface, std::shared_ptr<IComponent> component) {
  if (!component) throw std::invalid_argument("a null pointer cannot be registered as a component");
  binding::check_component_name(name);
  Instances released;
  const std::lock_guard lock(state_->mutex);
  if (state_->phase != State::Phase::open) throw std::logic_error("the component site is stopped");
  state_->put(interface_id, name, *state_->instance_of(component), std::move(as_interface), released);
}

void ComponentSite::State::put_declared(Instance& instance, const DeclaredComponent& declared,
                                        const MadeComponent& made, Instances& released) {
  instance.declared = declared;
  for (const auto& name : declared.names) {
    const auto* provided = declared.component_class->find_interface(name.interface_name);
    auto as_interface = provided->from_instance(made.instance);
    if (!as_interface)
      throw std::logic_error(declared.component_class->name + " does not pass on " + name.interface_name);
    put(provided->id, name.name, instance, std::move(as_interface), released);
  }
}

LazyEntries::iterator ComponentSite::State::lazy_of(const DeclaredComponent& declared) noexcept {
  return std::find_if(lazy.begin(), lazy.end(),
                      [&](const LazyEntry& each) { return each.declared.options == declared.options; });
}

void ComponentSite::register_declared(const DeclaredComponent& declared, const MadeComponent& made) {
  check_names(declared);
  Instances released;
  const std::lock_guard lock(state_->mutex);
  if (state_->phase != State::Phase::open) throw std::logic_error("the component site is stopped");
  Instance& instance = *state_->instance_of(made.component);
  instance.kept_without_names = declared.kept || declared.names.empty();
  state_->put_declared(instance, declared, made, released);
}

void ComponentSite::register_lazy(const DeclaredComponent& declared, std::function<void()> make) {
  check_names(declared);
  auto maker = std::make_shared<site::LazyComponent>();
  maker->make = std::move(make);
  Instances released;
  const std::lock_guard lock(state_->mutex);
  if (state_->phase != State::Phase::open) throw std::logic_error("the component site is stopped");
  state_->lazy.push_back({maker, declared});
  for (const auto& name : declared.names) {
    const auto* provided = declared.component_class->find_interface(name.interface_name);
    auto replaced = state_->index.put(std::make_unique<site::ComponentRecord>(
        provided->id, name.name, declared.component_class->name, maker));
    if (replaced) state_->forget(std::move(replaced), released);
  }
}

void ComponentSite::register_made(const DeclaredComponent& declared, const MadeComponent& made) {
  Instances released;
  const std::lock_guard lock(state_->mutex);
  if (state_->phase != State::Phase::open) throw std::logic_error("the component site is stopped");
  DeclaredComponent present = declared;
  present.names.clear();
  if (const auto entry = state_->lazy_of(declared); entry != state_->lazy.end()) {
    present.names = std::move(entry->declared.names);
    state_->lazy.erase(entry);
  }
  const auto instance = state_->instance_of(made.component);
  instance->kept_without_names = true;  // its maker keeps it, for other lazy ones
  state_->put_declared(*instance, present, made, released);
}

bool ComponentSite::erase(const InterfaceId& interface_id, std::string_view name) {
  Instances released;
  const std::lock_guard lock(state_->mutex);
  auto record = state_->index.take(interface_id, name);
  if (!record) return false;
  state_->forget(std::move(record), released);
  return true;
}

std::vector<ComponentEntry> ComponentSite::entries() const {
  std::vector<ComponentEntry> entries;
  {
    const std::lock_guard lock(state_->mutex);
    for (const auto* record : state_->index.records())
      entries.push_back(
          {record->interface_name(), record->name(), record->class_name(), record->component()});
  }
  std::sort(entries.begin(), entries.end(), [](const ComponentEntry& left, const ComponentEntry& right) {
    return std::tie(left.interface_name, left.name) < std::tie(right.interface_name, right.name);
  });
  return entries;
}

std::vector<DeclaredComponent> ComponentSite::declared_components() const {
  std::vector<DeclaredComponent> declared;
  const std::lock_guard lock(state_->mutex);
  for (const auto& instance : state_->instances) {
    if (!instance.declared.component_class) continue;
    declared.push_back(instance.declared);
    declared.back().component = instance.component;
  }
  for (const auto& entry : state_->lazy)
    declared.push_back(entry.declared);
  return declared;
}

// Stops the instances backwards; `stop_one` is called without the lock and says whether the instance ended.
template <class StopOne>
void ComponentSite::State::stop_all(const StopOne& stop_one) {
  std::unique_lock lock(mutex);
  if (phase == Phase::stopping && stopper == std::this_thread::get_id()) return;
  // A thread of the parent that was stopping the site does not exist in a forked child.
  if (phase == Phase::stopping && stopping_process != basics::process_number()) phase = Phase::open;
  stopped->wait(lock, [&] { return phase != Phase::stopping; });
  if (phase == Phase::stopped) return;
  phase = Phase::stopping;
  stopper = std::this_thread::get_id();
  stopping_process = basics::process_number();
  for (const auto& entry : lazy)
    entry.maker->closed = true;
  // Nothing is added any more, but a component may remove names while it stops, its own too.
  Instances released;
  for (auto instance = instances.end(); instance != instances.begin();) {
    --instance;
    instance->stopping = true;
    lock.unlock();
    const bool ended = stop_one(*instance);
    lock.lock();
    instance->stopping = !ended;
    const auto next = std::next(instance);
    if (release_if_unused(instance, released)) instance = next;
  }
  phase = Phase::stopped;
  stopped->notify_all();
  lock.unlock();
}

void ComponentSite::stop() noexcept {
  state_->stop_all([](const Instance& instance) {
    instance.component->stop();
    return true;
  });
}

std::vector<std::string> ComponentSite::stop_within(TimeSpan limit) {
  const auto deadline = std::chrono::steady_clock::now() + limit.milliseconds();
  std::vector<std::string> left;
  {
    const std::lock_guard lock(state_->mutex);
    left.reserve(state_->instances.size());
  }
  site::StopWorker worker;
  state_->stop_all([&](const Instance& instance) {
    {
      // A component that stops the site while it is stopped does so on the worker's thread.
      const std::lock_guard lock(state_->mutex);
      state_->stopper = worker.thread();
    }
    const auto rest = std::max(deadline - std::chrono::steady_clock::now(), std::chrono::nanoseconds(0));
    if (worker.stop(instance.component, rest / 2)) return true;
    left.emplace_back();
    try {
      left.back() = label_of(instance);
    } catch (const std::bad_alloc&) {
      left.back() = "a component";
    }
    return false;
  });
  return left;
}

}  // namespace cachesite
