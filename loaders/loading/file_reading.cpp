#include "loading/file_reading.hpp"

#include "reading/secret_lines.hpp"

#include <cachesite/detail/document_problem_ids.hpp>
#include <cachesite/detail/problem_text.hpp>
#include <cachesite/detail/site_builder.hpp>
#include <cachesite/detail/substitution.hpp>
#include <cachesite/document_reader.hpp>

#include <algorithm>
#include <system_error>

namespace cachesite::loading {
namespace {

constexpr std::size_t deepest_include = 16;

/// What a file is, whatever it is called.
std::filesystem::path identity(const std::filesystem::path& path) {
  std::error_code fault;
  auto canonical = std::filesystem::weakly_canonical(path, fault);
  return fault ? path.lexically_normal() : canonical;
}

/// A file as a whole cannot be read: the place to show is where it is included.
bool concerns_whole_file(const LoadError& error) {
  return error.problems().size() == 1 && error.problems().front().position.line == 0;
}

/// True when one of the parameters is a secret, or has one in it.
bool add_secret_names(const ParameterTable& table, std::vector<std::string>& names) {
  const std::size_t before = names.size();
  for (const auto& declaration : table.declarations()) {
    const auto& single = declaration.element ? *declaration.element : declaration;
    const bool inner = single.group && add_secret_names(*single.group, names);
    if (!inner && single.kind != ParameterKind::secret) continue;
    names.push_back(declaration.name);
    names.insert(names.end(), declaration.aliases.begin(), declaration.aliases.end());
  }
  return names.size() > before;
}

/// What parameters that hold a secret are called.
std::vector<std::string> secret_names(const Catalog& catalog) {
  std::vector<std::string> names;
  for (const auto& component_class : catalog.classes())
    add_secret_names(component_class->parameters, names);
  return names;
}

Node take_include(Node& root) {
  const auto member = std::find_if(root.members.begin(), root.members.end(),
                                   [](const NodeMember& each) { return each.key == "include"; });
  Node taken = std::move(member->value);
  root.members.erase(member);
  if (root.find("components")) return taken;
  NodeMember components;
  components.key = "components";
  components.key_position = root.position;
  components.value.kind = Node::Kind::list;
  components.value.position = root.position;
  root.members.push_back(std::move(components));
  return taken;
}

}  // namespace

void FileReading::read_file(const std::filesystem::path& path) {
  try {
    Document document = read_document(path, options_.format, options_.limits);
    auto what = identity(path);
    known_.insert(what);
    chain_.emplace_back(path.string(), std::move(what));
    add(std::move(document), format_of(path), path.parent_path());
    chain_.pop_back();
  } catch (const LoadError& error) {
    take_problems(error, format_of(path));
  }
}

void FileReading::read_with(Format format, const std::function<Document()>& read) {
  try {
    add(read(), format, {});
  } catch (const LoadError& error) {
    take_problems(error, format);
  }
}

Format FileReading::format_of(const std::filesystem::path& path) const {
  if (options_.format) return *options_.format;
  return format_from_path(path).value_or(Format::yaml);
}

void FileReading::take_problems(const LoadError& error, Format format) {
  auto problems = error.problems();
  reading::hide_secret_lines(problems, format, secret_names(options_.catalog));
  reading_.problems.insert(reading_.problems.end(), problems.begin(), problems.end());
  reading_.incomplete = true;
}

void FileReading::add(Document document, Format format, const std::filesystem::path& folder) {
  SubstitutionOptions substitution;
  substitution.allowed = options_.allow_substitution;
  substitution.format = format;
  substitution.text_bytes = options_.limits.text_bytes;
  substitution.problems = options_.limits.problems;
  auto problems = substitute(document, substitution);
  if (document.root.is_map() && document.root.find("include")) include_all(document, folder);
  reading_.problems.insert(reading_.problems.end(), problems.begin(), problems.end());
  mark_confidential(reading_.problems, document, options_.catalog);
  reading_.documents.push_back(std::move(document));
}

void FileReading::include_all(Document& document, const std::filesystem::path& folder) {
  const Node included = take_include(document.root);
  if (included.is_text()) {
    include(document, included, folder);
  } else if (included.is_list()) {
    for (const auto& element : included.elements)
      include(document, element, folder);
  } else {
    report(document, included, document_problem_ids::bad_include,
           "include: expected the path of a file or a list of paths, found " +
               std::string(to_string(included.kind)));
  }
}

void FileReading::include(const Document& document, const Node& element,
                          const std::filesystem::path& folder) {
  if (!element.is_text() || element.scalar.empty()) {
    report(document, element, document_problem_ids::bad_include,
           "include: expected the path of a file, found " + std::string(to_string(element.kind)));
    return;
  }
  const auto path = (folder / element.scalar).lexically_normal();
  const auto what = identity(path);
  const std::string shown =
      element.substituted ? std::string("the file of the substituted name") : printable(path.string(), 200);
  const auto open =
      std::find_if(chain_.begin(), chain_.end(), [&](const auto& each) { return each.second == what; });
  if (open != chain_.end()) {
    std::string circle;
    for (auto file = open; file != chain_.end(); ++file)
      circle.append(printable(file->first, 200)).append(" -> ");
    report(document, element, document_problem_ids::include_circle,
           "files include each other in a circle: " + circle + printable(open->first, 200));
    return;
  }
  if (chain_.size() >= deepest_include) {
    report(document, element, document_problem_ids::include_too_deep,
           "files include each other more than " + std::to_string(deepest_include) + " deep");
    return;
  }
  if (!known_.insert(what).second) return;
  Document read;
  try {
    read = read_document(path, options_.format, options_.limits);
  } catch (const LoadError& error) {
    if (concerns_whole_file(error))
      report(document, element, document_problem_ids::unreadable_include,
             "cannot include " + shown + ": " + error.problems().front().message,
             error.problems().front().hint);
    else
      take_problems(error, format_of(path));
    reading_.incomplete = true;
    return;
  }
  chain_.emplace_back(path.string(), what);
  add(std::move(read), format_of(path), path.parent_path());
  chain_.pop_back();
}

void FileReading::report(const Document& document, const Node& node, std::string_view id, std::string message,
                         std::string hint) {
  Problem problem;
  problem.id = id;
  problem.file = document.name;
  problem.position = node.position;
  problem.length = std::max(node.length, 1U);
  problem.message = std::move(message);
  problem.hint = std::move(hint);
  problem.source = document.source;
  reading_.problems.push_back(std::move(problem));
}

}  // namespace cachesite::loading
