"""get_or_set of another program over the same Redis, step by step as spakky-redis does it.

foreign_compute.py PORT PREFIX compute KEY VALUE   says "waiting" when somebody else has the lock, and "computing" when it
                                                   has it; then waits until standard input ends; prints the value
foreign_compute.py PORT PREFIX get KEY VALUE       the same without waiting for standard input
"""
import sys
import time
import uuid

import redis


def say(text):
    print(text, flush=True)


def compute(client, prefix, key, value, wait):
    name, lock = prefix + key, prefix + "__lock__:" + key
    found = client.get(name)
    if found is not None:
        return found
    waiting = False
    deadline = time.monotonic() + 30
    while not client.set(lock, uuid.uuid4().hex, px=30000, nx=True):
        if not waiting:
            say("waiting")
            waiting = True
        if time.monotonic() > deadline:
            sys.exit("lock timeout")
        found = client.get(name)
        if found is not None:
            return found
        time.sleep(0.01)
    try:
        found = client.get(name)
        if found is not None:
            return found
        client.incr("runs")
        say("computing")
        if wait:
            sys.stdin.read()
        client.set(name, value, px=600000)
        return value.encode()
    finally:
        client.delete(lock)


def main():
    client = redis.Redis(host="127.0.0.1", port=int(sys.argv[1]))
    found = compute(client, sys.argv[2], sys.argv[4], sys.argv[5], sys.argv[3] == "compute")
    say("value " + found.decode())


main()
