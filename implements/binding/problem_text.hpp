#pragma once

#include <cachesite/problem.hpp>

#include <string>
#include <vector>

namespace cachesite::binding {

// One line a problem: `caches.yml:4:3: error[E204]: ... (did you mean ...?)`.
[[nodiscard]] std::string problem_text(const std::vector<Problem>& problems);

}  // namespace cachesite::binding
