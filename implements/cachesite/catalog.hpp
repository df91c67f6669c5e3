#pragma once

#include <cachesite/detail/component_class.hpp>
#include <cachesite/version.hpp>

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cachesite {

/// The classes that component files may use. A catalog starts with the built-in classes; a program adds its
/// own with one statement:
///
///     cachesite::Catalog catalog;
///     catalog.add<MyCache>("MyCache").text("Keeps values in a drawer.");
///     auto site = cachesite::load_component_site("caches.yml", catalog);
///
/// A catalog is a value: a copy is independent of the original. `add` must not run at the same time as other
/// calls on the same catalog; `find` is safe from any thread.
class Catalog {
 public:
  /// The added class, to set its text and aliases: `catalog.add<C>("C").text("...").alias("c")`. Valid until
  /// the catalog is moved or destroyed.
  class Added {
   public:
    /// One sentence about the class.
    Added& text(std::string_view sentence);
    /// Another name for the class, with values of parameters, as a file would write them, for parameters that
    /// neither the file nor a session gives. Throws std::invalid_argument for a used name.
    Added& alias(std::string_view name, std::vector<std::pair<std::string, std::string>> presets = {});

   private:
    friend class Catalog;
    Added(Catalog& catalog, std::size_t index) : catalog_(&catalog), index_(index) {}
    Catalog* catalog_;
    std::size_t index_;
  };

  /// A class found by a name, and the alias, which is null for the class's own name.
  struct Match {
    std::shared_ptr<const ComponentClass> component_class;
    const ClassAlias* alias = nullptr;
    explicit operator bool() const noexcept { return component_class != nullptr; }
  };

  /// A catalog with the built-in classes and FivcGlue's names for them. Throws std::logic_error when the
  /// program is compiled with the headers of another version than its library (see version.hpp).
  Catalog(detail::HeaderVersion headers = detail::HeaderVersion(CACHESITE_VERSION));
  /// A catalog without any class.
  [[nodiscard]] static Catalog empty();

  /// Adds the class T under `name`. Requirements, which the compiler checks:
  ///
  /// - it implements an interface declared by `Interface<>`; for several interfaces it declares
  ///   `using provides = cachesite::Provides<IFirst, ISecond>;`
  /// - if it has parameters, its nested type `Options` is a struct with `static ParameterTable parameters()`,
  ///   and optionally `std::vector<OptionComplaint> complaints() const` for rules between parameters, and
  ///   `bool offers(std::string_view interface_name) const` when the options decide which interfaces an
  ///   instance offers; it may then offer some by its parts (see find_interface)
  /// - a public constructor takes `(Options, const ComponentContext&)`, `(Options)`, `(const
  ///   ComponentContext&)` or nothing; the first match is used
  ///
  /// Throws std::invalid_argument when the name is empty or used, or when a parameter has the name `class`,
  /// `entries`, `lazy` or `start_timeout`, or that of another parameter.
  template <class T>
  Added add(std::string_view name) {
    return insert(ComponentClass::of<T>(name));
  }

  /// Adds another name for an interface, for files written for other systems.
  void add_interface_alias(std::string_view alias, std::string_view interface_name);

  /// The class with this name or alias; empty when there is none.
  [[nodiscard]] Match find(std::string_view name) const;
  /// All classes, sorted by name.
  [[nodiscard]] std::vector<std::shared_ptr<const ComponentClass>> classes() const;
  /// The name for an alias of an interface; any other name is returned unchanged.
  [[nodiscard]] std::string_view interface_name(std::string_view name_or_alias) const;
  /// Interfaces that at least one class implements, sorted.
  [[nodiscard]] std::vector<std::string> interfaces() const;
  /// The aliases of interfaces, each with the interface it means.
  [[nodiscard]] const std::map<std::string, std::string, std::less<>>& interface_aliases() const noexcept {
    return interface_aliases_;
  }

 private:
  struct Empty {};
  struct NameTarget {
    std::size_t index;
    std::size_t alias;
  };
  static constexpr std::size_t own_name = static_cast<std::size_t>(-1);

  explicit Catalog(Empty) {}
  Added insert(ComponentClass component_class);
  void take_name(std::string_view name, NameTarget target);
  ComponentClass& edit(std::size_t index);

  std::vector<std::shared_ptr<ComponentClass>> classes_;  // shared by copies until one of them edits
  std::map<std::string, NameTarget, std::less<>> targets_;
  std::map<std::string, std::string, std::less<>> interface_aliases_;
};

}  // namespace cachesite
