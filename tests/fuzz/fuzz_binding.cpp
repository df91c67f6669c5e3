#include "../unit/loaders/probe.hpp"

#include <cachesite/detail/problem_text.hpp>
#include <cachesite/detail/site_builder.hpp>
#include <cachesite/detail/substitution.hpp>
#include <cachesite/document_reader.hpp>

#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

using namespace cachesite;

/// Everything that a file goes through before a component is made: reading, substitution, units, parameters,
/// references, messages.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Catalog catalog = test::catalog_with_probe();
  SubstitutionOptions options;
  options.allowed = true;
  options.environment = [](const std::string& name) -> std::optional<std::string> {
    if (name == "N") return "7";
    if (name == "WORD") return "xyzzy-hidden";
    return std::nullopt;
  };
  try {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    if (text.find("${file:") != std::string_view::npos) return 0;  // reads no files of the machine
    std::vector<Document> documents{read_document(text, Format::yaml)};
    auto problems = substitute(documents.front(), options);
    const bool hides = documents.front().source->find("xyzzy") == std::string::npos;
    for (auto& problem : check_component_site(documents, catalog))
      problems.push_back(std::move(problem));
    if (hides && to_text(problems).find("xyzzy-hidden") != std::string::npos) std::abort();
  } catch (const LoadError& error) {
    if (error.problems().empty()) std::abort();
  }
  return 0;
}
