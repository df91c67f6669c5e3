#pragma once

#include <cachesite/document.hpp>
#include <cachesite/format.hpp>

#include <optional>
#include <stdexcept>
#include <string>

namespace cachesite {

/// Where components read files written in YAML or JSON. Components know no parser: whoever loads a site gives
/// them one (`file_documents` of the loaders), as it gives them a clock and a logger.
class IDocumentSource {
 public:
  virtual ~IDocumentSource() = default;

  /// The document in a file, whatever its extension; nothing when there is no such file. Throws LoadError
  /// with every problem of a file that is there and cannot be read or understood. Safe from any thread.
  [[nodiscard]] virtual std::optional<Document> read(const std::string& path, Format format) const = 0;
};

/// A source for programs that use no parser: it refuses every file.
class NoDocuments final : public IDocumentSource {
 public:
  /// Throws std::logic_error.
  [[nodiscard]] std::optional<Document> read(const std::string&, Format) const override {
    throw std::logic_error("this program reads no YAML or JSON: give BuildOptions or the context a source");
  }
};

}  // namespace cachesite
