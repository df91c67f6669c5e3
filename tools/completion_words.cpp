#include "completion_words.hpp"

#include <cachesite/document_reader.hpp>
#include <cachesite/problem.hpp>

#include <algorithm>
#include <filesystem>
#include <set>
#include <string_view>

namespace cachesite::tool {

namespace {

bool needs_no_quotes(std::string_view word) {
  constexpr std::string_view letters =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._:@%+,/-";
  return !word.empty() && word.front() != '-' && word.find_first_not_of(letters) == std::string_view::npos;
}

class NameReading {
 public:
  void read(const std::filesystem::path& path) {
    std::error_code unknown;
    if (!read_.insert(std::filesystem::weakly_canonical(path, unknown)).second) return;
    try {
      take(read_document(path).root, path.parent_path());
    } catch (const LoadError&) {  // while somebody types, files may be wrong
    }
  }

  [[nodiscard]] std::vector<std::string> names() const { return {names_.begin(), names_.end()}; }

 private:
  void take(const Node& root, const std::filesystem::path& folder) {
    if (const auto* const included = root.find("include")) include(*included, folder);
    const auto* const components = root.is_list() ? &root : root.find("components");
    if (components == nullptr) return;
    for (const auto& component : components->elements)
      take_component(component);
  }

  void include(const Node& included, const std::filesystem::path& folder) {
    if (included.is_text()) read(folder / included.scalar);
    for (const auto& each : included.elements)
      if (each.is_text()) read(folder / each.scalar);
  }

  void take_component(const Node& component) {
    take_name(component);
    if (const auto* const entries = component.find("entries"))
      for (const auto& entry : entries->elements)
        take_name(entry);
  }

  void take_name(const Node& named) {
    const auto* const name = named.find("name");
    if (name != nullptr && name->is_scalar() && needs_no_quotes(name->scalar)) names_.insert(name->scalar);
  }

  std::set<std::filesystem::path> read_;
  std::set<std::string> names_;
};

}  // namespace

std::vector<std::string> class_words(const Catalog& catalog) {
  std::vector<std::string> words;
  for (const auto& known : catalog.classes())
    if (needs_no_quotes(known->name)) words.push_back(known->name);
  return words;
}

std::vector<std::string> name_words(const std::vector<std::string>& files) {
  NameReading reading;
  for (const auto& file : files)
    reading.read(file);
  return reading.names();
}

}  // namespace cachesite::tool
