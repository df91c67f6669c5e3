#include "check_command.hpp"

#include "site_access.hpp"
#include "terminal.hpp"

#include <algorithm>
#include <cstdio>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace cachesite::tool {

namespace {

Node problem_node(const Problem& problem) {
  auto node = map_node();
  add(node, "severity", text_node(problem.severity == Problem::Severity::error ? "error" : "warning"));
  add(node, "id", text_node(problem.id));
  add(node, "file", text_node(printable(problem.file, problem.file.size())));
  add(node, "line", number_node(std::uint64_t{problem.position.line}));
  add(node, "column", number_node(std::uint64_t{problem.position.column}));
  add(node, "message", text_node(printable(problem.message, problem.message.size())));
  add(node, "hint", text_node(printable(problem.hint, problem.hint.size())));
  return node;
}

/// What was asked to be left out is no problem; it is named and taken away.
std::vector<Problem> without_left_out(std::vector<Problem> problems) {
  const auto left_out = std::stable_partition(problems.begin(), problems.end(), [](const Problem& problem) {
    return problem.id != problem_ids::unknown_class || problem.severity == Problem::Severity::error;
  });
  for (auto problem = left_out; problem != problems.end(); ++problem)
    print_problems(to_text(*problem), stderr);
  problems.erase(left_out, problems.end());
  return problems;
}

/// Why a cache or connection of a backend does not answer; nothing when it does.
std::optional<Error> failure_of(const ComponentSite& site, const ComponentEntry& entry) {
  if (entry.interface_name == ICache::interface_name) {
    const auto asked = site.get_component<ICache>(entry.name)->contains("cachesite check");
    return asked.ok() ? std::nullopt : std::optional(asked.error());
  }
  const auto asked = site.get_component<IRedis>(entry.name)->call({"PING"});
  return asked.ok() ? std::nullopt : std::optional(asked.error());
}

/// Asks every cache and every connection to a server once.
Exit connect(const ComponentSite& site, Node& answers, bool json) {
  Exit status = Exit::done;
  for (const auto& entry : site.entries()) {
    if (entry.interface_name != ICache::interface_name && entry.interface_name != IRedis::interface_name)
      continue;
    const auto failure = failure_of(site, entry);
    const auto reason =
        failure ? std::string(to_string(failure->code())) + ": " + std::string(failure->message()) : "";
    if (failure) status = Exit::backend_failed;
    auto node = map_node();
    add(node, "interface", text_node(entry.interface_name));
    add(node, "name", text_node(entry.name));
    add(node, "class", text_node(entry.class_name));
    add(node, "answers", boolean_node(!failure));
    if (failure) add(node, "reason", text_node(printable(reason, reason.size())));
    answers.elements.push_back(std::move(node));
    if (!json)
      print(entry.interface_name + " \"" + entry.name + "\" " + entry.class_name + ": " +
            (failure ? painted(reason, Colour::red, stdout) : painted("answers", Colour::green, stdout)) +
            "\n");
  }
  return status;
}

}  // namespace

Exit check(const Arguments& arguments, const Catalog& catalog) {
  const auto problems =
      without_left_out(check_component_files(paths_of(arguments), load_options(arguments, catalog)));
  auto status = problems.empty() ? Exit::done : Exit::invalid_configuration;
  auto answer = map_node();
  auto told = list_node();
  for (const auto& problem : problems)
    told.elements.push_back(problem_node(problem));
  add(answer, "problems", std::move(told));
  const bool loads = std::none_of(problems.begin(), problems.end(), [](const Problem& problem) {
    return problem.severity == Problem::Severity::error;
  });
  if (!arguments.json) {
    if (problems.empty())
      complain(arguments.connect ? "the files have no problems" : "no problems");
    else
      print_problems(to_text(problems), stdout);
  }
  if (arguments.connect && loads) {
    auto answers = list_node();
    const auto connected = with_site(arguments, catalog, [&](const ComponentSite& site) {
      return connect(site, answers, arguments.json);
    });
    if (status == Exit::done) status = connected;
    add(answer, "connections", std::move(answers));
  }
  if (arguments.json) print_json(answer);
  return status;
}

}  // namespace cachesite::tool
