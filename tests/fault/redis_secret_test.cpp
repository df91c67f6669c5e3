// Passwords in every place that takes one, on every path that goes wrong; then everything that came out is
// searched for them.

#include "fault/secret_hunt.hpp"
#include "fault/tls_world.hpp"
#include "support/chaos_proxy.hpp"
#include "support/patient.hpp"
#include "support/process.hpp"
#include "support/scripted_server.hpp"
#include "support/temporary_directory.hpp"

#include <cachesite/cachesite.hpp>
#include <cachesite/redis_connection.hpp>

#include <cstdlib>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::test;
using namespace std::chrono_literals;

namespace {

/// Everything that a path let out.
class Traces {
 public:
  void add(std::string_view text) {
    text_ += text;
    text_ += '\n';
  }
  void add(const Health& health) { add(health.reason); }
  void add(const std::vector<RedisEndpointStatistics>& all) {
    for (const auto& each : all) {
      add(each.address);
      add(each.last_error);
    }
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

// Uses the cache in every way; collects what it says. Returns the number of failures.
int use(RedisCache& cache, Traces& traces) {
  int failures = 0;
  const auto note = [&](const Error& error) {
    ++failures;
    traces.add(error.message());
  };
  const auto written = cache.write("key", "value", TimeToLive(1min));
  if (!written.ok()) note(written.error());
  const auto lookup = cache.get("key");
  if (lookup.failed()) note(lookup.error());
  if (const auto removed = cache.remove("key"); !removed.ok()) note(removed.error());
  traces.add(cache.health());
  traces.add(cache.endpoint_statistics());
  return failures;
}

void check_clean(const SecretHunt& hunt, const Traces& traces, std::string_view path) {
  const auto found = hunt.found_in(traces.text());
  BOOST_TEST_INFO(path << ": " << traces.text());
  BOOST_TEST(found == "");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(redis_secrets)

BOOST_AUTO_TEST_CASE(no_failure_at_run_time_shows_a_password) {
  RedisServer locked(
      {.users = {"default off", "app on >right ~app:* +get"}, .tls = certificates().server_tls()});
  RedisServer wrong_host({.tls = certificates().server_tls("other-host")});
  RedisServer wants_certificate({.tls = certificates().server_tls("server", true)});
  RedisServer frozen;
  frozen.freeze();
  ChaosProxy cutting(locked.port());
  cutting.set(Direction::to_client, {.cut_after = 3});
  ChaosProxy refusing(locked.port());
  refusing.set_accepting(Accepting::refuse);
  ChaosProxy black_hole(locked.port());
  black_hole.set_accepting(Accepting::black_hole);
  ScriptedServer echo([](const ScriptedCommand& command) -> ScriptedAnswer {
    return {"-ERR unknown command " + command.text() + "\r\n"};
  });
  ScriptedServer echo_with_arguments([](const ScriptedCommand& command) -> ScriptedAnswer {
    return {"-ERR unknown command 'AUTH', with args beginning with: '" + command.text() + "'\r\n"};
  });
  ScriptedServer echo_status(
      [](const ScriptedCommand& command) -> ScriptedAnswer { return {"+" + command.text() + "\r\n"}; });
  ScriptedServer echo_bulk([](const ScriptedCommand& command) -> ScriptedAnswer {
    const auto text = command.text();
    return {"$" + std::to_string(text.size()) + "\r\n" + text + "\r\n"};
  });
  ScriptedServer echo_garbage(
      [](const ScriptedCommand& command) -> ScriptedAnswer { return {command.text() + "\r\n"}; });
  ScriptedServer closing([](const ScriptedCommand& command) -> ScriptedAnswer {
    return {"-" + command.text(), ScriptedAnswer::Then::close};
  });
  ScriptedServer raw_echo(
      [](const ScriptedCommand& command) -> ScriptedAnswer { return {command.arguments[0]}; },
      {.greeting = {}, .raw = true});

  struct Place {
    const char* name;
    std::uint16_t port;
    bool ssl;
  };
  const std::vector<Place> places{
      {"locked", locked.port(), false},
      {"locked, TLS", locked.tls_port(), true},
      {"TLS to plain", locked.port(), true},
      {"plain to TLS", locked.tls_port(), false},
      {"wrong host", wrong_host.tls_port(), true},
      {"wants certificate", wants_certificate.tls_port(), true},
      {"frozen", frozen.port(), false},
      {"cutting", cutting.port(), false},
      {"cutting, TLS", cutting.port(), true},
      {"refusing", refusing.port(), false},
      {"black hole", black_hole.port(), false},
      {"echo", echo.port(), false},
      {"echo with arguments", echo_with_arguments.port(), false},
      {"echo status", echo_status.port(), false},
      {"echo bulk", echo_bulk.port(), false},
      {"echo garbage", echo_garbage.port(), false},
      {"closing", closing.port(), false},
      {"raw echo", raw_echo.port(), false},
      {"raw echo, TLS", raw_echo.port(), true},
  };
  int paths = 0;
  for (const auto& place : places) {
    for (const bool by_url : {false, true}) {
      for (const char* const user : {"", "app"}) {
        const SecretHunt hunt;
        auto options = patient<RedisCacheOptions>();
        options.host = "localhost";
        if (by_url) {
          options.url = Secret(std::string(place.ssl ? "rediss://" : "redis://") + user + ":" +
                               hunt.in_url() + "@localhost:" + std::to_string(place.port));
        } else {
          options.port = place.port;
          options.ssl = place.ssl;
          if (*user != '\0') options.username = user;
          options.password = Secret(hunt.secret());
        }
        if (place.ssl) options.ssl_ca_certs = certificates().authority_file();
        options.socket_timeout = 60ms;
        options.socket_connect_timeout = 60ms;
        options.reconnect_max_delay = 50ms;
        const auto logger = std::make_shared<CollectingLogger>();
        Traces traces;
        {
          const auto cache = started(options, logger);
          BOOST_TEST_INFO(place.name);
          BOOST_TEST(use(*cache, traces) > 0);
          cache->stop();
          use(*cache, traces);
        }
        traces.add(logger->text());
        check_clean(hunt, traces, place.name);
        ++paths;
      }
    }
  }
  BOOST_TEST(paths == static_cast<int>(places.size()) * 4);
}

BOOST_AUTO_TEST_CASE(no_mistake_in_a_file_shows_a_password) {
  TemporaryDirectory directory;
  const std::string nobody = directory.file("nobody.pem");
  const std::string key = directory.write("key.pem", "no key");
  // S is the secret, U the secret as it stands in a URL.
  const std::vector<std::string> mistakes{
      R"(host: cache.example, password: "S")",
      R"(username: user, password: "", url: "redis://:U@localhost")",
      R"(password: ["S"])",
      R"(password: {a: "S"})",
      R"(password: "S", port: 0)",
      R"(password: "S", prot: 1)",
      R"(password: "S", password: "S")",
      R"(pasword: "S")",
      R"(passwd: "S")",
      R"(ulr: "redis://:U@localhost")",
      R"(host: "redis://:U@localhost", port: 0)",
      R"(password: "S", url: "redis://:other@localhost")",
      R"(password: other, url: "redis://:U@localhost")",
      R"(url: "U")",
      R"(url: "http://:U@localhost")",
      R"(url: "redis://:S@localhost")",
      R"(url: "redis://:U@cache.example")",
      R"(url: "redis://U:x@cache.example")",
      R"(url: "redis://:U@localhost/U")",
      R"(url: "redis://:U@localhost:U")",
      R"(url: "redis://:U@localhost?U=1")",
      R"(url: "redis://:U@localhost?socket_timeout=U")",
      R"(url: "redis://:U@localhost?ssl_certfile=U")",
      R"(url: "rediss://:U@localhost?ssl_ca_certs=)" + nobody + "\"",
      R"(url: "redis://localhost?password=U&db=x")",
      R"(url: ["redis://:U@localhost"])",
      R"(ssl: true, password: "S", ssl_ca_certs: ")" + nobody + "\"",
      R"(ssl: true, ssl_password: "S", ssl_certfile: ")" + certificates().certificate("client") +
          R"(", ssl_keyfile: ")" + key + "\"",
      R"(ssl_password: "S", ssl_keyfile: ")" + key + "\"",
      R"(password: "${env:HUNT_SECRET}", port: 0)",
      R"(password: "${env:HUNT_SECRET}", host: cache.example)",
      R"(port: "${env:HUNT_SECRET}")",
      R"(socket_timeout: "${env:HUNT_SECRET}")",
      R"(null_as: "${env:HUNT_SECRET}")",
      R"(url: "${env:HUNT_SECRET}")",
      R"(url: "redis://:${env:HUNT_SECRET}@localhost:x")",
      R"(ssl: true, ssl_ca_certs: "${env:HUNT_SECRET}")",
      R"(client_name: "${env:HUNT_SECRET}")",
      R"(password: "${file:)" + directory.file("secret") + R"(}", host: cache.example)",
  };
  for (const std::string class_name : {"RedisCache", "RedisConnection"}) {
    for (const auto& mistake : mistakes) {
      const SecretHunt hunt;
      directory.write("secret", hunt.secret());
      ::setenv("HUNT_SECRET", hunt.secret().c_str(), 1);
      std::string parameters;
      for (const char each : mistake)
        if (each == 'S' && parameters.ends_with('"'))
          parameters += hunt.secret();
        else if (each == 'S' && parameters.ends_with(':'))
          parameters += hunt.secret();
        else if (each == 'U' && parameters.find_last_of("\":/?=@") == parameters.size() - 1)
          parameters += hunt.in_url();
        else
          parameters += each;
      const std::string interface_name = class_name == "RedisCache" ? "ICache" : "IRedis";
      const std::string text = "- {class: " + class_name + ", entries: [{interface: " + interface_name +
                               "}], " + parameters + "}\n";
      const auto logger = std::make_shared<CollectingLogger>();
      LoadOptions options;
      options.allow_substitution = true;
      options.logger = logger;
      Traces traces;
      bool failed = false;
      try {
        (void)load_component_site_from_text(text, Format::yaml, options);
      } catch (const LoadError& error) {
        failed = true;
        traces.add(error.what());
        for (const auto& problem : error.problems()) {
          traces.add(problem.message);
          traces.add(problem.hint);
        }
      }
      traces.add(logger->text());
      BOOST_TEST_INFO(class_name << ": " << mistake);
      BOOST_TEST(failed);
      check_clean(hunt, traces, class_name + ": " + mistake);
    }
  }
  ::unsetenv("HUNT_SECRET");
}

BOOST_AUTO_TEST_CASE(no_dump_and_no_description_shows_a_password) {
  for (const Format format : {Format::yaml, Format::json}) {
    const SecretHunt hunt;
    const std::string text =
        "- class: RedisCache\n"
        "  entries: [{interface: ICache}]\n"
        "  ssl: true\n"
        "  username: user\n"
        "  password: \"" +
        hunt.secret() +
        "\"\n"
        "  ssl_password: \"" +
        hunt.secret() +
        "\"\n"
        "- class: RedisCache\n"
        "  entries: [{interface: ICache, name: other}]\n"
        "  url: \"redis://user:" +
        hunt.in_url() + "@localhost\"\n";
    const auto logger = std::make_shared<CollectingLogger>();
    LoadOptions options;
    options.logger = logger;
    const auto site = load_component_site_from_text(text, Format::yaml, options);
    Traces traces;
    traces.add(dump_component_site(*site, format));
    traces.add(write_document(describe_component_site(*site), format));
    traces.add(logger->text());
    BOOST_TEST(traces.text().find(Secret::mask) != std::string::npos);
    check_clean(hunt, traces, "dump");
  }
}

BOOST_AUTO_TEST_CASE(a_key_that_does_not_open_shows_no_password_and_asks_nobody) {
  TemporaryDirectory directory;
  const SecretHunt right;
  run_checked({"openssl", "pkey", "-in", certificates().key("client"), "-aes256", "-passout",
               "pass:" + right.secret(), "-out", directory.file("locked.key")});
  auto options = patient<RedisCacheOptions>();
  options.ssl = true;
  options.ssl_certfile = certificates().certificate("client");
  options.ssl_keyfile = directory.file("locked.key");
  const auto refusal = [&]() -> std::string {
    try {
      const RedisCache cache(options);
    } catch (const std::invalid_argument& problem) {
      return problem.what();
    }
    return "";
  };
  BOOST_TEST(refusal().find("ssl_password") != std::string::npos);
  const SecretHunt wrong;
  options.ssl_password = Secret(wrong.secret());
  Traces traces;
  traces.add(refusal());
  BOOST_TEST(traces.text().find("ssl_password") != std::string::npos);
  check_clean(wrong, traces, "wrong key password");
  options.ssl_password = Secret(right.secret());
  BOOST_TEST(refusal() == "");
}

BOOST_AUTO_TEST_CASE(the_hunt_finds_what_is_there) {
  const SecretHunt hunt;
  BOOST_TEST(hunt.found_in("nothing here") == "");
  BOOST_TEST(hunt.found_in("password " + hunt.secret() + "!") == "plain");
  BOOST_TEST(hunt.found_in("redis://:" + hunt.in_url() + "@host") == "url");
  BOOST_TEST(hunt.found_in(hunt.secret().substr(0, 8)) == "head");
}

BOOST_AUTO_TEST_SUITE_END()
