#include "reading/plain_scalar.hpp"
#include "writing/quoted_text.hpp"
#include "writing/toml_writer.hpp"

#include <cachesite/document_writer.hpp>

#include <stdexcept>

namespace cachesite {
namespace {

bool is_empty(const Node& node) {
  return node.elements.empty() && node.members.empty();
}

void append_scalar(std::string& output, const Node& node, Format format) {
  switch (node.kind) {
    case Node::Kind::null:
      output += "null";
      return;
    case Node::Kind::boolean:
    case Node::Kind::integer:
    case Node::Kind::real:
      if (reading::kind_of_plain(node.scalar) != node.kind)
        throw std::invalid_argument("a number or boolean with invalid characters cannot be written");
      output += node.scalar;
      return;
    default:
      break;
  }
  if (format == Format::yaml && writing::is_plain_text(node.scalar))
    output += node.scalar;
  else
    writing::append_quoted(output, node.scalar);
}

class JsonWriter {
 public:
  std::string output;

  void write(const Node& node, std::size_t indent) {
    if (node.is_scalar()) return append_scalar(output, node, Format::json);
    if (is_empty(node)) {
      output += node.is_list() ? "[]" : "{}";
      return;
    }
    output += node.is_list() ? '[' : '{';
    bool first = true;
    const auto start = [&] {
      output += first ? "\n" : ",\n";
      output.append(indent + 2, ' ');
      first = false;
    };
    for (const auto& element : node.elements) {
      start();
      write(element, indent + 2);
    }
    for (const auto& member : node.members) {
      start();
      writing::append_quoted(output, member.key);
      output += ": ";
      write(member.value, indent + 2);
    }
    output += '\n' + std::string(indent, ' ') + (node.is_list() ? ']' : '}');
  }
};

class YamlWriter {
 public:
  std::string output;

  /// Writes a value whose first line has been begun; further lines are indented by `indent`.
  void write(const Node& node, std::size_t indent) {
    if (node.is_scalar()) {
      append_scalar(output, node, Format::yaml);
      output += '\n';
    } else if (is_empty(node)) {
      output += node.is_list() ? "[]\n" : "{}\n";
    } else {
      bool first = true;
      for (const auto& element : node.elements) {
        if (!first) output.append(indent, ' ');
        first = false;
        output += "- ";
        write(element, indent + 2);
      }
      for (const auto& member : node.members) {
        if (!first) output.append(indent, ' ');
        first = false;
        write_member(member, indent);
      }
    }
  }

 private:
  void write_member(const NodeMember& member, std::size_t indent) {
    std::string key;
    if (writing::is_plain_text(member.key))
      key = member.key;
    else
      writing::append_quoted(key, member.key);
    // YAML looks for the colon of a key in 1024 characters, unless `?` announces the key (YAML 1.2.2, 7.4.2).
    output += key.size() > 1000 ? "? " + key + '\n' + std::string(indent, ' ') + ':' : key + ':';
    if (member.value.is_scalar() || is_empty(member.value)) {
      output += ' ';
      write(member.value, indent + 2);
    } else {
      output += '\n' + std::string(indent + 2, ' ');
      write(member.value, indent + 2);
    }
  }
};

}  // namespace

std::string write_document(const Node& root, Format format) {
  if (format == Format::toml) return writing::write_toml(root);
  if (format == Format::yaml) {
    YamlWriter writer;
    writer.write(root, 0);
    return std::move(writer.output);
  }
  JsonWriter writer;
  writer.write(root, 0);
  return std::move(writer.output) + '\n';
}

}  // namespace cachesite
