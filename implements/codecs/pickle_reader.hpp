#pragma once

#include "codecs/byte_reader.hpp"
#include "codecs/pickle_opcode.hpp"

#include <cachesite/data.hpp>
#include <cachesite/error.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cachesite::codecs {

// Runs the operations of one pickle. Values refer to each other by number and are filled in after others
// refer to them, as in Python. What the last one refers to is measured, and only then becomes a tree: many
// references to one list make a tree without end from few bytes.
class PickleReader {
 public:
  PickleReader(std::string_view bytes, const DataLimits& limits);

  std::optional<Error> read(Data& data);

 private:
  using Failure = std::optional<Error>;
  using Number = std::uint32_t;

  struct Node {
    Data scalar;  // for a container its kind and nothing else
    std::vector<Number> elements;
    Number weight = 0;  // what one more reference to it costs, in values; 0 until it is measured
    bool open = false;  // being measured right now
  };

  Failure run();
  Failure step(PickleOpcode opcode);
  Failure step_scalar(PickleOpcode opcode);
  Failure step_container(PickleOpcode opcode);
  Failure step_memo(PickleOpcode opcode);
  bool charge(std::size_t values) noexcept;
  Failure push(Data scalar);
  Failure push_string(std::size_t length_size, Data::Kind kind);
  Failure push_integer(std::size_t size, bool with_sign);
  Failure push_long(std::size_t length_size);
  Failure push_container(Data::Kind kind);
  Failure make_tuple(std::size_t count);
  Failure make_of_marked(Data::Kind kind);
  Failure add_top(std::size_t count, Data::Kind kind);
  Failure add_marked(Data::Kind kind);
  Failure add(Number container, std::size_t first, Data::Kind kind);
  Failure memoize(std::uint64_t index);
  Failure recall(std::uint64_t index);
  [[nodiscard]] std::size_t floor() const noexcept { return marks_.empty() ? 0 : marks_.back(); }
  Failure measure(Number number, std::size_t depth);
  Failure build(Number number, std::size_t depth, Data& data);

  ByteReader bytes_;
  const DataLimits& limits_;
  std::size_t values_left_;
  bool stopped_ = false;
  std::vector<Node> nodes_;
  std::vector<Number> stack_;
  std::vector<std::size_t> marks_;
  std::vector<Number> memo_;
};

}  // namespace cachesite::codecs
