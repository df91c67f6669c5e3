#include <cachesite/problem.hpp>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace cachesite {

LoadError::LoadError(std::vector<Problem> problems, const std::string& text)
    : std::runtime_error(text),
      problems_(std::make_shared<const std::vector<Problem>>(std::move(problems))) {}

}  // namespace cachesite
