#pragma once

#include <string>

// KEYS and ARGV are named at the beginning of each script.
namespace cachesite::mutex::scripts {

// One token lets one sleeper try; a second would not help.
inline const std::string wake = R"(
local function wake(key)
  if redis.call('LLEN', key) == 0 then
    redis.call('LPUSH', key, '1')
    redis.call('PEXPIRE', key, 10000)
  end
end
)";

inline const std::string now = R"(
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
)";

// Answers {1, fencing token} or {0, rest of the holder's lease in ms, holder}. A writer that is going to wait
// leaves its name for a moment, which keeps new readers out. Tokens are the server's time in microseconds, or
// one more than the last: so they grow even after the server has lost its data.
inline const std::string take_exclusive = now + R"(
local mutex, readers, writers, fence = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local owner, expire, intent = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local holder = redis.call('GET', mutex)
local rest
if holder and holder ~= owner then
  rest = redis.call('PTTL', mutex)
elseif not holder then
  redis.call('ZREMRANGEBYSCORE', readers, '-inf', now)
  local last = redis.call('ZREVRANGE', readers, 0, 0, 'WITHSCORES')
  if last[1] then holder, rest = last[1], tonumber(last[2]) - now end
end
if rest then
  if intent > 0 then redis.call('SET', writers, owner, 'PX', intent) end
  return {0, rest, holder}
end
redis.call('SET', mutex, owner, 'PX', expire)
if redis.call('GET', writers) == owner then redis.call('DEL', writers) end
local token = time[1] * 1000000 + time[2]
local last = tonumber(redis.call('GET', fence) or '0') or 0
if token <= last then token = last + 1 end
redis.call('SET', fence, string.format('%.0f', token), 'PX', 86400000 + expire)
return {1, token}
)";

// As above. Readers share the token of the last writer. A reader that had to wait calls the next one.
inline const std::string take_shared = now + wake + R"(
local mutex, readers, writers, fence, awake = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local owner, expire, waited = ARGV[1], tonumber(ARGV[2]), ARGV[3] == '1'
local holder = redis.call('GET', mutex)
if holder then return {0, redis.call('PTTL', mutex), holder} end
redis.call('ZREMRANGEBYSCORE', readers, '-inf', now)
local writer = redis.call('GET', writers)
if writer and not redis.call('ZSCORE', readers, owner) then
  return {0, redis.call('PTTL', writers), writer}
end
redis.call('ZADD', readers, string.format('%.0f', now + expire), owner)
local last = redis.call('ZREVRANGE', readers, 0, 0, 'WITHSCORES')
redis.call('PEXPIRE', readers, tonumber(last[2]) - now)
if waited then wake(awake) end
return {1, tonumber(redis.call('GET', fence) or '0') or 0}
)";

inline const std::string release_exclusive = wake + R"(
local mutex, awake = KEYS[1], KEYS[2]
if redis.call('GET', mutex) ~= ARGV[1] then return 0 end
redis.call('DEL', mutex)
wake(awake)
return 1
)";

inline const std::string release_shared = now + wake + R"(
local readers, awake = KEYS[1], KEYS[2]
local score = redis.call('ZSCORE', readers, ARGV[1])
if not score then return 0 end
redis.call('ZREM', readers, ARGV[1])
if redis.call('EXISTS', readers) == 0 then wake(awake) end
if tonumber(score) <= now then return 0 end
return 1
)";

// For each key three arguments: exclusive or shared, owner, length of the lease.
inline const std::string renew = now + R"(
local answers = {}
for index, key in ipairs(KEYS) do
  local mode, owner, expire = ARGV[3 * index - 2], ARGV[3 * index - 1], tonumber(ARGV[3 * index])
  answers[index] = 0
  if mode == 'exclusive' then
    if redis.pcall('GET', key) == owner then answers[index] = redis.call('PEXPIRE', key, expire) end
  else
    local score = redis.pcall('ZSCORE', key, owner)
    if type(score) == 'string' and tonumber(score) > now then
      redis.call('ZADD', key, string.format('%.0f', now + expire), owner)
      if redis.call('PTTL', key) < expire then redis.call('PEXPIRE', key, expire) end
      answers[index] = 1
    end
  end
end
return answers
)";

// The token that called this waiter may have been meant for another: it is passed on.
inline const std::string give_up = wake + R"(
local mutex, writers, awake = KEYS[1], KEYS[2], KEYS[3]
if redis.call('GET', writers) == ARGV[1] then redis.call('DEL', writers) end
if redis.call('EXISTS', mutex) == 0 then wake(awake) end
return 1
)";

// A flat list: mode, owner, rest of the lease in ms.
inline const std::string holders = now + R"(
local mutex, readers = KEYS[1], KEYS[2]
local answer = {}
local holder = redis.call('GET', mutex)
if holder then answer = {'exclusive', holder, redis.call('PTTL', mutex)} end
local list = redis.call('ZRANGEBYSCORE', readers, '(' .. string.format('%.0f', now), '+inf', 'WITHSCORES')
for index = 1, #list, 2 do
  answer[#answer + 1] = 'shared'
  answer[#answer + 1] = list[index]
  answer[#answer + 1] = tonumber(list[index + 1]) - now
end
return answer
)";

}  // namespace cachesite::mutex::scripts
