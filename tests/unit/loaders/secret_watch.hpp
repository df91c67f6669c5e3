#pragma once

#include "support/collecting_logger.hpp"
#include "support/sanitized.hpp"
#include "vault.hpp"

#include <cachesite/detail/problem_text.hpp>
#include <cachesite/document_writer.hpp>
#include <cachesite/dump.hpp>
#include <cachesite/load.hpp>
#include <cachesite/site_reports.hpp>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <boost/test/unit_test.hpp>

namespace cachesite::test {

/// Loads documents that hold a secret, and looks for it in everything that is said about them.
class SecretWatch {
 public:
  static constexpr std::string_view secret = "hush7Kq9xZwe";

  /// With `sampled` only some texts are loaded under a sanitizer, where there are thousands.
  explicit SecretWatch(bool sampled = false) : sampled_(sampled) {
    ::setenv("HUSH", std::string(secret).c_str(), 1);
    ::unsetenv("NO_HUSH");
    options_.catalog = catalog_with_vault();
    options_.allow_substitution = true;
  }

  /// `document` is what `text` is a part of, for the report of a failure.
  void see(std::string_view where, std::string_view text, std::string_view document) {
    ++seen_;
    // A part of a secret is one, too: a mistake may be in the middle of it.
    for (std::size_t start = 0; start + shortest_part <= secret.size(); ++start)
      if (text.find(secret.substr(start, shortest_part)) != std::string_view::npos) {
        BOOST_ERROR(where << " shows the secret of\n" << document << "\n---\n" << text);
        return;
      }
  }

  void see_problems(const std::vector<Problem>& problems, std::string_view document) {
    see("to_text()", to_text(problems), document);
    for (const auto& problem : problems) {
      see("a message", problem.message, document);
      see("a hint", problem.hint, document);
    }
    problems_ += problems.size();
  }

  void load(const std::string& text, Format format, bool allow_substitution = true) {
    load_made([&] { return text; }, format, allow_substitution);
  }

  /// Of a text that is not loaded not even the text is made.
  template <class Make>
  void load_made(Make make, Format format, bool allow_substitution = true) {
    if (sampled_ && ++asked_ % sampling != 0) return;
    const std::string text = make();
    auto logger = std::make_shared<CollectingLogger>();
    options_.logger = logger;
    options_.allow_substitution = allow_substitution;
    try {
      see_site(*load_component_site_from_text(text, format, options_), text);
    } catch (const LoadError& error) {
      see("what()", error.what(), text);
      see_problems(error.problems(), text);
    }
    see("the log", logger->text(), text);
  }

  void check(const std::vector<std::filesystem::path>& paths, std::string_view document) {
    see_problems(check_component_files(paths, options_), document);
  }

  void see_site(const ComponentSite& site, std::string_view document) {
    ++loaded_;
    for (const auto format : {Format::yaml, Format::json, Format::toml})
      try {
        see("a dump", dump_component_site(site, format), document);
      } catch (const std::invalid_argument& error) {
        see("what cannot be dumped", error.what(), document);
      }
    see("a description", write_document(describe_component_site(site), Format::json), document);
    for (const auto& entry : site.entries()) {
      see("an explanation", write_document(explain_component(site, entry.name), Format::json), document);
      if (entry.component) see("a state", entry.component->health().reason, document);
    }
  }

  [[nodiscard]] const LoadOptions& options() const noexcept { return options_; }
  [[nodiscard]] std::size_t seen() const noexcept { return seen_; }
  [[nodiscard]] std::size_t problems() const noexcept { return problems_; }
  [[nodiscard]] std::size_t loaded() const noexcept { return loaded_; }

 private:
  static constexpr std::size_t shortest_part = 6;

  const bool sampled_;
  std::size_t asked_ = 0;
  LoadOptions options_;
  std::size_t seen_ = 0;
  std::size_t problems_ = 0;
  std::size_t loaded_ = 0;
};

}  // namespace cachesite::test
