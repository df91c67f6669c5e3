#include "serializing/json_data_reader.hpp"

#include "serializing/json_literals.hpp"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

namespace cachesite::serializing {

namespace {

Error malformed() {
  return Error(ErrorCode::corrupt, "the bytes are not the JSON of a value");
}

Error too_much() {
  return Error(ErrorCode::too_large, "the value is nested too deep or has too many parts");
}

class Handler {
 public:
  Handler(const std::vector<JsonLiterals::Literal>& literals, const DataLimits& limits, NamingPolicy names)
      : literals_(literals), limits_(limits), names_(names) {}

  bool null() { return add(Data()); }
  bool boolean(bool value) { return add(Data(value)); }
  bool number_integer(nlohmann::json::number_integer_t value) { return add(Data(value)); }
  bool number_unsigned(nlohmann::json::number_unsigned_t value) { return add(Data(value)); }
  bool number_float(nlohmann::json::number_float_t value, const std::string& token) {
    if (token.find_first_of(".eE") == std::string::npos) return add(Data::big_integer(token));
    return add(Data(value));
  }
  bool binary(nlohmann::json::binary_t&) { return fail(malformed()); }
  bool string(std::string& value) {
    if (const auto* const literal = take_literal()) return add(Data(literal->value));
    return add(Data(std::move(value)));
  }
  bool key(std::string& value) {
    if (take_literal() != nullptr) return fail(malformed());
    return add(Data(std::move(value)));
  }
  bool start_object(std::size_t) { return begin(Data::Kind::map); }
  bool start_array(std::size_t) { return begin(Data::Kind::list); }
  bool end_object() { return end(); }
  bool end_array() { return end(); }
  // The parser's words are never passed on: they quote the value.
  bool parse_error(std::size_t, const std::string&, const nlohmann::json::exception&) {
    return fail(malformed());
  }

  Data root() && { return std::move(root_); }
  [[nodiscard]] Error failure() const { return failure_.value_or(malformed()); }

 private:
  struct Open {
    Data::Kind kind;
    Data::List elements;
  };

  bool fail(Error error) {
    if (!failure_) failure_ = std::move(error);
    return false;
  }

  const JsonLiterals::Literal* take_literal() noexcept {
    const auto number = strings_++;
    if (next_literal_ == literals_.size() || literals_[next_literal_].strings_before != number)
      return nullptr;
    return &literals_[next_literal_++];
  }

  bool add(Data&& data) {
    if (++values_ > limits_.values || open_.size() >= limits_.depth) return fail(too_much());
    return put(std::move(data));
  }

  bool put(Data&& data) {
    if (open_.empty())
      root_ = std::move(data);
    else
      open_.back().elements.push_back(std::move(data));
    return true;
  }

  bool begin(Data::Kind kind) {
    if (++values_ > limits_.values || open_.size() >= limits_.depth) return fail(too_much());
    open_.push_back({kind, {}});
    return true;
  }

  bool end() {
    auto data = Data::of_elements(open_.back().kind, std::move(open_.back().elements));
    if (data.is_map()) data.set_naming(names_);
    open_.pop_back();
    return put(std::move(data));
  }

  const std::vector<JsonLiterals::Literal>& literals_;
  const DataLimits& limits_;
  NamingPolicy names_;
  std::size_t next_literal_ = 0;
  std::size_t strings_ = 0;
  std::size_t values_ = 0;
  std::vector<Open> open_;
  Data root_;
  std::optional<Error> failure_;
};

}  // namespace

Result<Data> read_json_data(std::string_view text, const DataLimits& limits, NamingPolicy names) {
  // The parser takes a NUL for the end.
  if (text.find('\0') != std::string_view::npos) return malformed();
  const auto replaced = replace_literals(text, limits.values);
  if (replaced.literals.size() > limits.values) return too_much();
  if (!replaced.literals.empty()) text = replaced.text;
  Handler handler(replaced.literals, limits, names);
  if (!nlohmann::json::sax_parse(text.begin(), text.end(), &handler)) return handler.failure();
  return std::move(handler).root();
}

}  // namespace cachesite::serializing
