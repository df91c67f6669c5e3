#include "codecs/pickle_writer.hpp"

#include "basics/utf8.hpp"
#include "codecs/byte_writer.hpp"
#include "codecs/pickle_opcode.hpp"
#include "codecs/whole_number.hpp"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <limits>
#include <string_view>

namespace cachesite::codecs {

namespace {

using Kind = Data::Kind;
using Op = PickleOpcode;

class Writer {
 public:
  explicit Writer(std::string& body) : body_(body) {}

  Status write(const Data& data) {
    switch (data.kind()) {
      case Kind::null:
        put(Op::none);
        return Done{};
      case Kind::boolean:
        put(data.boolean() ? Op::new_true : Op::new_false);
        return Done{};
      case Kind::integer:
        write_integer(data.integer());
        return Done{};
      case Kind::big_integer:
        return write_big_integer(data.text());
      case Kind::real:
        put(Op::bin_float);
        append_big_endian(body_, std::bit_cast<std::uint64_t>(data.real()), 8);
        return Done{};
      case Kind::text:
        if (!basics::is_utf8(data.text())) return Error(ErrorCode::bad_argument, "text is not UTF-8");
        write_string(data.text(), Op::short_bin_unicode, Op::bin_unicode, Op::bin_unicode8);
        return Done{};
      case Kind::bytes:
      case Kind::memory_view:
        write_string(data.text(), Op::short_bin_bytes, Op::bin_bytes, Op::bin_bytes8);
        return Done{};
      case Kind::list:
        put(Op::empty_list);
        put(Op::memoize);
        return write_items(data.elements(), 1, Op::append, Op::appends);
      case Kind::map:
        put(Op::empty_dict);
        put(Op::memoize);
        return write_items(data.elements(), 2, Op::set_item, Op::set_items);
      case Kind::set:
        put(Op::empty_set);
        put(Op::memoize);
        return write_batches(data.elements(), 1, Op::add_items);
      case Kind::frozen_set:
        put(Op::mark);
        if (auto status = write_all(data.elements()); !status.ok()) return status;
        put(Op::frozen_set);
        put(Op::memoize);
        return Done{};
      case Kind::tuple:
        return write_tuple(data.elements());
      default:
        return Error(ErrorCode::bad_argument,
                     "a pickle of plain data holds no " + std::string(to_string(data.kind())));
    }
  }

  void put(Op opcode) { append_byte(body_, static_cast<unsigned>(opcode)); }

 private:
  // Python writes so many elements with one operation.
  static constexpr std::size_t batch = 1000;

  void write_integer(std::int64_t number) {
    const auto bits = static_cast<std::uint64_t>(number);
    if (number >= 0 && number <= 0xFF) return write_number(Op::bin_int1, bits, 1);
    if (number >= 0 && number <= 0xFFFF) return write_number(Op::bin_int2, bits, 2);
    if (number >= std::numeric_limits<std::int32_t>::min() &&
        number <= std::numeric_limits<std::int32_t>::max())
      return write_number(Op::bin_int, bits, 4);
    std::size_t size = 8;
    while (sign_fits(number, size - 1))
      --size;
    put(Op::long1);
    append_byte(body_, static_cast<unsigned>(size));
    append_little_endian(body_, bits, size);
  }

  static bool sign_fits(std::int64_t number, std::size_t size) noexcept {
    const auto top = number >> (8 * size - 1);
    return top == 0 || top == -1;
  }

  Status write_big_integer(std::string_view digits) {
    const auto bytes = bytes_of_digits(digits);
    if (!bytes || bytes->size() > longest_whole_number)
      return Error(ErrorCode::bad_argument, "an integer is malformed or too long");
    if (bytes->size() <= 0xFF)
      write_number(Op::long1, bytes->size(), 1);
    else
      write_number(Op::long4, bytes->size(), 4);
    body_.append(*bytes);
    return Done{};
  }

  void write_number(Op opcode, std::uint64_t number, std::size_t size) {
    put(opcode);
    append_little_endian(body_, number, size);
  }

  void write_string(std::string_view text, Op short_opcode, Op opcode, Op long_opcode) {
    if (text.size() <= 0xFF)
      write_number(short_opcode, text.size(), 1);
    else if (text.size() <= 0xFFFFFFFF)
      write_number(opcode, text.size(), 4);
    else
      write_number(long_opcode, text.size(), 8);
    body_.append(text);
    put(Op::memoize);
  }

  Status write_all(const Data::List& elements, std::size_t from = 0, std::size_t to = SIZE_MAX) {
    for (auto index = from; index < std::min(to, elements.size()); ++index)
      if (auto status = write(elements[index]); !status.ok()) return status;
    return Done{};
  }

  // `width` elements make one item.
  Status write_items(const Data::List& elements, std::size_t width, Op single, Op several) {
    if (elements.size() != width) return write_batches(elements, width, several);
    if (auto status = write_all(elements); !status.ok()) return status;
    put(single);
    return Done{};
  }

  Status write_batches(const Data::List& elements, std::size_t width, Op several) {
    for (std::size_t from = 0; from < elements.size(); from += batch * width) {
      put(Op::mark);
      if (auto status = write_all(elements, from, from + batch * width); !status.ok()) return status;
      put(several);
    }
    return Done{};
  }

  Status write_tuple(const Data::List& elements) {
    if (elements.empty()) {
      put(Op::empty_tuple);
      return Done{};
    }
    if (elements.size() > 3) put(Op::mark);
    if (auto status = write_all(elements); !status.ok()) return status;
    constexpr Op opcodes[] = {Op::tuple1, Op::tuple2, Op::tuple3};
    put(elements.size() > 3 ? Op::tuple : opcodes[elements.size() - 1]);
    put(Op::memoize);
    return Done{};
  }

  std::string& body_;
};

}  // namespace

Status write_pickle(const Data& data, std::uint8_t protocol, std::string& bytes) {
  std::string body;
  Writer writer(body);
  if (auto status = writer.write(data); !status.ok()) return status;
  writer.put(Op::stop);
  constexpr std::size_t least_frame = 4;
  append_byte(bytes, static_cast<unsigned>(Op::proto));
  append_byte(bytes, protocol);
  if (body.size() >= least_frame) {
    append_byte(bytes, static_cast<unsigned>(Op::frame));
    append_little_endian(bytes, body.size(), 8);
  }
  bytes.append(body);
  return Done{};
}

}  // namespace cachesite::codecs
