#include "reading/tree_builder.hpp"

#include <cachesite/detail/document_problem_ids.hpp>
#include <cachesite/detail/problem_text.hpp>

#include <algorithm>
#include <functional>
#include <utility>

namespace cachesite::reading {
namespace {

constexpr std::size_t few_keys = 16;

}  // namespace

void TreeBuilder::refuse(Position position, std::uint32_t length, std::string message) {
  problems_.add(document_problem_ids::beyond_limit, position, length, std::move(message));
  throw StopReading();
}

void TreeBuilder::charge(const Size& size, Position position, std::uint32_t length) {
  total_.nodes += size.nodes;
  total_.text += size.text;
  if (total_.nodes > limits_.nodes)
    refuse(position, length, "more than " + std::to_string(limits_.nodes) + " values in one file");
  if (total_.text > limits_.text_bytes)
    refuse(position, length,
           "more than " + std::to_string(limits_.text_bytes) + " bytes of text in one file");
}

const NodeMember* TreeBuilder::find_key(Frame& frame, std::string_view text) const {
  const auto& members = frame.node.members;
  if (members.size() < few_keys) {
    const auto found =
        std::find_if(members.begin(), members.end(), [&](const auto& member) { return member.key == text; });
    return found == members.end() ? nullptr : &*found;
  }
  const std::hash<std::string_view> hash;
  for (std::size_t index = frame.index.size(); index < members.size(); ++index)
    frame.index.emplace(hash(members[index].key), index);
  const auto [first, last] = frame.index.equal_range(hash(text));
  for (auto entry = first; entry != last; ++entry)
    if (members[entry->second].key == text) return &members[entry->second];
  return nullptr;
}

namespace {

/// A space may be missing after the colon: what follows is a value then, perhaps a secret.
std::string shown_key(std::string_view key) {
  const std::size_t colon = key.find(':');
  return '"' + printable(key.substr(0, colon)) + (colon == std::string_view::npos ? "\"" : ":...\"");
}

}  // namespace

std::string repeated_key_text(std::string_view key, Position first) {
  return "the key " + shown_key(key) + " is given twice in this mapping, first at " + place_text(first);
}

void TreeBuilder::key(std::string text, Position position, std::uint32_t length) {
  Frame& frame = frames_.back();
  if (text.size() > limits_.scalar_bytes)
    refuse(position, length, "a key of more than " + std::to_string(limits_.scalar_bytes) + " bytes");
  charge({0, text.size(), 0}, position, length);
  frame.has_key = true;
  frame.drop_value = false;
  if (const NodeMember* first = find_key(frame, text)) {
    problems_.add(document_problem_ids::repeated_key, position, length,
                  repeated_key_text(text, first->key_position));
    frame.drop_value = true;
  } else if (frame.node.members.size() >= limits_.keys_per_map) {
    refuse(position, length, "more than " + std::to_string(limits_.keys_per_map) + " keys in one mapping");
  }
  frame.key.key = std::move(text);
  frame.key.key_position = position;
  frame.key.key_length = length;
}

void TreeBuilder::dropped_key() {
  frames_.back().has_key = true;
  frames_.back().drop_value = true;
}

void TreeBuilder::scalar(Node node, std::size_t anchor) {
  if (node.scalar.size() > limits_.scalar_bytes)
    refuse(node.position, node.length,
           "a value of more than " + std::to_string(limits_.scalar_bytes) + " bytes");
  const Size size{1, node.scalar.size(), 0};
  charge(size, node.position, node.length);
  if (anchor != 0) {
    charge(size, node.position, node.length);
    anchored_[anchor] = {node, size};
  }
  attach(std::move(node));
}

void TreeBuilder::begin(Node::Kind kind, Position position, std::uint32_t length, std::size_t anchor) {
  if (frames_.size() >= limits_.depth)
    refuse(position, length,
           "lists and mappings more than " + std::to_string(limits_.depth) + " deep inside each other");
  Frame frame;
  frame.is_dropped_key = expects_key();
  frame.node.kind = kind;
  frame.node.position = position;
  frame.node.length = length;
  frame.anchor = anchor;
  frame.before = total_;
  frame.deepest = 1;
  charge({1, 0, 0}, position, length);
  frames_.push_back(std::move(frame));
}

void TreeBuilder::end() {
  Frame frame = std::move(frames_.back());
  frames_.pop_back();
  if (!frames_.empty()) frames_.back().deepest = std::max(frames_.back().deepest, frame.deepest + 1);
  if (frame.anchor != 0) {
    const Size size{total_.nodes - frame.before.nodes, total_.text - frame.before.text, frame.deepest};
    charge(size, frame.node.position, frame.node.length);
    anchored_[frame.anchor] = {frame.node, size};
  }
  if (frame.is_dropped_key)
    dropped_key();
  else
    attach(std::move(frame.node));
}

bool TreeBuilder::alias(std::size_t anchor, Position position, std::uint32_t length) {
  const auto found = anchored_.find(anchor);
  if (found == anchored_.end()) return false;
  const auto& [node, size] = found->second;
  if (frames_.size() + size.depth > limits_.depth)
    refuse(position, length,
           "lists and mappings more than " + std::to_string(limits_.depth) + " deep inside each other");
  charge(size, position, length);
  if (!frames_.empty()) frames_.back().deepest = std::max(frames_.back().deepest, size.depth + 1);
  Node copy = node;
  copy.position = position;
  copy.length = length;
  attach(std::move(copy));
  return true;
}

void TreeBuilder::attach(Node node) {
  if (frames_.empty()) {
    root_ = std::move(node);
    return;
  }
  Frame& frame = frames_.back();
  if (frame.node.is_list()) {
    frame.node.elements.push_back(std::move(node));
    return;
  }
  frame.has_key = false;
  if (frame.drop_value) return;
  frame.key.value = std::move(node);
  frame.node.members.push_back(std::move(frame.key));
  frame.key = NodeMember();
}

}  // namespace cachesite::reading
