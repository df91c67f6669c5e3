#pragma once

#include <cachesite/document.hpp>
#include <cachesite/load.hpp>
#include <cachesite/problem.hpp>

#include <filesystem>
#include <functional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace cachesite::loading {

/// The documents of a load, in the order in which they count, and what is wrong with them so far.
struct Reading {
  std::vector<Document> documents;
  std::vector<Problem> problems;
  bool incomplete = false;  // a document could not be read at all
};

/// Reads documents, puts values into them, and reads what they include: before themselves, so that the
/// including document overrides. A file that several include is read once.
class FileReading {
 public:
  explicit FileReading(const LoadOptions& options) : options_(options) {}

  void read_file(const std::filesystem::path& path);
  /// A document in this language that `read` makes; what it includes is relative to the working directory.
  void read_with(Format format, const std::function<Document()>& read);
  [[nodiscard]] Reading take() { return std::move(reading_); }

 private:
  /// What keeps a file from being read.
  void take_problems(const LoadError& error, Format format);
  /// The language of a file; YAML when that is not clear.
  [[nodiscard]] Format format_of(const std::filesystem::path& path) const;
  void add(Document document, Format format, const std::filesystem::path& folder);
  void include_all(Document& document, const std::filesystem::path& folder);
  void include(const Document& document, const Node& element, const std::filesystem::path& folder);
  void report(const Document& document, const Node& node, std::string_view id, std::string message,
              std::string hint = {});

  const LoadOptions& options_;
  Reading reading_;
  /// The files that are being read, from the outermost: as they are called, and what they are.
  std::vector<std::pair<std::string, std::filesystem::path>> chain_;
  std::set<std::filesystem::path> known_;
};

}  // namespace cachesite::loading
