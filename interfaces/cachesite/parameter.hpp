#pragma once

#include <cachesite/detail/parameter_type.hpp>

#include <concepts>
#include <memory>
#include <string>
#include <string_view>
#include <typeinfo>
#include <utility>
#include <vector>

namespace cachesite {

/// A declaration in progress, made by `parameter()`; converts to a ParameterDeclaration.
template <class Options, class Member>
class Parameter {
 public:
  Parameter(std::string_view name, Member Options::*member, std::string_view text) : member_(member) {
    using Type = ParameterType<Member>;
    Type::describe(declaration_);
    declaration_.name = name;
    declaration_.text = text;
    declaration_.declared_in = &typeid(Options);
    declaration_.load = [member](const void* options) {
      return Type::load(static_cast<const Options*>(options)->*member);
    };
    declaration_.store = [member](void* options, const ParameterValue& value) {
      Type::store(static_cast<Options*>(options)->*member, value);
    };
    if constexpr (ParameterStruct<Member>)
      declaration_.make_group = [member]() -> std::shared_ptr<const void> {
        return std::make_shared<const Member>(Options().*member);
      };
    if constexpr (requires(Member & value, const ReferenceVisitor& visit) {
                    Type::visit_references(value, visit);
                  })
      declaration_.visit_references = [member](void* options, const ReferenceVisitor& visit) {
        Type::visit_references(static_cast<Options*>(options)->*member, visit);
      };
  }

  /// Least and greatest value, both allowed; of the member's own type (a duration for a duration ...).
  template <class Least, class Most>
  Parameter&& between(const Least& least, const Most& most) && {
    declaration_.least = bound(least);
    declaration_.most = bound(most);
    return std::move(*this);
  }
  /// Least value, which is allowed.
  template <class Bound>
  Parameter&& at_least(const Bound& least) && {
    declaration_.least = bound(least);
    return std::move(*this);
  }
  /// What a bare number counts, such as "entries".
  Parameter&& unit(std::string_view unit) && {
    declaration_.unit = unit;
    return std::move(*this);
  }
  /// The default in words, such as "a tenth of the TTL", for an optional member whose default the component
  /// computes.
  Parameter&& computed_default(std::string_view words) && {
    declaration_.computed_default = words;
    return std::move(*this);
  }
  /// A group may be written as the value of this member alone.
  Parameter&& short_for(std::string_view member) && {
    declaration_.short_member = member;
    return std::move(*this);
  }
  /// The file has to give the parameter.
  Parameter&& required() && {
    declaration_.required = true;
    return std::move(*this);
  }
  /// The parameter can be changed while the component runs.
  Parameter&& live() && {
    declaration_.live = true;
    return std::move(*this);
  }
  /// Another name that files may use for the parameter.
  Parameter&& alias(std::string_view name) && {
    declaration_.add_alias(name);
    return std::move(*this);
  }
  /// The only texts allowed.
  Parameter&& one_of(std::vector<std::string> texts) && {
    declaration_.choices = std::move(texts);
    return std::move(*this);
  }
  /// The words of an enumeration, each with its enumerator.
  template <class Enumeration = Member>
  requires std::is_enum_v<Enumeration> Parameter &&
      choices(std::vector<std::pair<std::string, Enumeration>> words) && {
    for (const auto& word : words)
      declaration_.choices.push_back(word.first);
    declaration_.load = [member = member_, words](const void* options) -> ParameterValue {
      for (const auto& [word, enumerator] : words)
        if (enumerator == static_cast<const Options*>(options)->*member) return {word};
      return {};
    };
    declaration_.store = [member = member_, words](void* options, const ParameterValue& value) {
      for (const auto& [word, enumerator] : words)
        if (word == std::get<std::string>(value.data)) static_cast<Options*>(options)->*member = enumerator;
    };
    return std::move(*this);
  }

  operator ParameterDeclaration() && { return std::move(declaration_); }

 private:
  template <class Bound>
  static long double bound(const Bound& value) {
    return ParameterType<Member>::bound(value);
  }

  Member Options::*member_;
  ParameterDeclaration declaration_;
};

/// Declares a parameter: its name in files, the member it is stored in, and a sentence for the reader. The
/// default is the member's initialiser. Used in the static function `parameters()` of an options struct:
///
///     struct GreeterOptions {
///       std::string greeting = "Hello";
///       std::chrono::milliseconds patience{500};
///
///       static cachesite::ParameterTable parameters() {
///         using O = GreeterOptions;
///         return {
///             cachesite::parameter("greeting", &O::greeting, "First word of every sentence."),
///             cachesite::parameter("patience", &O::patience, "Longest wait for an answer.")
///                 .between(1ms, 10s),
///         };
///       }
///     };
template <class Options, class Member>
[[nodiscard]] Parameter<Options, Member> parameter(std::string_view name, Member Options::*member,
                                                   std::string_view text) {
  return Parameter<Options, Member>(name, member, text);
}

/// The parameters of a base of an options struct, for the table of the struct itself:
///
///     static cachesite::ParameterTable parameters() {
///       return inherited_parameters<Options, Base>().add({parameter("own", &Options::own, "Its own.")});
///     }
template <class Options, class Base>
requires std::derived_from<Options, Base>
[[nodiscard]] ParameterTable inherited_parameters() {
  const ParameterTable base = Base::parameters();
  ParameterTable inherited;
  for (ParameterDeclaration declaration : base.declarations()) {
    declaration.load = [load = std::move(declaration.load)](const void* options) {
      return load(static_cast<const Base*>(static_cast<const Options*>(options)));
    };
    declaration.store = [store = std::move(declaration.store)](void* options, const ParameterValue& value) {
      store(static_cast<Base*>(static_cast<Options*>(options)), value);
    };
    if (declaration.visit_references)
      declaration.visit_references = [visit_all = std::move(declaration.visit_references)](
                                         void* options, const ReferenceVisitor& visit) {
        visit_all(static_cast<Base*>(static_cast<Options*>(options)), visit);
      };
    inherited.add(std::move(declaration));
  }
  return inherited;
}

/// A complaint about options that are each in range but contradict each other. An options struct that has
/// such rules offers `std::vector<OptionComplaint> complaints() const`; loading reports each at the
/// parameter's place.
struct OptionComplaint {
  std::string parameter;  ///< the parameter to point at; "" for the component as a whole
  std::string message;    ///< one sentence; no secret
};

}  // namespace cachesite
