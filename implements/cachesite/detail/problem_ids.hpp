#pragma once

#include <string_view>

/// The ids of all problems that a component file can have. An id never changes its meaning; the table in
/// docs/errors.md explains each. Ids below E200, of files and their syntax, are defined by the loaders.
namespace cachesite::problem_ids {

// Parameters.
inline constexpr std::string_view missing_parameter = "E201";
inline constexpr std::string_view repeated_parameter = "E202";
inline constexpr std::string_view unknown_parameter = "E204";
inline constexpr std::string_view bad_integer = "E211";
inline constexpr std::string_view bad_boolean = "E212";
inline constexpr std::string_view bad_number = "E213";
inline constexpr std::string_view bad_text = "E214";
inline constexpr std::string_view bad_secret = "E215";
inline constexpr std::string_view bad_duration = "E216";
inline constexpr std::string_view bad_size = "E217";
inline constexpr std::string_view bad_choice = "E218";
inline constexpr std::string_view bad_list = "E219";
inline constexpr std::string_view bad_group = "E220";
inline constexpr std::string_view bad_reference = "E221";
inline constexpr std::string_view parameters_disagree = "E231";

// The shape of a component file.
inline constexpr std::string_view bad_document = "E301";
inline constexpr std::string_view unknown_section = "E302";
inline constexpr std::string_view unsupported_section = "E303";
inline constexpr std::string_view bad_section = "E304";
inline constexpr std::string_view bad_component = "E305";
inline constexpr std::string_view missing_class = "E306";
inline constexpr std::string_view unknown_class = "E307";
inline constexpr std::string_view bad_entries = "E308";
inline constexpr std::string_view bad_entry = "E309";
inline constexpr std::string_view missing_interface = "E310";
inline constexpr std::string_view unknown_interface = "E311";
inline constexpr std::string_view wrong_interface = "E312";
inline constexpr std::string_view bad_name = "E313";
inline constexpr std::string_view name_taken_again = "E314";  // a warning
inline constexpr std::string_view lazy_without_names = "E315";

// Components together.
inline constexpr std::string_view missing_component = "E321";
inline constexpr std::string_view circle = "E322";
inline constexpr std::string_view wrong_kind = "E323";
inline constexpr std::string_view layer_order = "E324";  // a warning
inline constexpr std::string_view cannot_make = "E331";
inline constexpr std::string_view cannot_start = "E332";
inline constexpr std::string_view bad_session_value = "E333";
inline constexpr std::string_view start_too_slow = "E334";
inline constexpr std::string_view config_warning = "E335";  // a warning

}  // namespace cachesite::problem_ids
