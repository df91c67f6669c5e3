#include <cachesite/redis_cache.hpp>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace std::chrono_literals;

namespace {

RedisConnectionOptions with_url(std::string url) {
  RedisConnectionOptions options;
  options.url = Secret(std::move(url));
  return options;
}

// What is wrong, as "parameter: message"; empty when all is well.
std::string complaint(const RedisConnectionOptions& options) {
  const auto complaints = options.complaints();
  return complaints.empty() ? "" : complaints.front().parameter + ": " + complaints.front().message;
}

RedisConnectionOptions read(const std::string& url) {
  const auto options = with_url(url);
  BOOST_TEST_INFO(url);
  BOOST_TEST(complaint(options) == "");
  return options.resolved();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(redis_connection_options)

BOOST_AUTO_TEST_CASE(a_url_gives_host_port_and_database) {
  const auto options = read("redis://cache.example:6380/7");
  BOOST_TEST(options.host == "cache.example");
  BOOST_TEST(options.port == 6380);
  BOOST_TEST(options.db == 7u);
  BOOST_TEST(!options.ssl);
  BOOST_TEST(!options.url.has_value());
}

BOOST_AUTO_TEST_CASE(what_a_url_leaves_out_stays_as_it_was) {
  for (const char* const url : {"redis://", "redis:///", "redis://localhost", "REDIS://localhost:6379/0"}) {
    const auto options = read(url);
    BOOST_TEST(options.host == "localhost");
    BOOST_TEST(options.port == 6379);
    BOOST_TEST(options.db == 0u);
    BOOST_TEST(!options.password.has_value());
  }
  auto options = with_url("redis://cache.example");
  options.port = 7000;
  options.socket_timeout = 1s;
  BOOST_TEST(complaint(options) == "");
  BOOST_TEST(options.resolved().port == 7000);
  BOOST_TEST((options.resolved().socket_timeout == 1s));
}

BOOST_AUTO_TEST_CASE(rediss_means_tls) {
  BOOST_TEST(read("rediss://cache.example").ssl);
  auto options = with_url("redis://cache.example");
  options.ssl = true;
  BOOST_TEST(complaint(options) == "");
  BOOST_TEST(options.resolved().ssl);
}

BOOST_AUTO_TEST_CASE(user_and_password_are_percent_decoded) {
  auto options = read("redis://ad%6Din:p%40ss%3a%2F%25w+rd@localhost");
  BOOST_TEST(options.username.value() == "admin");
  BOOST_TEST((options.password->reveal() == "p@ss:/%w+rd"));
  options = read("redis://:secret@localhost");
  BOOST_TEST(!options.username.has_value());
  BOOST_TEST((options.password->reveal() == "secret"));
  options = read("redis://user:a@b@localhost");
  BOOST_TEST((options.password->reveal() == "a@b"));
  BOOST_TEST(options.host == "localhost");
}

BOOST_AUTO_TEST_CASE(an_ipv6_address_stands_in_brackets) {
  auto options = read("redis://[::1]:7001/1");
  BOOST_TEST(options.host == "::1");
  BOOST_TEST(options.port == 7001);
  BOOST_TEST(read("redis://[fe80::1]").host == "fe80::1");
}

BOOST_AUTO_TEST_CASE(a_unix_url_gives_a_socket) {
  const auto options = read("unix://user:pass%20word@/run/re%20dis.sock?db=3");
  BOOST_TEST(options.unix_socket_path.value() == "/run/re dis.sock");
  BOOST_TEST(options.db == 3u);
  BOOST_TEST((options.password->reveal() == "pass word"));
  BOOST_TEST(complaint(with_url("unix://run/redis.sock")) ==
             "url: the URL of a socket holds an absolute path: unix:///run/redis.sock");
  BOOST_TEST(complaint(with_url("unix://")) != "");
}

BOOST_AUTO_TEST_CASE(the_query_sets_parameters_as_python_programs_write_them) {
  const auto options = read(
      "rediss://localhost?socket_timeout=0.25&socket_connect_timeout=2&client_name=web%2D1&health_check_"
      "interval=30&socket_keepalive=False&retry_on_timeout=Yes&max_connections=5&ssl_cert_reqs=none&ssl_"
      "check_hostname=false&ssl_ca_certs=/etc/ca.pem&decode_responses=True&encoding=utf-8");
  BOOST_TEST((options.socket_timeout == 250ms));
  BOOST_TEST((options.socket_connect_timeout == 2s));
  BOOST_TEST(options.client_name.value() == "web-1");
  BOOST_TEST((options.health_check_interval == 30s));
  BOOST_TEST(!options.socket_keepalive);
  BOOST_TEST(options.retry_on_timeout);
  BOOST_TEST(options.max_connections.value() == 5u);
  BOOST_TEST((options.ssl_cert_reqs == CertificateRequirement::none));
  BOOST_TEST(!options.ssl_check_hostname);
  BOOST_TEST(options.ssl_ca_certs.value() == "/etc/ca.pem");
}

BOOST_AUTO_TEST_CASE(a_url_that_contradicts_a_parameter_is_reported_at_the_parameter) {
  const auto at = [](auto&& change, const char* url) {
    auto options = with_url(url);
    change(options);
    return complaint(options);
  };
  BOOST_TEST(at([](auto& options) { options.host = "other"; }, "redis://cache.example") ==
             "host: host is in the URL too, with another value");
  BOOST_TEST(at([](auto& options) { options.db = 2; }, "redis://cache.example/3") ==
             "db: db is in the URL too, with another value");
  BOOST_TEST(at([](auto& options) { options.password = Secret("a"); }, "redis://:b@localhost") ==
             "password: password is in the URL too, with another value");
  BOOST_TEST(at([](auto& options) { options.unix_socket_path = "/run/redis.sock"; }, "redis://localhost") ==
             "unix_socket_path: the URL names a host, and unix_socket_path a socket");
  BOOST_TEST(at([](auto& options) { options.db = 3; }, "redis://localhost/3") == "");
  BOOST_TEST(at([](auto&) {}, "redis://localhost/3?db=4") == "url: the URL gives db twice");
}

BOOST_AUTO_TEST_CASE(a_malformed_url_is_reported_without_showing_any_of_it) {
  for (const std::string url : {
           "CANARY",
           "http://CANARY@localhost",
           "redis:CANARY",
           "redis://user:CANARY%zz@localhost",
           "redis://user:CANARY%4",
           "redis://user:CANARY#x@localhost",
           "redis://user:CANARY/x@localhost",
           "redis://user:12?CANARY@localhost",
           "redis://user:12?CANARY=1@localhost",
           "redis://localhost:CANARY",
           "redis://localhost:99999/CANARY",
           "redis://localhost/CANARY",
           "redis://local CANARY",
           "redis://[::1CANARY",
           "redis://[::1]CANARY",
           "redis://localhost?socket_timeout=CANARY",
           "redis://localhost?socket_timeout=0&db=CANARY",
           "redis://localhost?ssl_cert_reqs=CANARY",
           "redis://localhost?socket_keepalive=CANARY",
           "redis://localhost?url=CANARY",
           "redis://localhost?CANARY",
           "unix://CANARY/run/redis.sock",
           "redis://user@localhost?client_name=CANARY%0a",
           "redis://CANARY:secret@other.example",
       }) {
    const auto complaints = with_url(url).complaints();
    BOOST_TEST_INFO(url);
    BOOST_TEST(!complaints.empty());
    for (const auto& each : complaints) {
      BOOST_TEST_INFO(url << " -> " << each.message);
      BOOST_TEST(each.message.find("CANARY") == std::string::npos);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_mark_in_a_password_that_ends_it_is_told_how_to_write) {
  const std::string cure = "; in a user or password, / is written %2F and ? is written %3F";
  for (const char* const url :
       {"redis://:a/b@localhost", "redis://:a?b@localhost", "redis://user:1/2@localhost:6379",
        "redis://u/ser:12@localhost", "redis://user:12?db=1@localhost", "redis://:p@ss/w@localhost",
        "unix://user:a/b@/run/redis.sock"})
    BOOST_TEST(complaint(with_url(url)).find(cure) != std::string::npos,
               url << " " << complaint(with_url(url)));
  for (const char* const url :
       {"redis://localhost:x", "redis://user:pass@localhost/x", "redis://localhost/1/2"})
    BOOST_TEST(complaint(with_url(url)).find(cure) == std::string::npos, url);
  BOOST_TEST(read("redis://localhost?client_name=a@b").client_name.value() == "a@b");
  BOOST_TEST(read("unix:///run/a@b.sock").unix_socket_path.value() == "/run/a@b.sock");
}

BOOST_AUTO_TEST_CASE(a_number_in_a_url_is_digits_only) {
  for (const char* const url :
       {"redis://localhost:+7701", "redis://localhost:07701", "redis://localhost:-1", "redis://localhost/+1",
        "redis://localhost/01", "redis://localhost?channels=%2B2"})
    BOOST_TEST(complaint(with_url(url)).find("should be an integer") != std::string::npos, url);
}

BOOST_AUTO_TEST_CASE(a_host_is_checked_as_the_host_of_a_url_is) {
  const auto verdict = [](const std::string& host) {
    RedisConnectionOptions options;
    options.host = host;
    return complaint(options);
  };
  for (const char* const host :
       {"localhost", "127.0.0.1", "::1", "fe80::1%eth0", "cache-1.shop_x.example.", "a"})
    BOOST_TEST(verdict(host) == "", host);
  BOOST_TEST(verdict("redis://127.0.0.1") == "host: the host is a URL, which is given as url");
  BOOST_TEST(verdict("127.0.0.1:7701") == "host: the host holds a colon; a port is given as port");
  BOOST_TEST(verdict("") == "host: the host is empty");
  for (const char* const host : {" localhost", "localhost ", "a b", "user@host", "host/1", "${HOST}", "[::1]",
                                 "\xc3\xa4", "a\n", "\x7f"})
    BOOST_TEST(verdict(host) == "host: the host holds a character that is not allowed in a host", host);
  for (const char* const url : {"redis://a%20b", "redis://a%2Fb", "redis://a%40b", "redis://%5B::1%5D"})
    BOOST_TEST(
        complaint(with_url(url)) == "url: the URL's host holds a character that is not allowed in a host",
        url);
  RedisConnectionOptions socket;
  socket.host = "";
  socket.unix_socket_path = "/run/redis.sock";
  BOOST_TEST(complaint(socket) == "");
}

BOOST_AUTO_TEST_CASE(a_user_without_a_password_has_an_empty_one_that_is_written) {
  RedisConnectionOptions options;
  options.username = "np";
  BOOST_TEST(complaint(options).starts_with("username: a username needs a password; "));
  options.password = Secret("");
  BOOST_TEST(complaint(options) == "");
  BOOST_TEST((read("redis://np:@localhost").password->reveal() == ""));
  BOOST_TEST(complaint(with_url("redis://np@localhost")).starts_with("username: "));
  BOOST_TEST(!read("redis://:@localhost").password.has_value());
  options.host = "cache.example";
  BOOST_TEST(complaint(options) == "");
  options.host = "localhost";
  options.sentinels = {"localhost:26379"};
  options.service_name = "shop";
  options.sentinel_username = "np";
  BOOST_TEST(complaint(options).starts_with("sentinel_username: "));
  options.sentinel_password = Secret("");
  BOOST_TEST(complaint(options) == "");
}

BOOST_AUTO_TEST_CASE(a_mistyped_query_option_gets_a_suggestion) {
  BOOST_TEST(
      complaint(with_url("redis://localhost?sokcet_timeout=1")).find("did you mean \"socket_timeout\"?") !=
      std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_password_goes_unencrypted_to_this_machine_only) {
  const auto verdict = [](const std::string& host) {
    RedisConnectionOptions options;
    options.host = host;
    options.password = Secret("secret");
    return complaint(options).empty();
  };
  for (const char* const host :
       {"localhost", "LocalHost.", "cache.localhost", "127.0.0.1", "127.1.2.3", "::1"})
    BOOST_TEST(verdict(host), host);
  for (const char* const host : {"cache.example", "127.evil.example", "127.0.0.1.example", "10.0.0.1", "::2",
                                 "localhost.example", "mylocalhost", "0.0.0.0"})
    BOOST_TEST(!verdict(host), host);

  BOOST_TEST(
      complaint(with_url("redis://:secret@cache.example")).starts_with("url: the password would be sent"));
  BOOST_TEST(complaint(with_url("rediss://:secret@cache.example")) == "");
  BOOST_TEST(complaint(with_url("redis://:secret@cache.example?allow_plaintext_auth=true")) == "");
  RedisConnectionOptions options;
  options.host = "cache.example";
  options.password = Secret("secret");
  options.ssl = true;
  BOOST_TEST(complaint(options) == "");
}

BOOST_AUTO_TEST_CASE(tls_parameters_without_tls_are_a_mistake) {
  RedisConnectionOptions options;
  options.ssl_ca_certs = "/etc/ca.pem";
  BOOST_TEST(complaint(options).starts_with("ssl_ca_certs: "));
  options.ssl = true;
  BOOST_TEST(complaint(options) == "");
  options.ssl_keyfile = "/etc/key.pem";
  BOOST_TEST(complaint(options).starts_with("ssl_keyfile: "));
  options.ssl_certfile = "/etc/certificate.pem";
  BOOST_TEST(complaint(options) == "");
  options.unix_socket_path = "/run/redis.sock";
  BOOST_TEST(complaint(options).starts_with("ssl: "));
}

BOOST_AUTO_TEST_CASE(a_cache_has_the_parameters_of_its_connection_and_its_own) {
  const auto table = RedisCacheOptions::parameters();
  RedisCacheOptions options;
  table.find("port")->store(&options, {std::int64_t{7}});
  table.find("prefix")->store(&options, {std::string("p:")});
  table.find("ssl_cert_reqs")->store(&options, {std::string("none")});
  BOOST_TEST(options.port == 7);
  BOOST_TEST(options.prefix == "p:");
  BOOST_TEST((options.ssl_cert_reqs == CertificateRequirement::none));
  BOOST_TEST((table.find("port")->load(&options) == ParameterValue{std::int64_t{7}}));
}

BOOST_AUTO_TEST_SUITE_END()
