// The parser of news: the way the bytes are cut makes no difference, and on RESP2 it agrees with hiredis.

#include "../unit/redis/news/news_text.hpp"
#include "redis/news/news_parser.hpp"
#include "redis/wire/reply_reader.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

using namespace cachesite;
using namespace cachesite::redis;

namespace {

NewsLimits small_limits() {
  NewsLimits limits;
  limits.largest_bulk = 4096;
  limits.longest_line = 256;
  limits.most_elements = 256;
  limits.largest_frame = 1 << 16;
  return limits;
}

void expect(bool condition) {
  if (!condition) std::abort();
}

// hiredis knows these types, and takes any bytes in a line.
bool is_resp2(const NewsFrame& frame) {
  return std::all_of(frame.elements().begin(), frame.elements().end(), [](const NewsElement& element) {
    return std::string_view("+-:$*").find(element.type) != std::string_view::npos;
  });
}

void compare_first(std::string_view bytes) {
  NewsParser parser(small_limits());
  const auto room = parser.room();
  const auto size = std::min(room.size(), bytes.size());
  if (size != 0) std::memcpy(room.data(), bytes.data(), size);
  parser.received(size);
  if (parser.next() != NewsParser::Verdict::frame || !is_resp2(parser.frame())) return;
  ReplyReader reader;
  Reply reply;
  expect(reader.feed(bytes.data(), size, reply) == ReplyReader::Progress::complete);
  std::string expected;
  test::append_reply(reply, expected);
  expect(test::text_of(parser.frame()) == expected);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto whole = test::parse_in_pieces(bytes, size + 1, small_limits());
  for (const std::size_t piece : {std::size_t{1}, std::size_t{7}})
    expect(test::parse_in_pieces(bytes, piece, small_limits()) == whole);
  compare_first(bytes);
  return 0;
}
