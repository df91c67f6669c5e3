#include "unit/layers/codec/codec_options.hpp"

#include <cachesite/null_cache.hpp>

#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::test;
using namespace std::chrono_literals;

namespace {

std::string complaint_of(const CodecCacheOptions& options) {
  const auto complaints = options.complaints();
  return complaints.empty() ? "" : complaints.front().parameter;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(codec_cache_options)

BOOST_AUTO_TEST_CASE(options_that_do_not_go_together_are_told) {
  BOOST_TEST(complaint_of(enveloped()) == "");
  BOOST_TEST(complaint_of(sealed({key_a})) == "");
  BOOST_TEST(complaint_of(token()) == "");

  auto options = sealed({});
  BOOST_TEST(complaint_of(options) == "keys");
  options = sealed({token_key});
  BOOST_TEST(complaint_of(options) == "keys");
  options = sealed({key_a, Secret("no key")});
  BOOST_TEST(complaint_of(options) == "keys");
  BOOST_TEST(options.complaints().front().message.find("no key") == std::string::npos);
  options = sealed({key_a});
  options.cache_name.clear();
  BOOST_TEST(complaint_of(options) == "cache_name");
  options.cache_name = std::string("a\0b", 3);
  BOOST_TEST(complaint_of(options) == "cache_name");
  options = sealed({key_a});
  options.format = StoredFormat::bare;
  BOOST_TEST(complaint_of(options) == "encryption");
  options = token();
  options.format = StoredFormat::envelope;
  BOOST_TEST(complaint_of(options) == "encryption");
  options = token();
  options.keys = {key_a};
  BOOST_TEST(complaint_of(options) == "keys");
  options = enveloped();
  options.level = 3;
  BOOST_TEST(complaint_of(options) == "level");
  options = enveloped(Compression::zlib);
  options.level = 10;
  BOOST_TEST(complaint_of(options) == "level");
  options = bare(Compression::zlib);
  options.minimum_size = ByteSize{1};
  BOOST_TEST(complaint_of(options) == "minimum_size");
  options = enveloped();
  options.also_read.envelope = true;
  BOOST_TEST(complaint_of(options) == "also_read");
  options = enveloped();
  options.also_read.fernet256 = true;
  BOOST_TEST(complaint_of(options) == "keys");
  options = enveloped();
  options.token_ttl = 1s;
  BOOST_TEST(complaint_of(options) == "token_ttl");
  options = enveloped();
  options.minimum_size = ByteSize{1};
  BOOST_TEST(complaint_of(options) == "minimum_size");

  BOOST_CHECK_THROW(std::make_shared<CodecCache>(enveloped()), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(keys_that_nothing_uses_are_an_error) {
  auto options = enveloped();
  options.keys = {key_a};
  BOOST_TEST(complaint_of(options) == "keys");
  BOOST_TEST(options.complaints().front().message ==
             "keys are given, but encryption is none: write `encryption: aes_256_gcm`, or `also_read: "
             "{encrypted: true}` to read what was encrypted before");
  options.format = StoredFormat::bare;
  BOOST_TEST(complaint_of(options) == "keys");
  options.also_read.envelope = true;
  BOOST_TEST(complaint_of(options) == "");
  options = bare(Compression::none);
  options.keys = {token_key};
  BOOST_TEST(complaint_of(options) == "keys");
  options.also_read.fernet256 = true;
  BOOST_TEST(complaint_of(options) == "");
  options = enveloped();
  options.also_read.encrypted = true;
  BOOST_TEST(complaint_of(options) == "keys");
  options.keys = {key_a};
  BOOST_TEST(complaint_of(options) == "");
  options = sealed({key_a});
  options.also_read.encrypted = true;
  BOOST_TEST(complaint_of(options) == "also_read");
}

BOOST_AUTO_TEST_CASE(a_refusal_shows_no_key) {
  auto bad = sealed({Secret("not to be shown")});
  bad.over = Reference<ICache>(std::make_shared<NullCache>());
  try {
    const CodecCache cache(bad);
    BOOST_ERROR("bad options were taken");
  } catch (const std::invalid_argument& refusal) {
    BOOST_TEST(std::string(refusal.what()).find("not to be shown") == std::string::npos);
  }
}

BOOST_AUTO_TEST_SUITE_END()
