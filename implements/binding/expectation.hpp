#pragma once

#include <cachesite/parameter.hpp>

#include <string>
#include <string_view>

namespace cachesite::binding {

// The kind as one word, such as "duration".
[[nodiscard]] std::string_view kind_word(ParameterKind kind) noexcept;
// A least or greatest value as a file would write it: `1ms`, `64MiB`, `65535`.
[[nodiscard]] std::string bound_text(ParameterKind kind, long double bound);
// `from 1 to 65535`, `of at least 1ms`, `of at most 1GiB`, or empty. Bounds that every value of the kind
// keeps are left out.
[[nodiscard]] std::string range_text(const ParameterDeclaration& declaration);
// Whether a number is within the least and greatest value. NaN is not.
[[nodiscard]] bool is_in_range(const ParameterDeclaration& declaration, long double value) noexcept;
// Whether a file may write null: what has to be given is not given by it.
[[nodiscard]] bool takes_null(const ParameterDeclaration& declaration) noexcept;
// Whether a file may write `true` or `false` for the group.
[[nodiscard]] bool takes_switch(const ParameterDeclaration& declaration) noexcept;
// True when the bound restricts the values of the kind at all.
[[nodiscard]] bool restricts(ParameterKind kind, long double bound) noexcept;
// `one of "near", "far"`; the choices may not be empty.
[[nodiscard]] std::string choices_text(const ParameterDeclaration& declaration);
// What a file may write: `an integer from 1 to 65535`, `true or false`.
[[nodiscard]] std::string expectation(const ParameterDeclaration& declaration);

}  // namespace cachesite::binding
