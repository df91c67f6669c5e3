#pragma once

#include "reading/problem_list.hpp"
#include "reading/source_text.hpp"

#include <cachesite/document.hpp>
#include <cachesite/document_reader.hpp>

namespace cachesite::reading {

/// Reads one TOML text. What is wrong is added to `problems`; may throw StopReading.
[[nodiscard]] Node read_toml(const SourceText& source, const DocumentLimits& limits, ProblemList& problems);

}  // namespace cachesite::reading
