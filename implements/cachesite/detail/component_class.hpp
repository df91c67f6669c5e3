#pragma once

#include <cachesite/component.hpp>
#include <cachesite/component_context.hpp>
#include <cachesite/detail/session_options.hpp>
#include <cachesite/parameter.hpp>

#include <concepts>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace cachesite {

/// Options of a class that has no parameters.
struct NoOptions {
  static ParameterTable parameters() { return {}; }
};

/// Another name for a class, for files written for other systems. A preset is a parameter that this name sets
/// unless the file gives it; a preset that the class has no parameter for is left out.
struct ClassAlias {
  std::string name;
  std::vector<std::pair<std::string, std::string>> presets;
};

/// An interface that a class implements, and how to get from an instance (held as the class itself) to it.
struct ProvidedInterface {
  InterfaceId id;
  std::shared_ptr<void> (*from_instance)(const std::shared_ptr<void>& instance);
  /// Whether an instance has it only over a cache that has it (`passes_on`).
  bool passed_on;
};

/// An instance of a class: as the root that every component has, and as the class itself.
struct MadeComponent {
  std::shared_ptr<IComponent> component;
  std::shared_ptr<void> instance;
};

/// The description of one class: its names, its interfaces, its parameters and how to create an instance. The
/// options are passed as `void`, since only the class knows their type.
///
/// `ComponentClass::of<T>()` finds all of it out from the class itself; the rules are at `Catalog::add`.
struct ComponentClass {
  std::string name;
  std::string text;  ///< one sentence for the reader of the reference; may be empty
  std::vector<ClassAlias> aliases;
  std::vector<ProvidedInterface> interfaces;  ///< at least one
  ParameterTable parameters;

  /// Options with every member at its default.
  std::shared_ptr<void> (*make_options)() = nullptr;
  /// An independent copy of options.
  std::shared_ptr<void> (*copy_options)(const void* options) = nullptr;
  /// The configuration session for the options; null when they use none.
  const SessionOptions* (*session)(const void* options) = nullptr;
  /// Whether an instance with these options offers the interface, which is one of `interfaces`.
  bool (*offers)(const void* options, std::string_view interface_name) = nullptr;
  /// Complaints about options that are each in range; empty when there are none.
  std::vector<OptionComplaint> (*complaints)(const void* options) = nullptr;
  /// Makes an instance from a copy of the options, whose references `resolve` fills in first. Throws what the
  /// constructor throws.
  MadeComponent (*make)(const void* options, const ComponentContext& context,
                        const ReferenceVisitor& resolve) = nullptr;

  /// The interface of that name among `interfaces`, or null.
  [[nodiscard]] const ProvidedInterface* find_interface(std::string_view interface_name) const noexcept {
    for (const auto& provided : interfaces)
      if (provided.id.name == interface_name) return &provided;
    return nullptr;
  }

  /// Describes the class T under the given name.
  template <class T>
  static ComponentClass of(std::string_view class_name);
};

namespace component_class {

template <class T>
struct OptionsOf {
  using Type = NoOptions;
};
template <class T>
requires requires {
  typename T::Options;
}
struct OptionsOf<T> {
  using Type = typename T::Options;
};

template <class T>
struct InterfacesOf;
template <class T>
requires(
    !requires { typename T::provides; } && requires { typename T::interface_type; }) struct InterfacesOf<T> {
  using Type = Provides<typename T::interface_type>;
};
template <class T>
requires requires {
  typename T::provides;
}
struct InterfacesOf<T> {
  using Type = typename T::provides;
};

template <class T>
concept HasInterfaces = requires {
  typename InterfacesOf<T>::Type;
};

template <class T, class Options>
concept Constructible =
    std::constructible_from<T, Options, const ComponentContext&> || std::constructible_from<T, Options> ||
    std::constructible_from<T, const ComponentContext&> || std::default_initializable<T>;

template <class T, class Options>
concept TakesOptions =
    std::constructible_from<T, Options, const ComponentContext&> || std::constructible_from<T, Options>;

// Options say which interfaces their instance offers. It may then find them in its parts.
template <class Options>
concept SaysWhatIsOffered = requires(const Options& options, std::string_view interface_name) {
  { options.offers(interface_name) } -> std::convertible_to<bool>;
};

template <class T, class I>
std::shared_ptr<void> as_interface(const std::shared_ptr<void>& instance) {
  if constexpr (std::derived_from<T, I>)
    return std::shared_ptr<I>(std::static_pointer_cast<T>(instance));
  else
    return find_interface<I>(std::static_pointer_cast<T>(instance));
}

template <class T, class... Interfaces>
void add_passed_on(std::vector<ProvidedInterface>& interfaces, Provides<Interfaces...>) {
  static_assert((ComponentInterface<Interfaces> && ...), "`passes_on` may name interfaces only");
  (interfaces.push_back({Interfaces::interface_id, &as_interface<T, Interfaces>, true}), ...);
}

template <class T, class... Interfaces>
std::vector<ProvidedInterface> provided(Provides<Interfaces...>) {
  static_assert(sizeof...(Interfaces) > 0,
                "`provides` names no interface: list at least one, such as ICache");
  static_assert(
      (ComponentInterface<Interfaces> && ...),
      "`provides` may name interfaces only: types declared as `class I : public Interface<I, \"I\">`");
  static_assert(((std::derived_from<T, Interfaces> || SaysWhatIsOffered<typename OptionsOf<T>::Type>)&&...),
                "the class does not derive (publicly) from every interface that its `provides` names");
  return {ProvidedInterface{Interfaces::interface_id, &as_interface<T, Interfaces>, false}...};
}

template <class T, class Options>
std::shared_ptr<T> construct(Options options, const ComponentContext& context) {
  if constexpr (std::constructible_from<T, Options, const ComponentContext&>)
    return std::make_shared<T>(std::move(options), context);
  else if constexpr (std::constructible_from<T, Options>)
    return std::make_shared<T>(std::move(options));
  else if constexpr (std::constructible_from<T, const ComponentContext&>)
    return std::make_shared<T>(context);
  else
    return std::make_shared<T>();
}

template <class T, class Options>
MadeComponent make(const void* options, const ComponentContext& context, const ReferenceVisitor& resolve) {
  Options copy = *static_cast<const Options*>(options);
  if constexpr (!std::same_as<Options, NoOptions>) ParameterType<Options>::visit_references(copy, resolve);
  std::shared_ptr<T> instance = construct<T, Options>(std::move(copy), context);
  return {instance, instance};
}

template <class Options>
const SessionOptions* session(const void* options) {
  if constexpr (std::derived_from<Options, SessionOptions>) {
    const auto* given = static_cast<const Options*>(options);
    return given->uses_session() ? given : nullptr;
  } else {
    (void)options;
    return nullptr;
  }
}

template <class Options>
bool offers(const void* options, std::string_view interface_name) {
  if constexpr (SaysWhatIsOffered<Options>) {
    return static_cast<const Options*>(options)->offers(interface_name);
  } else {
    (void)options;
    (void)interface_name;
    return true;
  }
}

template <class Options>
std::vector<OptionComplaint> complaints(const void* options) {
  if constexpr (requires(const Options& given) {
                  { given.complaints() } -> std::convertible_to<std::vector<OptionComplaint>>;
                })
    return static_cast<const Options*>(options)->complaints();
  else
    return {};
}

}  // namespace component_class

template <class T>
ComponentClass ComponentClass::of(std::string_view class_name) {
  using Options = typename component_class::OptionsOf<T>::Type;
  static_assert(std::is_class_v<T>, "a component class has to be a class");
  static_assert(std::derived_from<T, IComponent>,
                "a component class has to derive publicly from a component interface, such as ICache");
  static_assert(!ComponentInterface<T>,
                "this is an interface, not a class that implements it: add the implementing class");
  static_assert(!std::is_abstract_v<T>,
                "this class is abstract: a function of its interface is not implemented (compile "
                "`T component;` to see which)");
  static_assert(component_class::HasInterfaces<T>,
                "the interface of this class is not clear: a class with several interfaces declares "
                "`using provides = cachesite::Provides<IFirst, ISecond>;`");
  static_assert(ParameterStruct<Options>,
                "the class's Options have no `static cachesite::ParameterTable parameters()`");
  static_assert(std::default_initializable<Options> && std::copyable<Options>,
                "the class's Options have to be default constructible and copyable");
  static_assert(component_class::Constructible<T, Options>,
                "the class has none of the constructors (Options, const ComponentContext&), (Options), "
                "(const ComponentContext&) and ()");
  static_assert(std::same_as<Options, NoOptions> || component_class::TakesOptions<T, Options>,
                "the class has Options, but no public constructor takes them as its first argument");

  ComponentClass described;
  described.name = class_name;
  if constexpr (component_class::HasInterfaces<T>)
    described.interfaces = component_class::provided<T>(typename component_class::InterfacesOf<T>::Type{});
  if constexpr (requires { typename T::passes_on; })
    component_class::add_passed_on<T>(described.interfaces, typename T::passes_on{});
  described.parameters = Options::parameters();
  described.make_options = []() -> std::shared_ptr<void> { return std::make_shared<Options>(); };
  described.copy_options = [](const void* options) -> std::shared_ptr<void> {
    return std::make_shared<Options>(*static_cast<const Options*>(options));
  };
  described.session = &component_class::session<Options>;
  described.offers = &component_class::offers<Options>;
  described.complaints = &component_class::complaints<Options>;
  described.make = &component_class::make<T, Options>;
  return described;
}

}  // namespace cachesite
