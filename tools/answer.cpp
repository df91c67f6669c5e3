#include "answer.hpp"

#include <cachesite/cachesite.hpp>

#include <cerrno>
#include <cstdio>
#include <stdexcept>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

namespace cachesite::tool {

namespace {

Node scalar_node(Node::Kind kind, std::string text) {
  Node node;
  node.kind = kind;
  node.scalar = std::move(text);
  return node;
}

std::string& name_of_program() {
  static std::string name = "cachesite";
  return name;
}

[[noreturn]] void lose_output(int error) {
  throw std::runtime_error("cannot write the output: " + std::generic_category().message(error));
}

}  // namespace

Node text_node(std::string_view text) {
  return scalar_node(Node::Kind::text, std::string(text));
}
Node number_node(std::int64_t number) {
  return scalar_node(Node::Kind::integer, std::to_string(number));
}
Node number_node(std::uint64_t number) {
  return scalar_node(Node::Kind::integer, std::to_string(number));
}
Node boolean_node(bool value) {
  return scalar_node(Node::Kind::boolean, value ? "true" : "false");
}

Node real_node(double number) {
  char digits[32];
  std::snprintf(digits, sizeof digits, "%.4f", number);
  return scalar_node(Node::Kind::real, digits);
}

Node list_node() {
  Node node;
  node.kind = Node::Kind::list;
  return node;
}

Node map_node() {
  Node node;
  node.kind = Node::Kind::map;
  return node;
}

Node& add(Node& map, std::string_view key, Node value) {
  NodeMember member;
  member.key = key;
  member.value = std::move(value);
  map.members.push_back(std::move(member));
  return map;
}

void call_program(std::string_view word) {
  word.remove_prefix(word.rfind('/') + 1);
  if (!word.empty()) name_of_program() = word;
}

std::string_view program_name() {
  return name_of_program();
}

void keep_standard_streams() {
  // Each is opened the wrong way round, so that using it fails as it would when closed.
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    if (::fcntl(stream, F_GETFD) < 0)
      static_cast<void>(::open("/dev/null", stream == STDIN_FILENO ? O_WRONLY : O_RDONLY));
}

void print(std::string_view data) {
  if (std::fwrite(data.data(), 1, data.size(), stdout) != data.size()) lose_output(errno);
}

void finish_output() {
  if (std::fflush(stdout) != 0) lose_output(errno);
  if (std::ferror(stdout) != 0) lose_output(EIO);
}

void print_json(const Node& node) {
  const auto text = write_document(node, Format::json);
  print(text);
  if (text.empty() || text.back() != '\n') print("\n");
}

void complain(std::string_view sentence) {
  std::fprintf(stderr, "%s: %.*s\n", name_of_program().c_str(), static_cast<int>(sentence.size()),
               sentence.data());
}

}  // namespace cachesite::tool
