#pragma once

#include <cachesite/detail/component_class.hpp>
#include <cachesite/detail/implementation_pointer.hpp>
#include <cachesite/detail/time_span.hpp>
#include <cachesite/site.hpp>
#include <cachesite/version.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace cachesite {

/// The source of a parameter's value that is not the default.
struct ParameterOrigin {
  enum class Kind : std::uint8_t {
    file,      ///< the component itself
    defaults,  ///< the defaults of its class in the same file
    alias,     ///< the alias of the class in the file
    session,   ///< the session of a configuration
  };

  std::string parameter;
  Kind kind = Kind::file;
  /// The place, such as `shop.yml:7:9`, with the substituted expression, if there is one.
  std::string where;
};

/// A reference of a component to another.
struct ComponentDependency {
  std::string parameter;
  std::string interface_name;
  std::string name;  ///< or `DeclaredComponent::in_place`
};

/// A component that was declared in a file: its class, its options and its names.
struct DeclaredComponent {
  struct Name {
    std::string interface_name;
    std::string name;
  };

  std::shared_ptr<const ComponentClass> component_class;
  /// An object of the class's options type; references hold only names.
  std::shared_ptr<const void> options;
  /// In the order of registration; may be empty.
  std::vector<Name> names;
  /// The options completed by a configuration session; the same as `options` without one.
  std::shared_ptr<const void> effective_options = {};
  /// Whether it is created at its first lookup.
  bool lazy = false;
  /// Whether the site works without it: while it is down, the site is only degraded (see `health_report`).
  bool optional = false;
  /// The place of its declaration, such as `shop.yml:3:3`.
  std::string place = {};
  std::vector<ParameterOrigin> origins = {};
  std::vector<ComponentDependency> dependencies = {};
  /// Whether the site keeps and finally stops it even without names, since a lazy component may need it.
  bool kept = false;
  /// For a component that is declared in place of a reference: its path and a unique number, such as
  /// `products.store#7`, by which the options of the other component refer to it. It has no names, lookups do
  /// not find it, and it lives as long as the site. Empty for all others.
  std::string in_place = {};
  /// The component; null when it is lazy and not created yet. Set by `declared_components`.
  std::shared_ptr<IComponent> component = {};
};

/// The registry of components, empty at first. Usually `load_component_site` fills it from a file; a program
/// may also create one and register components itself, or both.
///
/// A lookup takes no lock and is about as fast with many threads as with one: it reads a hash table that is
/// replaced as a whole when it grows, counts itself per CPU so that nothing it reads is freed (two-phase
/// epochs as in sleepable read-copy-update, P. McKenney, 2006), and copies a pointer with a reference count
/// per CPU. So two pointers to one component may have different reference counts: compare components by
/// `get()`, and keep a shared_ptr, not a weak_ptr, to a component that has to stay alive. Registration and
/// removal take a lock and wait for running lookups, never for components.
///
/// The destructor stops the site and releases its components, dependants first. Components that the program
/// still holds stay alive, but stopped.
class ComponentSite final : public IComponentSite {
 public:
  /// An empty site. Throws std::logic_error as the constructor of Catalog does.
  explicit ComponentSite(detail::HeaderVersion headers = detail::HeaderVersion(CACHESITE_VERSION));
  ~ComponentSite() override;
  ComponentSite(const ComponentSite&) = delete;
  ComponentSite& operator=(const ComponentSite&) = delete;

  [[nodiscard]] std::vector<ComponentEntry> entries() const override;

  /// As in IComponentSite; a second caller waits for the first, but for a component that calls this from its
  /// own `stop()` it returns at once.
  void stop() noexcept override;

  /// Stops all components like `stop()`, but returns after `limit` at the latest. Each component gets at most
  /// half of the remaining time. Returns the labels of components that did not stop in time; such a component
  /// stays alive until it stops.
  std::vector<std::string> stop_within(TimeSpan limit);

  /// The components declared in files that still have a name here or never had one, in the order of creation:
  /// dependencies first. Lazy components that are not created yet come last.
  [[nodiscard]] std::vector<DeclaredComponent> declared_components() const;

  /// Registers a component that was created from a file, under all of its names at once; it is stopped before
  /// all components that were registered earlier. For `build_component_site`. Throws as `register_component`
  /// does.
  void register_declared(const DeclaredComponent& declared, const MadeComponent& made);

  /// Registers a component that is created at the first lookup of one of its names. The lookup calls `make`,
  /// from any thread and from several at once; it registers the component by `register_made`, or throws, and
  /// the lookup throws the same. For `build_component_site`.
  void register_lazy(const DeclaredComponent& declared, std::function<void()> make);

  /// Registers a component that `register_lazy` announced, under its names that are still free. Throws
  /// std::logic_error after stop().
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
