#include "cache_commands.hpp"

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace cachesite::tool {

namespace {

std::shared_ptr<ICache> find(const ComponentSite& site, const CacheArguments& request) {
  return site.get_component<ICache>(request.name);
}

/// What is too large was given, or it is there already.
bool is_given_too_large(const Error& error, const CacheArguments& request) {
  return error.code() == ErrorCode::too_large && (request.value || request.key.size() > ICache::longest_key);
}

Exit fail(const Error& error, const CacheArguments& request) {
  complain(std::string(to_string(error.code())) + ": " + std::string(error.message()));
  const bool arguments = error.code() == ErrorCode::bad_argument || is_given_too_large(error, request);
  return arguments ? Exit::usage : Exit::backend_failed;
}

std::string read_standard_input() {
  std::string text;
  char block[65536];
  while (const auto count = std::fread(block, 1, sizeof block, stdin)) {
    text.append(block, count);
    if (text.size() > ICache::largest_value) break;
  }
  if (std::ferror(stdin) != 0)
    throw std::runtime_error("cannot read the value: " + std::generic_category().message(errno));
  return text;
}

Exit answer_yes_or_no(bool yes, const CacheArguments& request) {
  if (request.json)
    print_json(boolean_node(yes));
  else
    print(yes ? "yes\n" : "no\n");
  return yes ? Exit::done : Exit::no;
}

/// A TTL as the user wrote it; nothing, and the user is told, when it is none.
std::optional<TimeToLive> read_time_to_live(const std::string& text) {
  if (text == "never") return TimeToLive::never_expires();
  const auto duration = parse_duration(text);
  if (duration.ok()) return TimeToLive(duration.value());
  complain("\"" + text + "\" is not a duration; write 90s, 250ms, 2h30m, or never");
  return std::nullopt;
}

/// One line for any bytes: what cannot be printed is escaped, and so is the backslash.
std::string one_line(std::string_view key) {
  std::string line;
  for (;;) {
    const auto backslash = key.find('\\');
    const auto part = key.substr(0, backslash);
    line += printable(part, part.size());
    if (backslash == std::string_view::npos) return line;
    line += "\\\\";
    key.remove_prefix(backslash + 1);
  }
}

bool is_json_text(const Node& node) {
  try {
    static_cast<void>(write_document(node, Format::json));
    return true;
  } catch (const std::invalid_argument&) {
    return false;  // no UTF-8
  }
}

/// A key as JSON has it: text, or, when it is no UTF-8, a map with its one line.
Node key_node(const std::string& key) {
  if (auto node = text_node(key); is_json_text(node)) return node;
  auto map = map_node();
  return add(map, "escaped", text_node(one_line(key)));
}

std::string in_base64(std::string_view bytes) {
  constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    std::uint32_t group = 0;
    for (std::size_t index = 0; index < 3; ++index)
      group = group << 8U | (at + index < bytes.size() ? static_cast<unsigned char>(bytes[at + index]) : 0U);
    for (std::size_t index = 0; index < 4; ++index)
      text.push_back(at + index > bytes.size() ? '=' : digits[group >> (18 - 6 * index) & 0x3FU]);
  }
  return text;
}

/// Text, or, when it is no UTF-8, a map with its base64.
Node value_node(std::string_view value) {
  if (auto node = text_node(value); is_json_text(node)) return node;
  auto map = map_node();
  return add(map, "base64", text_node(in_base64(value)));
}

}  // namespace

Exit answered_by_store(const ComponentSite& site, const CacheArguments& request, Exit exit) {
  if (exit != Exit::done && exit != Exit::no) return exit;
  const auto failover = find_interface<IFailoverStatistics>(site.query_component<ICache>(request.name));
  if (!failover) return exit;
  const auto counters = failover->failover_statistics();
  if (counters.failover_calls + counters.degraded_calls == 0) return exit;
  complain("the store of \"" + printable(request.name, 200) +
           "\" was not reached: the answer is that of its failover, and ends with this command");
  return Exit::backend_failed;
}

Exit get(const ComponentSite& site, const CacheArguments& request) {
  const auto lookup = find(site, request)->get(request.key);
  if (lookup.failed()) return fail(lookup.error(), request);
  if (request.json) {
    auto answer = map_node();
    add(answer, "found", text_node(lookup.hit() ? "hit" : lookup.null() ? "null" : "miss"));
    if (lookup.hit()) {
      add(answer, "size", number_node(std::uint64_t{lookup.value().size()}));
      add(answer, "value", value_node(lookup.value().text()));
    }
    print_json(answer);
  } else if (lookup.hit()) {
    print(lookup.value().text());
  } else {
    complain(lookup.null() ? "a cached null" : "not there");
  }
  return lookup.miss() ? Exit::no : Exit::done;
}

Exit set(const ComponentSite& site, const CacheArguments& request) {
  const auto cache = find(site, request);
  const auto time_to_live =
      request.time_to_live.empty() ? TimeToLive::unspecified() : read_time_to_live(request.time_to_live);
  if (!time_to_live) return Exit::usage;
  const auto value = request.value == "-" ? read_standard_input() : request.value;
  const auto stored =
      cache->write(request.key, value ? std::optional<ByteView>(*value) : std::nullopt, *time_to_live);
  if (!stored.ok()) return fail(stored.error(), request);
  auto answer = map_node();
  if (request.json) print_json(add(answer, "stored", boolean_node(true)));
  return Exit::done;
}

Exit remove(const ComponentSite& site, const CacheArguments& request) {
  const auto removed = find(site, request)->remove(request.key);
  return removed.ok() ? answer_yes_or_no(removed.value(), request) : fail(removed.error(), request);
}

Exit has(const ComponentSite& site, const CacheArguments& request) {
  const auto contained = find(site, request)->contains(request.key);
  return contained.ok() ? answer_yes_or_no(contained.value(), request) : fail(contained.error(), request);
}

Exit time_to_live(const ComponentSite& site, const CacheArguments& request) {
  const auto remaining = find(site, request)->time_to_live(request.key);
  if (!remaining.ok()) return fail(remaining.error(), request);
  const auto& [state, left] = remaining.value();
  if (request.json) {
    auto answer = map_node();
    add(answer, "state",
        text_node(state == Remaining::State::expires     ? "expires"
                  : state == Remaining::State::no_expiry ? "no_expiry"
                                                         : "absent"));
    if (state == Remaining::State::expires)
      add(answer, "milliseconds", number_node(std::int64_t{left.count()}));
    print_json(answer);
  } else if (state == Remaining::State::expires) {
    print(format_duration(left) + "\n");
  } else if (state == Remaining::State::no_expiry) {
    print("never\n");
  } else {
    complain("not there");
  }
  return state == Remaining::State::absent ? Exit::no : Exit::done;
}

Exit expire(const ComponentSite& site, const CacheArguments& request) {
  const auto cache = find(site, request);
  const auto time_to_live = read_time_to_live(request.time_to_live);
  if (!time_to_live) return Exit::usage;
  const auto found = cache->expire(request.key, *time_to_live);
  return found.ok() ? answer_yes_or_no(found.value(), request) : fail(found.error(), request);
}

Exit persist(const ComponentSite& site, const CacheArguments& request) {
  const auto changed = find(site, request)->persist(request.key);
  return changed.ok() ? answer_yes_or_no(changed.value(), request) : fail(changed.error(), request);
}

Exit keys(const ComponentSite& site, const CacheArguments& request) {
  const auto cache = find(site, request);
  auto range = cache->keys(request.pattern);
  auto answer = list_node();
  for (const auto& key : range)
    if (request.json)
      answer.elements.push_back(key_node(key));
    else
      print(one_line(key) + "\n");
  if (range.error()) return fail(*range.error(), request);
  if (request.json) print_json(answer);
  return Exit::done;
}

Exit evict(const ComponentSite& site, const CacheArguments& request) {
  // A cache with tags may be registered as an ICache alone.
  const auto cache = site.query_component<ICache>(request.name);
  auto tagged = find_interface<ITaggedCache>(cache);
  if (!cache) tagged = site.get_component<ITaggedCache>(request.name);
  if (!tagged) {
    complain("the cache \"" + printable(request.name) + "\" has no tags");
    return Exit::usage;
  }
  const std::vector<std::string_view> tags(request.tags.begin(), request.tags.end());
  const auto evicted = tagged->evict_tags(tags);
  if (!evicted.ok()) return fail(evicted.error(), request);
  auto answer = map_node();
  if (request.json)
    print_json(add(answer, "evicted", number_node(evicted.value())));
  else
    print("evicted " + std::to_string(evicted.value()) + "\n");
  return Exit::done;
}

Exit clear(const ComponentSite& site, const CacheArguments& request) {
  const auto cache = find(site, request);
  auto answer = map_node();
  if (request.pattern == "*") {
    if (const auto cleared = cache->clear(); !cleared.ok()) return fail(cleared.error(), request);
    add(answer, "cleared", boolean_node(true));
    if (!request.json) print("cleared\n");
  } else {
    const auto removed = cache->remove_matching(request.pattern);
    if (!removed.ok()) return fail(removed.error(), request);
    add(answer, "removed", number_node(removed.value()));
    if (!request.json) print("removed " + std::to_string(removed.value()) + "\n");
  }
  if (request.json) print_json(answer);
  return Exit::done;
}

Exit size(const ComponentSite& site, const CacheArguments& request) {
  const auto entries = find(site, request)->size();
  if (!entries.ok()) return fail(entries.error(), request);
  if (request.json)
    print_json(number_node(entries.value()));
  else
    print(std::to_string(entries.value()) + "\n");
  return Exit::done;
}

Exit statistics(const ComponentSite& site, const CacheArguments& request) {
  const auto counters = find(site, request)->statistics();
  const std::vector<std::pair<std::string_view, std::uint64_t>> rows{
      {"hits", counters.hits},
      {"misses", counters.misses},
      {"failures", counters.failures},
      {"refusals", counters.refusals},
      {"writes", counters.writes},
      {"removals", counters.removals},
      {"clears", counters.clears},
      {"evictions", counters.evictions},
      {"expirations", counters.expirations},
      {"tag_evictions", counters.tag_evictions},
      {"stampede_waits", counters.stampede_waits},
      {"entries", counters.entries},
      {"bytes", counters.bytes}};
  auto answer = map_node();
  for (const auto& [name, count] : rows)
    add(answer, name, number_node(count));
  add(answer, "hit_ratio", real_node(counters.hit_ratio()));
  if (const auto ratio = counters.hit_ratio_at_half_size)
    add(answer, "hit_ratio_at_half_size", real_node(*ratio));
  if (const auto ratio = counters.hit_ratio_at_twice_the_size)
    add(answer, "hit_ratio_at_twice_the_size", real_node(*ratio));
  if (request.json) {
    print_json(answer);
  } else {
    for (const auto& member : answer.members)
      print(member.key + " " + member.value.scalar + "\n");
  }
  return Exit::done;
}

}  // namespace cachesite::tool
