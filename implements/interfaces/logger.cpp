#include <cachesite/logger.hpp>

#include <exception>
#include <string>
#include <vector>

namespace cachesite {

std::string describe_exception(const std::exception_ptr& thrown) {
  std::string text;
  for (std::exception_ptr present = thrown; present;) {
    std::exception_ptr nested;
    try {
      std::rethrow_exception(present);
    } catch (const std::exception& exception) {
      text.append(text.empty() ? "" : ": ").append(exception.what());
      if (const auto* with_nested = dynamic_cast<const std::nested_exception*>(&exception))
        nested = with_nested->nested_ptr();
    } catch (...) {
      text.append(text.empty() ? "" : ": ").append("something that is no std::exception");
    }
    present = nested;
  }
  return text;
}

void ILogger::tell(LogLevel level, std::string_view message, std::initializer_list<LogAttribute> attributes,
                   const std::exception_ptr& cause) noexcept {
  if (!enabled(level)) return;
  if (!cause) {
    write(level, {}, message, {attributes.begin(), attributes.size()});
    return;
  }
  try {
    const std::string reason = describe_exception(cause);
    if (message.empty()) {
      write(level, {}, reason, {attributes.begin(), attributes.size()});
      return;
    }
    std::vector<LogAttribute> all(attributes);
    all.push_back({"error", reason});
    write(level, {}, message, all);
  } catch (...) {
    write(level, {}, message, {attributes.begin(), attributes.size()});
  }
}

}  // namespace cachesite
