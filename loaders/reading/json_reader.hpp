#pragma once

#include "reading/problem_list.hpp"
#include "reading/source_text.hpp"

#include <cachesite/document.hpp>
#include <cachesite/document_reader.hpp>

namespace cachesite::reading {

/// Reads one JSON text. What is wrong is added to `problems`; may throw StopReading.
[[nodiscard]] Node read_json(const SourceText& source, const DocumentLimits& limits, ProblemList& problems);

}  // namespace cachesite::reading
