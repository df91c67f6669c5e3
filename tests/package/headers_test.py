#!/usr/bin/env python3
"""Each public header compiles by itself, and twice, without warnings: headers_test.py SOURCE WORK COMPILER

A header compiles by itself when nothing comes before it but what it includes. In a file of several headers that holds for each of them, if
each includes all those before it. So the headers are sorted into as few such files as there can be, which is half as many as headers.

The standard headers are read once for all files; that each header names those that it needs is what includes_test.py looks at. And the
umbrella header leaves none out but those that a program has to ask for.
"""
import os, re, shlex, subprocess, sys

source, work, compiler = sys.argv[1:]
# A header includes those of its own room and of the rooms before.
ROOMS = ['interfaces', 'implements', 'loaders', 'tools']
MADE_BY_CMAKE = 'cachesite/version.hpp'
ASKED_FOR = {'async_cached.hpp', 'async_consume.hpp', 'async_remember.hpp', 'boost_asio.hpp', 'data_fields.hpp', 'spdlog_logger.hpp', 'testing.hpp', 'tool_main.hpp'}
FLAGS = ('-std=c++20 -O0 -g0 -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Winvalid-pch -Werror '
         '-DSPDLOG_COMPILED_LIB -DSPDLOG_FMT_EXTERNAL')
problems = []

room_of, includes = {}, {}
for number, room in enumerate(ROOMS):
    for folder, _, files in os.walk(os.path.join(source, room, 'cachesite')):
        for file in files:
            if file.endswith('.hpp'):
                path = os.path.join(folder, file)
                name = os.path.relpath(path, os.path.join(source, room))
                room_of[name] = number
                with open(path, encoding='utf-8') as text:
                    includes[name] = re.findall(r'^\s*#\s*include\s*([<"].*[>"])', text.read(), re.M)
standard = set()
for name, found in includes.items():
    for include in found:
        inner = include[1:-1]
        if inner in includes and include[0] == '<' and room_of[inner] <= room_of[name]:
            continue
        if inner == MADE_BY_CMAKE:
            continue
        if include[0] == '<' and re.fullmatch('[a-z_]+', inner):
            standard.add(inner)
        elif not inner.startswith(('spdlog/', 'boost/')):
            problems.append(f'{name} includes {include}, which is no public header of its room or one above it')
    includes[name] = [include[1:-1] for include in found if include[1:-1] in includes]

below = {}


def everything_below(name):
    if name not in below:
        below[name] = set()
        for include in includes[name]:
            below[name] |= {include} | everything_below(include)
    return below[name]


def chains():
    """Each header is followed by one that includes it, if there is one left: a matching, which is as large as can be."""
    follows, precedes = {}, {}

    def find_follower(name, seen):
        for upper in sorted(includes):
            if name in everything_below(upper) and upper not in seen:
                seen.add(upper)
                if upper not in precedes or find_follower(precedes[upper], seen):
                    follows[name], precedes[upper] = upper, name
                    return True
        return False

    for name in sorted(includes):
        find_follower(name, set())
    for name in sorted(set(includes) - set(precedes)):
        chain = [name]
        while chain[-1] in follows:
            chain.append(follows[chain[-1]])
        yield chain


def write(path, text):
    path = os.path.join(work, path)
    if os.path.exists(path):
        with open(path, encoding='utf-8') as file:
            if file.read() == text:
                return
    with open(path, 'w', encoding='utf-8') as file:
        file.write(text)


with open(os.path.join(source, 'tools', 'cmake', 'version.hpp.in'), encoding='utf-8') as made:
    os.makedirs(os.path.join(work, 'cachesite'), exist_ok=True)
    write(MADE_BY_CMAKE, re.sub('@[A-Z_]+@', '0', made.read()))
folders = '-I. ' + ' '.join('-I' + shlex.quote(os.path.join(source, room)) for room in ROOMS)
rules = [f'flags = {FLAGS}', 'rule precompile', f'  command = {compiler} $flags -MD -MF $out.d -x c++-header $in -o $out',
         '  depfile = $out.d', '  deps = gcc', 'rule compile',
         f'  command = {compiler} $flags {folders} -MD -MF $out.d -include standard.hpp -S $in -o $out', '  depfile = $out.d', '  deps = gcc',
         'build standard.hpp.gch: precompile standard.hpp']
os.makedirs(work, exist_ok=True)
write('standard.hpp', ''.join(f'#include <{name}>\n' for name in sorted(standard)))
compiled, files = set(), 0
for chain in chains():
    name = chain[-1].replace('/', '_')
    write(name + '.cpp', ''.join(f'#include <{header}>\n' for header in chain + chain))
    rules.append(f'build {name}.s: compile {name}.cpp | standard.hpp.gch')
    for header, following in zip(chain, chain[1:]):
        assert everything_below(following) >= {header} | everything_below(header)
    compiled |= set(chain)
    files += 1
assert compiled == set(includes)
write('build.ninja', '\n'.join(rules) + '\n')
built = subprocess.run(['ninja', '-C', work, '-k', '0', '-j', str(os.cpu_count())], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
if built.returncode:
    problems.append('a public header does not compile by itself:\n' + built.stdout)

for name in sorted(includes):
    if '/' not in name.removeprefix('cachesite/') and os.path.basename(name) not in ASKED_FOR | {'cachesite.hpp'}:
        if name not in includes['cachesite/cachesite.hpp']:
            problems.append(f'<cachesite/cachesite.hpp> does not include <{name}>')

print(f'{len(includes)} headers in {files} files')
print('\n'.join(problems))
sys.exit(1 if problems else 0)
