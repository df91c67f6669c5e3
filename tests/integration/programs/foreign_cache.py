"""A program of another language at the same cache entries, as three systems keep them.

foreign_cache.py PORT SYSTEM EXPRESSION...    prints what each expression, which may use `cache`, gives

SYSTEM is fivcglue, spakky:PREFIX, rick:PREFIX, redis-kit:PREFIX, or redis-kit-1.0.3:PREFIX with the marker of earlier
versions.
"""
import json
import pickle
import sys

import redis


class FivcGlue:
    """Keys as they are; whole seconds; a null is an empty value."""

    def __init__(self, client, _):
        self.client = client

    def get_value(self, key):
        return self.client.get(key)

    def set_value(self, key, value, seconds):
        return bool(self.client.setex(key, int(seconds), b"" if value is None else value))


class Spakky:
    """A plain prefix; pickled values; milliseconds or no end."""

    def __init__(self, client, prefix):
        self.client, self.prefix = client, prefix

    def get(self, key):
        payload = self.client.get(self.prefix + key)
        return "miss" if payload is None else pickle.loads(payload)

    def set(self, key, value, ttl=None):
        milliseconds = None if ttl is None else max(1, int(ttl * 1000))
        self.client.set(self.prefix + key, pickle.dumps(value, 5), px=milliseconds)

    def delete(self, key):
        return self.client.delete(self.prefix + key) > 0

    def clear(self):
        keys = list(self.client.scan_iter(match=self.prefix + "*"))
        if keys:
            self.client.delete(*keys)


class Rick:
    """A plain prefix; pickled values; whole seconds or no end."""

    def __init__(self, client, prefix):
        self.client, self.prefix = client, prefix

    def get(self, key):
        payload = self.client.get(self.prefix + key)
        return None if payload is None else pickle.loads(payload)

    def set(self, key, value, ttl=None):
        return self.client.set(self.prefix + key, pickle.dumps(value), ex=ttl)

    def has(self, key):
        return self.client.exists(self.prefix + key) == 1

    def remove(self, key):
        return self.client.unlink(self.prefix + key) == 1


class RedisKit:
    """A prefix and a colon; JSON; a marker for null."""

    none = b"\x00__REDIS_KIT_NONE__\x00"

    def __init__(self, client, prefix):
        self.client, self.prefix = client, prefix

    def key(self, key):
        return self.prefix + ":" + key if self.prefix else key

    def pack(self, value):
        return self.none if value is None else json.dumps(value, ensure_ascii=False).encode()

    def unpack(self, payload):
        if payload is None:
            return "miss"
        return None if payload == self.none else json.loads(payload)

    def get(self, key):
        return self.unpack(self.client.get(self.key(key)))

    def set(self, key, value, ttl=None):
        if ttl:
            return self.client.setex(self.key(key), ttl, self.pack(value))
        return self.client.set(self.key(key), self.pack(value))

    def get_many(self, keys):
        values = self.client.mget([self.key(key) for key in keys])
        return {key: self.unpack(value) for key, value in zip(keys, values)}

    def set_many(self, values, ttl):
        pipe = self.client.pipeline(transaction=False)
        for key, value in values.items():
            pipe.setex(self.key(key), ttl, self.pack(value))
        pipe.execute()

    def iter_keys(self, pattern):
        found = self.client.scan_iter(match=self.key(pattern), count=100)
        return sorted(key.decode()[len(self.key("")):] for key in found)

    def ttl(self, key):
        return self.client.ttl(self.key(key))

    def increment(self, key, rounds):
        for _ in range(rounds):
            self.client.incrby(self.key(key), 1)


class OldRedisKit(RedisKit):
    none = b"__REDIS_KIT_NONE__"


SYSTEMS = {"fivcglue": FivcGlue, "spakky": Spakky, "rick": Rick, "redis-kit": RedisKit, "redis-kit-1.0.3": OldRedisKit}


def main():
    client = redis.Redis(host="127.0.0.1", port=int(sys.argv[1]))
    system, _, prefix = sys.argv[2].partition(":")
    cache = SYSTEMS[system](client, prefix)
    for expression in sys.argv[3:]:
        print(repr(eval(expression, {"cache": cache})), flush=True)


main()
