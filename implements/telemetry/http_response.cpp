#include "telemetry/http_response.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace cachesite::telemetry {

namespace {

bool equal_words(std::string_view left, std::string_view right) noexcept {
  const auto lower = [](char character) {
    return character >= 'A' && character <= 'Z' ? static_cast<char>(character + ('a' - 'A')) : character;
  };
  return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                    [&](char one, char other) { return lower(one) == lower(other); });
}

std::string_view trimmed(std::string_view text) noexcept {
  const auto begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") + 1 - begin);
}

bool read_number(std::string_view text, std::uint64_t& number, int base) noexcept {
  const auto* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number, base);
  return error == std::errc() && stop == end && !text.empty();
}

}  // namespace

void HttpResponse::feed(std::string_view bytes) {
  while (!bytes.empty() && !finished()) {
    if (state_ == State::body || state_ == State::chunk || state_ == State::until_end) {
      take_body(bytes);
      continue;
    }
    const char next = bytes.front();
    bytes.remove_prefix(1);
    if (++head_size_ > most_head) return fail(true);
    if (next == '\n')
      take_line();
    else
      line_.push_back(next);
  }
}

void HttpResponse::take_line() {
  std::string line;
  line.swap(line_);
  if (line.ends_with('\r')) line.pop_back();
  switch (state_) {
    case State::head:
      if (status_ == 0) return begin_status(line);
      return line.empty() ? end_head() : take_header(line);
    case State::chunk_size:
      return take_chunk_size(line);
    case State::chunk_end:
      if (!line.empty()) return fail();
      state_ = State::chunk_size;
      return;
    default:  // the trailer
      if (line.empty()) state_ = State::done;
  }
}

void HttpResponse::begin_status(std::string_view line) {
  std::uint64_t status = 0;
  const bool right = (line.starts_with("HTTP/1.1 ") || line.starts_with("HTTP/1.0 ")) && line.size() >= 12 &&
                     (line.size() == 12 || line[12] == ' ') && read_number(line.substr(9, 3), status, 10);
  if (!right || status < 100) return fail();
  status_ = static_cast<int>(status);
  keeps_alive_ = line[7] == '1';
}

void HttpResponse::take_header(std::string_view line) {
  const auto colon = line.find(':');
  if (colon == std::string_view::npos || colon == 0) return fail();
  const auto name = line.substr(0, colon);
  const auto value = trimmed(line.substr(colon + 1));
  if (equal_words(name, "content-length")) {
    std::uint64_t length = 0;
    if (!read_number(value, length, 10) || (has_length_ && length != length_)) return fail();
    has_length_ = true;
    length_ = length;
  } else if (equal_words(name, "transfer-encoding")) {
    if (!equal_words(value, "chunked")) return fail();
    chunked_ = true;
  } else if (equal_words(name, "connection")) {
    if (equal_words(value, "close")) keeps_alive_ = false;
  } else if (equal_words(name, "retry-after")) {
    retry_after_ = value;
  }
}

void HttpResponse::end_head() {
  if (status_ < 200) {
    if (status_ == 101) return fail();
    status_ = 0;
    return;
  }
  if (chunked_ && has_length_) return fail();
  if (status_ == 204 || status_ == 304) {
    state_ = State::done;
  } else if (chunked_) {
    state_ = State::chunk_size;
  } else if (has_length_) {
    expect_body(length_);
    if (state_ == State::head) state_ = length_ == 0 ? State::done : State::body;
  } else {
    keeps_alive_ = false;
    state_ = State::until_end;
  }
}

void HttpResponse::expect_body(std::uint64_t size) {
  if (size > most_body - body_.size()) return fail(true);
  left_ = size;
}

void HttpResponse::take_chunk_size(std::string_view line) {
  std::uint64_t size = 0;
  if (!read_number(trimmed(line.substr(0, line.find(';'))), size, 16)) return fail();
  expect_body(size);
  if (state_ != State::failed) state_ = size == 0 ? State::trailer : State::chunk;
}

void HttpResponse::take_body(std::string_view& bytes) {
  if (state_ == State::until_end) {
    if (bytes.size() > most_body - body_.size()) return fail(true);
    body_.append(std::exchange(bytes, {}));
    return;
  }
  const auto size = std::min<std::uint64_t>(bytes.size(), left_);
  body_.append(bytes.substr(0, size));
  bytes.remove_prefix(size);
  left_ -= size;
  if (left_ == 0) state_ = state_ == State::body ? State::done : State::chunk_end;
}

void HttpResponse::fail(bool too_large) noexcept {
  state_ = State::failed;
  too_large_ = too_large;
  keeps_alive_ = false;
}

}  // namespace cachesite::telemetry
