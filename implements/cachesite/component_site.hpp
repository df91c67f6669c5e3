#pragma once

#include <cachesite/detail/component_class.hpp>
#include <cachesite/detail/implementation_pointer.hpp>
#include <cachesite/site.hpp>
#include <cachesite/time_span.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace cachesite {

/// Where the value of a parameter comes from, when it is not the default.
struct ParameterOrigin {
  enum class Kind : std::uint8_t {
    file,      ///< the component itself gives it
    defaults,  ///< the defaults of its class in the same file
    alias,     ///< the name that the file uses for the class
    session,   ///< the session of a configuration
  };

  std::string parameter;
  Kind kind = Kind::file;
  /// The place, such as `shop.yml:7:9`, with the expression that was substituted there, if one was.
  std::string where;
};

/// A component that another one refers to.
struct ComponentDependency {
  std::string parameter;
  std::string interface_name;
  std::string name;  ///< or `DeclaredComponent::in_place`
};

/// A component that was declared in a file: its class, the options it is made with, and its names.
struct DeclaredComponent {
  struct Name {
    std::string interface_name;
    std::string name;
  };

  std::shared_ptr<const ComponentClass> component_class;
  /// Of the class's options type; references hold names only.
  std::shared_ptr<const void> options;
  /// In the order in which they were registered; may be empty.
  std::vector<Name> names;
  /// The options with what a configuration session gave; the same as `options` when there is none.
  std::shared_ptr<const void> effective_options = {};
  /// Whether it is made at the first lookup only.
  bool lazy = false;
  /// Whether the site works without it: while it is down, the site is degraded (see `health_report`).
  bool optional = false;
  /// Where it is declared, such as `shop.yml:3:3`.
  std::string place = {};
  std::vector<ParameterOrigin> origins = {};
  std::vector<ComponentDependency> dependencies = {};
  /// Whether the site keeps it, and stops it in the end, although its names are taken away: a lazy component
  /// may need it.
  bool kept = false;
  /// What the options of another component call this one, which is declared in place of a reference: its
  /// path and a number that tells it from others, such as `products.store#7`. It has no names then, is not
  /// found by lookups, and lives as long as the site. Empty for all others.
  std::string in_place = {};
  /// The component; null when it is lazy and not made yet. Filled in by `declared_components`.
  std::shared_ptr<IComponent> component = {};
};

/// The registry of components, empty at first. Usually `load_component_site` fills one from a file; a program
/// may also make one itself and register components by hand, or both.
///
/// A lookup takes no lock and is about as fast with many threads as with one: it reads a hash table that is
/// replaced as a whole when it grows, announces itself in a counter of its own CPU so that nothing it reads
/// is freed (two-phase epochs as in sleepable read-copy-update, P. McKenney, 2006), and copies a pointer
/// whose reference count belongs to its CPU. Hence two pointers to one component may have different reference
/// counts: compare components by `get()`, and keep a shared_ptr, not a weak_ptr, to what has to stay alive.
/// Registration and removal take a lock and wait for the lookups that are running, never for components.
///
/// Destroying the site stops it and lets go of its components, dependants first. Components that the program
/// still holds live on, stopped.
class ComponentSite final : public IComponentSite {
 public:
  ComponentSite();
  ~ComponentSite() override;
  ComponentSite(const ComponentSite&) = delete;
  ComponentSite& operator=(const ComponentSite&) = delete;

  [[nodiscard]] std::vector<ComponentEntry> entries() const override;

  /// As IComponentSite says; a second caller waits until the first is done, except a component that calls
  /// this from its own `stop()`, for which it returns at once.
  void stop() noexcept override;

  /// Stops all components as `stop()` does, but is over when `limit` is (any std::chrono duration), whatever
  /// the components do. Each is
  /// given at most half of the time that is left. Returns those that did not end in time, as messages call
  /// them; such a component is left to itself and lives until it ends.
  std::vector<std::string> stop_within(TimeSpan limit);

  /// The components declared in files that still have a name here or never had one, in the order in which
  /// they were made: dependencies first. Lazy ones that are not made yet come last.
  [[nodiscard]] std::vector<DeclaredComponent> declared_components() const;

  /// Registers a component that was made from a file, under all of its names at once; it is stopped before
  /// everything that was registered earlier. For `build_component_site`. Throws as `register_component` does.
  void register_declared(const DeclaredComponent& declared, const MadeComponent& made);

  /// Registers a component that is made at the first lookup of one of its names. `make` is then called, by
  /// any thread and by several at once; it hands the component in by `register_made`, or throws, which the
  /// lookup passes on. For `build_component_site`.
  void register_lazy(const DeclaredComponent& declared, std::function<void()> make);

  /// Hands in a component that `register_lazy` announced, under those of its names that nobody has taken
  /// since. Throws std::logic_error after stop().
  void register_made(const DeclaredComponent& declared, const MadeComponent& made);

 protected:
  [[nodiscard]] std::shared_ptr<void> find(const InterfaceId& interface_id,
                                           std::string_view name) const override;
  [[noreturn]] void throw_not_found(const InterfaceId& interface_id, std::string_view name) const override;
  void store(const InterfaceId& interface_id, std::string_view name, std::shared_ptr<void> as_interface,
             std::shared_ptr<IComponent> component) override;
  bool erase(const InterfaceId& interface_id, std::string_view name) override;

 private:
  struct State;
  detail::ImplementationPointer<State> state_;
};

}  // namespace cachesite
