#pragma once

#include "answer.hpp"
#include "arguments.hpp"

#include <cachesite/catalog.hpp>

#include <functional>

#include <CLI/CLI.hpp>

namespace cachesite::tool {

/// The table of commands: what each takes, says in the help, and does.
class CommandLine {
 public:
  /// The catalog outlives it.
  explicit CommandLine(const Catalog& catalog);

  /// Reads the words and runs the command that they are.
  Exit run(int count, const char* const* words);

 private:
  using Body = std::function<Exit()>;

  CLI::App* add(const char* name, const char* help, Body body);
  /// The same for a command that needs files.
  CLI::App* add_on_files(const char* name, const char* help, Body body);
  void add_site_commands();
  void add_class_commands();
  void add_cache_commands();
  void add_pages();

  const Catalog& catalog_;
  CLI::App app_;
  Arguments arguments_;
  Body command_;
};

}  // namespace cachesite::tool
