"""A program of another language that takes from limits as redis-kit does, step by step: the time is the server's.

foreign_limiter.py PORT bucket PREFIX RATE CAPACITY     RATE is tokens a second
foreign_limiter.py PORT window PREFIX LIMIT WINDOW      WINDOW is in seconds

Reads lines "KEY COST" and answers each with "allowed limit remaining".
"""
import math
import sys
import uuid

import redis

BUCKET = """
local now = redis.call('TIME')
now = tonumber(now[1]) + tonumber(now[2]) / 1000000
local rate, capacity, cost, expiry = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local left = tonumber(redis.call('GET', KEYS[1]))
if left == nil then left = capacity end
local since = tonumber(redis.call('GET', KEYS[2]))
if since == nil then since = now end
left = math.min(capacity, left + math.max(0, now - since) * rate)
local allowed = 0
if left >= cost then allowed = 1; left = left - cost end
redis.call('SETEX', KEYS[1], expiry, left)
redis.call('SETEX', KEYS[2], expiry, now)
return {allowed, capacity, math.floor(left)}
"""

WINDOW = """
local now = redis.call('TIME')
now = tonumber(now[1]) * 1000 + math.floor(tonumber(now[2]) / 1000)
local limit, window, expiry = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[4])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - window * 1000)
local count = redis.call('ZCARD', KEYS[1])
if count >= limit then return {0, limit, 0} end
redis.call('ZADD', KEYS[1], now, ARGV[3])
redis.call('PEXPIRE', KEYS[1], expiry)
return {1, limit, limit - count - 1}
"""


class Bucket:
    def __init__(self, client, prefix, rate, capacity):
        self.script = client.register_script(BUCKET)
        self.prefix, self.rate, self.capacity = prefix, float(rate), int(capacity)

    def acquire(self, key, cost):
        name = "{%s:%s}" % (self.prefix, key)
        expiry = 2 * math.ceil(self.capacity / self.rate)
        return self.script(keys=[name + ":tokens", name + ":ts"], args=[self.rate, self.capacity, cost, expiry])


class Window:
    def __init__(self, client, prefix, limit, window):
        self.script = client.register_script(WINDOW)
        self.prefix, self.limit, self.window = prefix, int(limit), int(window)

    def acquire(self, key, cost):
        assert cost == 1
        member, expiry = uuid.uuid4().hex, (self.window + 1) * 1000
        return self.script(keys=["%s:%s" % (self.prefix, key)], args=[self.limit, self.window, member, expiry])


def main():
    client = redis.Redis(host="127.0.0.1", port=int(sys.argv[1]))
    limiter = {"bucket": Bucket, "window": Window}[sys.argv[2]](client, *sys.argv[3:6])
    for line in sys.stdin:
        key, cost = line.split()
        print("%d %d %d" % tuple(limiter.acquire(key, int(cost))), flush=True)


main()
