#pragma once

#include <string>

// Every script reads the server's clock. One that was set back shows itself by a state of the future; the
// state then moves back along with it.
namespace cachesite::rate_limits::scripts {

inline const std::string milliseconds_now = R"(
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
)";

// The value is "units:at:period", as in the rule's state. A full bucket has no key.
inline const std::string take_tokens = milliseconds_now + R"(
local gain, period, full, cost = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local wanted = cost * period
local units, at = full, now
local stored = redis.call('GET', KEYS[1])
if stored then
  local old_units, old_at, old_period = string.match(stored, '^(%d+):(%d+):(%d+)$')
  if not old_units then return redis.error_reply('WRONGTYPE the key holds no bucket of tokens') end
  units, at = tonumber(old_units), tonumber(old_at)
  if tonumber(old_period) ~= period then units = math.floor(units / old_period * period) end
  units = math.min(full, units + math.max(0, now - at) * gain)
end
local allowed = units >= wanted
if allowed then units = units - wanted end
if allowed or at > now then
  local rest = math.max(1, math.ceil((full - units) / gain))
  redis.call('SET', KEYS[1], string.format('%.0f:%.0f:%.0f', units, now, period), 'PX', rest)
end
local retry = 0
if not allowed then retry = math.ceil((wanted - units) / gain) end
return {allowed and 1 or 0, math.floor(units / period), retry, math.ceil((full - units) / gain)}
)";

// The list is of "at:sum", each with all that was ever taken until then. The first tells what no longer
// counts.
inline const std::string take_from_window = milliseconds_now + R"(
local key = KEYS[1]
local limit, window, step, cost = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local function read(text)
  local at, sum = string.match(text, '^(%d+):(%d+)$')
  return tonumber(at), tonumber(sum)
end
local function written(at, sum) return string.format('%.0f:%.0f', at, sum) end

local at, sum, base = 0, 0, 0
local last = redis.call('LINDEX', key, -1)
if last then
  at, sum = read(last)
  if not at then return redis.error_reply('WRONGTYPE the key holds no window') end
  if at > now then
    local all = redis.call('LRANGE', key, 0, -1)
    redis.call('DEL', key)
    for _, text in ipairs(all) do
      local old_at, old_sum = read(text)
      redis.call('RPUSH', key, written(math.max(0, old_at - (at - now)), old_sum))
    end
    redis.call('PEXPIRE', key, window)
    at = now
  end
  local first, second = unpack(redis.call('LRANGE', key, 0, 1))
  while second and read(second) + window <= now do
    redis.call('LPOP', key)
    first, second = unpack(redis.call('LRANGE', key, 0, 1))
  end
  local _, counted = read(first)
  base = counted
end

local used = sum - base
if used + cost <= limit then
  if not last then redis.call('RPUSH', key, written(0, 0)) end
  sum = sum + cost
  if used > 0 and math.floor(at / step) == math.floor(now / step) then
    redis.call('LSET', key, -1, written(now, sum))
  else
    redis.call('RPUSH', key, written(now, sum))
  end
  redis.call('PEXPIRE', key, window)
  return {1, limit - used - cost, 0, window}
end
local wanted = base + used + cost - limit
for begin = 1, redis.call('LLEN', key) - 1, 50 do
  for _, text in ipairs(redis.call('LRANGE', key, begin, begin + 49)) do
    local old_at, old_sum = read(text)
    if old_sum >= wanted then
      return {0, math.max(0, limit - used), old_at + window - now, at + window - now}
    end
  end
end
)";

// As redis-kit has it: two numbers, both written by every call, the time in seconds.
inline const std::string take_tokens_of_redis_kit = R"(
local rate, capacity, life, cost = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3], tonumber(ARGV[4])
local time = redis.call('TIME')
local now = tonumber(time[1]) + tonumber(time[2]) / 1000000
local tokens = tonumber(redis.call('GET', KEYS[1]) or capacity) or capacity
local at = tonumber(redis.call('GET', KEYS[2]) or now) or now
tokens = math.min(capacity, tokens + math.max(0, now - at) * rate)
local allowed = tokens >= cost
local retry = 0
if allowed then
  tokens = tokens - cost
else
  retry = math.ceil((cost - tokens) / rate * 1000)
end
redis.call('SETEX', KEYS[1], life, tokens)
redis.call('SETEX', KEYS[2], life, now)
return {allowed and 1 or 0, math.floor(tokens), retry, math.ceil((capacity - tokens) / rate * 1000)}
)";

// As redis-kit has it: a member for everything that was taken, by the time in milliseconds.
inline const std::string take_from_window_of_redis_kit = milliseconds_now + R"(
local key, member = KEYS[1], ARGV[4]
local limit, window, cost = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local written = string.format('%.0f', now)
for _, ahead in ipairs(redis.call('ZRANGEBYSCORE', key, '(' .. written, '+inf')) do
  redis.call('ZADD', key, written, ahead)
end
redis.call('ZREMRANGEBYSCORE', key, '-inf', string.format('%.0f', now - window))
local used = redis.call('ZCARD', key)
local function back_after(index)
  local found = redis.call('ZRANGE', key, index, index, 'WITHSCORES')
  return found[2] and math.ceil(found[2] + window - now) or 0
end
if used + cost <= limit then
  for index = 1, cost do
    redis.call('ZADD', key, written, member .. string.format('%08x', index))
  end
  redis.call('PEXPIRE', key, window + 1000)
  return {1, limit - used - cost, 0, window}
end
return {0, math.max(0, limit - used), back_after(used + cost - limit - 1), back_after(-1)}
)";

}  // namespace cachesite::rate_limits::scripts
