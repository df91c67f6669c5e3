#pragma once

#include <cachesite/component.hpp>
#include <cachesite/detail/parameter_value.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <typeinfo>
#include <vector>

namespace cachesite {

/// What kind of value a parameter takes, and how it is written in a file.
enum class ParameterKind : std::uint8_t {
  boolean,    ///< `true` or `false`
  integer,    ///< a decimal integer
  real,       ///< a decimal number
  text,       ///< characters; a number is taken as its characters
  secret,     ///< text that is never shown
  duration,   ///< `250ms`, `2h30m`; a bare number is seconds
  size,       ///< `64MiB`, `10kB`; a bare number is bytes
  choice,     ///< one of a few words
  list,       ///< a list of one of the kinds above
  group,      ///< a mapping with parameters of its own; one that may be null also takes `true`, which means a
              ///< mapping that gives nothing, and `false`, which means null
  reference,  ///< the name of another component
};

class ParameterTable;

/// Whether the component that a reference means has to be there.
enum class ReferenceNeed : std::uint8_t { required, if_present };

/// Called for each reference among some options: the interface and name it means, whether it has to be there,
/// and how to resolve it.
using ReferenceVisitor =
    std::function<void(const InterfaceId& interface_id, const std::string& name, ReferenceNeed need,
                       const std::function<void(std::shared_ptr<void>)>& resolve)>;

/// Everything that is known about one parameter. It is declared once, beside the options struct, with
/// `parameter()`; reading, checking, suggestions, the JSON Schema, the reference pages, descriptions and
/// dumps all use this.
struct ParameterDeclaration {
  std::string name;
  /// Other names that are read as this one, for files written for other systems.
  std::vector<std::string> aliases;
  void add_alias(std::string_view alias);
  /// One sentence for the reader of the reference.
  std::string text;
  /// Unit of a bare number, such as "entries"; empty when there is none.
  std::string unit;
  /// The default in words, such as "a tenth of the TTL", when the component computes it; empty otherwise.
  std::string computed_default;
  ParameterKind kind = ParameterKind::text;
  bool nullable = false;  ///< null means "none"
  bool required = false;  ///< has to be given
  bool live = false;      ///< can be changed while the component runs
  /// A configuration session may give it (see SessionOptions).
  bool in_sessions = true;
  /// Least and greatest value, in nanoseconds for durations and bytes for sizes. For a list: of each element.
  std::optional<long double> least;
  std::optional<long double> most;
  /// The smallest difference that a duration's member can hold; a file may give whole multiples only.
  std::chrono::nanoseconds step{1};
  /// The words of a choice, or the allowed texts.
  std::vector<std::string> choices;
  /// The interface of a reference.
  std::string interface_name;
  /// The declaration that each element of a list follows.
  std::shared_ptr<const ParameterDeclaration> element;
  /// The parameters of a group, and a new options struct of the group with its defaults.
  std::shared_ptr<const ParameterTable> group;
  std::function<std::shared_ptr<const void>()> make_group;
  /// The member that a group written as a single value gives; empty when that is not allowed.
  std::string short_member;
  /// The options struct that declares it: that of the class, or a base of it. Null when `parameter()` did not
  /// make the declaration.
  const std::type_info* declared_in = nullptr;

  /// Reads the parameter out of an options struct.
  std::function<ParameterValue(const void* options)> load;
  /// Writes a checked value into an options struct.
  std::function<void(void* options, const ParameterValue& value)> store;
  /// Visits the references in the parameter; null when the kind has none.
  std::function<void(void* options, const ReferenceVisitor& visit)> visit_references;
};

/// The parameters of one options struct, in the order in which they are shown.
class ParameterTable {
 public:
  ParameterTable() = default;
  ParameterTable(std::initializer_list<ParameterDeclaration> declarations);

  [[nodiscard]] const std::vector<ParameterDeclaration>& declarations() const noexcept {
    return declarations_;
  }

  /// Adds the declarations of another table behind those of this one.
  ParameterTable& add(const ParameterTable& table);
  ParameterTable& add(ParameterDeclaration declaration);

  /// Takes the declaration of that name out.
  ParameterTable& remove(std::string_view name);

  /// Keeps configuration sessions from giving any of the parameters declared so far.
  ParameterTable& only_in_files();

  /// The declaration with this name or alias, or null.
  [[nodiscard]] const ParameterDeclaration* find(std::string_view name) const noexcept;

 private:
  std::vector<ParameterDeclaration> declarations_;
};

}  // namespace cachesite
