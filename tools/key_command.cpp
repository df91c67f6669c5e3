#include "key_command.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <thread>

namespace cachesite::tool {

namespace {

constexpr std::chrono::milliseconds longest_arming{2'000};

std::string member_text(const Node& node, std::string_view member) {
  const auto* const found = node.find(member);
  return found == nullptr ? std::string() : found->scalar;
}

bool says_yes(const Node& node, std::string_view member) {
  return member_text(node, member) == "true";
}

std::string seconds_text(const std::string& milliseconds_left) {
  std::array<char, 32> text{};
  (void)std::snprintf(text.data(), text.size(), "%.1fs",
                      std::strtod(milliseconds_left.c_str(), nullptr) / 1000);
  return text.data();
}

std::string duration_text(const std::string& number) {
  return format_duration(std::chrono::milliseconds(std::strtoll(number.c_str(), nullptr, 10)));
}

std::string time_text(const std::string& left) {
  if (left == "never") return left;
  return "in " + duration_text(left);
}

std::string content_text(const Node& node) {
  auto text = member_text(node, "kind");
  if (text == "value")
    text += ", " + member_text(node, "bytes") + " bytes (" + member_text(node, "hash") + ")";
  return text;
}

std::string copy_text(const Node& copy) {
  if (!says_yes(copy, "present")) return "near: " + member_text(copy, "why_not");
  auto text = "near: " + content_text(copy);
  if (const auto left = member_text(copy, "entry_left_ms"); !left.empty())
    text += ", entry ends " + time_text(left);
  if (const auto left = member_text(copy, "copy_left_ms"); !left.empty()) text += ", copy " + time_text(left);
  if (member_text(copy, "epoch") != "0") text += ", epoch " + member_text(copy, "epoch");
  return text + (says_yes(copy, "served") ? "; would be served"
                                          : "; would not be served: " + member_text(copy, "why_not"));
}

std::string envelope_text(const Node& envelope) {
  if (const auto bad = member_text(envelope, "bad"); !bad.empty()) return "bad envelope: " + bad;
  auto text = "envelope: age " + duration_text(member_text(envelope, "age_ms"));
  const auto fresh = member_text(envelope, "fresh_left_ms");
  if (fresh == "never")
    text += ", fresh for ever";
  else
    text += (fresh == "0" ? std::string(", stale") : ", fresh for " + duration_text(fresh)) +
            ", of use for " + duration_text(member_text(envelope, "stale_left_ms"));
  const auto etag = member_text(envelope, "etag_bytes");
  text += etag == "0" ? ", no etag" : ", etag of " + etag + " bytes";
  return text + ", cost " + member_text(envelope, "cost_us") + " us";
}

std::string entry_text(const Node& layer) {
  const auto& entry = *layer.find("entry");
  if (const auto error = member_text(entry, "error"); !error.empty()) return "failed: " + error;
  auto text = content_text(entry);
  if (const auto left = member_text(entry, "left_ms"); left == "never")
    text += ", never ends";
  else if (!left.empty())
    text += ", PTTL " + seconds_text(left);
  if (layer.find("same_as_copy") != nullptr)
    text += says_yes(layer, "same_as_copy") ? "; same as the copy" : "; not the same as the copy";
  return text;
}

std::string rule_text(const Node& layer) {
  auto rule = member_text(layer, "match");
  if (rule.empty()) rule = member_text(layer, "rule");
  const auto ttl = member_text(layer, "ttl_ms");
  const bool may_have_rules =
      !ttl.empty() || layer.find("copy") != nullptr || layer.find("flight") != nullptr;
  if (rule.empty() && !may_have_rules) return {};
  return "rule " + (rule.empty() ? "none" : rule) + (ttl.empty() ? "" : ", ttl " + duration_text(ttl));
}

std::string layer_text(const Node& layer) {
  std::string text;
  const auto add_part = [&](const std::string& part) { text += (text.empty() ? "" : "; ") + part; };
  if (const auto rule = rule_text(layer); !rule.empty()) add_part(rule);
  if (layer.find("redis_key") == nullptr) {
    add_part("key " + member_text(layer, "key"));
  } else {
    auto place = "redis key " + member_text(layer, "redis_key");
    if (const auto slot = member_text(layer, "slot"); !slot.empty()) place += ", slot " + slot;
    if (const auto server = member_text(layer, "server"); !server.empty()) place += " on " + server;
    add_part(place);
  }
  if (layer.find("flight") != nullptr) {
    add_part(says_yes(layer, "flight") ? "is being computed" : "no flight");
    add_part(says_yes(layer, "throttled") ? "throttled" : "not throttled");
  }
  if (const auto* const envelope = layer.find("envelope")) add_part(envelope_text(*envelope));
  if (const auto* const copy = layer.find("copy")) add_part(copy_text(*copy));
  if (says_yes(layer, "recovery_pending")) add_part("has to be removed from the far tier first");
  if (layer.find("entry") != nullptr) add_part(entry_text(layer));
  return text;
}

std::string coherence_text(const Node& coherence) {
  auto text = member_text(coherence, "state");
  if (const auto since = member_text(coherence, "since"); !since.empty()) {
    const auto age = member_text(coherence, "proven_age_ms");
    const bool never = age == "0" && text != to_string(Coherence::coherent);
    text += " since " + since + (never ? ", never proven" : ", proven " + seconds_text(age) + " ago");
  }
  if (const auto reason = member_text(coherence, "reason"); !reason.empty()) text += ": " + reason;
  return text;
}

void print_line(std::string place, const std::string& text) {
  place.resize(std::max<std::size_t>(place.size() + 1, 19), ' ');
  print(place + text + "\n");
}

void print_text(const Node& report) {
  for (const auto& layer : report.find("layers")->elements)
    print_line(member_text(layer, "layer") + " " + printable(member_text(layer, "name")), layer_text(layer));
  if (const auto* const coherence = report.find("coherence"))
    print_line("coherence", coherence_text(*coherence));
}

const ITieredCache* coherent_tiers_of(ICache& cache) {
  for (auto* next = &cache; next != nullptr;) {
    const auto* const tiers = dynamic_cast<const ITieredCache*>(next);
    if (tiers != nullptr && tiers->coherence().state != Coherence::none) return tiers;
    const auto* const layer = dynamic_cast<const CacheLayer*>(next);
    next = layer == nullptr ? nullptr : layer->below().get();
  }
  return nullptr;
}

// The first read asks for the news, and makes no copy; the one after it does.
void read_once(ICache& cache, std::string_view key) {
  Value value;
  if (const auto* const tiers = coherent_tiers_of(cache)) {
    (void)cache.read(key, value);
    const auto is_settled = [&] {
      const auto report = tiers->coherence();
      return report.state == Coherence::coherent ||
             std::any_of(report.servers.begin(), report.servers.end(),
                         [](const ServerReport& server) { return server.state == "refused"; });
    };
    const auto end = std::chrono::steady_clock::now() + longest_arming;
    while (!is_settled() && std::chrono::steady_clock::now() < end)
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  (void)cache.read(key, value);
}

}  // namespace

Exit explain_key(const ComponentSite& site, const CacheArguments& request) {
  const auto cache = site.get_component<ICache>(request.name);
  read_once(*cache, request.key);
  const auto report = explain_key_report(site, request.name, request.key);
  if (request.json)
    print_json(report);
  else
    print_text(report);
  const auto found = member_text(report, "found");
  return found == "unknown" ? Exit::backend_failed : found == "nothing" ? Exit::no : Exit::done;
}

}  // namespace cachesite::tool
