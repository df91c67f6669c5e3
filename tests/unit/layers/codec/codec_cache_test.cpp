#include "codecs/envelope.hpp"
#include "support/collecting_logger.hpp"
#include "support/fake_clock.hpp"
#include "unit/codecs/hex.hpp"
#include "unit/codecs/hostile.hpp"
#include "unit/layers/codec/codec_options.hpp"

#include <cachesite/aead_codec.hpp>
#include <cachesite/codec_cache.hpp>
#include <cachesite/fernet256.hpp>
#include <cachesite/memory_cache.hpp>
#include <cachesite/null_cache.hpp>

#include <functional>
#include <stdexcept>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::test;
using namespace std::chrono_literals;

namespace {

// A memory cache, and layers over it that stand for programs with different configurations.
struct World {
  std::shared_ptr<MemoryCache> memory = std::make_shared<MemoryCache>(MemoryCacheOptions{});
  std::shared_ptr<test::CollectingLogger> logger = std::make_shared<test::CollectingLogger>();
  std::shared_ptr<test::FakeClock> clock = std::make_shared<test::FakeClock>();

  std::shared_ptr<CodecCache> layer(CodecCacheOptions options) const {
    options.over = Reference<ICache>(memory);
    ComponentContext context;
    context.label = "CodecCache \"sessions\"";
    context.logger = logger;
    context.clock = clock;
    return std::make_shared<CodecCache>(std::move(options), context);
  }
  std::string stored(std::string_view key) const {
    const auto value = memory->get_value(key);
    BOOST_REQUIRE(value.has_value());
    return std::string(value->text());
  }
  void store(std::string_view key, std::string_view bytes) const {
    BOOST_REQUIRE(memory->set_value(key, bytes, 1h));
  }
};

std::string read(ICache& cache, std::string_view key) {
  const auto lookup = cache.get(key);
  if (lookup.hit()) return std::string(lookup.value().text());
  if (lookup.null()) return "[null]";
  if (lookup.miss()) return "[miss]";
  return "[" + std::string(to_string(lookup.error().code())) + "]";
}

std::uint64_t counted(const CodecCache& cache, Undecodable reason) {
  return cache.codec_statistics().undecodable_by(reason);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(codec_cache)

// --- the envelope

BOOST_AUTO_TEST_CASE(the_envelope_has_the_layout_that_is_documented) {
  const World world;
  auto options = enveloped();
  options.cache_name = "shop";
  BOOST_REQUIRE(world.layer(options)->set_value("user:1", "Ada", 1h));
  // FNV-1a of "shop\0user:1" and CRC-32, computed by another program.
  BOOST_TEST(test::hex(world.stored("user:1")) == "c14353010000000000000003ac6977f8c8e194853a173f51416461");
}

BOOST_AUTO_TEST_CASE(values_of_other_settings_are_read_without_saying_so) {
  const World world;
  const auto plain = test::compressible(5000, 1);
  for (const auto compression : {Compression::none, Compression::zlib, Compression::zstd, Compression::lz4}) {
    BOOST_REQUIRE(world.layer(enveloped(compression))->set_value("key", plain, 1h));
    for (const auto reader : {Compression::none, Compression::zlib, Compression::zstd, Compression::lz4})
      BOOST_TEST((read(*world.layer(enveloped(reader)), "key") == plain));
  }
}

BOOST_AUTO_TEST_CASE(short_values_and_those_that_do_not_shrink_are_not_compressed) {
  const World world;
  auto options = enveloped(Compression::zstd);
  options.minimum_size = ByteSize{100};
  const auto cache = world.layer(options);
  BOOST_REQUIRE(cache->set_value("short", std::string(99, 'x'), 1h));
  BOOST_TEST(world.stored("short").size() == 24u + 99u);
  BOOST_REQUIRE(cache->set_value("long", std::string(100, 'x'), 1h));
  BOOST_TEST(world.stored("long").size() < 100u);
  BOOST_REQUIRE(cache->set_value("random", test::random_bytes(1000, 1), 1h));
  BOOST_TEST(world.stored("random").size() == 24u + 1000u);
  BOOST_TEST((read(*cache, "random") == test::random_bytes(1000, 1)));
  // Compresses better than a reader allows.
  const std::string zeros(20 << 20U, '\0');
  BOOST_REQUIRE(cache->set_value("zeros", zeros, 1h));
  BOOST_TEST((read(*cache, "zeros") == zeros));
}

BOOST_AUTO_TEST_CASE(a_value_under_another_key_or_of_another_cache_is_never_returned) {
  const World world;
  for (auto options :
       {enveloped(), enveloped(Compression::zlib), sealed({key_a}), sealed({key_a}, Compression::lz4)}) {
    const auto cache = world.layer(options);
    BOOST_REQUIRE(cache->set_value("user:1", "the value of user 1", 1h));
    world.store("user:2", world.stored("user:1"));
    BOOST_TEST(read(*cache, "user:2") == "[miss]");
    BOOST_TEST(counted(*cache, Undecodable::misplaced) == 1u);
    options.cache_name = "other";
    BOOST_TEST(read(*world.layer(options), "user:1") == "[miss]");
    BOOST_TEST(read(*cache, "user:1") == "the value of user 1");
  }
}

BOOST_AUTO_TEST_CASE(a_forged_place_is_found_out_by_the_encryption) {
  const World world;
  const auto cache = world.layer(sealed({key_a}));
  BOOST_REQUIRE(cache->set_value("user:1", "secret", 1h));
  BOOST_REQUIRE(cache->set_value("user:2", "other.", 1h));
  // Who writes to the store can make the header right, checksum and all, but not the proof.
  const auto one = world.stored("user:1");
  const auto two = world.stored("user:2");
  const auto checksum = [](const std::string& head, const std::string& payload) {
    std::uint32_t crc = 0xFFFFFFFF;
    for (const char byte : head + payload) {
      crc ^= static_cast<unsigned char>(byte);
      for (int bit = 0; bit < 8; ++bit)
        crc = (crc >> 1U) ^ (0xEDB88320U & (0U - (crc & 1U)));
    }
    crc = ~crc;
    return std::string{static_cast<char>(crc >> 24U), static_cast<char>(crc >> 16U),
                       static_cast<char>(crc >> 8U), static_cast<char>(crc)};
  };
  BOOST_REQUIRE(two.substr(20, 4) == checksum(two.substr(0, 20), two.substr(24)));
  world.store("user:2", two.substr(0, 20) + checksum(two.substr(0, 20), one.substr(24)) + one.substr(24));
  BOOST_TEST(read(*cache, "user:2") == "[miss]");
  BOOST_TEST(counted(*cache, Undecodable::not_authentic) == 1u);
}

BOOST_AUTO_TEST_CASE(every_damage_of_an_enveloped_value_is_noticed) {
  const World world;
  for (const auto& options : {enveloped(), enveloped(Compression::zlib), enveloped(Compression::zstd),
                              enveloped(Compression::lz4), sealed({key_a}, Compression::zstd)}) {
    const auto cache = world.layer(options);
    const auto plain = test::compressible(200, 1);
    BOOST_REQUIRE(cache->set_value("key", plain, 1h));
    test::for_each_damage(world.stored("key"), [&](const std::string& damaged) {
      world.store("key", damaged);
      BOOST_REQUIRE(read(*cache, "key") == "[miss]");
    });
    BOOST_TEST(cache->codec_statistics().undecodable_total() == cache->statistics().misses);
  }
}

// The checksum and the place are right in all of them.
BOOST_AUTO_TEST_CASE(what_a_header_says_that_this_version_does_not_know_is_of_a_later_one) {
  const World world;
  const auto cache = world.layer(enveloped());
  const auto reason = [&](const codecs::Envelope& envelope, char reserved, std::string_view content) {
    std::string stored;
    codecs::begin_envelope(envelope, {"", "key"}, stored);
    stored[7] = reserved;
    stored.append(content);
    codecs::seal_envelope(stored);
    world.store("key", stored);
    const auto before = cache->codec_statistics();
    const auto found = read(*cache, "key");
    const auto after = cache->codec_statistics();
    for (std::size_t index = 0; index < undecodable_reasons; ++index)
      if (after.undecodable[index] != before.undecodable[index])
        return std::string(to_string(static_cast<Undecodable>(index)));
    return found;
  };
  const std::string version(to_string(Undecodable::version));
  BOOST_TEST(reason({0, 0, 0, 3}, 0, "Ada") == "Ada");
  for (int byte = 1; byte < 256; ++byte)
    BOOST_REQUIRE(reason({0, 0, 0, 3}, static_cast<char>(byte), "Ada") == version);
  for (unsigned number = 1; number < 256; ++number) {
    const auto byte = static_cast<std::uint8_t>(number);
    if (number > 3) BOOST_REQUIRE(reason({byte, 0, 0, 3}, 0, "Ada") == version);
    if (number != 2) BOOST_REQUIRE(reason({0, byte, 0, 3}, 0, "Ada") == version);
    BOOST_REQUIRE(reason({0, 0, byte, 3}, 0, "Ada") ==
                  (number == 1 ? to_string(Undecodable::foreign) : version));
  }
  BOOST_TEST(reason({0, 2, 0, 3}, 0, "Ada") == to_string(Undecodable::unknown_key));
  for (const auto compression : {std::uint8_t{1}, std::uint8_t{2}, std::uint8_t{3}})
    BOOST_TEST(reason({compression, 0, 0, 3}, 0, "Ada") == to_string(Undecodable::damaged));
  for (const std::uint32_t size : {0U, 2U, 4U})
    BOOST_TEST(reason({0, 0, 0, size}, 0, "Ada") == to_string(Undecodable::damaged));
  const auto most = static_cast<std::uint32_t>(enveloped().max_value_bytes.bytes);
  BOOST_TEST(reason({0, 0, 0, most}, 0, "Ada") == to_string(Undecodable::damaged));
  BOOST_TEST(reason({0, 0, 0, most + 1}, 0, "Ada") == to_string(Undecodable::too_large));
  BOOST_TEST(reason({0, 0, 0, 0xFFFFFFFF}, 0, "Ada") == to_string(Undecodable::too_large));
}

BOOST_AUTO_TEST_CASE(a_later_version_is_told_apart) {
  const World world;
  const auto cache = world.layer(enveloped());
  BOOST_REQUIRE(cache->set_value("key", "value", 1h));
  auto stored = world.stored("key");
  stored[3] = 2;
  world.store("key", stored);
  BOOST_TEST(read(*cache, "key") == "[miss]");
  BOOST_TEST(counted(*cache, Undecodable::version) == 1u);
}

// --- encryption

BOOST_AUTO_TEST_CASE(encryption_keys_are_replaced_without_losing_values) {
  const World world;
  BOOST_REQUIRE(world.layer(sealed({key_a}))->set_value("key", "value", 1h));
  BOOST_TEST(read(*world.layer(sealed({key_b, key_a})), "key") == "value");
  const auto forgotten = world.layer(sealed({key_b}));
  BOOST_TEST(read(*forgotten, "key") == "[miss]");
  BOOST_TEST(counted(*forgotten, Undecodable::unknown_key) == 1u);
  // Encryption is switched off, and the key still given.
  auto off = enveloped();
  off.keys = {key_a};
  off.also_read.encrypted = true;
  off.cache_name = "sessions";
  BOOST_TEST(read(*world.layer(off), "key") == "value");
}

BOOST_AUTO_TEST_CASE(with_encryption_a_value_without_is_read_only_when_allowed) {
  const World world;
  auto plain = enveloped();
  plain.cache_name = "sessions";
  BOOST_REQUIRE(world.layer(plain)->set_value("key", "value", 1h));
  BOOST_TEST(read(*world.layer(sealed({key_a})), "key") == "[miss]");
  auto options = sealed({key_a});
  options.also_read.unencrypted = true;
  BOOST_TEST(read(*world.layer(options), "key") == "value");
}

BOOST_AUTO_TEST_CASE(the_value_does_not_show_in_what_is_stored) {
  const World world;
  for (const auto& options : {sealed({key_a}), token()}) {
    BOOST_REQUIRE(world.layer(options)->set_value("key", "visible words", 1h));
    BOOST_TEST(world.stored("key").find("visible") == std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(a_token_may_be_too_old) {
  const World world;
  auto options = token();
  world.store("key", Fernet256({token_key}).encrypt_at_time("value", 1700000000s).value_or(""));
  BOOST_TEST(read(*world.layer(options), "key") == "value");
  options.token_ttl = 10s;
  const auto cache = world.layer(options);
  BOOST_TEST(read(*cache, "key") == "[miss]");
  BOOST_TEST(counted(*cache, Undecodable::expired) == 1u);
  BOOST_REQUIRE(cache->set_value("key", "value", 1h));
  BOOST_TEST(read(*cache, "key") == "value");
}

// --- bare forms and changes of configuration

BOOST_AUTO_TEST_CASE(bare_values_are_those_of_redis_kit) {
  const World world;
  const auto cache = world.layer(bare(Compression::zlib));
  BOOST_REQUIRE(cache->set_value("key", "abc", 1h));
  BOOST_TEST(test::hex(world.stored("key")) == "789c4b4c4a0600024d0127");
  BOOST_REQUIRE(cache->set_value("nothing", std::nullopt, 1h));
  BOOST_TEST(world.memory->get("nothing").null());
  BOOST_TEST(cache->get("nothing").null());
}

BOOST_AUTO_TEST_CASE(old_forms_are_read_while_the_configuration_changes) {
  const World world;
  BOOST_REQUIRE(world.layer(bare(Compression::zlib))->set_value("zlib", "zlib value", 1h));
  BOOST_REQUIRE(world.layer(token())->set_value("token", "token value", 1h));
  auto both = token();
  both.compression = Compression::lz4;
  BOOST_REQUIRE(world.layer(both)->set_value("both", "both value", 1h));
  world.store("plain", "plain value");

  const auto strict = world.layer(enveloped());
  for (const auto* const key : {"zlib", "token", "both", "plain"})
    BOOST_TEST(read(*strict, key) == "[miss]");
  BOOST_TEST(counted(*strict, Undecodable::foreign) == 4u);

  auto from_zlib = enveloped(Compression::zstd);
  from_zlib.also_read.compression = Compression::zlib;
  auto cache = world.layer(from_zlib);
  BOOST_TEST(read(*cache, "zlib") == "zlib value");
  BOOST_TEST(read(*cache, "plain") == "[miss]");
  BOOST_TEST(counted(*cache, Undecodable::damaged) == 1u);
  BOOST_TEST(cache->codec_statistics().old_forms_read == 1u);
  from_zlib.also_read.plain = true;
  BOOST_TEST(read(*world.layer(from_zlib), "zlib") == "zlib value");
  BOOST_TEST(read(*world.layer(from_zlib), "plain") == "plain value");

  auto from_token = sealed({key_a, token_key});
  from_token.also_read.fernet256 = true;
  BOOST_TEST(read(*world.layer(from_token), "token") == "token value");
  from_token.also_read.compression = Compression::lz4;
  BOOST_TEST(read(*world.layer(from_token), "both") == "both value");

  // Back from envelopes to bare values.
  BOOST_REQUIRE(world.layer(enveloped(Compression::zstd))->set_value("new", "new value", 1h));
  auto back = bare(Compression::zlib);
  BOOST_TEST(read(*world.layer(back), "new") == "[miss]");
  back.also_read.envelope = true;
  BOOST_TEST(read(*world.layer(back), "new") == "new value");
  BOOST_TEST(read(*world.layer(back), "zlib") == "zlib value");
}

BOOST_AUTO_TEST_CASE(damaged_bare_values_never_give_another_value_of_a_token) {
  const World world;
  const auto cache = world.layer(token());
  BOOST_REQUIRE(cache->set_value("key", "value", 1h));
  test::for_each_damage(world.stored("key"), [&](const std::string& damaged) {
    world.store("key", damaged);
    const auto result = read(*cache, "key");
    BOOST_REQUIRE((result == "[miss]" || result == "value"));
  });
}

// --- limits

BOOST_AUTO_TEST_CASE(values_beyond_the_limit_are_refused_both_ways) {
  const World world;
  for (auto options : {enveloped(Compression::zlib), bare(Compression::zlib), token(), sealed({key_a})}) {
    const auto generous = world.layer(options);
    options.max_value_bytes = ByteSize{1000};
    const auto cache = world.layer(options);
    BOOST_TEST(cache->set_value("key", test::compressible(1000, 1), 1h));
    BOOST_TEST((read(*cache, "key") == test::compressible(1000, 1)));
    const auto refused = cache->write("key", test::compressible(1001, 1), TimeToLive(1h));
    BOOST_REQUIRE(!refused.ok());
    BOOST_TEST((refused.error().code() == ErrorCode::too_large));
    BOOST_TEST(cache->statistics().refusals == 1u);
    BOOST_REQUIRE(generous->set_value("key", test::compressible(30000, 1), 1h));
    BOOST_TEST(read(*cache, "key") == "[miss]");
    BOOST_TEST(counted(*cache, Undecodable::too_large) == 1u);
  }
}

BOOST_AUTO_TEST_CASE(a_bomb_is_refused_by_its_ratio) {
  const World world;
  auto generous = bare(Compression::zlib);
  generous.max_ratio = 100000;
  BOOST_REQUIRE(world.layer(generous)->set_value("bomb", std::string(30 << 20U, '\0'), 1h));
  const auto cache = world.layer(bare(Compression::zlib));
  BOOST_TEST(read(*cache, "bomb") == "[miss]");
  BOOST_TEST(counted(*cache, Undecodable::too_large) == 1u);
  auto envelope = enveloped(Compression::zlib);
  envelope.max_ratio = 100000;
  BOOST_REQUIRE(world.layer(envelope)->set_value("bomb", std::string(30 << 20U, '\0'), 1h));
  BOOST_TEST(read(*world.layer(enveloped()), "bomb") == "[miss]");
}

// --- failures

BOOST_AUTO_TEST_CASE(undecodable_values_are_a_miss_or_an_error_by_choice) {
  const World world;
  world.store("key", "of somebody else");
  auto options = enveloped();
  options.on_undecodable = OnUndecodable::error;
  const auto loud = world.layer(options);
  const auto lookup = loud->get("key");
  BOOST_REQUIRE(lookup.failed());
  BOOST_TEST((lookup.error().code() == ErrorCode::corrupt));
  BOOST_TEST(lookup.error().message() == "the stored value has an unknown form");
  BOOST_TEST(loud->statistics().failures == 1u);
  BOOST_TEST(loud->statistics().misses == 0u);
  const auto quiet = world.layer(enveloped());
  BOOST_TEST(read(*quiet, "key") == "[miss]");
  BOOST_TEST(quiet->statistics().misses == 1u);
  BOOST_TEST(quiet->statistics().hits == 0u);
  BOOST_TEST(quiet->contains("key").value_or(false));
}

BOOST_AUTO_TEST_CASE(an_undecodable_value_is_logged_once_a_minute_for_each_reason) {
  const World world;
  const auto cache = world.layer(sealed({key_a}));
  world.store("key", "of somebody else, with secret words");
  for (int times = 0; times < 5; ++times)
    BOOST_TEST(read(*cache, "key") == "[miss]");
  BOOST_TEST(world.logger->count() == 1u);
  BOOST_TEST(world.logger->records().front().text() ==
             "warning codec: the stored value has an unknown form component=CodecCache "
             "\"sessions\" reason=foreign");
  world.clock->advance(59s);
  BOOST_TEST(read(*cache, "key") == "[miss]");
  BOOST_TEST(world.logger->count() == 1u);
  world.clock->advance(1s);
  BOOST_TEST(read(*cache, "key") == "[miss]");
  BOOST_TEST(world.logger->count() == 2u);
  BOOST_TEST(cache->codec_statistics().undecodable_total() == 7u);
}

BOOST_AUTO_TEST_CASE(failures_of_the_cache_below_are_passed_on) {
  const World world;
  const auto cache = world.layer(enveloped());
  world.memory->stop();
  BOOST_TEST(read(*cache, "key") == "[closed]");
  BOOST_TEST(!cache->set_value("key", "value", 1h));
  BOOST_TEST(!cache->remove("key").ok());
  BOOST_TEST(!cache->contains("key").ok());
  BOOST_TEST(!cache->time_to_live("key").ok());
  BOOST_TEST(cache->statistics().failures == 5u);
}

BOOST_AUTO_TEST_CASE(each_key_that_the_cache_below_fails_on_is_one_failure_of_every_operation) {
  const World world;
  const auto cache = world.layer(enveloped());
  world.memory->stop();
  const std::string_view keys[]{"a", "b"};
  const CacheEntry entries[]{{"a", "1", TimeToLive(1h)}, {"b", "2", TimeToLive(1h)}};
  struct Operation {
    const char* name;
    std::uint64_t failures;
    std::function<void()> run;
  };
  const Operation operations[]{
      {"get", 1, [&] { (void)cache->get("a"); }},
      {"get_many", 2, [&] { (void)cache->get_many(keys); }},
      {"write", 1, [&] { (void)cache->write("a", "1", TimeToLive(1h)); }},
      {"set_many", 2, [&] { (void)cache->set_many(entries); }},
      {"add", 1, [&] { (void)cache->add("a", "1", TimeToLive(1h)); }},
      {"replace", 1, [&] { (void)cache->replace("a", "1", TimeToLive(1h)); }},
      {"remove", 1, [&] { (void)cache->remove("a"); }},
      {"contains", 1, [&] { (void)cache->contains("a"); }},
      {"time_to_live", 1, [&] { (void)cache->time_to_live("a"); }},
      {"expire", 1, [&] { (void)cache->expire("a", 1h); }},
      {"persist", 1, [&] { (void)cache->persist("a"); }},
      {"clear", 1, [&] { (void)cache->clear(); }},
  };
  for (const auto& operation : operations) {
    const auto before = cache->statistics().failures;
    operation.run();
    BOOST_TEST(cache->statistics().failures - before == operation.failures, operation.name);
  }
}

BOOST_AUTO_TEST_CASE(the_bytes_before_and_after_are_counted) {
  const World world;
  const auto cache = world.layer(enveloped(Compression::zstd));
  BOOST_REQUIRE(cache->set_value("a", std::string(10000, 'x'), 1h));
  BOOST_REQUIRE(cache->set_value("b", "short", 1h));
  BOOST_REQUIRE(cache->set_value("c", std::nullopt, 1h));
  const auto statistics = cache->codec_statistics();
  BOOST_TEST(statistics.values_written == 2u);
  BOOST_TEST(statistics.plain_bytes == 10005u);
  BOOST_TEST(statistics.stored_bytes == world.stored("a").size() + world.stored("b").size());
  BOOST_TEST(cache->statistics().entries == 3u);
}

// --- a codec of the program's own

class Refusing final : public ICodec {
 public:
  explicit Refusing(bool throws) : throws_(throws) {}

 protected:
  Status do_encode(ByteView plain, const CodecScope&, std::string& stored) const override {
    stored.assign(plain.text());
    return Done{};
  }
  Status do_decode(ByteView, const CodecScope&, std::size_t, std::string&) const override {
    if (throws_) throw std::runtime_error("quotes the value");
    return Error(ErrorCode::corrupt, "no");
  }

 private:
  bool throws_;
};

BOOST_AUTO_TEST_CASE(a_codec_that_refuses_or_throws_is_an_undecodable_value) {
  const World world;
  for (const bool throws : {false, true}) {
    auto options = enveloped();
    options.codec = Reference<ICodec>(std::make_shared<Refusing>(throws));
    const auto cache = world.layer(options);
    BOOST_REQUIRE(cache->set_value("key", "value", 1h));
    BOOST_TEST(read(*cache, "key") == "[miss]");
    BOOST_TEST(counted(*cache, Undecodable::codec) == 1u);
    // Without the codec the value is not the one that was written.
    BOOST_TEST(read(*world.layer(enveloped()), "key") == "[miss]");
  }
}

BOOST_AUTO_TEST_SUITE_END()
