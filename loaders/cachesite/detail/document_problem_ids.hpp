#pragma once

#include <string_view>

/// The ids of the problems that reading a component file can have, before its components are looked at. An id
/// never changes its meaning. Ids from E200 on are in <cachesite/detail/problem_ids.hpp>.
namespace cachesite::document_problem_ids {

// Any load.
inline constexpr std::string_view more_problems = "E100";

// The file.
inline constexpr std::string_view unreadable = "E101";
inline constexpr std::string_view unknown_format = "E102";
inline constexpr std::string_view too_large = "E103";

// Its text.
inline constexpr std::string_view bad_text = "E104";
inline constexpr std::string_view bad_syntax = "E105";
inline constexpr std::string_view second_document = "E106";
inline constexpr std::string_view repeated_key = "E107";
inline constexpr std::string_view bad_key = "E108";
inline constexpr std::string_view bad_alias = "E109";
inline constexpr std::string_view unknown_tag = "E110";
inline constexpr std::string_view merge_key = "E111";
inline constexpr std::string_view beyond_limit = "E112";

// Values from elsewhere.
inline constexpr std::string_view unset_variable = "E121";
inline constexpr std::string_view bad_expression = "E122";
inline constexpr std::string_view unreadable_value = "E123";
inline constexpr std::string_view too_large_value = "E124";
inline constexpr std::string_view substitution_not_allowed = "E125";
inline constexpr std::string_view bad_value_text = "E126";
inline constexpr std::string_view literal_expression = "E127";  // a warning

// Files that a file includes.
inline constexpr std::string_view bad_include = "E131";
inline constexpr std::string_view include_circle = "E132";
inline constexpr std::string_view include_too_deep = "E133";
inline constexpr std::string_view unreadable_include = "E134";

}  // namespace cachesite::document_problem_ids
