#include "support/reply_framer.hpp"

#include <algorithm>
#include <cstdlib>

namespace cachesite::test {

std::size_t ReplyFramer::feed(std::string_view bytes) {
  std::size_t used = 0;
  at_end_ = false;
  while (used < bytes.size() && !at_end_) {
    if (payload_ > 0) {
      const std::size_t step = std::min(payload_, bytes.size() - used);
      payload_ -= step;
      used += step;
      if (payload_ == 0) end_of_value();
      continue;
    }
    const char byte = bytes[used++];
    if (byte != '\n') {
      if (line_.size() < 64) line_ += byte;
      continue;
    }
    end_of_line();
  }
  return used;
}

void ReplyFramer::end_of_line() {
  const char type = line_.empty() ? '\0' : line_.front();
  const long long size = line_.size() > 1 ? std::strtoll(line_.c_str() + 1, nullptr, 10) : 0;
  line_.clear();
  if (type == '$' && size >= 0) {
    payload_ = static_cast<std::size_t>(size) + 2;
    return;
  }
  if (type == '*' && size > 0) missing_ += size;
  end_of_value();
}

void ReplyFramer::end_of_value() {
  if (--missing_ > 0) return;
  missing_ = 1;
  at_end_ = true;
  ++count_;
}

}  // namespace cachesite::test
