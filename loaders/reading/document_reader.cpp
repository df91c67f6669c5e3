#include "reading/file_content.hpp"
#include "reading/json_reader.hpp"
#include "reading/problem_list.hpp"
#include "reading/secret_lines.hpp"
#include "reading/source_text.hpp"
#include "reading/toml_reader.hpp"
#include "reading/yaml_reader.hpp"

#include <cachesite/detail/document_problem_ids.hpp>
#include <cachesite/detail/problem_text.hpp>
#include <cachesite/document_reader.hpp>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <utility>

namespace cachesite {
namespace {

[[noreturn]] void refuse_file(std::string_view id, std::string name, std::string message,
                              std::string hint = {}) {
  Problem problem;
  problem.id = id;
  problem.file = std::move(name);
  problem.message = std::move(message);
  problem.hint = std::move(hint);
  std::vector<Problem> problems;
  problems.push_back(std::move(problem));
  throw make_load_error(std::move(problems));
}

[[noreturn]] void refuse_size(std::string name, const DocumentLimits& limits) {
  refuse_file(document_problem_ids::too_large, std::move(name),
              "the file has more than " + std::to_string(limits.file_bytes) + " bytes");
}

Node read_root(const reading::SourceText& source, Format format, const DocumentLimits& limits,
               reading::ProblemList& problems) {
  switch (format) {
    case Format::yaml:
      return reading::read_yaml(source, limits, problems);
    case Format::json:
      return reading::read_json(source, limits, problems);
    case Format::toml:
      return reading::read_toml(source, limits, problems);
  }
  return {};
}

Document read_owned(std::string text, Format format, std::string name, const DocumentLimits& limits) {
  if (text.size() > limits.file_bytes) refuse_size(std::move(name), limits);
  if (text.starts_with(reading::byte_order_mark)) text.erase(0, reading::byte_order_mark.size());

  Document document;
  document.name = std::move(name);
  document.source = std::make_shared<const std::string>(std::move(text));
  const reading::SourceText source(document.source);
  reading::ProblemList problems(document.name, source, limits.problems);
  try {
    const reading::TextFault fault = reading::find_text_fault(source.view());
    if (!fault.message.empty())
      problems.add(document_problem_ids::bad_text, source.position(fault.offset), 1, fault.message,
                   fault.hint);
    else
      document.root = read_root(source, format, limits, problems);
  } catch (const reading::StopReading&) {
  }
  if (!problems.empty()) {
    auto found = problems.take();
    reading::hide_secret_lines(found, format);
    throw make_load_error(std::move(found), limits.problems);
  }
  if (document.root.position.line == 0) document.root.position = {1, 1};
  return document;
}

}  // namespace

std::optional<Format> format_from_path(const FilePath& path) {
  const std::string extension = std::filesystem::path(path.text()).extension().string();
  if (extension.empty()) return std::nullopt;
  return format_from_name(std::string_view(extension).substr(1));
}

Document read_document(std::string_view text, Format format, std::string name, const DocumentLimits& limits) {
  if (text.size() > limits.file_bytes) refuse_size(std::move(name), limits);
  return read_owned(std::string(text), format, std::move(name), limits);
}

Document read_document(std::istream& stream, Format format, std::string name, const DocumentLimits& limits) {
  std::string text;
  char block[4096];
  while (stream.read(block, sizeof block), stream.gcount() > 0) {
    text.append(block, static_cast<std::size_t>(stream.gcount()));
    if (text.size() > limits.file_bytes) refuse_size(std::move(name), limits);
  }
  if (stream.bad())
    refuse_file(document_problem_ids::unreadable, std::move(name), "the stream cannot be read");
  return read_owned(std::move(text), format, std::move(name), limits);
}

Document read_document(const FilePath& path, std::optional<Format> format, const DocumentLimits& limits) {
  std::string name = path.text();
  if (!format) format = format_from_path(path);
  // What is not a file has no format either: only a file that can be read is asked for it.
  reading::FileContent content = reading::read_file(path.text(), limits.file_bytes);
  if (content.too_large) refuse_size(std::move(name), limits);
  if (!content.bytes)
    refuse_file(document_problem_ids::unreadable, std::move(name), "the file " + content.fault);
  if (!format)
    refuse_file(document_problem_ids::unknown_format, std::move(name),
                "the format is not clear from the name",
                "name the file .yaml, .yml, .json or .toml; a program may give the format in LoadOptions");
  return read_owned(std::move(*content.bytes), *format, std::move(name), limits);
}

}  // namespace cachesite
