#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace cachesite::binding {

// Where a value is inside a component, such as `sentinels[2].port`; text only when a message needs it.
class ParameterPath {
 public:
  explicit ParameterPath(std::string_view name) : name_(name) {}
  ParameterPath(const ParameterPath& parent, std::string_view name) : parent_(&parent), name_(name) {}
  ParameterPath(const ParameterPath& parent, std::size_t index)
      : parent_(&parent), index_(index), is_element_(true) {}
  ParameterPath(const ParameterPath&) = delete;
  ParameterPath& operator=(const ParameterPath&) = delete;

  [[nodiscard]] std::string text() const {
    std::string result = parent_ ? parent_->text() : std::string();
    if (is_element_) return result.append("[").append(std::to_string(index_)).append("]");
    return result.append(parent_ ? "." : "").append(name_);
  }

 private:
  const ParameterPath* parent_ = nullptr;
  std::string_view name_;
  std::size_t index_ = 0;
  bool is_element_ = false;
};

}  // namespace cachesite::binding
