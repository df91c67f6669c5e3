#include <cachesite/detail/environment_source.hpp>
#include <cachesite/detail/file_documents.hpp>
#include <cachesite/detail/problem_text.hpp>
#include <cachesite/detail/substitution.hpp>
#include <cachesite/document_reader.hpp>

#include <cstdlib>
#include <filesystem>
#include <system_error>
#include <utility>

namespace cachesite {
namespace {

class FileDocuments final : public IDocumentSource, public IEnvironmentSource {
 public:
  FileDocuments(const DocumentLimits& limits, bool allow_substitution)
      : limits_(limits), allow_substitution_(allow_substitution) {}

  [[nodiscard]] std::optional<Document> read(const std::string& path, Format format) const override {
    std::error_code fault;
    if (std::filesystem::status(path, fault).type() == std::filesystem::file_type::not_found)
      return std::nullopt;
    return completed(read_document(FilePath(path), format, limits_), format);
  }

  [[nodiscard]] Document read_text(std::string_view text, Format format,
                                   const std::string& name) const override {
    return read_document(text, format, name, limits_);
  }

  [[nodiscard]] std::optional<std::string> variable(const std::string& name) const override {
    const char* const value = allow_substitution_ ? std::getenv(name.c_str()) : nullptr;
    if (value == nullptr || *value == '\0') return std::nullopt;
    return value;
  }

 private:
  [[nodiscard]] Document completed(Document document, Format format) const {
    SubstitutionOptions substitution;
    substitution.allowed = allow_substitution_;
    substitution.format = format;
    substitution.text_bytes = limits_.text_bytes;
    substitution.problems = limits_.problems;
    auto problems = substitute(document, substitution);
    std::erase_if(problems, [](const Problem& each) { return each.severity == Problem::Severity::warning; });
    if (!problems.empty()) throw make_load_error(std::move(problems), limits_.problems);
    return document;
  }

  DocumentLimits limits_;
  bool allow_substitution_;
};

}  // namespace

std::shared_ptr<const IDocumentSource> file_documents(const DocumentLimits& limits, bool allow_substitution) {
  return std::make_shared<FileDocuments>(limits, allow_substitution);
}

}  // namespace cachesite
