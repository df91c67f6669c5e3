#include "command_line.hpp"

#include "cache_commands.hpp"
#include "check_command.hpp"
#include "completion_words.hpp"
#include "doctor_command.hpp"
#include "key_command.hpp"
#include "pages.hpp"
#include "report_commands.hpp"
#include "site_access.hpp"
#include "site_commands.hpp"

#include <cachesite/detail/suggestion.hpp>
#include <cachesite/version.hpp>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cachesite::tool {

namespace {

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
    {"del", "Remove KEY; exit 1 when absent", tool::remove, true},
    {"has", "Print whether KEY exists; exit 1 when not", tool::has, true},
    {"ttl", "Print the remaining TTL of KEY; exit 1 when absent", tool::time_to_live, true},
    {"explain-key", "Read KEY, and print what each part of the cache knows of it; exit 1 when absent",
     tool::explain_key, true},
    {"expire", "Set the TTL of KEY, from now on; exit 1 when absent", tool::expire, true},
    {"persist", "Remove the TTL of KEY; exit 1 when it has none or KEY is absent", tool::persist, true},
    {"keys", "Print the keys that match PATTERN, one on each line", tool::keys, false},
    {"evict", "Invalidate all entries with one of the tags", tool::evict, false},
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
    added
        .add_option("--ttl", request.time_to_live,
                    std::string(ttl_help) + "; left out, as the cache is declared")
        ->type_name("TTL");
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
  } else if (command == "evict") {
    added.add_option("TAG", request.tags, "The tags")->required();
  }
}

std::string version_text() {
  return "cachesite " + std::string(library_version()) +
         "\n"
#ifdef __clang__
         "compiled by " __VERSION__
#else
         "compiled by GCC " __VERSION__
#endif
         ", C++" +
         std::to_string(__cplusplus / 100 % 100) + "\nlicence: MIT";
}

/// What to say when the first word is none of the commands; empty when it is one, or there is none.
std::string unknown_command(const CLI::App& app) {
  const auto words = app.remaining();
  if (!app.get_subcommands().empty() || words.empty() || words.front().starts_with('-')) return {};
  std::vector<std::string> known;
  for (const auto* const command : shown_commands(app))
    known.push_back(command->get_name());
  const auto question = did_you_mean(words.front(), known);
  return "there is no command \"" + printable(words.front()) + "\"; " +
         (question.empty() ? "'" + app.get_name() + " --help' lists them all" : question);
}

/// The same for an option that is like one of those that there are.
std::string unknown_option(const CLI::App& app) {
  std::vector<std::string> known;
  const auto add_options = [&](const CLI::App& of) {
    for (const auto* const option : of.get_options())
      for (const auto& name : option->get_lnames())
        known.push_back("--" + name);
  };
  add_options(app);
  for (const auto* const command : app.get_subcommands())
    add_options(*command);
  for (const auto& word : app.remaining(true))
    if (const auto question = did_you_mean(word, known); word.starts_with("--") && !question.empty())
      return "there is no option \"" + printable(word) + "\"; " + question;
  return {};
}

}  // namespace

CommandLine::CommandLine(const Catalog& catalog)
    : catalog_(catalog), app_("Inspects component files and the caches that they declare.") {
  app_.name(std::string(program_name()));
  app_.require_subcommand(1);
  app_.footer(
      "NAME is a component's name in the file; \"\" is the unnamed one.\n"
      "Exit status: 0 done, 1 miss or no, 2 usage, 3 invalid configuration, 4 backend unreachable or "
      "failed.");
  app_.add_option("-c,--config", arguments_.files,
                  "Component file (YAML, JSON or TOML); may be repeated, later files override")
      ->type_name("FILE")
      ->allow_extra_args(false);
  app_.add_flag("--json", arguments_.json, "Answer as JSON");
  app_.add_flag("--skip-unknown", arguments_.skip_unknown,
                "Leave out components of unknown classes and their dependants, and name them");
  app_.set_version_flag("--version", version_text, "Print version, compiler and licence, and exit");
  add_site_commands();
  add_class_commands();
  add_cache_commands();
  add_pages();
}

CLI::App* CommandLine::add(const char* name, const char* help, Body body) {
  auto* const added = app_.add_subcommand(name, help)->fallthrough();
  added->callback([this, body = std::move(body)] { command_ = body; });
  return added;
}

CLI::App* CommandLine::add_on_files(const char* name, const char* help, Body body) {
  return add(name, help, [this, body = std::move(body)] {
    if (!arguments_.files.empty()) return body();
    complain("no component file; give one with -c FILE");
    return Exit::usage;
  });
}

void CommandLine::add_site_commands() {
  const auto on_site = [this](auto command) {
    return [this, command] {
      return with_site(arguments_, catalog_, [&](const ComponentSite& site) { return command(site); });
    };
  };
  const auto* const in_place_help = "Also show components in place of references, by their paths";
  add_on_files("check", "Validate the files and print every problem",
               [this] { return check(arguments_, catalog_); })
      ->add_flag("--connect", arguments_.connect,
                 "Also start the components, and test every cache and connection");
  add_on_files("list", "Print interface, name, class and state of every component",
               on_site([this](const auto& site) { return list(site, arguments_.in_place, arguments_.json); }))
      ->add_flag("--in-place", arguments_.in_place, in_place_help);
  add_on_files("health", "Print the state of every component; exit 4 when a required one is down",
               on_site([this](const auto& site) { return health(site, arguments_.json); }));
  auto* const doctor_command = add_on_files(
      "doctor",
      "Write some keys of its own, and look whether servers say what changes, and at their settings; exit 4 "
      "when "
      "one does not",
      on_site([this](const auto& site) { return doctor(site, arguments_.doctor, arguments_.json); }));
  doctor_command->add_option("NAME", arguments_.doctor.name,
                             "Name of a cache or a backplane; left out, all of them");
  doctor_command
      ->add_option(
          "--seconds", arguments_.doctor.seconds,
          "Also read keys of the cache again and again for so long, and compare copies with the server")
      ->type_name("N")
      ->check(CLI::Range(std::uint64_t{0}, std::uint64_t{86'400}));
  add_on_files(
      "metrics", "Print the counters of every cache in this run, in the text format of Prometheus",
      on_site([this](const auto& site) { return metrics(site, arguments_.in_place, arguments_.json); }))
      ->add_flag("--in-place", arguments_.in_place, in_place_help);
  add_on_files("information", "Print the counters of every cache in this run, as JSON", on_site(information));
  add_on_files(
      "explain", "Print state, dependencies and the origin of every parameter of NAME",
      on_site([this](const auto& site) { return explain(site, arguments_.cache.name, arguments_.json); }))
      ->add_option("NAME", arguments_.cache.name, "Name of the component; \"\" for the unnamed one")
      ->required();
}

void CommandLine::add_class_commands() {
  add("describe", "Print the parameters of CLASS, or every class", [this] {
    return describe(catalog_, arguments_.class_name, arguments_.json);
  })->add_option("CLASS", arguments_.class_name, "A class name, such as MemoryCache");
  add("schema", "Print the JSON Schema of component files, for editors", [this] { return schema(catalog_); });
  add("reference", "Print the reference of all classes and parameters as Markdown", [this] {
    return arguments_.json ? describe(catalog_, {}, true) : reference(catalog_, arguments_.summary);
  })->add_flag("--summary", arguments_.summary, "One table with a line for each class");
}

void CommandLine::add_cache_commands() {
  for (const auto& entry : cache_commands) {
    auto* const added = add_on_files(entry.name, entry.help, [this, run_it = entry.run] {
      return with_site(arguments_, catalog_, [&](const ComponentSite& site) {
        arguments_.cache.json = arguments_.json;
        return answered_by_store(site, arguments_.cache, run_it(site, arguments_.cache));
      });
    });
    added->add_option("NAME", arguments_.cache.name, "Name of the cache; \"\" for the unnamed one")
        ->required();
    if (entry.takes_key) added->add_option("KEY", arguments_.cache.key, "The key")->required();
    add_further_arguments(*added, entry.name, arguments_.cache);
  }
}

void CommandLine::add_pages() {
  const auto print_page = [this](const std::string& name, const std::string& text) {
    if (arguments_.json) {
      auto answer = map_node();
      print_json(tool::add(answer, name, text_node(text)));
    } else {
      print(text);
    }
    return Exit::done;
  };
  add("completion", "Print the completion script of a shell",
      [this, print_page] { return print_page(arguments_.shell, completion(app_, arguments_.shell)); })
      ->add_option("SHELL", arguments_.shell, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember(shells()));
  add("words", "For completions: print what may stand for KIND, class or name",
      [this] {
        for (const auto& word :
             arguments_.words == "class" ? class_words(catalog_) : name_words(arguments_.files))
          print(word + "\n");
        return Exit::done;
      })
      ->group("")
      ->add_option("KIND", arguments_.words)
      ->required()
      ->check(CLI::IsMember({"class", "name"}));
  add("man-page", "Print the manual page, for man",
      [this, print_page] { return print_page("man_page", man_page(app_)); });
}

Exit CommandLine::run(int count, const char* const* words) {
  try {
    app_.parse(count, words);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app_.exit(error), Exit::done;
    if (const auto wrong = unknown_command(app_); !wrong.empty())
      complain(wrong);
    else if (const auto other = unknown_option(app_); !other.empty())
      complain(other);
    else
      app_.exit(error);
    return Exit::usage;
  }
  return command_();
}

}  // namespace cachesite::tool
