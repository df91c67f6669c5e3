#!/usr/bin/env python3
"""Runs the compiler, unless it has done the same before: same_object.py SOURCE BUILD COPY COPY_BUILD LOG COMPILER ARGUMENT...

COPY is a copy of the checkout SOURCE, of which BUILD is a build by Ninja. Where the compiler did the same there, with the same options and
for the same text, what it made is taken. All files that it read are compared, so one that the copy lacks, or an option that the copy's
build lacks, has its effect. LOG gets a line for each file that is compiled.
"""
import json, os, shlex, shutil, subprocess, sys

source, build, copy, copy_build, log, *command = sys.argv[1:]


def placeless(text, source, build):
    return text.replace(build, '@build@').replace(source, '@source@')


def described(words, source, build):
    """The command, but for places and where its results go."""
    kept, rest = [], iter(words)
    for word in rest:
        if word in ('-o', '-MT', '-MF'):
            next(rest)
        elif word != '-MD':
            kept.append(placeless(word, source, build))
    return kept


def text_of(path, source, build):
    with open(path, encoding='latin-1') as file:
        return placeless(file.read(), source, build)


def is_same(path):
    """Whether a file that the compiler read has the same text here. Those of the system have."""
    if path.endswith('.gch'):
        return True
    if path.startswith(build + '/'):
        twin = copy_build + path[len(build):]
    elif path.startswith(source + '/'):
        twin = copy + path[len(source):]
    else:
        return True
    return os.path.exists(twin) and text_of(path, source, build) == text_of(twin, copy, copy_build)


def made_before():
    input_file = placeless(command[-1], copy, copy_build)
    with open(os.path.join(build, 'compile_commands.json'), encoding='utf-8') as file:
        entries = [shlex.split(one['command']) for one in json.load(file) if placeless(one['file'], source, build) == input_file]
    for words in entries:
        if words[0] not in command or described(words, source, build) != described(command[command.index(words[0]):], copy, copy_build):
            continue
        result = words[words.index('-o') + 1]
        shown = subprocess.run(['ninja', '-C', build, '-t', 'deps', result], capture_output=True, text=True).stdout.splitlines()
        read = [os.path.normpath(os.path.join(build, line.strip())) for line in shown if line.startswith('    ')]
        result = os.path.join(build, result)
        if not read or '(VALID)' not in ''.join(shown) or not os.path.exists(result):
            continue
        when = os.path.getmtime(result)
        if all(os.path.exists(path) and os.path.getmtime(path) <= when and is_same(path) for path in read):
            return result
    return None


same = made_before() if '-o' in command and os.path.exists(os.path.join(build, 'compile_commands.json')) else None
if same is None:
    with open(log, 'a', encoding='utf-8') as file:
        file.write(command[-1] + '\n')
    os.execvp(command[0], command)
shutil.copyfile(same, command[command.index('-o') + 1])
with open(command[command.index('-MF') + 1], 'w', encoding='utf-8') as file:
    file.write(command[command.index('-o') + 1] + ':\n')
