#pragma once

#include <cachesite/document_reader.hpp>
#include <cachesite/problem.hpp>

#include <string>
#include <string_view>

namespace cachesite::test {

/// What reading the text says: "" when it can be read, otherwise each problem as "id line:column", in order.
inline std::string problems_of(std::string_view text, Format format, const DocumentLimits& limits = {}) {
  try {
    (void)read_document(text, format, "f", limits);
    return {};
  } catch (const LoadError& error) {
    std::string result;
    for (const auto& problem : error.problems())
      result += (result.empty() ? "" : ", ") + problem.id + ' ' + std::to_string(problem.position.line) +
                ':' + std::to_string(problem.position.column);
    return result;
  }
}

/// The full text of what reading the text says; "" when it can be read.
inline std::string text_of(std::string_view text, Format format, const DocumentLimits& limits = {}) {
  try {
    (void)read_document(text, format, "f", limits);
    return {};
  } catch (const LoadError& error) {
    return error.what();
  }
}

}  // namespace cachesite::test
