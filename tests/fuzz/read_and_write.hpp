#pragma once

#include <cachesite/document_reader.hpp>
#include <cachesite/document_writer.hpp>
#include <cachesite/problem.hpp>

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace cachesite::fuzz {

/// Reads the text. What can be read is written in both languages and has to read back to an equal tree; what
/// cannot has to say why.
inline void read_and_write(std::string_view text, Format format) {
  Document document;
  try {
    document = read_document(text, format);
  } catch (const LoadError& error) {
    if (error.problems().empty() || std::string_view(error.what()).empty()) std::abort();
    return;
  }
  DocumentLimits wide;
  wide.file_bytes = wide.scalar_bytes = wide.yaml_value_bytes = 64 * 1024 * 1024;
  for (const Format target : {Format::yaml, Format::json}) {
    const Document again = read_document(write_document(document.root, target), target, "again", wide);
    // JSON refuses numbers that no double can hold, which YAML only gets to see as text of a number.
    if (!(again.root == document.root)) std::abort();
  }
}

}  // namespace cachesite::fuzz
