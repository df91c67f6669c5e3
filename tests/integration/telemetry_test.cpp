#include "support/collector.hpp"
#include "support/process.hpp"
#include "support/redis_server.hpp"
#include "support/sanitized.hpp"
#include "support/scripted_server.hpp"
#include "support/socket_actions.hpp"
#include "support/temporary_directory.hpp"
#include "support/test_certificates.hpp"
#include "support/wait_until.hpp"

#include <cachesite/cachesite.hpp>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <sys/wait.h>
#include <unistd.h>

using namespace cachesite;
using namespace cachesite::test;
using namespace std::chrono_literals;
using nlohmann::json;

namespace {

// A collector in a process of its own, which takes only what the schema of the protocol allows.
class CollectorProcess {
 public:
  CollectorProcess() : process_({"python3", CACHESITE_COLLECTOR, file()}) {
    BOOST_REQUIRE(process_.wait_for_output("\n", 30s));
    const auto output = process_.output();
    port_ = output.substr(5, output.find('\n') - 5);
  }

  std::string url() const { return "http://127.0.0.1:" + port_; }
  std::string faults() const { return process_.errors(); }
  std::vector<json> all(const std::string& kind) const {
    std::vector<json> found;
    std::ifstream lines(file());
    for (std::string line; std::getline(lines, line);)
      if (const auto read = json::parse(line); read.contains(kind)) found.push_back(read[kind]);
    return found;
  }

 private:
  std::string file() const { return (folder_.path() / "collected.jsonl").string(); }

  TemporaryDirectory folder_;
  Process process_;
  std::string port_;
};

std::string traced_redis(const RedisServer& server, const std::string& collector,
                         const std::string& more = {}) {
  return "- class: OpenTelemetryExporter\n"
         "  entries: [{interface: ITelemetry}]\n"
         "  endpoint: " +
         collector +
         "\n"
         "  service_name: shop\n"
         "  sample_ratio: 1\n"
         "  flush_every: 1h\n"
         "  metrics_interval: 1h\n" +
         more +
         "- class: OpenTelemetryHook\n"
         "  entries: [{interface: ICacheHook, name: traces}]\n"
         "  telemetry: ''\n"
         "- class: RedisCache\n"
         "  entries: [{interface: ICache, name: store}, {interface: IRedisStatistics, name: store}]\n"
         "  socket_timeout: 5s\n"
         "  port: " +
         std::to_string(server.port()) +
         "\n"
         "- class: HookedCache\n"
         "  entries: [{interface: ICache, name: sessions}]\n"
         "  over: store\n"
         "  hooks: [traces]\n";
}

void flush(ComponentSite& site) {
  const auto flushed = site.get_component<ITelemetry>()->flush(30s);
  BOOST_TEST(flushed.ok(), (flushed.ok() ? "" : std::string(flushed.error().message())));
}

std::set<std::string> names_of(const json& span) {
  std::set<std::string> names;
  for (const auto& attribute : span["attributes"])
    names.insert(attribute["key"].get<std::string>());
  return names;
}

// Every call of ICache, some of which fail.
void use_everything(ICache& cache) {
  cache.set_value("user:42", "Ada", 30min);
  (void)cache.get_value("user:42");
  (void)cache.add("user:42", ByteView("Grace"), 1h);
  (void)cache.replace("user:42", ByteView("Grace"), 1h);
  (void)cache.increment("counter", 5, 1h);
  (void)cache.increment("user:42", 5, 1h);
  (void)cache.contains("user:42");
  (void)cache.time_to_live("user:42");
  (void)cache.expire("user:42", 1h);
  (void)cache.persist("user:42");
  (void)cache.get_many({"user:42", "user:43", "counter"});
  (void)cache.set_many({{"a", "1", 1h}, {"b", "2", 1h}});
  (void)cache.remove_many({"a", "b"});
  (void)cache.remove("counter");
  (void)cache.remove_matching("user:*");
  (void)cache.size();
  (void)cache.clear();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(telemetry_integration)

BOOST_AUTO_TEST_CASE(each_request_of_every_call_is_as_the_schema_of_the_protocol_wants) {
  const RedisServer server;
  for (const std::string conventions : {"stable", "redis_kit", "both"}) {
    const CollectorProcess collector;
    const auto site = load_component_site_from_text(
        traced_redis(server, collector.url(), "  conventions: " + conventions + "\n  keys: plain\n"),
        Format::yaml);
    use_everything(*site->get_component<ICache>("sessions"));
    flush(*site);
    site->stop();
    BOOST_TEST(collector.faults() == "");
    const auto spans = collector.all("span");
    const auto of_servers =
        std::count_if(spans.begin(), spans.end(), [](const json& span) { return span["kind"] == 3; });
    BOOST_TEST(static_cast<std::size_t>(of_servers) + 17u == spans.size());
    BOOST_TEST((of_servers == 0) == (conventions == "redis_kit"));
    BOOST_TEST(collector.all("metric").size() >= 15u);
  }
}

BOOST_AUTO_TEST_CASE(spans_of_one_http_request_through_handler_cache_and_redis_are_one_trace) {
  const RedisServer server;
  const CollectorProcess collector;
  const auto site = load_component_site_from_text(traced_redis(server, collector.url()), Format::yaml);
  const auto cache = site->get_component<ICache>("sessions");
  cache->set_value("user:42", "Ada", 1h);
  // The program's HTTP server: its handler reads the caller's traceparent and asks the cache.
  std::string handed_on;
  ScriptedServer program(
      [&](const ScriptedCommand& request) {
        const auto& text = request.arguments.front();
        const std::string header = "\r\nTraceparent: ";  // as the caller below writes it
        const auto begin = text.find(header) + header.size();
        const TraceScope scope(text.substr(begin, text.find("\r\n", begin) - begin));
        const auto name = cache->get_value("user:42");
        handed_on = current_traceparent();
        const std::string body = name ? std::string(name->text()) : "nobody";
        return ScriptedAnswer{.bytes = "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) +
                                       "\r\n\r\n" + body};
      },
      {.greeting = {}, .raw = true});
  const std::string trace = "4bf92f3577b34da6a3ce929d0e0e4736";
  const std::string handler = "00f067aa0ba902b7";
  const auto answer =
      run_checked({"python3", "-c",
                   "import urllib.request, sys\n"
                   "request = urllib.request.Request(sys.argv[1], headers={'traceparent': sys.argv[2]})\n"
                   "print(urllib.request.urlopen(request).read().decode())",
                   "http://127.0.0.1:" + std::to_string(program.port()) + "/users/42",
                   "00-" + trace + "-" + handler + "-01"});
  BOOST_TEST(answer == "Ada\n");
  BOOST_TEST(handed_on == "00-" + trace + "-" + handler + "-01");
  flush(*site);
  BOOST_TEST(collector.faults() == "");
  std::vector<json> spans;
  for (const auto& span : collector.all("span"))
    if (span["traceId"] == trace) spans.push_back(span);
  BOOST_REQUIRE(spans.size() == 2u);
  const auto& redis = spans[0];
  const auto& call = spans[1];
  BOOST_TEST(call["name"] == "read sessions");
  BOOST_TEST(call["parentSpanId"] == handler);
  BOOST_TEST(redis["kind"] == 3);
  BOOST_TEST(redis["parentSpanId"] == call["spanId"]);
}

BOOST_AUTO_TEST_CASE(calls_to_redis_have_the_stable_attributes) {
  RedisServer server;
  const CollectorProcess collector;
  const auto site = load_component_site_from_text(traced_redis(server, collector.url()), Format::yaml);
  const auto cache = site->get_component<ICache>("sessions");
  (void)cache->get_value("user:42");
  (void)cache->get_many({"a", "b", "c"});
  (void)cache->set_many({{"a", "1", 1h}, {"b", "2", 1h}});
  server.probe().command({"LPUSH", "list", "element"});
  (void)cache->get_value("list");
  flush(*site);
  server.kill();
  (void)cache->get_value("user:42");
  flush(*site);
  BOOST_TEST(collector.faults() == "");
  std::vector<json> calls;
  for (const auto& span : collector.all("span"))
    if (span["kind"] == 3) calls.push_back(span);
  BOOST_REQUIRE(calls.size() >= 5u);
  for (const auto& span : calls) {
    BOOST_TEST(attribute_of(span, "db.system.name") == "redis");
    BOOST_TEST(attribute_of(span, "db.namespace") == "0");
    BOOST_TEST(attribute_of(span, "server.address") == "localhost");
    BOOST_TEST(attribute_of(span, "server.port") == std::to_string(server.port()));
    const std::set<std::string> addresses{"127.0.0.1", "::1"};  // of localhost
    BOOST_TEST(addresses.count(attribute_of(span, "network.peer.address")) == 1u);
    BOOST_TEST(span["name"].get<std::string>() == attribute_of(span, "db.operation.name"));
    BOOST_TEST(names_of(span).count("db.query.text") == 0u);
    BOOST_TEST(span.dump().find("user:42") == std::string::npos);
  }
  BOOST_TEST(calls[0]["name"] == "GET");
  BOOST_TEST(names_of(calls[0]).count("db.operation.batch.size") == 0u);
  BOOST_TEST(!calls[0].contains("status"));
  const auto batch = std::find_if(calls.begin(), calls.end(), [](const json& span) {
    return span["name"].get<std::string>().starts_with("PIPELINE ");
  });
  BOOST_REQUIRE((batch != calls.end()));
  BOOST_TEST(attribute_of(*batch, "db.operation.batch.size") == "2");
  const auto refused = std::find_if(calls.begin(), calls.end(), [](const json& span) {
    return attribute_of(span, "db.response.status_code") == "WRONGTYPE";
  });
  BOOST_REQUIRE((refused != calls.end()));
  BOOST_TEST(attribute_of(*refused, "error.type") == "WRONGTYPE");
  BOOST_TEST((*refused)["status"]["code"] == 2);
  const auto& away = calls.back();
  BOOST_TEST(attribute_of(away, "error.type") == "unreachable");
  BOOST_TEST(names_of(away).count("db.response.status_code") == 0u);
  BOOST_TEST(away["status"]["code"] == 2);
}

BOOST_AUTO_TEST_CASE(redis_kits_form_has_one_span_for_each_call_of_a_cache_over_redis) {
  const RedisServer server;
  const CollectorProcess collector;
  const auto site = load_component_site_from_text(
      traced_redis(server, collector.url(), "  conventions: redis_kit\n  keys: plain\n"), Format::yaml);
  const auto cache = site->get_component<ICache>("sessions");
  cache->set_value("user:42", "Ada", 1h);
  (void)cache->get_value("user:42");
  (void)cache->get_many({"user:42", "user:43"});
  (void)cache->set_many({{"a", "1", 1h}});
  (void)cache->remove("a");
  (void)cache->remove_matching("user:*");
  flush(*site);
  std::vector<std::string> names;
  for (const auto& span : collector.all("span"))
    names.push_back(span["name"].get<std::string>());
  const std::vector<std::string> expected{"redis.set",      "redis.get",    "redis.get_many",
                                          "redis.set_many", "redis.delete", "redis.delete_pattern"};
  BOOST_TEST(names == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_forked_child_neither_records_nor_sends_and_its_own_component_does) {
  // As in the fork matrix: AddressSanitizer's allocator does not know forks beside threads that allocate.
  if (sanitized) return;
  Collector collector;
  const std::string file =
      "- class: OpenTelemetryExporter\n  entries: [{interface: ITelemetry}]\n  service_name: shop\n"
      "  sample_ratio: 1\n  flush_every: 1h\n  endpoint: " +
      collector.url() +
      "\n"
      "- class: OpenTelemetryHook\n  entries: [{interface: ICacheHook}]\n  telemetry: ''\n"
      "- class: MemoryCache\n  entries: [{interface: ICache, name: store}]\n"
      "- class: HookedCache\n  entries: [{interface: ICache}]\n  over: store\n  hooks: ['']\n";
  auto site = load_component_site_from_text(file, Format::yaml);
  const auto cache = site->get_component<ICache>();
  (void)cache->get_value("parent");
  const TraceScope scope("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
  const pid_t child = ::fork();
  if (child == 0) {
    ::alarm(60);
    (void)cache->get_value("child");
    auto telemetry = site->get_component<ITelemetry>();
    const auto flushed = telemetry->flush(1s);
    bool good = !flushed.ok() && flushed.error().code() == ErrorCode::closed;
    good = good && telemetry->health().state == HealthState::down;
    telemetry.reset();
    site.reset();
    const auto own = load_component_site_from_text(file, Format::yaml);
    (void)own->get_component<ICache>()->get_value("child");
    good = good && own->get_component<ITelemetry>()->flush(10s).ok();
    ::_exit(good ? 0 : 1);
  }
  int status = -1;
  ::waitpid(child, &status, 0);
  BOOST_TEST(status == 0);
  BOOST_TEST(collector.spans().size() == 1u);  // of the child's own component
  (void)cache->get_value("parent");
  flush(*site);
  const auto spans = collector.spans();
  BOOST_REQUIRE(spans.size() == 3u);
  std::set<std::string> ids;
  for (const auto& span : spans)
    ids.insert(span["spanId"].get<std::string>());
  BOOST_TEST(ids.size() == 3u);
  BOOST_TEST(collector.server().accepted() == 2u);
}

BOOST_AUTO_TEST_CASE(a_collector_over_tls_has_to_be_the_one_that_is_meant) {
  const TestCertificates certificates;
  const TemporaryDirectory folder;
  const auto program = folder.write("collector.py", R"(
import http.server, ssl, sys
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_POST(self):
        print(self.path, len(self.rfile.read(int(self.headers["Content-Length"]))) > 0, flush=True)
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")
    def log_message(self, *_):
        pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[1], sys.argv[2])
server.socket = context.wrap_socket(server.socket, server_side=True)
print(f"port {server.server_address[1]}.", flush=True)
server.serve_forever()
)");
  for (const std::string name : {"server", "unknown", "other-host"}) {
    Process collector({"python3", program, certificates.certificate(name), certificates.key(name)});
    BOOST_REQUIRE(collector.wait_for_output(".", 30s));
    const auto output = collector.output();
    OpenTelemetryExporterOptions options;
    options.endpoint = "https://127.0.0.1:" + output.substr(5, output.find('.') - 5) + "/otlp";
    options.service_name = "shop";
    options.sample_ratio = 1;
    options.ssl_ca_certs = certificates.authority_file();
    const auto exporter = std::make_shared<OpenTelemetryExporter>(options);
    const auto cache = traced(std::make_shared<MemoryCache>(MemoryCacheOptions{}), exporter);
    (void)cache->get_value("key");
    const auto flushed = exporter->flush(name == "server" ? 10s : 300ms);
    BOOST_TEST(flushed.ok() == (name == "server"), name);
    exporter->stop();
    BOOST_TEST((collector.output().find("/otlp/v1/traces True") != std::string::npos) == (name == "server"),
               name);
    if (name == "unknown") BOOST_TEST(exporter->statistics().spans_refused == 1u);
  }
}

BOOST_AUTO_TEST_CASE(the_environment_names_the_collector_where_substitution_is_allowed) {
  Collector collector;
  const std::string file =
      "- class: OpenTelemetryExporter\n  entries: [{interface: ITelemetry}]\n  service_name: shop\n";
  ::setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url().c_str(), 1);
  LoadOptions allowed;
  allowed.allow_substitution = true;
  const auto with = load_component_site_from_text(file, Format::yaml, allowed);
  BOOST_TEST(with->get_component<ITelemetry>()->flush(10s).ok());
  ::setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "no url", 1);
  BOOST_CHECK_THROW((void)load_component_site_from_text(file, Format::yaml, allowed), LoadError);
  ::setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector.example:4318", 1);
  BOOST_CHECK_THROW((void)load_component_site_from_text(file + "  headers: ['Authorization: s3cret']\n",
                                                        Format::yaml, allowed),
                    LoadError);
  const auto without = load_component_site_from_text(file, Format::yaml);
  BOOST_TEST(without->entries().size() == 1u);
  const auto said =
      load_component_site_from_text(file + "  endpoint: " + collector.url() + "\n", Format::yaml, allowed);
  BOOST_TEST(said->entries().size() == 1u);
  ::setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url().c_str(), 1);
  const auto as_usual =
      load_component_site_from_text(file + "  endpoint: http://127.0.0.1:4318\n", Format::yaml, allowed);
  const auto requests = collector.requests().size();
  (void)as_usual->get_component<ITelemetry>()->flush(100ms);
  BOOST_TEST(collector.requests().size() == requests);
  ::unsetenv("OTEL_EXPORTER_OTLP_ENDPOINT");
}

BOOST_AUTO_TEST_SUITE_END()
