#include "hex.hpp"
#include "hostile.hpp"

#include <cachesite/aead_codec.hpp>

#include <stdexcept>

#include <boost/test/unit_test.hpp>

using namespace cachesite;

namespace {

const CodecScope here{"sessions", "user:1"};

std::string sealed(const AeadCodec& codec, std::string_view plain, const CodecScope& scope = here) {
  std::string stored;
  BOOST_REQUIRE(codec.encode(plain, scope, stored).ok());
  return stored;
}

std::string opened(const AeadCodec& codec, std::string_view stored, const CodecScope& scope = here,
                   std::size_t most = 1 << 20) {
  std::string plain;
  const auto status = codec.decode(stored, scope, most, plain);
  if (!status.ok()) BOOST_TEST(plain.empty());
  return status.ok() ? plain : "[" + std::string(to_string(status.error().code())) + "]";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(aead_codec)

BOOST_AUTO_TEST_CASE(values_come_back_and_never_look_alike) {
  const AeadCodec codec({AeadCodec::generate_key()});
  for (const std::size_t size : {0u, 1u, 15u, 16u, 17u, 1000u, 100000u}) {
    const auto plain = test::random_bytes(size, 1);
    const auto stored = sealed(codec, plain);
    BOOST_TEST(stored.size() == plain.size() + AeadCodec::overhead);
    BOOST_TEST((opened(codec, stored) == plain));
    BOOST_TEST((sealed(codec, plain) != stored));
  }
}

// Made by Python's cryptography: the first bytes of the key's hash, the nonce, the content, the proof.
BOOST_AUTO_TEST_CASE(what_another_program_encrypts_in_the_documented_form_opens) {
  const AeadCodec codec({Secret(std::string("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="))});
  const auto stored =
      test::unhex("939ddd3c000102030405060708090a0b3163ba6ea00ac9a77f365bea1ac7ffb13c23d8afae");
  BOOST_TEST(opened(codec, stored) == "value");
  BOOST_TEST(sealed(codec, "value").substr(0, 4) == stored.substr(0, 4));
  BOOST_TEST(opened(codec, stored, here, 5) == "value");
  BOOST_TEST(opened(codec, stored, here, 4) == "[too_large]");
  for (std::size_t size = 0; size < AeadCodec::overhead; ++size)
    BOOST_TEST(opened(codec, stored.substr(0, size)) == "[corrupt]");
}

BOOST_AUTO_TEST_CASE(a_value_moved_to_another_key_or_cache_does_not_open) {
  const AeadCodec codec({AeadCodec::generate_key()});
  const auto stored = sealed(codec, "Ada");
  BOOST_TEST(opened(codec, stored, {"sessions", "user:2"}) == "[corrupt]");
  BOOST_TEST(opened(codec, stored, {"session", "suser:1"}) == "[corrupt]");
  BOOST_TEST(opened(codec, stored, {"", "user:1"}) == "[corrupt]");
  BOOST_TEST(opened(codec, stored) == "Ada");
}

BOOST_AUTO_TEST_CASE(the_header_beside_the_value_is_bound_too) {
  const AeadCodec codec({AeadCodec::generate_key()});
  std::string stored;
  std::string plain;
  BOOST_REQUIRE(codec.seal("Ada", here, "header", stored).ok());
  BOOST_TEST(codec.open(stored, here, "header", 100, plain).ok());
  BOOST_TEST(!codec.open(stored, here, "heades", 100, plain).ok());
}

BOOST_AUTO_TEST_CASE(every_damage_is_noticed) {
  const AeadCodec codec({AeadCodec::generate_key()});
  test::for_each_damage(sealed(codec, "some value of some length"), [&](const std::string& damaged) {
    BOOST_REQUIRE(opened(codec, damaged) == "[corrupt]");
  });
}

BOOST_AUTO_TEST_CASE(the_first_key_encrypts_and_every_key_opens) {
  const auto first = AeadCodec::generate_key();
  const auto second = AeadCodec::generate_key();
  const AeadCodec both({first, second});
  const auto old = sealed(AeadCodec({second}), "value");
  BOOST_TEST(opened(both, old) == "value");
  BOOST_TEST(opened(AeadCodec({first}), old) == "[corrupt]");
  BOOST_TEST(opened(AeadCodec({first}), sealed(both, "value")) == "value");
  BOOST_TEST(both.knows_key_of(old));
  BOOST_TEST(!AeadCodec({first}).knows_key_of(old));
}

BOOST_AUTO_TEST_CASE(a_value_beyond_the_limit_is_not_opened) {
  const AeadCodec codec({AeadCodec::generate_key()});
  const auto stored = sealed(codec, "12345");
  BOOST_TEST(opened(codec, stored, here, 5) == "12345");
  BOOST_TEST(opened(codec, stored, here, 4) == "[too_large]");
}

BOOST_AUTO_TEST_CASE(a_key_is_the_base64_of_32_bytes) {
  const std::string key(AeadCodec::generate_key().reveal());
  BOOST_TEST(key.size() == 44u);
  BOOST_TEST(AeadCodec::is_key(Secret(key)));
  BOOST_TEST(AeadCodec::is_key(Secret(key.substr(0, 43))));
  for (const auto& bad : {std::string(), std::string(32, 'k'), std::string(64, 'k'), key.substr(1), key + "=",
                          std::string(44, 'k'), std::string(43, '!')})
    BOOST_TEST(!AeadCodec::is_key(Secret(bad)));
  BOOST_CHECK_THROW(AeadCodec({}), std::invalid_argument);
  BOOST_CHECK_THROW(AeadCodec({Secret("short")}), std::invalid_argument);
}

BOOST_AUTO_TEST_SUITE_END()
