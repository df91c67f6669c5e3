#!/usr/bin/env python3
"""CHANGELOG.md has a section with content for each version, newest first, and the first is the version that CMake builds: either
unreleased, or with its date and a tag. changelog_test.py SOURCE
"""
import os, re, subprocess, sys

source = sys.argv[1]
problems = []
with open(os.path.join(source, 'CMakeLists.txt'), encoding='utf-8') as file:
    version = re.search(r'project\(cachesite VERSION ([\d.]+)', file.read()).group(1)
with open(os.path.join(source, 'CHANGELOG.md'), encoding='utf-8') as file:
    sections = re.split(r'^## ', file.read(), flags=re.M)[1:]
tags = None
if os.path.exists(os.path.join(source, '.git')):
    tags = subprocess.run(['git', '-C', source, 'tag'], capture_output=True, text=True).stdout.split()

versions = []
for section in sections:
    title, _, body = section.partition('\n')
    heading = re.fullmatch(r'(\d+\.\d+\.\d+) \((unreleased|\d{4}-\d\d-\d\d)\)', title.strip())
    if not heading:
        problems.append(f'"{title}" is not "X.Y.Z (unreleased)" or "X.Y.Z (YYYY-MM-DD)"')
        continue
    number, when = heading.groups()
    versions.append(tuple(map(int, number.split('.'))))
    if not re.search(r'^- ', body, re.M):
        problems.append(f'{number} says nothing')
    if when == 'unreleased' and len(versions) > 1:
        problems.append(f'{number} is not released, and stands below a later version')
    if when != 'unreleased' and tags and 'v' + number not in tags:
        problems.append(f'{number} is released, and has no tag v{number}')
if versions != sorted(set(versions), reverse=True):
    problems.append('the versions are not sorted, the newest first, or one stands twice')
if not versions or versions[0] != tuple(map(int, version.split('.'))):
    problems.append(f'the first section is not of {version}, which CMake builds')

print('\n'.join(problems))
sys.exit(1 if problems else 0)
