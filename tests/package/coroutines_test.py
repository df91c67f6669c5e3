#!/usr/bin/env python3
"""The rules for coroutines that g++ 12 and clang 14 ask for, in all rooms but the tests. coroutines_test.py SOURCE

- A lambda with captures is no coroutine: the captures are gone while it waits.
- The result of co_await is not taken apart in the same statement, which g++ 12 gets wrong.
- await_suspend gives a bool, or nothing where a coroutine has ended, and never another coroutine, which makes the stack grow
  without optimisation. It is not inlined: clang 14 would keep what it uses in the frame of a coroutine that goes on elsewhere.
- What the library itself awaits has a name: g++ 12 destroys some temporaries of co_await expressions twice.
"""
import pathlib, re, sys

ROOMS = ['interfaces', 'implements', 'loaders', 'tools', 'examples']
AWAITED = re.compile(r'co_await (\w+;|\w+\)|std::move\(\w+\);|\w+\.until\()')


def body_of(text, opening):
    depth = 0
    for at in range(opening, len(text)):
        depth += {'{': 1, '}': -1}.get(text[at], 0)
        if depth == 0:
            return text[opening:at]
    return text[opening:]


def complaints(path, text):
    code = re.sub(r'//[^\n]*', '', text)
    for found in re.finditer(r'\[[^\[\]\n]+\]\s*(\([^{};]*\))?\s*(mutable|noexcept|\s)*(->[^{;]*)?\{', code):
        if re.search(r'\bco_(await|return|yield)\b', body_of(code, found.end() - 1)):
            yield found.start(), 'a lambda with captures is a coroutine'
    for found in re.finditer(r'auto(&&|&)? \[[^\]]*\] = co_await', code):
        yield found.start(), 'the result of co_await is taken apart at once'
    for found in re.finditer(r'([^;{}]*)\bawait_suspend\(', code):
        if not re.search(r'gnu::noinline', found.group(1)):
            yield found.end(), 'await_suspend may be inlined'
        if not re.search(r'\b(bool|void)\s*$', found.group(1)):
            yield found.end(), 'await_suspend gives neither a bool nor nothing'
    if path.parts[0] == 'implements' and '#define' not in code:
        for found in re.finditer(r'(?<!operator )\bco_await\b', code):
            if not AWAITED.match(code, found.start()):
                yield found.start(), 'what is awaited has no name'


def main(source):
    wrong = 0
    for room in ROOMS:
        for path in sorted((source / room).rglob('*.[ch]pp')):
            text = path.read_text()
            if 'co_' not in text and 'await_suspend' not in text:
                continue
            for at, why in complaints(path.relative_to(source), text):
                line = re.sub(r'//[^\n]*', '', text).count('\n', 0, at) + 1
                print(f'{path.relative_to(source)}:{line}: {why}')
                wrong += 1
    return 1 if wrong else 0


sys.exit(main(pathlib.Path(sys.argv[1])))
