"""A program of another language at the same mutexes: SET NX PX, and a script that compares and deletes.

foreign_mutex.py PORT increment MUTEX KEY ROUNDS    under the mutex, reads the key and writes one more
foreign_mutex.py PORT hold MUTEX EXPIRE_MS          holds it until standard input ends
foreign_mutex.py PORT try MUTEX                     tries once; tells whether it had it
foreign_mutex.py PORT publish CHANNEL TEXT          one message over publish and subscribe
foreign_mutex.py PORT listen CHANNEL                prints the first message
"""
import sys
import time
import uuid

import redis

COMPARE_AND_DELETE = """
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) else return 0 end
"""


class Mutex:
    def __init__(self, client, name):
        self.client, self.key, self.owner = client, "mutex:" + name, None
        self.release_script = client.register_script(COMPARE_AND_DELETE)

    def try_acquire(self, expire_ms):
        self.owner = "locked_by_" + uuid.uuid4().hex
        return bool(self.client.set(self.key, self.owner, nx=True, px=expire_ms))

    def acquire(self, expire_ms):
        while not self.try_acquire(expire_ms):
            time.sleep(0.001)

    def release(self):
        return self.release_script(keys=[self.key], args=[self.owner]) == 1


def say(text):
    print(text, flush=True)


def main():
    client = redis.Redis(host="127.0.0.1", port=int(sys.argv[1]))
    verb, name = sys.argv[2], sys.argv[3]
    if verb == "increment":
        mutex = Mutex(client, name)
        for _ in range(int(sys.argv[5])):
            mutex.acquire(10000)
            client.set(sys.argv[4], int(client.get(sys.argv[4]) or 0) + 1)
            if not mutex.release():
                sys.exit("the mutex was lost")
    elif verb == "hold":
        mutex = Mutex(client, name)
        mutex.acquire(int(sys.argv[4]))
        say("held")
        sys.stdin.read()
        say("released %d" % mutex.release())
    elif verb == "try":
        mutex = Mutex(client, name)
        say("had %d" % mutex.try_acquire(1000))
        mutex.release()
    elif verb == "publish":
        say("receivers %d" % client.publish(name, sys.argv[4]))
    elif verb == "listen":
        subscription = client.pubsub()
        subscription.subscribe(name)
        for message in subscription.listen():
            if message["type"] == "subscribe":
                say("subscribed")
            elif message["type"] == "message":
                say("message " + message["data"].decode())
                break


main()
