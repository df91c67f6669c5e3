#!/usr/bin/env python3
"""What the shared library exports: exported_symbols.py SOURCE BUILD LIBRARY

All that programs need, which the programs of the repository and the library for tests show; no more than 2,300 names; and none of another library, or of a
namespace that no public header has.
"""
import glob, os, re, subprocess, sys

source, build, library = sys.argv[1:]
problems = []


def lines_of(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()


dynamic = '\n'.join(lines_of('readelf', '-d', library))
project = re.search(r'project\(cachesite VERSION (\d+)\.(\d+)', open(os.path.join(source, 'CMakeLists.txt')).read())
major, minor = project.groups()
soname = 'libcachesite.so.' + (f'0.{minor}' if major == '0' else major)
if f'soname: [{soname}]' not in dynamic:
    problems.append(f'the soname is not {soname}:\n{dynamic}')

exported = {}
for line in lines_of('nm', '-D', '--defined-only', library):
    name = line.split()[-1]
    if not name.startswith('CACHESITE_'):
        exported[name.split('@')[0]] = name
public = set()
for room in ('interfaces', 'implements', 'loaders'):
    for header in glob.glob(os.path.join(source, room, 'cachesite', '**', '*.hpp'), recursive=True):
        for names in re.findall(r'^namespace ([\w:]+) \{\n\n', open(header, encoding='utf-8').read(), re.M):
            public.update(names.split('::'))
for name in exported:
    # A function, or what belongs to a type: its vtable, its type information, a thunk.
    mangled = re.match(r'_Z(?:T(?:[VTISC]|[hv]\w+?_))?NK?9cachesite(\d+)(.*)', name)
    inner = mangled and mangled.group(2)[:int(mangled.group(1))]
    is_namespace = inner and inner[0].islower() and mangled.group(2)[len(inner)].isdigit()
    if not mangled or (is_namespace and inner not in public):
        problems.append('exported, and not declared in a public header: ' + lines_of('c++filt', name)[0])
if len(exported) > 2300:
    problems.append(f'{len(exported)} names are exported; 2300 are the limit')

objects = [file for folder in ('examples', 'tools', 'implements/testing') for file in glob.glob(os.path.join(build, folder, '**', '*.o'), recursive=True)]
if not objects:
    problems.append(f'no program is built in {build}')
needed = {line.split()[-1] for file in objects for line in lines_of('nm', '--undefined-only', file) if 'cachesite' in line}
defined = {line.split()[-1] for file in objects for line in lines_of('nm', '--defined-only', file) if 'cachesite' in line and len(line.split()) == 3}
for name in sorted(needed - defined - set(exported)):
    problems.append('not exported, but a program needs it: ' + lines_of('c++filt', name)[0])

print(f'{len(exported)} names are exported')
print('\n'.join(problems))
sys.exit(1 if problems else 0)
