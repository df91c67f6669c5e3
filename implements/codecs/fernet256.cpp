#include "codecs/fernet_token.hpp"
#include "codecs/key_text.hpp"

#include <cachesite/fernet256.hpp>

#include <stdexcept>

namespace cachesite {

namespace {

// Lengths that OpenSSL counts with an int, with room for base64.
constexpr std::size_t longest_content = std::size_t{1} << 30U;

std::chrono::seconds wall_clock() {
  return std::chrono::duration_cast<std::chrono::seconds>(
      std::chrono::system_clock::now().time_since_epoch());
}

Error invalid_token() {
  return Error(ErrorCode::corrupt, "invalid token");
}

Result<std::string> plain_of(codecs::OpenedFernet opened) {
  if (opened.verdict != codecs::FernetVerdict::open) return invalid_token();
  return std::move(opened.plain);
}

Result<std::string> seal(const Secret& key, ByteView plain, std::chrono::seconds time) {
  if (plain.size() > longest_content) return Error(ErrorCode::too_large, "a token holds at most 1 GiB");
  codecs::FernetInitialVector initial_vector{};
  if (!codecs::fill_random(initial_vector.data(), initial_vector.size()))
    return Error(ErrorCode::refused, "the system has no random numbers");
  return codecs::seal_fernet(key, plain, time, initial_vector);
}

}  // namespace

Fernet256::Fernet256(const std::vector<Secret>& keys) {
  if (keys.empty()) throw std::invalid_argument("Fernet256 needs at least one key");
  for (const auto& text : keys) {
    auto key = codecs::fernet_key(text);
    if (!key) throw std::invalid_argument("a Fernet256 key is 64 bytes, or their base64 of 88 characters");
    keys_.push_back(std::move(*key));
  }
}

Secret Fernet256::generate_key() {
  return codecs::random_key_text(codecs::fernet_key_size);
}

bool Fernet256::is_key(const Secret& text) {
  return codecs::fernet_key(text).has_value();
}

Result<std::string> Fernet256::encrypt(ByteView plain) const {
  return encrypt_at_time(plain, wall_clock());
}

Result<std::string> Fernet256::encrypt_at_time(ByteView plain, Seconds time) const {
  return seal(keys_.front(), plain, time);
}

Result<std::string> Fernet256::decrypt(ByteView token, std::optional<Seconds> most_age) const {
  if (most_age) return decrypt_at_time(token, *most_age, wall_clock());
  return plain_of(codecs::open_fernet(keys_, token, std::nullopt));
}

Result<std::string> Fernet256::decrypt_at_time(ByteView token, Seconds most_age, Seconds now) const {
  return plain_of(codecs::open_fernet(keys_, token, codecs::FernetAge{most_age, now}));
}

Result<Fernet256::Seconds> Fernet256::extract_timestamp(ByteView token) const {
  const auto opened = codecs::open_fernet(keys_, token, std::nullopt);
  if (opened.verdict != codecs::FernetVerdict::open) return invalid_token();
  return opened.time;
}

Result<std::string> Fernet256::rotate(ByteView token) const {
  const auto opened = codecs::open_fernet(keys_, token, std::nullopt);
  if (opened.verdict != codecs::FernetVerdict::open) return invalid_token();
  return encrypt_at_time(opened.plain, opened.time);
}

}  // namespace cachesite
