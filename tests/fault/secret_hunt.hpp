#pragma once

#include <cstddef>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <openssl/evp.h>

namespace cachesite::test {

/// Looks for a random secret in everything that a program lets out, as it is and in the usual disguises.
class SecretHunt {
 public:
  SecretHunt() {
    constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    std::random_device source;
    std::uniform_int_distribution<std::size_t> pick(0, letters.size() - 1);
    for (int count = 0; count < 32; ++count)
      secret_ += letters[pick(source)];
    // Characters that URLs, YAML and shells treat in their own ways.
    secret_.insert(8, "@:%/");
    secret_.insert(20, "+ &");
    disguises_ = {{"plain", secret_},
                  {"url", url_coded(true)},
                  {"form", url_coded(false)},
                  {"hex", hex("0123456789abcdef")},
                  {"HEX", hex("0123456789ABCDEF")},
                  // A part of it is too much already.
                  {"head", secret_.substr(0, 8)},
                  {"middle", secret_.substr(12, 8)},
                  {"tail", secret_.substr(secret_.size() - 8)}};
    for (std::size_t shift = 0; shift < 3; ++shift)
      disguises_.emplace_back("base64", base64(shift));
  }

  const std::string& secret() const { return secret_; }
  std::string in_url() const { return url_coded(true); }

  /// The disguise in which the secret is in the text; empty when it is not.
  std::string found_in(std::string_view text) const {
    for (const auto& [name, disguise] : disguises_)
      if (text.find(disguise) != std::string_view::npos) return name;
    return "";
  }

 private:
  std::string url_coded(bool blank_as_percent) const {
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string text;
    for (const char each : secret_) {
      const auto byte = static_cast<unsigned char>(each);
      if ((each >= '0' && each <= '9') || (each >= 'A' && each <= 'Z') || (each >= 'a' && each <= 'z'))
        text += each;
      else if (each == ' ' && !blank_as_percent)
        text += '+';
      else
        text += {'%', digits[byte >> 4U], digits[byte & 15U]};
    }
    return text;
  }
  std::string hex(std::string_view digits) const {
    std::string text;
    for (const char each : secret_)
      text +=
          {digits[static_cast<unsigned char>(each) >> 4U], digits[static_cast<unsigned char>(each) & 15U]};
    return text;
  }
  // As it looks when `shift` other bytes come before it in the same group of three.
  std::string base64(std::size_t shift) const {
    const std::string bytes = std::string(shift, 'x') + secret_;
    std::string text(bytes.size() * 2, '\0');
    const int size =
        EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                        reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
    text.resize(static_cast<std::size_t>(size));
    return text.substr(4, text.size() - 8);
  }

  std::string secret_;
  std::vector<std::pair<std::string, std::string>> disguises_;
};

}  // namespace cachesite::test
