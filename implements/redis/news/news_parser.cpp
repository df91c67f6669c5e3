#include "redis/news/news_parser.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <optional>
#include <utility>

namespace cachesite::redis {

namespace {

constexpr std::size_t least_room = std::size_t{16} * 1024;
constexpr std::size_t first_capacity = std::size_t{64} * 1024;
constexpr std::size_t most_kept_bytes = std::size_t{1} << 20;
constexpr std::size_t most_kept_elements = std::size_t{1} << 16;
constexpr std::size_t longest_number = 24;

bool all_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(),
                                      [](char character) { return character >= '0' && character <= '9'; });
}

// Digits without a leading zero.
bool is_magnitude(std::string_view text) {
  return all_digits(text) && (text.size() == 1 || text.front() != '0');
}

bool is_big_number(std::string_view text) {
  if (text == "0") return true;
  if (text.starts_with('-')) text.remove_prefix(1);
  return is_magnitude(text) && text != "0";
}

bool is_integer(std::string_view text) {
  if (!is_big_number(text)) return false;
  const bool negative = text.front() == '-';
  const std::string_view most = negative ? "9223372036854775808" : "9223372036854775807";
  const auto digits = text.substr(negative ? 1 : 0);
  return digits.size() < most.size() || (digits.size() == most.size() && digits <= most);
}

bool is_exponent(std::string_view text) {
  if (text.starts_with('+') || text.starts_with('-')) text.remove_prefix(1);
  return all_digits(text);
}

bool is_double(std::string_view text) {
  if (text == "inf" || text == "-inf" || text == "nan" || text == "-nan") return true;
  if (text.starts_with('-')) text.remove_prefix(1);
  if (const auto mark = text.find_first_of("eE"); mark != std::string_view::npos) {
    if (!is_exponent(text.substr(mark + 1))) return false;
    text = text.substr(0, mark);
  }
  const auto point = text.find('.');
  if (point == std::string_view::npos) return all_digits(text);
  return all_digits(text.substr(0, point)) && all_digits(text.substr(point + 1));
}

std::optional<std::size_t> length_of(std::string_view text) {
  if (!is_magnitude(text) || text.size() > 18) return std::nullopt;
  std::size_t length = 0;
  for (const char digit : text)
    length = length * 10 + static_cast<std::size_t>(digit - '0');
  return length;
}

}  // namespace

NewsParser::NewsParser(NewsLimits limits) noexcept : limits_(limits) {
  limits_.deepest = std::min(limits_.deepest, static_cast<std::uint32_t>(remaining_.size()));
  limits_.largest_frame =
      std::min<std::size_t>(limits_.largest_frame, std::numeric_limits<std::uint32_t>::max());
}

std::span<char> NewsParser::room() {
  if (complete_) begin_frame();
  if (capacity_ - end_ < least_room) make_room();
  return {bytes_.get() + end_, capacity_ - end_};
}

void NewsParser::make_room() {
  const std::size_t kept = end_ - begin_;
  std::size_t wanted = std::max(capacity_, first_capacity);
  while (wanted - kept < least_room)
    wanted *= 2;
  if (wanted == capacity_ && begin_ >= kept) {
    std::memcpy(bytes_.get(), bytes_.get() + begin_, kept);
  } else {
    std::unique_ptr<char[]> fresh(new char[wanted]);
    if (kept != 0) std::memcpy(fresh.get(), bytes_.get() + begin_, kept);
    bytes_ = std::move(fresh);
    capacity_ = wanted;
  }
  scan_ -= begin_;
  end_ = kept;
  begin_ = 0;
}

void NewsParser::begin_frame() noexcept {
  complete_ = false;
  begin_ = scan_;
  depth_ = 0;
  announced_ = 0;
  elements_.clear();
  if (elements_.capacity() > most_kept_elements) std::vector<NewsElement>().swap(elements_);
  if (begin_ != end_) return;
  begin_ = scan_ = end_ = 0;
  if (capacity_ > most_kept_bytes) {
    bytes_.reset();
    capacity_ = 0;
  }
}

NewsParser::Verdict NewsParser::next() {
  if (complete_) begin_frame();
  for (;;) {
    const Taken taken = refused_ ? Taken::refused : take_element();
    if (taken == Taken::more) return Verdict::more;
    if (taken == Taken::refused) return Verdict::refused;
    if (taken == Taken::leaf && close_levels()) {
      complete_ = true;
      return Verdict::frame;
    }
  }
}

// True when the frame ends here.
bool NewsParser::close_levels() noexcept {
  while (depth_ != 0 && --remaining_[depth_ - 1] == 0)
    --depth_;
  return depth_ == 0;
}

NewsParser::Taken NewsParser::refuse(std::string_view problem) noexcept {
  refused_ = true;
  problem_ = problem;
  return Taken::refused;
}

NewsParser::Taken NewsParser::take_element() {
  if (scan_ == end_) return Taken::more;
  const char type = bytes_[scan_];
  constexpr std::string_view known = "+-:$*_#,(=!%~>";
  if (known.find(type) == std::string_view::npos)
    return refuse(type == '|' ? "an attribute" : "an unknown type");
  const bool is_text = type == '+' || type == '-' || type == '(';
  const std::size_t longest = is_text ? limits_.longest_line : longest_number;
  const char* const line = bytes_.get() + scan_ + 1;
  const std::size_t available = end_ - scan_ - 1;
  const auto* const found =
      static_cast<const char*>(std::memchr(line, '\r', std::min(available, longest + 1)));
  if (found == nullptr) return available > longest ? refuse("a line that is too long") : Taken::more;
  const auto size = static_cast<std::size_t>(found - line);
  if (available < size + 2) return Taken::more;
  if (found[1] != '\n') return refuse("a line without its end");
  if (scan_ + size + 3 - begin_ > limits_.largest_frame) return refuse("a frame that is too large");
  const std::string_view content(line, size);
  switch (type) {
    case '$':
    case '=':
    case '!':
      return take_bulk(content);
    case '*':
    case '%':
    case '~':
    case '>':
      return take_aggregate(content);
    default:
      return take_line(content);
  }
}

NewsParser::Taken NewsParser::take_line(std::string_view line) {
  const auto is_right = [&] {
    switch (bytes_[scan_]) {
      case ':':
        return is_integer(line);
      case '_':
        return line.empty();
      case '#':
        return line == "t" || line == "f";
      case ',':
        return is_double(line);
      case '(':
        return is_big_number(line);
      default:
        return line.find('\n') == std::string_view::npos;
    }
  };
  if (!is_right()) return refuse("a line that is not of its type");
  const auto begin = scan_ + 1;
  const auto result = add(begin, line.size(), bytes_[scan_] == '_');
  scan_ = begin + line.size() + 2;
  return result;
}

NewsParser::Taken NewsParser::take_bulk(std::string_view line) {
  const char type = bytes_[scan_];
  const std::size_t begin = scan_ + 1 + line.size() + 2;
  if (type == '$' && line == "-1") {
    const auto result = add(begin, 0, true);
    scan_ = begin;
    return result;
  }
  const auto size = length_of(line);
  if (!size) return refuse("a text without a length");
  if (*size > limits_.largest_bulk) return refuse("a text that is too long");
  if (begin + *size + 2 - begin_ > limits_.largest_frame) return refuse("a frame that is too large");
  if (end_ < begin + *size + 2) return Taken::more;
  if (bytes_[begin + *size] != '\r' || bytes_[begin + *size + 1] != '\n')
    return refuse("a text without its end");
  if (type == '=' && (*size < 4 || bytes_[begin + 3] != ':'))
    return refuse("a verbatim text without a format");
  const auto result = add(begin, *size);
  scan_ = begin + *size + 2;
  return result;
}

NewsParser::Taken NewsParser::take_aggregate(std::string_view line) {
  const char type = bytes_[scan_];
  if (type == '>' && depth_ != 0) return refuse("a push within a reply");
  const bool nil = type == '*' && line == "-1";
  const auto length = nil ? std::size_t{0} : length_of(line);
  if (!length) return refuse("an aggregate without a length");
  if (*length > limits_.most_elements) return refuse("too many elements");
  const std::size_t count = type == '%' ? *length * 2 : *length;
  announced_ += count;
  if (announced_ > limits_.most_elements) return refuse("too many elements");
  if (count != 0 && depth_ == limits_.deepest) return refuse("too many levels");
  const std::size_t begin = scan_ + 1 + line.size() + 2;
  const auto result = add(begin, count, nil);
  scan_ = begin;
  if (count == 0) return result;
  remaining_[depth_++] = static_cast<std::uint32_t>(count);
  return Taken::level;
}

NewsParser::Taken NewsParser::add(std::size_t text_begin, std::size_t size, bool nil) {
  elements_.push_back({bytes_[scan_], nil, static_cast<std::uint32_t>(text_begin - begin_),
                       static_cast<std::uint32_t>(size)});
  return Taken::leaf;
}

}  // namespace cachesite::redis
