#include "basics/utf8.hpp"
#include "codecs/byte_reader.hpp"
#include "codecs/byte_writer.hpp"

#include <cachesite/message_pack_serializer.hpp>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>

namespace cachesite {

namespace {

using codecs::append_big_endian;
using codecs::append_byte;
using codecs::ByteReader;
using Kind = Data::Kind;

constexpr std::size_t deepest_extension = 32;
constexpr std::size_t uuid_size = 16;

Error malformed() {
  return Error(ErrorCode::corrupt, "the bytes are not the MessagePack of a value");
}

struct Extension {
  Kind kind;
  std::int8_t code;
};
constexpr Extension extensions[] = {
    {Kind::date, 1},       {Kind::date_time, 2},   {Kind::decimal, 3}, {Kind::uuid, 4},
    {Kind::data_class, 5}, {Kind::memory_view, 6}, {Kind::object, 7},
};

// --- writing

class Writer {
 public:
  Writer(std::string& bytes, bool write_objects) : bytes_(bytes), write_objects_(write_objects) {}

  Status write(const Data& data) {
    switch (data.kind()) {
      case Kind::null:
        append_byte(bytes_, 0xC0);
        return Done{};
      case Kind::boolean:
        append_byte(bytes_, data.boolean() ? 0xC3 : 0xC2);
        return Done{};
      case Kind::integer:
        write_integer(data.integer());
        return Done{};
      case Kind::big_integer:
        return write_big_integer(data.text());
      case Kind::real:
        append_byte(bytes_, 0xCB);
        append_big_endian(bytes_, std::bit_cast<std::uint64_t>(data.real()), 8);
        return Done{};
      case Kind::text:
        if (!basics::is_utf8(data.text())) return Error(ErrorCode::bad_argument, "text is not UTF-8");
        return write_string(data.text(), 0xA0, 31, 0xD9);
      case Kind::bytes:
        return write_string(data.text(), 0, 0, 0xC4);
      case Kind::list:
      case Kind::tuple:
      case Kind::set:
      case Kind::frozen_set:
        write_count(data.elements().size(), 0x90, 0xDC);
        return write_all(data.elements());
      case Kind::map:
        write_count(data.elements().size() / 2, 0x80, 0xDE);
        return write_all(data.elements());
      default:
        return write_extension(data);
    }
  }

 private:
  void write_integer(std::int64_t number) {
    if (number >= 0) return write_unsigned(static_cast<std::uint64_t>(number));
    const auto bits = static_cast<std::uint64_t>(number);
    if (number >= -32) return append_byte(bytes_, static_cast<unsigned>(bits & 0xFFU));
    if (number >= std::numeric_limits<std::int8_t>::min()) return write_number(0xD0, bits, 1);
    if (number >= std::numeric_limits<std::int16_t>::min()) return write_number(0xD1, bits, 2);
    if (number >= std::numeric_limits<std::int32_t>::min()) return write_number(0xD2, bits, 4);
    write_number(0xD3, bits, 8);
  }

  void write_unsigned(std::uint64_t number) {
    if (number < 0x80) return append_byte(bytes_, static_cast<unsigned>(number));
    if (number <= 0xFF) return write_number(0xCC, number, 1);
    if (number <= 0xFFFF) return write_number(0xCD, number, 2);
    if (number <= 0xFFFFFFFF) return write_number(0xCE, number, 4);
    write_number(0xCF, number, 8);
  }

  void write_number(unsigned type, std::uint64_t bits, std::size_t size) {
    append_byte(bytes_, type);
    append_big_endian(bytes_, bits, size);
  }

  Status write_big_integer(std::string_view digits) {
    std::uint64_t number = 0;
    const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (read.ec != std::errc() || read.ptr != digits.data() + digits.size())
      return Error(ErrorCode::bad_argument, "MessagePack holds integers up to 64 bits");
    write_unsigned(number);
    return Done{};
  }

  // `type` is that of the 8 bit length, followed by those of 16 and 32 bit.
  Status write_string(std::string_view text, unsigned short_type, std::size_t short_size, unsigned type) {
    const auto size = text.size();
    if (size > std::numeric_limits<std::uint32_t>::max())
      return Error(ErrorCode::bad_argument, "MessagePack holds strings up to 4 GiB");
    if (size <= short_size && short_type != 0)
      append_byte(bytes_, short_type | static_cast<unsigned>(size));
    else if (size <= 0xFF)
      write_number(type, size, 1);
    else if (size <= 0xFFFF)
      write_number(type + 1, size, 2);
    else
      write_number(type + 2, size, 4);
    bytes_.append(text);
    return Done{};
  }

  void write_count(std::size_t count, unsigned short_type, unsigned type) {
    if (count <= 15)
      append_byte(bytes_, short_type | static_cast<unsigned>(count));
    else if (count <= 0xFFFF)
      write_number(type, count, 2);
    else
      write_number(type + 1, count, 4);
  }

  Status write_all(const Data::List& elements) {
    for (const auto& element : elements)
      if (auto status = write(element); !status.ok()) return status;
    return Done{};
  }

  Status write_extension(const Data& data) {
    const bool object = data.kind() == Kind::data_class || data.kind() == Kind::object;
    if (object && !write_objects_)
      return Error(ErrorCode::bad_argument, "objects are written only with write_objects");
    if (object && data.elements().size() != 1)
      return Error(ErrorCode::bad_argument, "an object has one element, its map");
    if (data.kind() == Kind::uuid && data.text().size() != uuid_size)
      return Error(ErrorCode::bad_argument, "a UUID has 16 bytes");
    std::string nested;
    if (object) {
      Writer writer(nested, write_objects_);
      if (auto status = writer.write(data.elements().front()); !status.ok()) return status;
    }
    const std::string& content = object ? nested : data.text();
    if (content.size() > std::numeric_limits<std::uint32_t>::max())
      return Error(ErrorCode::bad_argument, "MessagePack holds extensions up to 4 GiB");
    const auto size = content.size();
    if (std::has_single_bit(size) && size <= 16)
      append_byte(bytes_, 0xD4U + static_cast<unsigned>(std::countr_zero(size)));
    else if (size <= 0xFF)
      write_number(0xC7, size, 1);
    else if (size <= 0xFFFF)
      write_number(0xC8, size, 2);
    else
      write_number(0xC9, size, 4);
    for (const auto& extension : extensions)
      if (extension.kind == data.kind()) append_byte(bytes_, static_cast<unsigned>(extension.code));
    bytes_.append(content);
    return Done{};
  }

  std::string& bytes_;
  bool write_objects_;
};

// --- reading

class Reader {
 public:
  Reader(std::string_view bytes, const DataLimits& limits, std::size_t& values_left, std::size_t depth,
         std::size_t extension_depth)
      : bytes_(bytes),
        limits_(limits),
        values_left_(values_left),
        depth_(depth),
        extension_depth_(extension_depth) {}

  std::optional<Error> read_whole(Data& data) {
    if (!charge(1)) return too_much();
    auto failure = read(data);
    if (!failure && bytes_.left() != 0) failure = malformed();
    return failure;
  }

 private:
  using Failure = std::optional<Error>;

  static Error too_much() {
    return Error(ErrorCode::too_large, "the value is nested too deep or has too many parts");
  }

  // Values are charged when they are announced: lists within each other all announce the same bytes.
  bool charge(std::uint64_t values) noexcept {
    if (values > values_left_) return false;
    values_left_ -= static_cast<std::size_t>(values);
    return true;
  }

  // Reads a value that has been charged.
  Failure read(Data& data) {
    if (depth_ >= limits_.depth) return too_much();
    std::uint8_t type = 0;
    if (!bytes_.take_byte(type)) return malformed();
    if (type < 0x80) return set(data, Data(static_cast<std::int64_t>(type)));
    if (type < 0x90) return read_elements(type & 0x0FU, Kind::map, data);
    if (type < 0xA0) return read_elements(type & 0x0FU, Kind::list, data);
    if (type < 0xC0) return read_string(type & 0x1FU, Kind::text, data);
    if (type >= 0xE0) return set(data, Data(static_cast<std::int64_t>(type) - 256));
    return read_long_form(type, data);
  }

  Failure read_long_form(std::uint8_t type, Data& data) {
    std::uint64_t number = 0;
    // Sizes of the number behind the type, for the types from C4 to DF.
    constexpr std::uint8_t sizes[] = {1, 2, 4, 1, 2, 4, 4, 8, 1, 2, 4, 8, 1, 2,
                                      4, 8, 0, 0, 0, 0, 0, 1, 2, 4, 2, 4, 2, 4};
    if (type >= 0xC4 && !bytes_.take_big_endian(sizes[type - 0xC4], number)) return malformed();
    switch (type) {
      case 0xC0:
        return set(data, Data());
      case 0xC2:
      case 0xC3:
        return set(data, Data(type == 0xC3));
      case 0xC4:
      case 0xC5:
      case 0xC6:
        return read_string(number, Kind::bytes, data);
      case 0xC7:
      case 0xC8:
      case 0xC9:
        return read_extension(number, data);
      case 0xCA:
        return set(data, Data(codecs::real_of_short_bits(number)));
      case 0xCB:
        return set(data, Data(codecs::real_of_bits(number)));
      case 0xCC:
      case 0xCD:
      case 0xCE:
      case 0xCF:
        return set(data, Data(number));
      case 0xD0:
      case 0xD1:
      case 0xD2:
      case 0xD3:
        return set(data, Data(codecs::sign_extended(number, sizes[type - 0xC4])));
      case 0xD4:
      case 0xD5:
      case 0xD6:
      case 0xD7:
      case 0xD8:
        return read_extension(std::uint64_t{1} << (type - 0xD4U), data);
      case 0xD9:
      case 0xDA:
      case 0xDB:
        return read_string(number, Kind::text, data);
      case 0xDC:
      case 0xDD:
        return read_elements(number, Kind::list, data);
      case 0xDE:
      case 0xDF:
        return read_elements(number, Kind::map, data);
      default:
        return malformed();
    }
  }

  static Failure set(Data& data, Data value) {
    data = std::move(value);
    return std::nullopt;
  }

  Failure read_string(std::uint64_t size, Kind kind, Data& data) {
    std::string_view text;
    if (!bytes_.take(size, text)) return malformed();
    if (kind == Kind::text && !basics::is_utf8(text)) return malformed();
    return set(data, Data::of_text(kind, std::string(text)));
  }

  Failure read_elements(std::uint64_t count, Kind kind, Data& data) {
    // Each element takes a byte at least, so an announced count that cannot be is refused at once.
    const auto elements = kind == Kind::map ? count * 2 : count;
    if (elements > bytes_.left()) return malformed();
    if (!charge(elements)) return too_much();
    Data::List list;
    ++depth_;
    for (auto left = static_cast<std::size_t>(elements); left != 0; --left) {
      make_room(list, left);
      if (auto failure = read(list.emplace_back())) return failure;
    }
    --depth_;
    return set(data, Data::of_elements(kind, std::move(list)));
  }

  // Room follows what has been read, so that an announcement alone takes little; `left` elements are to come.
  static void make_room(Data::List& list, std::size_t left) {
    constexpr std::size_t at_first = 64;
    if (list.size() == list.capacity())
      list.reserve(list.size() + std::min(left, std::max(at_first, list.size())));
  }

  Failure read_extension(std::uint64_t size, Data& data) {
    std::uint8_t code = 0;
    std::string_view content;
    if (!bytes_.take_byte(code) || !bytes_.take(size, content)) return malformed();
    for (const auto& extension : extensions) {
      if (static_cast<std::uint8_t>(extension.code) != code) continue;
      if (extension.kind == Kind::data_class || extension.kind == Kind::object)
        return read_object(content, extension.kind, data);
      const bool binary = extension.kind == Kind::uuid || extension.kind == Kind::memory_view;
      if (extension.kind == Kind::uuid && content.size() != uuid_size) return malformed();
      if (!binary && !basics::is_utf8(content)) return malformed();
      return set(data, Data::of_text(extension.kind, std::string(content)));
    }
    return Error(ErrorCode::corrupt, "a MessagePack extension type is unknown");
  }

  Failure read_object(std::string_view content, Kind kind, Data& data) {
    if (extension_depth_ >= deepest_extension)
      return Error(ErrorCode::too_large, "extension types are nested deeper than 32");
    Data::List map(1);
    Reader nested(content, limits_, values_left_, depth_ + 1, extension_depth_ + 1);
    if (auto failure = nested.read_whole(map.front())) return failure;
    if (!map.front().is_map()) return malformed();
    return set(data, Data::of_elements(kind, std::move(map)));
  }

  ByteReader bytes_;
  const DataLimits& limits_;
  std::size_t& values_left_;
  std::size_t depth_;
  std::size_t extension_depth_;
};

}  // namespace

Status MessagePackSerializer::write_data(const Data& data, std::string& bytes) const {
  return Writer(bytes, options_.write_objects).write(data);
}

Result<Data> MessagePackSerializer::read_data(ByteView bytes) const {
  Data data;
  std::size_t values_left = options_.limits.values;
  Reader reader(bytes.text(), options_.limits, values_left, 0, 0);
  if (auto failure = reader.read_whole(data)) return std::move(*failure);
  return data;
}

}  // namespace cachesite
