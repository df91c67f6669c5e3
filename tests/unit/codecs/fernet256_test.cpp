#include "codecs/fernet_token.hpp"
#include "codecs/key_text.hpp"
#include "hex.hpp"
#include "hostile.hpp"

#include <cachesite/fernet256.hpp>
#include <cachesite/pickle_serializer.hpp>

#include <numeric>
#include <stdexcept>

#include <boost/test/unit_test.hpp>
#include <openssl/hmac.h>

using namespace cachesite;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(fernet256)

namespace {

const std::string raw_key = [] {
  std::string key;
  for (int times = 0; times < 4; ++times)
    key += "0123456789abcdef";
  return key;
}();
const std::string base64_key =
    "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWYwMTIzNDU2Nzg5YWJjZGVmMDEyMzQ1Njc4OWFiY2RlZg==";

Fernet256 with_key(const std::string& key) {
  return Fernet256({Secret(key)});
}

struct Vector {
  std::string plain;
  std::string token;
};

// Tokens of rick's implementation: time 1700000000, initial vector 00 to 0f.
const Vector vectors[] = {
    {"",
     "gQAAAABlU_EAAAECAwQFBgcICQoLDA0OD2-xn0na6p0dXDJsuHtn3Ohv5k5lPUO0Ix-m_MYrlbFYMe0ETTxi_kq5zXBFJCb0LQ=="},
    {"hello",
     "gQAAAABlU_EAAAECAwQFBgcICQoLDA0ODzGDUpebmFelfbTh-UUl7QwOoD6h-pLw_c0Re3FCLAqcw7d45DGYHaIWEcQAo2qQhw=="},
    {"0123456789abcdef",
     "gQAAAABlU_"
     "EAAAECAwQFBgcICQoLDA0OD6AocVLhDMXQt4gB2DYdoeVVpMWbGHPa4agXtKxjJ6x3c7IMA33eGqm7WSCrDaZU11wfMIrw820SIoHgQ"
     "Du"
     "M13A="},
    {"xxxxxxxxxxxxxxxxx",
     "gQAAAABlU_EAAAECAwQFBgcICQoLDA0OD1gC8ciuzwfoTTp69tiGUOuhu6IDPF8XUjBUCB6fMcFUb4iF08JebPQnc6k8_"
     "X8bc1kAuotYfJUsbjRw3b2"
     "txMQ="},
    // The value "Ada" of a CryptRedisCache, which pickles with protocol 4.
    {test::unhex("80049507000000000000008c03416461942e"),
     "gQAAAABlU_EAAAECAwQFBgcICQoLDA0OD24YWWdoBGsMJPGScBwHd2WwZq17LZDNHGLjSxz2ReQSJtyfGep4WolQttCa4jWrXKIuuv-"
     "kZxs5oIeZa1N"
     "JBNM="},
};

}  // namespace

BOOST_AUTO_TEST_CASE(tokens_of_rick_are_opened_and_written_the_same) {
  codecs::FernetInitialVector initial_vector{};
  std::iota(initial_vector.begin(), initial_vector.end(), static_cast<unsigned char>(0));
  for (const auto& vector : vectors) {
    BOOST_TEST(codecs::seal_fernet(Secret(raw_key), vector.plain, 1700000000s, initial_vector).value_or("") ==
               vector.token);
    for (const auto& key : {raw_key, base64_key}) {
      BOOST_TEST(with_key(key).decrypt(vector.token).value_or("failed") == vector.plain);
      BOOST_TEST(with_key(key).extract_timestamp(vector.token).value_or(0s).count() == 1700000000);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_value_of_a_crypt_redis_cache_is_read_whole) {
  const auto plain = with_key(raw_key).decrypt(vectors[4].token);
  BOOST_REQUIRE(plain.ok());
  BOOST_TEST(PickleSerializer().read_data(plain.value()).value_or(Data()).text() == "Ada");
  std::string pickled;
  BOOST_TEST(PickleSerializer(PickleOptions{{}, 4}).write_data(Data("Ada"), pickled).ok());
  BOOST_TEST(pickled == vectors[4].plain);
}

BOOST_AUTO_TEST_CASE(a_key_is_64_bytes_or_their_base64) {
  for (const auto& bad :
       {std::string(), raw_key.substr(1), raw_key + "0", base64_key.substr(0, 87), base64_key.substr(0, 86),
        base64_key + "=", std::string(88, '!'), std::string(88, 'A'), std::string(32, 'k')}) {
    BOOST_TEST(!Fernet256::is_key(Secret(bad)));
    try {
      with_key(bad);
      BOOST_ERROR("a bad key was taken");
    } catch (const std::invalid_argument& refusal) {
      BOOST_TEST((bad.empty() || std::string(refusal.what()).find(bad) == std::string::npos));
    }
  }
  BOOST_CHECK_THROW(Fernet256({}), std::invalid_argument);
  const auto made = Fernet256::generate_key();
  BOOST_TEST(made.reveal().size() == 88u);
  BOOST_TEST(Fernet256::is_key(made));
  BOOST_TEST(!(made == Fernet256::generate_key()));
}

BOOST_AUTO_TEST_CASE(age_and_skew_have_the_limits_of_rick) {
  const auto fernet = with_key(raw_key);
  const auto token = fernet.encrypt_at_time("value", 1000s).value_or("");
  BOOST_TEST(fernet.decrypt_at_time(token, 10s, 1010s).ok());
  BOOST_TEST(!fernet.decrypt_at_time(token, 10s, 1011s).ok());
  BOOST_TEST(fernet.decrypt_at_time(token, 10s, 940s).ok());
  BOOST_TEST(!fernet.decrypt_at_time(token, 10s, 939s).ok());
  BOOST_TEST(fernet.decrypt(token).ok());
  const auto future = fernet.encrypt_at_time("value", 1000000000000s).value_or("");
  BOOST_TEST(fernet.decrypt(future).ok());
  BOOST_TEST(!fernet.decrypt(future, 10s).ok());
  BOOST_TEST(fernet.decrypt(fernet.encrypt("now").value_or(""), 10s).value_or("") == "now");
}

// The signature is right in all of them.
BOOST_AUTO_TEST_CASE(a_signed_token_opens_in_its_exact_form_alone) {
  const auto fernet = with_key(raw_key);
  const auto whole = codecs::decode_base64(vectors[1].token).value_or("");
  const auto content = whole.substr(0, whole.size() - 32);
  const auto opens = [&](const std::string& bytes) {
    std::string signature(32, '\0');
    unsigned size = 0;
    ::HMAC(::EVP_sha256(), raw_key.data(), 32, reinterpret_cast<const unsigned char*>(bytes.data()),
           bytes.size(), reinterpret_cast<unsigned char*>(signature.data()), &size);
    return fernet.decrypt(codecs::encode_base64(bytes + signature)).ok();
  };
  BOOST_TEST(opens(content));
  for (unsigned version = 0; version < 256; ++version) {
    auto other = content;
    other[0] = static_cast<char>(version);
    BOOST_TEST(opens(other) == (version == 0x81));
  }
  // Cut off anywhere, without content, with half a block, and with padding that is none.
  for (std::size_t size = 0; size < content.size(); ++size)
    BOOST_TEST(!opens(content.substr(0, size)));
  for (std::size_t more = 1; more <= 16; ++more)
    BOOST_TEST(!opens(content + std::string(more, '\0')));
  for (std::size_t place = 1; place < 9; ++place) {
    auto other = content;
    other[place] = '\xFF';
    BOOST_TEST(opens(other));
  }
}

BOOST_AUTO_TEST_CASE(a_token_of_any_time_is_compared_without_overflow) {
  const auto fernet = with_key(raw_key);
  for (const auto time :
       {std::chrono::seconds(-1), std::chrono::seconds::max(), std::chrono::seconds::min()}) {
    const auto token = fernet.encrypt_at_time("value", time).value_or("");
    BOOST_TEST(fernet.decrypt(token).ok());
    BOOST_TEST(!fernet.decrypt_at_time(token, 10s, 1000s).ok());
    BOOST_TEST(fernet.extract_timestamp(token).value_or(0s).count() == time.count());
  }
}

BOOST_AUTO_TEST_CASE(the_first_key_encrypts_and_every_key_opens) {
  const auto first = Fernet256::generate_key();
  const auto second = Fernet256::generate_key();
  const Fernet256 both({first, second});
  const auto old = Fernet256({second}).encrypt_at_time("value", 5s).value_or("");
  BOOST_TEST(both.decrypt(old).value_or("") == "value");
  const auto fresh = both.encrypt("value").value_or("");
  BOOST_TEST(Fernet256({first}).decrypt(fresh).ok());
  BOOST_TEST(!Fernet256({second}).decrypt(fresh).ok());
  const auto rotated = both.rotate(old).value_or("");
  BOOST_TEST(rotated != old);
  BOOST_TEST(Fernet256({first}).decrypt(rotated).value_or("") == "value");
  BOOST_TEST(Fernet256({first}).extract_timestamp(rotated).value_or(0s).count() == 5);
  BOOST_TEST(!both.rotate("gQ==").ok());
}

BOOST_AUTO_TEST_CASE(two_tokens_of_one_value_differ) {
  const auto fernet = with_key(raw_key);
  BOOST_TEST(fernet.encrypt_at_time("value", 1s).value_or("") !=
             fernet.encrypt_at_time("value", 1s).value_or(""));
}

BOOST_AUTO_TEST_CASE(a_token_has_the_length_that_rick_gives_it) {
  const auto fernet = with_key(raw_key);
  for (const std::size_t size : {0u, 15u, 16u, 31u, 32u, 1000u}) {
    const auto content = 16 * (size / 16 + 1);
    const auto token = fernet.encrypt(std::string(size, 'x')).value_or("");
    BOOST_TEST(token.size() == 4 * ((57 + content + 2) / 3));
    BOOST_TEST(codecs::fernet_plain_bound(token.size()) >= size);
  }
}

BOOST_AUTO_TEST_CASE(damaged_tokens_do_not_open_to_another_value) {
  const auto fernet = with_key(raw_key);
  test::for_each_damage(vectors[1].token, [&](const std::string& damaged) {
    const auto opened = fernet.decrypt(damaged);
    // Base64 has a few bits that mean nothing.
    BOOST_REQUIRE((!opened.ok() || opened.value() == "hello"));
    if (!opened.ok()) BOOST_REQUIRE(opened.error().message() == "invalid token");
  });
  auto raw = *codecs::decode_base64(vectors[1].token);
  test::for_each_damage(raw, [&](const std::string& damaged) {
    BOOST_REQUIRE(!fernet.decrypt(codecs::encode_base64(damaged)).ok());
  });
  BOOST_TEST(!with_key(std::string(64, 'k')).decrypt(vectors[1].token).ok());
}

BOOST_AUTO_TEST_CASE(base64_goes_there_and_back) {
  for (std::size_t size = 0; size < 70; ++size) {
    const auto bytes = test::random_bytes(size, static_cast<unsigned>(size));
    const auto text = codecs::encode_base64(bytes);
    BOOST_TEST((codecs::decode_base64(text) == bytes));
    BOOST_TEST(text.find_first_of("+/") == std::string::npos);
  }
  for (const auto* const bad :
       {"a", "ab", "abc", "abcd=", "a===", "====", "ab=c", " abc", "abc\n", "ab cd==="})
    BOOST_TEST(!codecs::decode_base64(bad).has_value());
  BOOST_TEST((codecs::decode_base64("+/-_") == codecs::decode_base64("-_+/")));
}

BOOST_AUTO_TEST_SUITE_END()
