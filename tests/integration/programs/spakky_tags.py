"""spakky-redis' tags, as another program at the same server does them.

spakky_tags.py PORT PREFIX EXPRESSION...    prints what each expression, which may use `cache`, gives
"""
import pickle
import sys

import redis


class Spakky:
    """A set of full keys for each tag, which never expires; SET and SADD one after the other."""

    def __init__(self, client, prefix):
        self.client, self.prefix = client, prefix

    def tag_key(self, tag):
        return self.prefix + "__tag__:" + tag

    def get(self, key):
        payload = self.client.get(self.prefix + key)
        return "miss" if payload is None else pickle.loads(payload)

    def raw(self, key):
        return self.client.get(self.prefix + key)

    def set_with_tags(self, key, value, tags, ttl_ms=None):
        self.client.set(self.prefix + key, pickle.dumps(value), px=ttl_ms)
        for tag in tags:
            self.client.sadd(self.tag_key(tag), self.prefix + key)

    def evict_tags(self, *tags):
        sets = [self.tag_key(tag) for tag in tags]
        keys = {key for name in sets for key in self.client.smembers(name)}
        return self.client.delete(*keys, *sets)

    def members(self, tag):
        return sorted(key.decode() for key in self.client.smembers(self.tag_key(tag)))


def main():
    client = redis.Redis(host="127.0.0.1", port=int(sys.argv[1]))
    cache = Spakky(client, sys.argv[2])
    for expression in sys.argv[3:]:
        print(repr(eval(expression, {"cache": cache})), flush=True)


main()
