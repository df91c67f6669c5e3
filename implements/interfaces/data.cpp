#include <cachesite/data.hpp>

#include <cassert>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace cachesite {

Data Data::field_name(std::string_view name) {
  Data data(name);
  data.number_ = 1;
  return data;
}

Data Data::of_text(Kind kind, std::string text) {
  Data data;
  data.text_ = std::move(text);
  data.kind_ = kind;
  return data;
}

Data Data::of_elements(Kind kind, List elements) {
  Data data;
  data.list_ = std::move(elements);
  data.kind_ = kind;
  return data;
}

void Data::add(Data element) {
  assert(is_sequence());
  list_.push_back(std::move(element));
}

void Data::add(Data key, Data value) {
  assert(is_map());
  list_.push_back(std::move(key));
  list_.push_back(std::move(value));
}

const Data* Data::find(std::string_view key) const noexcept {
  if (!is_map()) return nullptr;
  const auto& all = elements();
  for (auto index = all.size() & ~std::size_t{1}; index >= 2; index -= 2) {
    const auto& candidate = all[index - 2];
    if (candidate.kind_ == Kind::text && candidate.text() == key) return &all[index - 1];
  }
  return nullptr;
}

const Data* Data::find_field(std::string_view name) const {
  return naming() == NamingPolicy::as_is ? find(name) : find(renamed(name, naming()));
}

bool Data::equals(const Data& other) const noexcept {
  if (kind_ != other.kind_) return false;
  if (kind_ == Kind::real) return real() == other.real();
  if (kind_ <= Kind::integer) return number_ == other.number_;
  return text_ == other.text_ && list_ == other.list_;
}

}  // namespace cachesite
