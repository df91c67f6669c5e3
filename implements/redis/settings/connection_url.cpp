#include "redis/settings/connection_url.hpp"

#include "binding/expectation.hpp"
#include "binding/scalar_reader.hpp"
#include "binding/suggestion.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

namespace cachesite::redis {

namespace {

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& letter : result)
    if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
  return result;
}

std::optional<unsigned> hexadecimal(char digit) noexcept {
  if (digit >= '0' && digit <= '9') return static_cast<unsigned>(digit - '0');
  if (digit >= 'a' && digit <= 'f') return static_cast<unsigned>(digit - 'a' + 10);
  if (digit >= 'A' && digit <= 'F') return static_cast<unsigned>(digit - 'A' + 10);
  return std::nullopt;
}

std::optional<std::string> percent_decoded(std::string_view text, bool plus_is_blank = false) {
  std::string decoded;
  for (std::size_t index = 0; index < text.size(); ++index) {
    if (text[index] == '%') {
      if (text.size() - index < 3) return std::nullopt;
      const auto high = hexadecimal(text[index + 1]);
      const auto low = hexadecimal(text[index + 2]);
      if (!high || !low) return std::nullopt;
      decoded += static_cast<char>(*high * 16 + *low);
      index += 2;
    } else {
      decoded += plus_is_blank && text[index] == '+' ? ' ' : text[index];
    }
  }
  return decoded;
}

// A file's word for what Python programs write into URLs.
std::string boolean_word(std::string_view text) {
  const std::string word = lower(text);
  for (const char* const yes : {"yes", "y", "t", "1", "on"})
    if (word == yes) return "true";
  for (const char* const no : {"no", "n", "f", "0", "off"})
    if (word == no) return "false";
  return word;
}

class UrlReader {
 public:
  explicit UrlReader(const RedisConnectionOptions& options)
      : given_(options), table_(RedisConnectionOptions::parameters()) {
    reading_.options = options;
    reading_.options.url.reset();
  }

  UrlReading read(std::string_view url) {
    const auto scheme_end = url.find("://");
    const std::string scheme = lower(url.substr(0, scheme_end));
    if (scheme_end == std::string_view::npos ||
        (scheme != "redis" && scheme != "rediss" && scheme != "unix")) {
      complain("the URL has to begin with redis://, rediss:// or unix://");
      return std::move(reading_);
    }
    url.remove_prefix(scheme_end + 3);
    if (url.find('#') != std::string_view::npos) {
      complain("the URL holds a #; write it as %23");
      return std::move(reading_);
    }
    const auto end_of_authority = std::min(url.find_first_of("/?"), url.size());
    const bool holds_login_behind = url.find('@', end_of_authority) != std::string_view::npos;
    const auto query = url.find('?');
    if (query != std::string_view::npos) read_query(url.substr(query + 1));
    url = url.substr(0, query);

    const auto path = url.find('/');
    std::string_view authority = url.substr(0, path);
    const std::string_view rest = path == std::string_view::npos ? std::string_view() : url.substr(path);
    if (const auto at = authority.rfind('@'); at != std::string_view::npos) {
      read_login(authority.substr(0, at));
      authority.remove_prefix(at + 1);
    }
    if (scheme == "unix") {
      read_socket(authority, rest);
    } else {
      if (scheme == "rediss") set_boolean("ssl", true);
      if (given_.unix_socket_path && !given_.unix_socket_path->empty())
        complain_at("unix_socket_path", "the URL names a host, and unix_socket_path a socket");
      read_server(authority);
      read_database(rest);
    }
    if (holds_login_behind && !reading_.complaints.empty())
      reading_.complaints.front().message += "; in a user or password, / is written %2F and ? is written %3F";
    return std::move(reading_);
  }

  UrlReading without_url() { return std::move(reading_); }

 private:
  void complain(std::string message) { complain_at("url", std::move(message)); }
  void complain_at(std::string parameter, std::string message) {
    reading_.complaints.push_back({std::move(parameter), std::move(message)});
  }

  std::optional<std::string> decode(std::string_view text, bool plus_is_blank = false) {
    auto decoded = percent_decoded(text, plus_is_blank);
    if (!decoded) complain("the URL holds a % without two hexadecimal digits behind it; % itself is %25");
    return decoded;
  }

  void set(const ParameterDeclaration& declaration, const ParameterValue& value) {
    static const RedisConnectionOptions defaults;
    const auto before = declaration.load(&given_);
    if (before != declaration.load(&defaults) && before != value) {
      complain_at(declaration.name, declaration.name + " is in the URL too, with another value");
      return;
    }
    if (!set_.insert(declaration.name).second && declaration.load(&reading_.options) != value) {
      complain("the URL gives " + declaration.name + " twice");
      return;
    }
    declaration.store(&reading_.options, value);
  }

  void set_text(std::string_view parameter, std::string_view text) {
    const auto& declaration = *table_.find(parameter);
    const bool has_plus = declaration.kind == ParameterKind::integer && text.starts_with('+');
    if (declaration.kind == ParameterKind::secret) {
      set(declaration, {Secret(std::string(text))});
      return;
    }
    auto node = binding::plain_scalar(declaration.kind == ParameterKind::boolean ? boolean_word(text)
                                                                                 : std::string(text));
    const auto result = binding::read_scalar(declaration, node);
    if (result.value && !has_plus)
      set(declaration, *result.value);
    else
      complain("the URL's " + declaration.name + " should be " + binding::expectation(declaration));
  }

  // `ssl: true` beside a redis:// URL encrypts; it does not contradict.
  void set_boolean(std::string_view parameter, bool value) {
    table_.find(parameter)->store(&reading_.options, {value});
    set_.insert(std::string(parameter));
  }

  void read_login(std::string_view login) {
    const auto colon = login.find(':');
    const auto user = decode(login.substr(0, colon));
    if (user && !user->empty()) set_text("username", *user);
    if (colon == std::string_view::npos) return;
    const auto password = decode(login.substr(colon + 1));
    const bool has_user = user && !user->empty();
    if (password && (has_user || !password->empty())) set_text("password", *password);
  }

  void read_server(std::string_view server) {
    std::string_view host = server;
    std::string_view port;
    if (server.starts_with('[')) {
      const auto end = server.find(']');
      if (end == std::string_view::npos || (end + 1 < server.size() && server[end + 1] != ':')) {
        complain("the URL's address in [ ] is not complete");
        return;
      }
      host = server.substr(1, end - 1);
      if (end + 1 < server.size()) port = server.substr(end + 2);
    } else if (const auto colon = server.find(':'); colon != std::string_view::npos) {
      host = server.substr(0, colon);
      port = server.substr(colon + 1);
    }
    const auto name = decode(host);
    if (!name) return;
    const std::string fault = name->empty() ? std::string() : host_fault(*name);
    if (!fault.empty()) complain("the URL's host " + fault);
    if (fault.empty() && !name->empty()) set_text("host", *name);
    if (!port.empty()) set_text("port", port);
  }

  void read_database(std::string_view path) {
    if (path.size() > 1) set_text("db", path.substr(1));
  }

  void read_socket(std::string_view authority, std::string_view path) {
    if (!authority.empty() || path.size() < 2) {
      complain("the URL of a socket holds an absolute path: unix:///run/redis.sock");
      return;
    }
    if (const auto decoded = decode(path)) set_text("unix_socket_path", *decoded);
  }

  void read_query(std::string_view query) {
    while (!query.empty()) {
      const auto end = query.find('&');
      const std::string_view option = query.substr(0, end);
      query = end == std::string_view::npos ? std::string_view() : query.substr(end + 1);
      if (option.empty()) continue;
      const auto equals = option.find('=');
      const auto name = decode(option.substr(0, equals), true);
      const auto value =
          decode(equals == std::string_view::npos ? std::string_view() : option.substr(equals + 1), true);
      if (!name || !value) return;
      read_option(*name, *value);
    }
  }

  void read_option(const std::string& name, const std::string& value) {
    const auto* const declaration = table_.find(name);
    if (declaration != nullptr && name != "url" && declaration->kind != ParameterKind::group) {
      set_text(declaration->name, value);
      return;
    }
    binding::Suggestion suggestion(name);
    for (const auto& known : table_.declarations())
      if (known.name != "url" && known.kind != ParameterKind::group) suggestion.offer(known.name);
    const std::string question = suggestion.question();
    complain("the URL's query sets something that is no parameter of a connection" +
             (question.empty() ? "" : ": " + question));
  }

  const RedisConnectionOptions& given_;
  const ParameterTable table_;
  UrlReading reading_;
  std::set<std::string, std::less<>> set_;
};

}  // namespace

std::string host_fault(std::string_view host) {
  if (host.empty()) return "is empty";
  if (host.find("://") != std::string_view::npos) return "is a URL, which is given as url";
  const bool odd = std::any_of(host.begin(), host.end(), [](char each) {
    return each <= ' ' || each > '~' || std::string_view("@/[]{}$").find(each) != std::string_view::npos;
  });
  if (odd) return "holds a character that is not allowed in a host";
  // An IPv6 address has two colons at least.
  if (std::count(host.begin(), host.end(), ':') == 1) return "holds a colon; a port is given as port";
  return {};
}

UrlReading apply_url(const RedisConnectionOptions& options) {
  UrlReader reader(options);
  return options.url && !options.url->empty() ? reader.read(options.url->reveal()) : reader.without_url();
}

}  // namespace cachesite::redis
