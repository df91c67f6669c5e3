#pragma once

#include <cachesite/document.hpp>

#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace cachesite {

/// Reads YAML, JSON and TOML files for components. Components know no parser: the loaders give them this
/// (`file_documents`), like a clock and a logger.
class IDocumentSource {
 public:
  virtual ~IDocumentSource() = default;

  /// The document in a file of any extension; empty when the file is missing. Throws LoadError with every
  /// problem of an unreadable or invalid file. Safe from any thread.
  [[nodiscard]] virtual std::optional<Document> read(const std::string& path, Format format) const = 0;

  /// The document in a text; messages call it `name`. Throws LoadError with every problem of a text that
  /// cannot be understood; a source that reads files only throws std::logic_error. Safe from any thread.
  [[nodiscard]] virtual Document read_text(std::string_view text, Format format,
                                           const std::string& name) const {
    static_cast<void>(text), static_cast<void>(format), static_cast<void>(name);
    throw std::logic_error(
        "this component reads no text in YAML, JSON or TOML: give its context the source file_documents()");
  }
};

/// A source for programs that use no parser: it refuses every file.
class NoDocuments final : public IDocumentSource {
 public:
  /// Throws std::logic_error.
  [[nodiscard]] std::optional<Document> read(const std::string&, Format) const override {
    throw std::logic_error(
        "this component reads no YAML, JSON or TOML: give BuildOptions or its context the source "
        "file_documents()");
  }
};

}  // namespace cachesite
