#pragma once

#include <string>

// KEYS and ARGV are named at the beginning of each script.
namespace cachesite::queue::scripts {

inline const std::string now = R"(
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
)";

// True when the entry was handed out to this consumer last.
inline const std::string is_mine = R"(
local function is_mine(stream, group, consumer, id)
  local pending = redis.call('XPENDING', stream, group, id, id, 1)
  return pending[1] ~= nil and pending[1][2] == consumer
end
)";

// A member of the delayed set is a name that nothing else has, a space, and the message.
inline const std::string delay = now + R"(
local delayed = KEYS[1]
local length, name, body = tonumber(ARGV[1]), ARGV[2], ARGV[3]
redis.call('ZADD', delayed, string.format('%.0f', now + length), name .. ' ' .. body)
return name
)";

// Moves delayed messages that are due to the stream, and claims those that nobody acknowledged in time.
// Answers {ms until the next delayed message or -1, where to go on looking or '-', deliveries of the first
// claimed entry, the entry, ...}.
inline const std::string upkeep = now + R"(
local stream, delayed, dead = KEYS[1], KEYS[2], KEYS[3]
local group, consumer, idle, from = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4]
local wanted, most_deliveries = tonumber(ARGV[5]), tonumber(ARGV[6])

local due = redis.call('ZRANGEBYSCORE', delayed, '-inf', string.format('%.0f', now), 'LIMIT', 0, 100)
for _, member in ipairs(due) do
  local space = string.find(member, ' ', 1, true)
  redis.call('XADD', stream, '*', 'data', string.sub(member, space + 1))
  redis.call('ZREM', delayed, member)
end
local next_due = -1
local first = redis.call('ZRANGE', delayed, 0, 0, 'WITHSCORES')
if first[1] then next_due = math.max(0, tonumber(first[2]) - now) end

local answer = {next_due, '-'}
local claimed = 0
for page = 1, 10 do
  local pending = redis.call('XPENDING', stream, group, from, '+', 100)
  for _, entry in ipairs(pending) do
    local id, age, deliveries = entry[1], entry[3], entry[4]
    if age >= idle then
      if most_deliveries > 0 and deliveries >= most_deliveries then
        local content = redis.call('XRANGE', stream, id, id)
        if content[1] then
          local fields = content[1][2]
          fields[#fields + 1] = 'id'
          fields[#fields + 1] = id
          fields[#fields + 1] = 'deliveries'
          fields[#fields + 1] = deliveries
          redis.call('XADD', dead, 'MAXLEN', '~', 100000, '*', unpack(fields))
        end
        redis.call('XACK', stream, group, id)
        redis.call('XDEL', stream, id)
      else
        local got = redis.call('XCLAIM', stream, group, consumer, idle, id)
        if got[1] then
          answer[#answer + 1] = deliveries + 1
          answer[#answer + 1] = got[1]
          claimed = claimed + 1
        else
          redis.call('XACK', stream, group, id)
        end
      end
      if claimed >= wanted then return answer end
    end
  end
  if #pending < 100 then return answer end
  local time_part, number = string.match(pending[#pending][1], '^(%d+)-(%d+)$')
  from = time_part .. '-' .. string.format('%.0f', tonumber(number) + 1)
  answer[2] = from
end
return answer
)";

inline const std::string acknowledge = R"(
local acknowledged = redis.call('XACK', KEYS[1], ARGV[1], ARGV[2])
if ARGV[3] == '1' then redis.call('XDEL', KEYS[1], ARGV[2]) end
return acknowledged
)";

// Sets how long the entry counts as unattended, unless it was handed out to somebody else meanwhile.
inline const std::string set_idle = is_mine + R"(
local stream, group, consumer, id, idle = KEYS[1], ARGV[1], ARGV[2], ARGV[3], ARGV[4]
if not is_mine(stream, group, consumer, id) then return 0 end
redis.call('XCLAIM', stream, group, consumer, 0, id, 'IDLE', idle, 'JUSTID')
return 1
)";

// Lets go of what was handed out to this consumer and is not in the list of those it still has: the next
// who looks gets it. ARGV[5] is how many it still has; after them come those that nobody has seen, whose last
// delivery does not count. With `leave` the consumer goes too.
inline const std::string let_go = R"(
local stream, group, consumer, idle, leave = KEYS[1], ARGV[1], ARGV[2], ARGV[3], ARGV[4] == '1'
if redis.call('EXISTS', stream) == 0 then return 0 end
local still, unseen = {}, {}
local last = 5 + tonumber(ARGV[5])
for index = 6, last do still[ARGV[index]] = true end
for index = last + 1, #ARGV do unseen[ARGV[index]] = true end
local released = 0
local from = '-'
while true do
  local pending = redis.call('XPENDING', stream, group, from, '+', 100, consumer)
  for _, entry in ipairs(pending) do
    if not still[entry[1]] then
      local deliveries = unseen[entry[1]] and entry[4] - 1 or entry[4]
      redis.call('XCLAIM', stream, group, 'released', 0, entry[1], 'IDLE', idle, 'RETRYCOUNT', deliveries, 'JUSTID')
      released = released + 1
    end
  end
  if #pending < 100 then break end
  local time_part, number = string.match(pending[#pending][1], '^(%d+)-(%d+)$')
  from = time_part .. '-' .. string.format('%.0f', tonumber(number) + 1)
end
-- With a consumer go the messages that are pending for it, so it must not have any.
if leave and #redis.call('XPENDING', stream, group, '-', '+', 1, consumer) == 0 then
  redis.call('XGROUP', 'DELCONSUMER', stream, group, consumer)
end
return released
)";

// Removes consumers that have nothing and have not been heard of for an hour.
inline const std::string sweep = R"(
local stream, group = KEYS[1], ARGV[1]
local removed = 0
for _, consumer in ipairs(redis.call('XINFO', 'CONSUMERS', stream, group)) do
  local fields = {}
  for index = 1, #consumer, 2 do fields[consumer[index]] = consumer[index + 1] end
  if fields['pending'] == 0 and fields['idle'] > 3600000 then
    redis.call('XGROUP', 'DELCONSUMER', stream, group, fields['name'])
    removed = removed + 1
  end
end
return removed
)";

// {entries, handed out, delayed, dead}
inline const std::string counts = R"(
local stream, delayed, dead, group = KEYS[1], KEYS[2], KEYS[3], ARGV[1]
local pending = redis.pcall('XPENDING', stream, group)
local handed_out = 0
if not pending.err then handed_out = pending[1] end
return {redis.call('XLEN', stream), handed_out, redis.call('ZCARD', delayed), redis.call('XLEN', dead)}
)";

}  // namespace cachesite::queue::scripts
