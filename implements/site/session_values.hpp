#pragma once

#include "binding/problem_list.hpp"
#include "site/item.hpp"

#include <cachesite/config.hpp>
#include <cachesite/logger.hpp>

#include <memory>
#include <string_view>
#include <vector>

namespace cachesite::site {

// A copy of the item's options with the values of a session that the document does not give; what was taken
// is added to `origins`. Values that do not fit become problems of the item's document, and null is returned.
[[nodiscard]] std::shared_ptr<void> options_with_session(const Item& item, std::string_view session_name,
                                                         const IConfigSession& session,
                                                         std::vector<ParameterOrigin>& origins,
                                                         ILogger& logger, binding::ProblemList& problems);

}  // namespace cachesite::site
