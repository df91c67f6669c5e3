#pragma once

#include <cachesite/document.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace cachesite::tool {

/// Exit status of the program.
enum Exit : int { done = 0, no = 1, usage = 2, invalid_configuration = 3, backend_failed = 4 };

/// Builds answers of the program as document nodes, which are written as JSON.
Node text_node(std::string_view text);
Node number_node(std::int64_t number);
Node number_node(std::uint64_t number);
Node real_node(double number);
Node boolean_node(bool value);
Node list_node();
Node map_node();
/// Adds a member to a map and returns the map.
Node& add(Node& map, std::string_view key, Node value);

/// Calls the program as its first word does, without the folder.
void call_program(std::string_view word);
/// What the program is called.
std::string_view program_name();

/// Makes sure that no file or connection takes the place of a standard stream that is closed.
void keep_standard_streams();

/// Writes data to the standard output as it is. Throws std::runtime_error when it is lost, as far as that
/// shows yet.
void print(std::string_view data);
/// Throws std::runtime_error when anything that was printed is lost. The last thing before the program ends.
void finish_output();
/// Writes a node to the standard output as JSON and a line end.
void print_json(const Node& node);
/// Writes one line to the standard error, after the program's name.
void complain(std::string_view sentence);

}  // namespace cachesite::tool
