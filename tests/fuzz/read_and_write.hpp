#pragma once

#include <cachesite/document_reader.hpp>
#include <cachesite/document_writer.hpp>
#include <cachesite/problem.hpp>

#include <cstdint>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <string_view>

namespace cachesite::fuzz {

/// Reads the text. What can be read is written in every language that can say it and has to read back to an
/// equal tree; what cannot has to say why.
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
  wide.toml_values = wide.toml_tables = wide.nodes;
  for (const Format target : {Format::yaml, Format::json, Format::toml}) {
    std::string written;
    try {
      written = write_document(document.root, target);
    } catch (const std::invalid_argument&) {
      // TOML has no null, no list at the top and no number of more than 64 bits; its own documents have none
      // of them.
      if (target != Format::toml || format == Format::toml) std::abort();
      continue;
    }
    const Document again = read_document(written, target, "again", wide);
    // JSON refuses numbers that no double can hold, which YAML only gets to see as text of a number.
    if (!(again.root == document.root)) std::abort();
  }
}

}  // namespace cachesite::fuzz
