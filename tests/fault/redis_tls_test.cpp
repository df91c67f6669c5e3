// Who may be talked to, and who not: real servers with good, wrong and missing certificates, and things that
// are no TLS servers at all. A connection that is refused says which check failed.

#include "fault/tls_world.hpp"
#include "support/chaos_proxy.hpp"
#include "support/odd_files.hpp"
#include "support/patient.hpp"
#include "support/sanitized.hpp"
#include "support/scripted_server.hpp"

#include <cachesite/cachesite.hpp>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::test;
using namespace std::chrono_literals;

namespace {

// What the cache says about the server. An empty text: it works.
struct Verdict {
  std::string message = {};
  ErrorCode code = ErrorCode::bad_argument;

  bool good() const { return message.empty(); }
  bool says(std::string_view part) const { return message.find(part) != std::string::npos; }
};

std::ostream& operator<<(std::ostream& stream, const Verdict& verdict) {
  return stream << to_string(verdict.code) << ": " << verdict.message;
}

Verdict verdict_of(const RedisCacheOptions& options) {
  const auto cache = started(options);
  const auto status = cache->write("key", "value", TimeToLive(1min));
  if (!status.ok()) return {std::string(status.error().message()), status.error().code()};
  const auto lookup = cache->get("key");
  if (lookup.failed()) return {std::string(lookup.error().message()), lookup.error().code()};
  if (!lookup.hit() || lookup.value().text() != "value") return {"another value", ErrorCode::corrupt};
  return {};
}

RedisServerOptions with(const RedisServerTls& tls, std::vector<std::string> directives = {}) {
  RedisServerOptions options;
  options.tls = tls;
  options.directives = std::move(directives);
  return options;
}

#define CHECK_REFUSED(verdict, expected_code, part)      \
  do {                                                   \
    const Verdict seen = (verdict);                      \
    BOOST_TEST_INFO(seen);                               \
    BOOST_TEST((seen.code == ErrorCode::expected_code)); \
    BOOST_TEST_INFO(seen);                               \
    BOOST_TEST(seen.says(part));                         \
  } while (false)

}  // namespace

BOOST_AUTO_TEST_SUITE(redis_tls)

BOOST_AUTO_TEST_CASE(a_server_whose_certificate_is_good_is_used_by_name_and_by_address) {
  RedisServer server(with(certificates().server_tls()));
  BOOST_TEST(verdict_of(tls_options(server.tls_port())).message == "");
  BOOST_TEST(verdict_of(tls_options(server.tls_port(), "127.0.0.1")).message == "");
  auto options = tls_options(server.tls_port());
  options.ssl_server_name = "localhost.";
  BOOST_TEST(verdict_of(options).message == "");
}

BOOST_AUTO_TEST_CASE(authorities_may_be_a_directory_with_hashed_names) {
  RedisServer server(with(certificates().server_tls()));
  auto options = tls_options(server.tls_port());
  options.ssl_ca_certs.reset();
  options.ssl_ca_path = certificates().authority_directory();
  BOOST_TEST(verdict_of(options).message == "");
}

BOOST_AUTO_TEST_CASE(an_authority_that_is_not_trusted_is_refused) {
  RedisServer server(with(certificates().server_tls("unknown")));
  CHECK_REFUSED(verdict_of(tls_options(server.tls_port())), refused, "authority that is not trusted");
}

BOOST_AUTO_TEST_CASE(the_authorities_of_the_system_do_not_trust_the_test_server) {
  RedisServer server(with(certificates().server_tls()));
  auto options = tls_options(server.tls_port());
  options.ssl_ca_certs.reset();
  CHECK_REFUSED(verdict_of(options), refused, "authority that is not trusted");
}

BOOST_AUTO_TEST_CASE(a_certificate_for_another_host_is_refused_and_the_host_named) {
  RedisServer server(with(certificates().server_tls("other-host")));
  const auto verdict = verdict_of(tls_options(server.tls_port()));
  CHECK_REFUSED(verdict, refused, "not for \"localhost\"; it is for other.example");
  CHECK_REFUSED(verdict_of(tls_options(server.tls_port(), "127.0.0.1")), refused, "not for \"127.0.0.1\"");
}

BOOST_AUTO_TEST_CASE(a_name_in_the_subject_alone_does_not_count) {
  RedisServer server(with(certificates().server_tls("name-only")));
  CHECK_REFUSED(verdict_of(tls_options(server.tls_port())), refused, "it names no host");
}

BOOST_AUTO_TEST_CASE(the_name_that_is_checked_can_be_given) {
  RedisServer server(with(certificates().server_tls("other-host")));
  auto options = tls_options(server.tls_port());
  options.ssl_server_name = "other.example";
  BOOST_TEST(verdict_of(options).message == "");
  options.ssl_server_name = "another.example";
  CHECK_REFUSED(verdict_of(options), refused, "not for \"another.example\"");
}

BOOST_AUTO_TEST_CASE(an_expired_certificate_is_refused) {
  RedisServer server(with(certificates().server_tls("expired")));
  CHECK_REFUSED(verdict_of(tls_options(server.tls_port())), refused, "certificate has expired");
}

BOOST_AUTO_TEST_CASE(a_self_signed_certificate_is_refused_unless_it_is_among_the_trusted_ones) {
  RedisServer server(with(certificates().server_tls("self-signed")));
  auto options = tls_options(server.tls_port());
  CHECK_REFUSED(verdict_of(options), refused, "self-signed");
  options.ssl_ca_certs = certificates().certificate("self-signed");
  BOOST_TEST(verdict_of(options).message == "");
}

BOOST_AUTO_TEST_CASE(checks_can_be_switched_off_one_by_one) {
  RedisServer other(with(certificates().server_tls("other-host")));
  auto options = tls_options(other.tls_port());
  options.ssl_check_hostname = false;
  BOOST_TEST(verdict_of(options).message == "");
  RedisServer unknown(with(certificates().server_tls("unknown")));
  options = tls_options(unknown.tls_port());
  options.ssl_check_hostname = false;
  CHECK_REFUSED(verdict_of(options), refused, "authority that is not trusted");
  options.ssl_cert_reqs = CertificateRequirement::none;
  BOOST_TEST(verdict_of(options).message == "");
}

BOOST_AUTO_TEST_CASE(a_client_certificate_is_shown_when_the_server_wants_one) {
  for (const char* const protocol : {"TLSv1.2", "TLSv1.3"}) {
    BOOST_TEST_CONTEXT(protocol) {
      RedisServer server(
          with(certificates().server_tls("server", true), {std::string("tls-protocols ") + protocol}));
      auto options = tls_options(server.tls_port());
      CHECK_REFUSED(verdict_of(options), refused, "client certificate: ssl_certfile");
      options.ssl_certfile = certificates().certificate("stranger");
      options.ssl_keyfile = certificates().key("stranger");
      CHECK_REFUSED(verdict_of(options), refused, "does not trust the authority of the client certificate");
      options.ssl_certfile = certificates().certificate("client");
      options.ssl_keyfile = certificates().key("client");
      BOOST_TEST(verdict_of(options).message == "");
    }
  }
}

BOOST_AUTO_TEST_CASE(versions_before_1_2_are_refused) {
  for (const char* const protocol : {"TLSv1", "TLSv1.1"}) {
    BOOST_TEST_CONTEXT(protocol) {
      RedisServer server(with(certificates().server_tls(),
                              {std::string("tls-protocols ") + protocol, "tls-ciphers DEFAULT@SECLEVEL=0"}));
      CHECK_REFUSED(verdict_of(tls_options(server.tls_port())), refused, "needs 1.2 or later");
    }
  }
}

BOOST_AUTO_TEST_CASE(version_1_2_and_version_1_3_work) {
  for (const char* const protocol : {"TLSv1.2", "TLSv1.3"}) {
    BOOST_TEST_CONTEXT(protocol) {
      RedisServer server(with(certificates().server_tls(), {std::string("tls-protocols ") + protocol}));
      BOOST_TEST(verdict_of(tls_options(server.tls_port())).message == "");
    }
  }
}

BOOST_AUTO_TEST_CASE(a_server_that_speaks_plain_redis_costs_no_more_than_the_connect_timeout) {
  RedisServer server;
  auto options = tls_options(server.port());
  options.socket_connect_timeout = 300ms;
  const auto begin = std::chrono::steady_clock::now();
  // Redis 7 says nothing to the handshake, Redis 8 answers in its own protocol.
  CHECK_REFUSED(verdict_of(options), unreachable, "speak TLS on this port?");
  BOOST_TEST((std::chrono::steady_clock::now() - begin < 2s));
}

BOOST_AUTO_TEST_CASE(a_plain_client_at_a_tls_port_fails_in_time) {
  RedisServer server(with(certificates().server_tls()));
  auto options = patient<RedisCacheOptions>();
  options.host = "127.0.0.1";
  options.port = server.tls_port();
  options.socket_connect_timeout = 300ms;
  const auto begin = std::chrono::steady_clock::now();
  BOOST_TEST(!verdict_of(options).good());
  BOOST_TEST((std::chrono::steady_clock::now() - begin < 2s));
}

BOOST_AUTO_TEST_CASE(answers_that_are_no_tls_are_refused_at_once) {
  const std::string record_header("\x16\x03\x03", 3);
  const std::vector<std::string> answers{
      "-ERR unknown command\r\n",
      "+PONG\r\n",
      "HTTP/1.1 400 Bad Request\r\n\r\n",
      std::string(64, '\0'),
      std::string(64, '\xff'),
      record_header + std::string("\xff\xff", 2) + std::string(100, 'x'),
      record_header + std::string("\x00\x04\x02\x00\x00\x00", 6),
      record_header + std::string("\x00\x28", 2) + std::string(40, '\x02'),
      std::string("\x15\x03\x03\x00\x02\x02\x28", 7),
      std::string("\x15\x03\x03\x00\x02\x02\x00", 7),
      std::string("\x17\x03\x03\x00\x05hello", 10),
  };
  for (const auto& bytes : answers) {
    ScriptedServer server(ScriptedServer::always(bytes), {.greeting = {}, .raw = true});
    auto options = tls_options(server.port());
    const auto begin = std::chrono::steady_clock::now();
    const auto verdict = verdict_of(options);
    BOOST_TEST_INFO(verdict);
    BOOST_TEST(!verdict.good());
    BOOST_TEST((std::chrono::steady_clock::now() - begin < 1500ms * slowness));
  }
}

BOOST_AUTO_TEST_CASE(values_of_every_size_come_back_unaltered) {
  RedisServer server(with(certificates().server_tls()));
  auto options = tls_options(server.tls_port());
  options.socket_timeout = 10s;
  const auto cache = started(options);
  for (const std::size_t size :
       {0u, 1u, 63u, 4096u, 16383u, 16384u, 16385u, 65536u, 131072u, 1000000u, 9000000u}) {
    std::string text(size, '\0');
    for (std::size_t index = 0; index < size; ++index)
      text[index] = static_cast<char>(index * 31 + index / 251);
    BOOST_REQUIRE(cache->set_value("size", text, 1min));
    const auto lookup = cache->get("size");
    BOOST_REQUIRE(lookup.hit());
    BOOST_TEST((lookup.value().text() == text));
  }
}

BOOST_AUTO_TEST_CASE(bytes_that_come_one_by_one_are_understood) {
  RedisServer server(with(certificates().server_tls()));
  ChaosProxy proxy(server.tls_port());
  proxy.set(Direction::to_client, {.piece_size = 1});
  proxy.set(Direction::to_server, {.piece_size = 1});
  BOOST_TEST(verdict_of(tls_options(proxy.port())).message == "");
}

BOOST_AUTO_TEST_CASE(an_altered_byte_ends_the_connection_and_never_shows) {
  RedisServer server(with(certificates().server_tls()));
  ChaosProxy proxy(server.tls_port());
  auto options = tls_options(proxy.port());
  options.socket_timeout = 500ms;
  const auto cache = started(options);
  BOOST_REQUIRE(cache->set_value("key", std::string(1000, 'v'), 1min));
  for (std::uint64_t byte = 0; byte < 1000; byte += 83) {
    proxy.set(Direction::to_client, {.corrupt_at = byte});
    const auto lookup = cache->get("key");
    BOOST_TEST((lookup.failed() || (lookup.hit() && lookup.value().text() == std::string(1000, 'v'))));
    proxy.pass();
    BOOST_TEST(wait_until([&] { return cache->get("key").hit(); }, 5s));
  }
}

BOOST_AUTO_TEST_CASE(a_server_that_restarts_between_two_calls_costs_no_read) {
  RedisServer server(with(certificates().server_tls()));
  auto options = tls_options(server.tls_port());
  const auto cache = started(options);
  BOOST_REQUIRE(cache->set_value("key", "value", 1min));
  for (int round = 0; round < 3; ++round) {
    server.kill();
    server.restart();
    BOOST_TEST(!cache->get("key").failed());
  }
}

BOOST_AUTO_TEST_CASE(files_that_cannot_be_used_are_refused_when_the_cache_is_made_and_named) {
  const auto refusal = [](const RedisCacheOptions& options) -> std::string {
    try {
      const RedisCache cache(options);
    } catch (const std::invalid_argument& problem) {
      return problem.what();
    }
    return "";
  };
  auto options = tls_options(1);
  options.ssl_ca_certs = "/nowhere/authority.pem";
  BOOST_TEST(refusal(options) ==
             "ssl_ca_certs: cannot read /nowhere/authority.pem: no such file or directory");
  options.ssl_ca_certs = "/dev/null";
  BOOST_TEST(refusal(options).starts_with("ssl_ca_certs: /dev/null "));
  options.ssl_ca_certs = certificates().authority_directory();
  BOOST_TEST(refusal(options).ends_with("is not a file"));
  options.ssl_ca_certs.reset();
  options.ssl_ca_path = certificates().authority_file();
  BOOST_TEST(refusal(options).ends_with("is not a directory"));
  options.ssl_ca_path.reset();
  options.ssl_certfile = certificates().key("client");
  BOOST_TEST(refusal(options).ends_with("holds no certificate in PEM form"));
  options.ssl_certfile = certificates().certificate("client");
  BOOST_TEST(refusal(options).find("holds no key in PEM form") != std::string::npos);
  options.ssl_keyfile = certificates().key("server");
  BOOST_TEST(refusal(options).ends_with("holds the key of another certificate"));
  options.ssl_keyfile = certificates().key("client");
  BOOST_TEST(refusal(options) == "");
}

BOOST_AUTO_TEST_CASE(a_path_that_is_no_regular_file_is_refused_at_once_for_each_parameter) {
  const OddFiles odd;
  for (const auto parameter :
       {&RedisCacheOptions::ssl_ca_certs, &RedisCacheOptions::ssl_certfile, &RedisCacheOptions::ssl_keyfile})
    for (const auto& path : odd.paths()) {
      auto options = tls_options(1);
      options.ssl_certfile = certificates().certificate("client");
      options.ssl_keyfile = certificates().key("client");
      options.*parameter = path;
      const auto told = odd.when_opened([&]() -> std::string {
        try {
          const RedisCache cache(options);
          return "it was opened";
        } catch (const std::invalid_argument& problem) {
          return problem.what();
        }
      });
      BOOST_TEST(told.starts_with("ssl_"), told);
      BOOST_TEST(told.find(path) != std::string::npos, told);
    }
}

BOOST_AUTO_TEST_CASE(the_sample_file_loads_and_works) {
  RedisServer server(
      {.users = {"default off", "shop on >right ~* +@all"}, .tls = certificates().server_tls()});
  const auto url = "rediss://shop:right@localhost:" + std::to_string(server.tls_port()) + "/0";
  ::setenv("REDIS_URL", url.c_str(), 1);
  ::setenv("REDIS_CA", certificates().authority_file().c_str(), 1);
  LoadOptions options;
  options.allow_substitution = true;
  const auto site = load_component_site(std::filesystem::path(CACHESITE_CONFIGS) / "redis-tls.yml", options);
  ::unsetenv("REDIS_URL");
  ::unsetenv("REDIS_CA");
  const auto cache = site->get_component<ICache>("sessions");
  BOOST_TEST(cache->set_value("key", "value", 1min));
  BOOST_TEST(cache->get("key").hit());
  const auto statistics = site->get_component<IRedisStatistics>("sessions")->endpoint_statistics();
  BOOST_REQUIRE(statistics.size() == 1u);
  BOOST_TEST(statistics[0].answered == 2u);
}

BOOST_AUTO_TEST_SUITE_END()
