// Values with etags: a source that has nothing new sends nothing, also after a restart.

#include <cachesite/cachesite.hpp>

#include <chrono>
#include <cstdio>
#include <string>
#include <thread>

using namespace std::chrono_literals;

namespace {

// In place of a web server.
class Server {
 public:
  [[nodiscard]] static std::string etag() { return "\"v1\""; }
  [[nodiscard]] std::string body() {
    ++sent;
    return "a long article";
  }
  int sent = 0;
};

Server server;

// As a web server answers a request with If-None-Match.
cachesite::Result<cachesite::Computed> fetch(const cachesite::ComputeContext& context) {
  cachesite::Computed article;
  article.etag = server.etag();
  article.not_modified = context.etag == article.etag;
  if (!article.not_modified) article.value = server.body();
  return article;
}

}  // namespace

int main() {
  const auto site = cachesite::load_component_site_from_text(R"(
- class: Cache
  name: articles
  store: {class: MemoryCache}
  remember: {form: envelope, stale: 1h}
)",
                                                             cachesite::Format::yaml);
  const auto articles = site->get_component<cachesite::IComputingCache>("articles");
  (void)articles->remember("home", 20ms, fetch);
  std::this_thread::sleep_for(50ms);
  const auto found = articles->remember("home", 1min, fetch);
  std::printf("%s, sent %d time\n", std::string(found.value().text()).c_str(), server.sent);
  return found.hit() && server.sent == 1 ? 0 : 1;
}
