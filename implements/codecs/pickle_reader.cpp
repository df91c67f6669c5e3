#include "codecs/pickle_reader.hpp"

#include "basics/utf8.hpp"
#include "codecs/whole_number.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace cachesite::codecs {

namespace {

using Kind = Data::Kind;
using Op = PickleOpcode;

Error malformed() {
  return Error(ErrorCode::corrupt, "the bytes are not a pickle of plain data");
}

Error too_much() {
  return Error(ErrorCode::too_large, "the value is nested too deep or has too many parts");
}

bool is_container(Kind kind) noexcept {
  return kind >= Kind::list && kind <= Kind::map;
}

// Values are counted in 32 bits.
std::size_t most_values(const DataLimits& limits) noexcept {
  return std::min<std::size_t>(limits.values, std::numeric_limits<std::uint32_t>::max() - 1);
}

// What Python can have as a key or in a set.
bool is_hashable(Kind kind) noexcept {
  return kind != Kind::list && kind != Kind::set && kind != Kind::map;
}

}  // namespace

PickleReader::PickleReader(std::string_view bytes, const DataLimits& limits)
    : bytes_(bytes), limits_(limits), values_left_(most_values(limits)) {}

std::optional<Error> PickleReader::read(Data& data) {
  if (auto failure = run()) return failure;
  if (stack_.size() != 1 || !marks_.empty() || bytes_.left() != 0) return malformed();
  values_left_ = most_values(limits_);
  if (auto failure = measure(stack_.front(), 0)) return failure;
  return build(stack_.front(), 0, data);
}

PickleReader::Failure PickleReader::run() {
  std::uint8_t byte = 0;
  std::uint8_t protocol = 0;
  // Protocols below 2 do not say so; nothing writes them any more.
  if (!bytes_.take_byte(byte) || static_cast<Op>(byte) != Op::proto || !bytes_.take_byte(protocol) ||
      protocol < 2 || protocol > 5)
    return malformed();
  while (!stopped_) {
    if (!bytes_.take_byte(byte)) return malformed();
    if (auto failure = step(static_cast<Op>(byte))) return failure;
  }
  return std::nullopt;
}

PickleReader::Failure PickleReader::step(Op opcode) {
  switch (opcode) {
    case Op::stop:
      stopped_ = true;
      return std::nullopt;
    case Op::frame: {
      // Frames only tell a reader of files how much to fetch.
      std::uint64_t size = 0;
      if (!bytes_.take_little_endian(8, size) || size > bytes_.left()) return malformed();
      return std::nullopt;
    }
    case Op::memoize:
    case Op::bin_put:
    case Op::long_bin_put:
    case Op::bin_get:
    case Op::long_bin_get:
      return step_memo(opcode);
    case Op::mark:
      // What lies above a mark becomes the elements of one value.
      if (marks_.size() >= limits_.depth) return too_much();
      marks_.push_back(stack_.size());
      return std::nullopt;
    case Op::empty_tuple:
    case Op::tuple1:
    case Op::tuple2:
    case Op::tuple3:
    case Op::tuple:
    case Op::frozen_set:
    case Op::empty_list:
    case Op::empty_dict:
    case Op::empty_set:
    case Op::append:
    case Op::appends:
    case Op::set_item:
    case Op::set_items:
    case Op::add_items:
      return step_container(opcode);
    default:
      return step_scalar(opcode);
  }
}

PickleReader::Failure PickleReader::step_scalar(Op opcode) {
  switch (opcode) {
    case Op::none:
      return push(Data());
    case Op::new_true:
      return push(Data(true));
    case Op::new_false:
      return push(Data(false));
    case Op::bin_int:
      return push_integer(4, true);
    case Op::bin_int1:
      return push_integer(1, false);
    case Op::bin_int2:
      return push_integer(2, false);
    case Op::long1:
      return push_long(1);
    case Op::long4:
      return push_long(4);
    case Op::bin_float: {
      std::uint64_t bits = 0;
      if (!bytes_.take_big_endian(8, bits)) return malformed();
      return push(Data(real_of_bits(bits)));
    }
    case Op::short_bin_unicode:
      return push_string(1, Kind::text);
    case Op::bin_unicode:
      return push_string(4, Kind::text);
    case Op::bin_unicode8:
      return push_string(8, Kind::text);
    case Op::short_bin_bytes:
      return push_string(1, Kind::bytes);
    case Op::bin_bytes:
      return push_string(4, Kind::bytes);
    case Op::bin_bytes8:
    case Op::byte_array8:
      return push_string(8, Kind::bytes);
    default:
      return Error(ErrorCode::corrupt, "the pickle holds more than plain data");
  }
}

PickleReader::Failure PickleReader::step_container(Op opcode) {
  switch (opcode) {
    case Op::empty_tuple:
      return push_container(Kind::tuple);
    case Op::empty_list:
      return push_container(Kind::list);
    case Op::empty_dict:
      return push_container(Kind::map);
    case Op::empty_set:
      return push_container(Kind::set);
    case Op::tuple1:
      return make_tuple(1);
    case Op::tuple2:
      return make_tuple(2);
    case Op::tuple3:
      return make_tuple(3);
    case Op::tuple:
      return make_of_marked(Kind::tuple);
    case Op::frozen_set:
      return make_of_marked(Kind::frozen_set);
    case Op::append:
      return add_top(1, Kind::list);
    case Op::appends:
      return add_marked(Kind::list);
    case Op::set_item:
      return add_top(2, Kind::map);
    case Op::set_items:
      return add_marked(Kind::map);
    case Op::add_items:
      return add_marked(Kind::set);
    default:
      return malformed();
  }
}

PickleReader::Failure PickleReader::step_memo(Op opcode) {
  std::uint64_t index = memo_.size();
  if (opcode != Op::memoize) {
    const bool wide = opcode == Op::long_bin_put || opcode == Op::long_bin_get;
    if (!bytes_.take_little_endian(wide ? 4 : 1, index)) return malformed();
  }
  return opcode == Op::bin_get || opcode == Op::long_bin_get ? recall(index) : memoize(index);
}

bool PickleReader::charge(std::size_t values) noexcept {
  if (values > values_left_) return false;
  values_left_ -= values;
  return true;
}

// Every value of the tree comes onto the stack once, as itself or as a reference, before it is an element.
PickleReader::Failure PickleReader::push(Data scalar) {
  if (!charge(1)) return too_much();
  stack_.push_back(static_cast<Number>(nodes_.size()));
  nodes_.push_back({std::move(scalar), {}, 0, false});
  return std::nullopt;
}

PickleReader::Failure PickleReader::push_string(std::size_t length_size, Kind kind) {
  std::uint64_t size = 0;
  std::string_view text;
  if (!bytes_.take_little_endian(length_size, size) || !bytes_.take(size, text)) return malformed();
  if (kind == Kind::text && !basics::is_utf8(text)) return malformed();
  return push(Data::of_text(kind, std::string(text)));
}

PickleReader::Failure PickleReader::push_integer(std::size_t size, bool with_sign) {
  std::uint64_t number = 0;
  if (!bytes_.take_little_endian(size, number)) return malformed();
  return push(Data(with_sign ? sign_extended(number, size) : static_cast<std::int64_t>(number)));
}

PickleReader::Failure PickleReader::push_long(std::size_t length_size) {
  std::uint64_t size = 0;
  std::string_view bytes;
  if (!bytes_.take_little_endian(length_size, size) || !bytes_.take(size, bytes)) return malformed();
  auto number = whole_number_of_bytes(bytes);
  if (!number) return Error(ErrorCode::too_large, "an integer is longer than 4096 bytes");
  return push(std::move(*number));
}

PickleReader::Failure PickleReader::push_container(Kind kind) {
  return push(Data::of_elements(kind, {}));
}

PickleReader::Failure PickleReader::make_tuple(std::size_t count) {
  if (stack_.size() < floor() + count) return malformed();
  const auto first = stack_.size() - count;
  std::vector<Number> elements(stack_.begin() + static_cast<std::ptrdiff_t>(first), stack_.end());
  stack_.resize(first);
  if (auto failure = push_container(Kind::tuple)) return failure;
  nodes_.back().elements = std::move(elements);
  return std::nullopt;
}

PickleReader::Failure PickleReader::make_of_marked(Kind kind) {
  if (marks_.empty()) return malformed();
  const auto first = marks_.back();
  marks_.pop_back();
  std::vector<Number> elements(stack_.begin() + static_cast<std::ptrdiff_t>(first), stack_.end());
  stack_.resize(first);
  if (kind == Kind::frozen_set)
    for (const auto element : elements)
      if (!is_hashable(nodes_[element].scalar.kind())) return malformed();
  if (auto failure = push_container(kind)) return failure;
  nodes_.back().elements = std::move(elements);
  return std::nullopt;
}

PickleReader::Failure PickleReader::add_top(std::size_t count, Kind kind) {
  if (stack_.size() < floor() + count + 1) return malformed();
  const auto first = stack_.size() - count;
  return add(stack_[first - 1], first, kind);
}

PickleReader::Failure PickleReader::add_marked(Kind kind) {
  if (marks_.empty()) return malformed();
  const auto first = marks_.back();
  marks_.pop_back();
  if (first < floor() + 1) return malformed();
  return add(stack_[first - 1], first, kind);
}

PickleReader::Failure PickleReader::add(Number container, std::size_t first, Kind kind) {
  auto& node = nodes_[container];
  const auto count = stack_.size() - first;
  if (node.scalar.kind() != kind || (kind == Kind::map && count % 2 != 0)) return malformed();
  for (std::size_t index = 0; index < count; ++index) {
    const bool key = kind == Kind::set || (kind == Kind::map && index % 2 == 0);
    if (key && !is_hashable(nodes_[stack_[first + index]].scalar.kind())) return malformed();
  }
  node.elements.insert(node.elements.end(), stack_.begin() + static_cast<std::ptrdiff_t>(first),
                       stack_.end());
  stack_.resize(first);
  return std::nullopt;
}

PickleReader::Failure PickleReader::memoize(std::uint64_t index) {
  if (stack_.size() <= floor()) return malformed();
  // Pickles number what they remember from 0 up.
  if (index > memo_.size()) return malformed();
  if (index == memo_.size()) {
    if (memo_.size() >= limits_.values) return too_much();
    memo_.emplace_back();
  }
  memo_[static_cast<std::size_t>(index)] = stack_.back();
  return std::nullopt;
}

PickleReader::Failure PickleReader::recall(std::uint64_t index) {
  if (index >= memo_.size()) return malformed();
  if (!charge(1)) return too_much();
  stack_.push_back(memo_[static_cast<std::size_t>(index)]);
  return std::nullopt;
}

// The first reference to a text is paid for by the bytes that bring it, each further one as so many values.
PickleReader::Failure PickleReader::measure(Number number, std::size_t depth) {
  auto& node = nodes_[number];
  if (node.open) return Error(ErrorCode::corrupt, "the pickle refers to itself");
  if (depth >= limits_.depth) return too_much();
  const bool first = node.weight == 0;
  if (!charge(first ? 1 : node.weight)) return too_much();
  if (!first) return std::nullopt;
  const auto most = most_values(limits_);
  std::size_t weight = 1 + node.scalar.text().size() / sizeof(Data);
  node.open = true;
  for (const auto element : node.elements) {
    if (auto failure = measure(element, depth + 1)) return failure;
    weight = std::min(weight + nodes_[element].weight, most);
  }
  node.open = false;
  node.weight = static_cast<Number>(std::min(weight, most));
  return std::nullopt;
}

PickleReader::Failure PickleReader::build(Number number, std::size_t depth, Data& data) {
  const auto& node = nodes_[number];
  if (depth >= limits_.depth) return too_much();
  if (!is_container(node.scalar.kind())) {
    data = node.scalar;
    return std::nullopt;
  }
  Data::List list(node.elements.size());
  for (std::size_t index = 0; index < list.size(); ++index)
    if (auto failure = build(node.elements[index], depth + 1, list[index])) return failure;
  data = Data::of_elements(node.scalar.kind(), std::move(list));
  return std::nullopt;
}

}  // namespace cachesite::codecs
