#include "binding/value_node.hpp"
#include "reports/reported_component.hpp"

#include <cachesite/cache_layer.hpp>
#include <cachesite/change_feed.hpp>
#include <cachesite/detail/i_key_explanation.hpp>
#include <cachesite/detail/i_key_prefix.hpp>
#include <cachesite/detail/problem_text.hpp>
#include <cachesite/detail/stable_hash.hpp>
#include <cachesite/i_tiered_cache.hpp>
#include <cachesite/logical_cache.hpp>
#include <cachesite/site_reports.hpp>
#include <cachesite/tiered_cache.hpp>

#include <array>
#include <cctype>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cachesite {

namespace {

using binding::add_member;
using binding::boolean_node;
using binding::map_node;
using binding::text_node;

Node number_node(std::int64_t number) {
  return binding::value_node(ParameterValue{number}, false);
}

Node key_node(std::string_view key) {
  return text_node(printable(key, key.size()));
}

std::string_view name_of(Found found) noexcept {
  switch (found) {
    case Found::hit:
      return "value";
    case Found::null:
      return "null";
    case Found::miss:
      break;
  }
  return "nothing";
}

std::string hash_text(std::uint32_t hash) {
  std::array<char, 9> digits{};
  (void)std::snprintf(digits.data(), digits.size(), "%08x", static_cast<unsigned>(hash));
  return digits.data();
}

std::string utc_text(std::chrono::system_clock::time_point time) {
  const auto seconds = std::chrono::system_clock::to_time_t(time);
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  std::array<char, 32> text{};
  (void)std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text.data();
}

void add_left(Node& node, std::string_view name, const Remaining& left) {
  if (left.state == Remaining::State::no_expiry) add_member(node, name, text_node("never"));
  if (left.state == Remaining::State::expires) add_member(node, name, number_node(left.left.count()));
}

void add_content(Node& node, Found kind, std::size_t bytes, std::uint32_t hash) {
  add_member(node, "kind", text_node(name_of(kind)));
  if (kind != Found::hit) return;
  add_member(node, "bytes", number_node(static_cast<std::int64_t>(bytes)));
  add_member(node, "hash", text_node(hash_text(hash)));
}

Node node_of(const CopyReport& copy) {
  Node node = map_node();
  add_member(node, "present", boolean_node(copy.present));
  if (copy.present) {
    add_content(node, copy.kind, copy.bytes, copy.hash);
    add_left(node, "copy_left_ms", copy.copy_left);
    add_left(node, "entry_left_ms", copy.entry_left);
    add_member(node, "server", number_node(copy.server));
    add_member(node, "epoch", number_node(copy.epoch));
    add_member(node, "served_epoch", number_node(copy.served_epoch));
  }
  add_member(node, "served", boolean_node(copy.served));
  if (!copy.served) add_member(node, "why_not", text_node(copy.why_not));
  return node;
}

Node node_of(const CoherenceReport& coherence) {
  Node node = map_node();
  add_member(node, "state", text_node(to_string(coherence.state)));
  if (coherence.state == Coherence::none) return node;
  add_member(node, "since", text_node(utc_text(coherence.since)));
  if (!coherence.reason.empty()) add_member(node, "reason", text_node(coherence.reason));
  add_member(node, "proven_age_ms", number_node(coherence.proven_age.count()));
  Node servers = binding::list_node();
  for (const auto& server : coherence.servers) {
    Node each = map_node();
    add_member(each, "address", text_node(server.address));
    add_member(each, "state", text_node(server.state));
    add_member(each, "epoch", number_node(server.epoch));
    servers.elements.push_back(std::move(each));
  }
  add_member(node, "servers", std::move(servers));
  return node;
}

// "RememberCache" as "remember".
std::string layer_word(std::string_view class_name) {
  if (class_name.size() > 5 && class_name.ends_with("Cache")) class_name.remove_suffix(5);
  std::string word;
  for (const char letter : class_name)
    word.push_back(static_cast<char>(std::tolower(static_cast<unsigned char>(letter))));
  return word;
}

/// Goes down through a cache.
class KeyReport {
 public:
  KeyReport(const ComponentSite& site, std::string_view name) {
    for (const auto& reported : reports::all_components(site, ICache::interface_name))
      if (const auto* const cache = dynamic_cast<const ICache*>(reported.component.get()))
        names_.try_emplace(cache, Named{reported.class_name, reported.name});
    whole_ = name;
  }

  Node made_of(ICache& cache, std::string_view key) {
    Node report = map_node();
    add_member(report, "cache", text_node(printable(whole_, whole_.size())));
    add_member(report, "key", key_node(key));
    Node layers = binding::list_node();
    std::vector<std::pair<detail::IKeyExplanation*, std::string>> parts;
    std::string below(key);
    for (auto* next = &cache; next != nullptr;) {
      auto* const layer = dynamic_cast<CacheLayer*>(next);
      if (auto* const logical = dynamic_cast<LogicalCache*>(next)) {
        note_parts(*logical);
      } else {
        layers.elements.push_back(node_of(*next, below));
        parts.emplace_back(dynamic_cast<detail::IKeyExplanation*>(next), below);
      }
      if (const auto* const prefixed = dynamic_cast<const detail::IKeyPrefix*>(next))
        below.insert(0, prefixed->key_prefix());
      next = layer == nullptr ? nullptr : layer->below().get();
    }
    if (entry_ == nullptr) read_entry(cache, key);
    add_entry(layers.elements.back());
    for (std::size_t place = 0; place < parts.size(); ++place)
      if (auto* const part = parts[place].first)
        part->explain_stored(parts[place].second, layers.elements[place]);
    add_member(report, "found", text_node(found()));
    add_member(report, "layers", std::move(layers));
    if (coherence_) add_member(report, "coherence", cachesite::node_of(*coherence_));
    return report;
  }

 private:
  struct Named {
    std::string class_name;
    std::string name;
  };
  struct Entry {
    std::optional<Error> error;
    Found kind = Found::miss;
    std::size_t bytes = 0;
    std::uint32_t hash = 0;
    Remaining left;
  };

  void note_parts(const LogicalCache& logical) {
    const auto own = names_.find(&logical);
    const auto& name = own == names_.end() ? whole_ : own->second.name;
    for (const auto& part : logical.parts())
      names_.try_emplace(part.cache.get(), Named{std::string(part.class_name), name});
  }

  Node node_of(ICache& cache, const std::string& key) {
    const auto known = names_.find(&cache);
    const auto named = known == names_.end() ? Named{"Cache", ""} : known->second;
    Node node = map_node();
    add_member(node, "layer", text_node(layer_word(named.class_name)));
    add_member(node, "class", text_node(named.class_name));
    add_member(node, "name", text_node(named.name));
    add_member(node, "key", key_node(key));
    if (auto* const explanation = dynamic_cast<detail::IKeyExplanation*>(&cache))
      explanation->explain_key(key, node);
    if (auto* const tiers = dynamic_cast<ITieredCache*>(&cache)) add_tiers(*tiers, cache, key, node);
    return node;
  }

  void add_tiers(ITieredCache& tiers, ICache& cache, const std::string& key, Node& node) {
    const auto copy = tiers.explain_copy(key);
    if (copy.rule >= 0) add_member(node, "rule", number_node(copy.rule));
    add_member(node, "copy", cachesite::node_of(copy));
    add_member(node, "recovery_pending", boolean_node(copy.recovery_pending));
    if (entry_ != nullptr) return;
    copy_ = copy;
    coherence_ = tiers.coherence();
    if (const auto* const layer = dynamic_cast<CacheLayer*>(&cache)) read_entry(*layer->below(), key);
  }

  void read_entry(ICache& far, std::string_view key) {
    entry_ = std::make_unique<Entry>();
    Value value;
    EntryLife life;
    const auto found = far.read_with_life(key, value, life);
    if (!found.ok()) {
      entry_->error = found.error();
      return;
    }
    entry_->kind = found.value();
    entry_->left = life.left;
    if (found.value() != Found::hit) return;
    entry_->bytes = value.size();
    entry_->hash = short_hash(value.text());
  }

  void add_entry(Node& node) const {
    Node entry = map_node();
    if (entry_->error) {
      add_member(entry, "error", text_node(printable(entry_->error->message(), 200)));
    } else {
      add_content(entry, entry_->kind, entry_->bytes, entry_->hash);
      add_left(entry, "left_ms", entry_->left);
    }
    add_member(node, "entry", std::move(entry));
    if (copy_ && copy_->present && !entry_->error)
      add_member(node, "same_as_copy",
                 boolean_node(copy_->kind == entry_->kind && copy_->bytes == entry_->bytes &&
                              copy_->hash == entry_->hash));
  }

  // By either tier.
  [[nodiscard]] std::string_view found() const {
    if (entry_->error) return "unknown";
    if (entry_->kind == Found::miss && copy_ && copy_->present) return name_of(copy_->kind);
    return name_of(entry_->kind);
  }

  std::map<const ICache*, Named> names_;
  std::string whole_;
  std::unique_ptr<Entry> entry_;
  std::optional<CopyReport> copy_;
  std::optional<CoherenceReport> coherence_;
};

}  // namespace

Node explain_key_report(const ComponentSite& site, std::string_view name, std::string_view key) {
  const auto cache = site.get_component<ICache>(std::string(name));
  return KeyReport(site, name).made_of(*cache, key);
}

}  // namespace cachesite
