#include "cache_commands.hpp"
#include "report_commands.hpp"
#include "site_commands.hpp"

#include <cachesite/cachesite.hpp>
#include <cachesite/tool_main.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <CLI/CLI.hpp>

namespace cachesite {

namespace {

using namespace cachesite::tool;

struct Arguments {
  std::vector<std::string> files;
  bool json = false;
  bool skip_unknown = false;
  std::string class_name;
  bool summary = false;
  CacheArguments cache;
};

std::vector<std::filesystem::path> paths_of(const Arguments& arguments) {
  return {arguments.files.begin(), arguments.files.end()};
}

LoadOptions load_options(const Arguments& arguments, const Catalog& catalog) {
  LoadOptions options;
  options.catalog = catalog;
  options.leave_out_unknown_classes = arguments.skip_unknown;
  options.allow_substitution = true;
  options.logger = std::make_shared<ConsoleLogger>();
  return options;
}

Exit check(const Arguments& arguments, const Catalog& catalog) {
  auto problems = check_component_files(paths_of(arguments), load_options(arguments, catalog));
  // What was asked to be left out is no problem.
  const auto left_out = std::stable_partition(problems.begin(), problems.end(), [](const Problem& problem) {
    return problem.id != problem_ids::unknown_class || problem.severity == Problem::Severity::error;
  });
  for (auto problem = left_out; problem != problems.end(); ++problem)
    std::fprintf(stderr, "%s\n", to_text(*problem).c_str());
  problems.erase(left_out, problems.end());
  if (problems.empty()) {
    complain("no problems");
    return Exit::done;
  }
  print(to_text(problems) + "\n");
  return Exit::invalid_configuration;
}

Exit with_site(const Arguments& arguments, const Catalog& catalog,
               const std::function<Exit(const ComponentSite&)>& command) {
  const auto site = load_component_site_from_files(paths_of(arguments), load_options(arguments, catalog));
  const auto status = command(*site);
  for (const auto& left : site->stop_within(std::chrono::seconds(10)))
    complain(left + " does not stop");
  return status;
}

/// The commands on one cache: name, help, function, and which arguments beside NAME they take.
struct CacheCommand {
  const char* name;
  const char* help;
  Exit (*run)(const ComponentSite&, const CacheArguments&);
  bool takes_key;
};

constexpr CacheCommand cache_commands[] = {
    {"get", "Write the value under KEY to the standard output; exit 1 when absent", tool::get, true},
    {"set", "Store VALUE under KEY; '-' reads the value from the standard input", tool::set, true},
    {"del", "Remove KEY; exit 1 when it was not there", tool::remove, true},
    {"has", "Tell whether there is an entry under KEY; exit 1 when not", tool::has, true},
    {"ttl", "Tell how long KEY still lives; exit 1 when absent", tool::time_to_live, true},
    {"expire", "Let KEY live for TTL from now; exit 1 when absent", tool::expire, true},
    {"persist", "Take the end of KEY away; exit 1 when it has none or is absent", tool::persist, true},
    {"keys", "Print the keys that match PATTERN, one on a line", tool::keys, false},
    {"clear", "Remove all entries of the cache, without asking", tool::clear, false},
    {"size", "Print the number of entries of the cache", tool::size, false},
    {"stats", "Print the counters of the cache since the program started", tool::statistics, false},
};

/// Adds what a command takes beside NAME and KEY.
void add_further_arguments(CLI::App& added, std::string_view command, CacheArguments& request) {
  const auto* const pattern_help =
      "As in Redis: * any bytes, ? one byte, [a-z] one of a set, \\ the next as it is";
  const auto* const ttl_help = "How long the entry lives, such as 2h30m; never: until it is removed";
  if (command == "set") {
    auto* const value = added.add_option("VALUE", request.value, "The value; '-' for the standard input");
    added.add_option("--ttl", request.time_to_live, ttl_help)->required();
    added.add_flag("--null", request.null, "Store a cached null instead of a value")->excludes(value);
    added.parse_complete_callback([&request] {
      if (!request.value && !request.null) throw CLI::RequiredError("VALUE or --null");
    });
  } else if (command == "expire") {
    added.add_option("TTL", request.time_to_live, ttl_help)->required();
  } else if (command == "keys") {
    added.add_option("PATTERN", request.pattern, pattern_help);
  } else if (command == "clear") {
    added.add_option("--matching", request.pattern, pattern_help)->type_name("PATTERN");
  }
}

/// What to say when the first word is none of the commands; empty when it is one, or there is none.
std::string unknown_command(const CLI::App& app) {
  const auto words = app.remaining();
  if (!app.get_subcommands().empty() || words.empty() || words.front().starts_with('-')) return {};
  std::vector<std::string> known;
  for (const auto* const command : app.get_subcommands([](const CLI::App*) { return true; }))
    known.push_back(command->get_name());
  const auto question = did_you_mean(words.front(), known);
  return "there is no command \"" + printable(words.front()) + "\"; " +
         (question.empty() ? "'" + app.get_name() + " --help' lists them all" : question);
}

int run(int count, char** words, const Catalog& catalog) {
  CLI::App app{"Looks into component files and into the caches that they declare."};
  app.name(std::string(program_name()));
  app.require_subcommand(1);
  app.footer(
      "NAME is a component's name in the file; \"\" is the unnamed one.\n"
      "Exit status: 0 done, 1 miss or no, 2 usage, 3 invalid configuration, 4 backend unreachable or "
      "failed.");

  Arguments arguments;
  std::function<Exit()> command;
  app.add_option("-c,--config", arguments.files,
                 "Component file (YAML, JSON or TOML); may be repeated, later files override")
      ->type_name("FILE")
      ->allow_extra_args(false);
  app.add_flag("--json", arguments.json, "Answer as JSON");
  app.add_flag("--skip-unknown", arguments.skip_unknown,
               "Leave out components of unknown classes, and those that need them; they are named");
  app.set_version_flag("--version", "cachesite " CACHESITE_VERSION, "Print the version and exit");

  const auto needs_files = [&](std::function<Exit()> body) {
    return [&arguments, body = std::move(body)] {
      if (!arguments.files.empty()) return body();
      complain("no component file; give one with -c FILE");
      return Exit::usage;
    };
  };
  const auto add_command = [&](const char* name, const char* help, std::function<Exit()> body) {
    auto* const added = app.add_subcommand(name, help)->fallthrough();
    added->callback([&command, body = std::move(body)] { command = body; });
    return added;
  };

  add_command("check", "Validate the files and print every problem",
              needs_files([&] { return check(arguments, catalog); }));
  add_command("list", "Print interface, name, class and state of every component", needs_files([&] {
                return with_site(arguments, catalog,
                                 [&](const auto& site) { return list(site, arguments.json); });
              }));
  add_command("health", "Print the state of every component; exit 4 when one is down", needs_files([&] {
                return with_site(arguments, catalog,
                                 [&](const auto& site) { return health(site, arguments.json); });
              }));
  add_command("metrics", "Print what this run counted of every cache, in the text format of Prometheus",
              needs_files([&] { return with_site(arguments, catalog, metrics); }));
  add_command("information", "Print what this run counted of every cache, as JSON",
              needs_files([&] { return with_site(arguments, catalog, information); }));
  add_command("explain", "Print state, dependencies and the origin of every parameter of NAME",
              needs_files([&] {
                return with_site(arguments, catalog, [&](const auto& site) {
                  return explain(site, arguments.cache.name, arguments.json);
                });
              }))
      ->add_option("NAME", arguments.cache.name, "Name of the component; \"\" for the unnamed one")
      ->required();
  add_command("describe", "Print the parameters of CLASS, or every class", [&] {
    return describe(catalog, arguments.class_name, arguments.json);
  })->add_option("CLASS", arguments.class_name, "A class name, such as MemoryCache");
  add_command("schema", "Print the JSON Schema of component files, for editors",
              [&] { return schema(catalog); });

  add_command("reference", "Print the reference of all classes and parameters as Markdown", [&] {
    return reference(catalog, arguments.summary);
  })->add_flag("--summary", arguments.summary, "One table with a line for each class");

  for (const auto& entry : cache_commands) {
    auto* const added = add_command(entry.name, entry.help, needs_files([&, run_it = entry.run] {
                                      return with_site(arguments, catalog, [&](const auto& site) {
                                        arguments.cache.json = arguments.json;
                                        return run_it(site, arguments.cache);
                                      });
                                    }));
    added->add_option("NAME", arguments.cache.name, "Name of the cache; \"\" for the unnamed one")
        ->required();
    if (entry.takes_key) added->add_option("KEY", arguments.cache.key, "The key")->required();
    add_further_arguments(*added, entry.name, arguments.cache);
  }

  try {
    app.parse(count, words);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error), Exit::done;
    if (const auto wrong = unknown_command(app); !wrong.empty()) {
      complain(wrong);
      return Exit::usage;
    }
    app.exit(error);
    return Exit::usage;
  }
  return command();
}

// What ends a run early, as the exit status.
int report(const std::exception& error) {
  if (dynamic_cast<const LoadError*>(&error)) {
    std::fprintf(stderr, "%s\n", error.what());
    return Exit::invalid_configuration;
  }
  complain(error.what());
  return dynamic_cast<const ComponentNotFound*>(&error) ? Exit::usage : Exit::backend_failed;
}

}  // namespace

int tool_main(int count, char** words, const Catalog& catalog) noexcept {
  try {
    keep_standard_streams();
    call_program(count > 0 ? words[0] : "cachesite");
    const auto status = run(count, words, catalog);
    finish_output();
    return status;
  } catch (const std::exception& error) {
    return report(error);
  }
}

}  // namespace cachesite
