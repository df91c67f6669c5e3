#include "binding/scalar_reader.hpp"

#include "binding/component_name.hpp"
#include "binding/expectation.hpp"
#include "binding/suggestion.hpp"

#include <cachesite/detail/units.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <utility>

namespace cachesite::binding {

namespace {

ScalarResult value_of(ParameterValue value) {
  return {std::move(value), {}};
}
ScalarResult refused(std::string hint = {}) {
  return {std::nullopt, std::move(hint)};
}

// What substitution puts in is taken by its characters: in JSON it stands between quotes whatever it is.
bool is_plain(const Node& node) noexcept {
  return !node.quoted || node.substituted;
}

bool is_number(const Node& node) noexcept {
  return node.kind == Node::Kind::integer || node.kind == Node::Kind::real;
}

bool all_digits(std::string_view text) noexcept {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char each) { return each >= '0' && each <= '9'; });
}

template <class T>
std::optional<T> number_from(std::string_view text) noexcept {
  T number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// Digits without sign, or nothing when the text is no decimal integer.
std::string_view digits_of(std::string_view text) noexcept {
  if (!text.empty() && (text.front() == '-' || text.front() == '+')) text.remove_prefix(1);
  return all_digits(text) ? text : std::string_view();
}

ScalarResult read_boolean(const Node& node) {
  const std::string& text = node.scalar;
  if (node.kind == Node::Kind::boolean || (node.substituted && (text == "true" || text == "false")))
    return value_of({text == "true"});
  if (node.substituted) return refused();
  if (text == "true" || text == "false") return refused("remove the quotes");
  constexpr std::array<std::string_view, 10> words{"yes", "no", "on", "off", "y", "n", "t", "f", "1", "0"};
  std::string lower = text;
  for (char& letter : lower)
    letter = letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
  if (std::find(words.begin(), words.end(), lower) != words.end() || lower == "true" || lower == "false")
    return refused("write true or false");
  return refused();
}

ScalarResult read_integer(const ParameterDeclaration& declaration, const Node& node) {
  std::string_view text = node.scalar;
  const auto digits = digits_of(text);
  if (digits.empty()) return refused();
  if (!is_plain(node)) return refused("remove the quotes");
  if (digits.size() > 1 && digits.front() == '0')
    return refused(node.substituted ? "write it without leading zeros"
                                    : "write it without leading zeros, which mean another base elsewhere");
  if (text.front() == '+') text.remove_prefix(1);
  const auto number = number_from<std::int64_t>(text);
  if (!number || !is_in_range(declaration, static_cast<long double>(*number))) return refused();
  return value_of({*number});
}

ScalarResult read_real(const ParameterDeclaration& declaration, const Node& node) {
  std::string_view text = node.scalar;
  if (!text.empty() && text.front() == '+') text.remove_prefix(1);
  const auto number = number_from<double>(text);
  if (!number) return refused();
  if (!std::isfinite(*number)) return refused("write an ordinary number");
  if (!is_plain(node)) return refused("remove the quotes");
  if (!is_in_range(declaration, *number)) return refused();
  return value_of({*number});
}

bool is_text_or_number(const Node& node) noexcept {
  return node.is_text() || is_number(node) || node.substituted;
}

ScalarResult read_word(const ParameterDeclaration& declaration, const Node& node) {
  if (!is_text_or_number(node)) return refused("put it in quotes to make it text");
  const auto& choices = declaration.choices;
  if (choices.empty() || std::find(choices.begin(), choices.end(), node.scalar) != choices.end())
    return value_of({node.scalar});
  if (node.substituted) return refused();
  Suggestion suggestion(node.scalar);
  for (const auto& choice : choices)
    suggestion.offer(choice);
  return refused(suggestion.question());
}

ScalarResult read_duration(const ParameterDeclaration& declaration, const Node& node) {
  if (!is_text_or_number(node)) return refused();
  const auto duration = parse_duration(node.scalar);
  if (!duration.ok()) return refused(std::string(duration.error().message()));
  const auto count = duration.value().count();
  if (!is_in_range(declaration, static_cast<long double>(count))) return refused();
  if (const auto step = declaration.step.count(); step > 1 && count % step != 0)
    return refused("write a multiple of " + format_duration(declaration.step));
  return value_of({duration.value()});
}

ScalarResult read_size(const ParameterDeclaration& declaration, const Node& node) {
  if (!is_text_or_number(node)) return refused();
  const auto size = parse_size(node.scalar);
  if (!size.ok()) return refused(std::string(size.error().message()));
  if (!is_in_range(declaration, static_cast<long double>(size.value().bytes))) return refused();
  return value_of({size.value()});
}

ScalarResult read_reference(const Node& node) {
  if (!is_text_or_number(node)) return refused();
  if (!valid_component_name(node.scalar)) return refused(std::string(name_rule));
  return value_of({ReferenceName{node.scalar}});
}

}  // namespace

ScalarResult read_scalar(const ParameterDeclaration& declaration, const Node& node) {
  switch (declaration.kind) {
    case ParameterKind::boolean:
      return read_boolean(node);
    case ParameterKind::integer:
      return read_integer(declaration, node);
    case ParameterKind::real:
      return read_real(declaration, node);
    case ParameterKind::text:
    case ParameterKind::choice:
      return read_word(declaration, node);
    case ParameterKind::secret:
      if (!is_text_or_number(node)) return refused("put it in quotes to make it text");
      if (node.scalar == Secret::mask)
        return refused("****** stands for a secret that a dump does not show: write the secret");
      return value_of({Secret(node.scalar)});
    case ParameterKind::duration:
      return read_duration(declaration, node);
    case ParameterKind::size:
      return read_size(declaration, node);
    case ParameterKind::reference:
      return read_reference(node);
    case ParameterKind::list:
    case ParameterKind::group:
      break;
  }
  return refused();
}

Node plain_scalar(std::string_view text) {
  Node node;
  node.scalar = text;
  if (text == "true" || text == "false")
    node.kind = Node::Kind::boolean;
  else if (!digits_of(text).empty())
    node.kind = Node::Kind::integer;
  else if (number_from<double>(text))
    node.kind = Node::Kind::real;
  else
    node.kind = Node::Kind::text;
  return node;
}

}  // namespace cachesite::binding
