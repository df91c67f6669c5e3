#include "exposition_json.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace cachesite::tool {

namespace {

constexpr std::string_view help_mark = "# HELP ";
constexpr std::string_view type_mark = "# TYPE ";

struct Sample {
  std::string_view name;
  std::vector<std::pair<std::string, std::string>> labels;
  std::string_view value;
};

// What stands before the first `end`, which is taken away with it.
std::string_view take_until(std::string_view& text, char end) {
  const auto at = text.find(end);
  const auto part = text.substr(0, at);
  text.remove_prefix(at == std::string_view::npos ? text.size() : at + 1);
  return part;
}

// The escapes of the format: \\, \" and \n.
std::string unescaped(std::string_view text) {
  std::string plain;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '\\' || at + 1 == text.size())
      plain.push_back(text[at]);
    else
      plain.push_back(text[++at] == 'n' ? '\n' : text[at]);
  }
  return plain;
}

// A value in quotes, behind the first of them.
std::string take_quoted(std::string_view& text) {
  std::size_t end = 0;
  while (end < text.size() && text[end] != '"')
    end += text[end] == '\\' ? 2 : 1;
  auto value = unescaped(text.substr(0, end));
  text.remove_prefix(std::min(end + 1, text.size()));
  return value;
}

Sample read_sample(std::string_view line) {
  Sample sample;
  const auto brace = line.find('{');
  sample.name = line.substr(0, std::min(brace, line.find(' ')));
  line.remove_prefix(sample.name.size());
  if (line.starts_with('{')) {
    line.remove_prefix(1);
    while (!line.empty() && !line.starts_with('}')) {
      if (line.starts_with(',')) line.remove_prefix(1);
      std::string name(take_until(line, '='));
      if (!line.empty()) line.remove_prefix(1);
      sample.labels.emplace_back(std::move(name), take_quoted(line));
    }
    if (!line.empty()) line.remove_prefix(1);
  }
  if (!line.empty()) line.remove_prefix(1);
  sample.value = line;
  return sample;
}

// A number that JSON has; what is not finite is text.
Node sample_node(std::string_view value) {
  auto node = text_node(value);
  const auto in_digits = [](char character) { return character >= '0' && character <= '9'; };
  if (std::all_of(value.begin(), value.end(), in_digits))
    node.kind = Node::Kind::integer;
  else if (value.find_first_of("Na") == std::string_view::npos && value.find("Inf") == std::string_view::npos)
    node.kind = Node::Kind::real;
  return node;
}

Node labels_node(const Sample& sample) {
  auto labels = map_node();
  for (const auto& [name, value] : sample.labels)
    add(labels, name, text_node(value));
  return labels;
}

Node& member(Node& map, std::string_view key) {
  for (auto& each : map.members)
    if (each.key == key) return each.value;
  add(map, key, map_node());
  return map.members.back().value;
}

// The samples of a histogram that differ in nothing but their bucket are one.
void add_to_histogram(Node& samples, Sample sample, std::string_view end) {
  std::optional<std::string> bound;
  if (end == "_bucket" && !sample.labels.empty() && sample.labels.back().first == "le") {
    bound = std::move(sample.labels.back().second);
    sample.labels.pop_back();
  }
  auto labels = labels_node(sample);
  auto& last = samples.elements;
  if (last.empty() || !(*last.back().find("labels") == labels)) {
    auto fresh = map_node();
    add(fresh, "labels", std::move(labels));
    last.push_back(std::move(add(fresh, "buckets", map_node())));
  }
  if (bound)
    add(member(last.back(), "buckets"), *bound, sample_node(sample.value));
  else
    add(last.back(), end.empty() ? "value" : end.substr(1), sample_node(sample.value));
}

void add_sample(Node& samples, const Sample& sample) {
  auto node = map_node();
  add(node, "labels", labels_node(sample));
  samples.elements.push_back(std::move(add(node, "value", sample_node(sample.value))));
}

}  // namespace

Node json_of_exposition(std::string_view text) {
  auto families = map_node();
  Node* family = nullptr;
  std::string_view family_name;
  std::string help;
  while (!text.empty()) {
    auto line = take_until(text, '\n');
    if (line.starts_with(help_mark)) {
      line.remove_prefix(help_mark.size());
      take_until(line, ' ');
      help = unescaped(line);
    } else if (line.starts_with(type_mark)) {
      line.remove_prefix(type_mark.size());
      family_name = take_until(line, ' ');
      family = &member(families, family_name);
      add(*family, "type", text_node(line));
      add(*family, "help", text_node(help));
      add(*family, "samples", list_node());
    } else if (family && !line.empty() && !line.starts_with('#')) {
      const auto sample = read_sample(line);
      auto& samples = member(*family, "samples");
      if (family->find("type")->scalar == "histogram")
        add_to_histogram(samples, sample,
                         sample.name.substr(std::min(family_name.size(), sample.name.size())));
      else
        add_sample(samples, sample);
    }
  }
  return families;
}

}  // namespace cachesite::tool
