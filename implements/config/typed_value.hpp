#pragma once

#include <cachesite/detail/document_source.hpp>
#include <cachesite/detail/stored_config.hpp>
#include <cachesite/environment_config.hpp>

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace cachesite::config {

// Puts a node's scalars below `key`: a mapping's members as keys of their own, a list's elements joined by
// commas. `origin` says where a value comes from; `refuse` hears of an element that is no single value.
void add_node(const std::string& key, const Node& node, SessionValues& values,
              const std::function<std::string(const Node&)>& origin,
              const std::function<void(const Node&)>& refuse);

// Puts the value that `text` stands for below `key`, by the type of its default. False when it is of another
// type; then nothing is put.
[[nodiscard]] bool add_typed(const std::string& key, const ConfigDefault& declared, std::string_view text,
                             const std::string& origin, const IDocumentSource& documents,
                             SessionValues& values);

// What a value of the type has to be, for "expected ...".
[[nodiscard]] std::string expectation_of(const ConfigDefault& declared);

}  // namespace cachesite::config
