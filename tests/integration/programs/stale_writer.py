#!/usr/bin/python3
"""Writes to Redis like another program: stale_writer.py PORT FILE KEYS WRITES_PER_SECOND SECONDS WRITERS NUMBER

Of several writers each has keys of its own. What was acknowledged, and when, is put into FILE: for each key a ring of 256 pairs of a number and a time of
CLOCK_MONOTONIC in nanoseconds, the number at place number % 256. Keys are chosen by Zipf's law with exponent 0.99. SIGTERM ends it earlier,
between two writes.
"""
import bisect
import itertools
import mmap
import random
import signal
import socket
import sys
import time

port, path, keys, rate, seconds = int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), float(sys.argv[5])
writers, writer = int(sys.argv[6]), int(sys.argv[7])
kept = 256
link = None
asked_to_end = []
signal.signal(signal.SIGTERM, lambda *_: asked_to_end.append(True))
with open(path, "r+b") as file:
    words = memoryview(mmap.mmap(file.fileno(), 0)).cast("q")
own = range(writer, keys, writers)
sums = list(itertools.accumulate((rank + 1) ** -0.99 for rank in own))
numbers = [0] * keys
chance = random.Random(7 + writer)


def ask(command):
    """The answer; None when the server is away, and whether the command was carried out is not known."""
    global link
    try:
        if link is None:
            link = socket.create_connection(("127.0.0.1", port))
            link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        link.sendall(command)
        answer = link.recv(64)
    except OSError:
        answer = b""
    if answer:
        return answer
    link = None
    time.sleep(0.01)
    return None


def write(key):
    numbers[key] += 1
    value = b"%d" % numbers[key]
    name = b"stale:%d" % key
    answer = ask(b"*3\r\n$3\r\nSET\r\n$%d\r\n%s\r\n$%d\r\n%s\r\n" % (len(name), name, len(value), value))
    if answer is None:
        return
    assert answer == b"+OK\r\n", answer
    place = (key * kept + numbers[key] % kept) * 2
    words[place + 1] = time.monotonic_ns()  # first: who sees the number sees its time
    words[place] = numbers[key]


for key in own:
    write(key)
print("ready", flush=True)
begin = time.monotonic()
count = 0
while (now := time.monotonic()) - begin < seconds and not asked_to_end:
    if count > (now - begin) * rate / writers:
        time.sleep(0.0005)
        continue
    write(own[bisect.bisect(sums, chance.random() * sums[-1])])
    count += 1
print(count, flush=True)
