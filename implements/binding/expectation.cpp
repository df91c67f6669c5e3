#include "binding/expectation.hpp"

#include "binding/real_text.hpp"

#include <cachesite/detail/units.hpp>

#include <cmath>
#include <cstdint>

namespace cachesite::binding {

namespace {

constexpr long double beyond_integers = 9.2e18L;

std::string_view article_and_kind(ParameterKind kind) noexcept {
  switch (kind) {
    case ParameterKind::boolean:
      return "true or false";
    case ParameterKind::integer:
      return "an integer";
    case ParameterKind::real:
      return "a number";
    case ParameterKind::text:
    case ParameterKind::secret:
    case ParameterKind::choice:
      return "text";
    case ParameterKind::duration:
      return "a duration";
    case ParameterKind::size:
      return "a size";
    case ParameterKind::list:
      return "a list";
    case ParameterKind::group:
      return "a mapping";
    case ParameterKind::reference:
      return "the name of a component";
  }
  return "a value";
}

}  // namespace

std::string_view kind_word(ParameterKind kind) noexcept {
  switch (kind) {
    case ParameterKind::boolean:
      return "boolean";
    case ParameterKind::integer:
      return "integer";
    case ParameterKind::real:
      return "number";
    case ParameterKind::text:
      return "text";
    case ParameterKind::secret:
      return "secret";
    case ParameterKind::duration:
      return "duration";
    case ParameterKind::size:
      return "size";
    case ParameterKind::choice:
      return "choice";
    case ParameterKind::list:
      return "list";
    case ParameterKind::group:
      return "group";
    case ParameterKind::reference:
      return "reference";
  }
  return "value";
}

std::string bound_text(ParameterKind kind, long double bound) {
  switch (kind) {
    case ParameterKind::duration:
      return std::fabs(bound) >= beyond_integers
                 ? "292 years"
                 : format_duration(std::chrono::nanoseconds(static_cast<std::int64_t>(bound)));
    case ParameterKind::size:
      return format_size(ByteSize{static_cast<std::uint64_t>(bound)});
    case ParameterKind::integer:
      return std::to_string(static_cast<std::int64_t>(bound));
    default:
      return real_text(static_cast<double>(bound));
  }
}

bool is_in_range(const ParameterDeclaration& declaration, long double value) noexcept {
  return (!declaration.least || value >= *declaration.least) &&
         (!declaration.most || value <= *declaration.most);
}

bool takes_null(const ParameterDeclaration& declaration) noexcept {
  return !declaration.required && (declaration.nullable || declaration.kind == ParameterKind::secret);
}

bool takes_switch(const ParameterDeclaration& declaration) noexcept {
  return declaration.kind == ParameterKind::group && declaration.nullable;
}

bool restricts(ParameterKind kind, long double bound) noexcept {
  if ((kind == ParameterKind::duration || kind == ParameterKind::size) && bound == 0) return false;
  const long double limit = kind == ParameterKind::size ? 2 * beyond_integers : beyond_integers;
  return kind == ParameterKind::real || std::fabs(bound) < limit;
}

std::string range_text(const ParameterDeclaration& declaration) {
  const auto kind = declaration.kind == ParameterKind::list && declaration.element ? declaration.element->kind
                                                                                   : declaration.kind;
  const bool least = declaration.least && restricts(kind, *declaration.least);
  const bool most = declaration.most && restricts(kind, *declaration.most);
  if (most && declaration.least && !least)
    return "from " + bound_text(kind, *declaration.least) + " to " + bound_text(kind, *declaration.most);
  if (least && most)
    return "from " + bound_text(kind, *declaration.least) + " to " + bound_text(kind, *declaration.most);
  if (least) return "of at least " + bound_text(kind, *declaration.least);
  if (most) return "of at most " + bound_text(kind, *declaration.most);
  return {};
}

std::string choices_text(const ParameterDeclaration& declaration) {
  std::string text = "one of ";
  for (const auto& choice : declaration.choices) {
    if (&choice != &declaration.choices.front()) text += ", ";
    text.append("\"").append(choice).append("\"");
  }
  return text;
}

std::string expectation(const ParameterDeclaration& declaration) {
  std::string text;
  if (!declaration.choices.empty() && declaration.kind != ParameterKind::list)
    text = choices_text(declaration);
  else
    text = takes_switch(declaration) ? "true, false, a mapping" : article_and_kind(declaration.kind);
  if (declaration.kind == ParameterKind::reference)
    text.append(" registered as ").append(declaration.interface_name);
  if (declaration.kind != ParameterKind::list)
    if (const auto range = range_text(declaration); !range.empty()) text.append(" ").append(range);
  if (declaration.nullable && takes_null(declaration)) text += " or null";
  return text;
}

}  // namespace cachesite::binding
