#!/usr/bin/env python3
"""Mutation testing: whether the tests notice small faults in the product code.

mutants.json lists the faults, called mutants: a condition left out, a line forgotten, a wrong bound. They are all
compiled into one build of a copy of the sources, and the environment variable CACHESITE_MUTANT (mutant.hpp) puts one of
them in force, so that nothing is built again from one mutant to the next. A mutant is killed when a test fails with it;
one that survives shows what no test looks at. `./dev mutants` does everything: it makes the copy in build/mutants/tree,
applies the mutants, builds, and tries them.

  check      says which mutants no longer match the sources; changes nothing
  apply      puts all mutants that match into the sources of the tree, switched off
  unapply    takes all of them out again, exactly
  baseline   runs all tests without a mutant; a test that fails then does not count later
  try        tries the mutants named, or all that have no result yet; the exit code is 1 when one survives or is
             not applied
  report     shows the results

A mutant is tried on the tests that are likely to kill it, then on all others, the quick ones first, until one fails. A
failure counts only if the test fails once more with the mutant and passes once without it. Tests of packages are left
out, since they build the sources for themselves. Results belong to the commit of the tree and are kept in build/mutants.

A mutant of mutants.json has these members:

  id         its name on the command line
  index      its number, 1 and up: the value of CACHESITE_MUTANT, and the argument of ::mutants::is in `switched`
  file       the source, from the root of the repository
  old        the text of the source; it has to stand there exactly once
  mutated    in words or code, what the mutant makes of it
  switched   what stands there instead of `old` once the mutant is applied: it behaves like `old` while the mutant is off
  symptom    what a user of the library would see
  tests      a regular expression for the names of the tests that are likely to kill it

When a change of the sources makes `check` fail, `old` and `switched` have to follow it. Where the mutated code is gone,
the nearest fault with the same symptom takes its place.
"""
# Tests are run by this program itself, from what `ctest --show-only=json-v1` says: the TIMEOUT that a test sets would
# win over the option of ctest.
import argparse, json, os, queue, re, signal, subprocess, sys, tempfile, threading, time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
WORK = os.path.join(ROOT, 'build', 'mutants')
HEADER = os.path.join('tests', 'mutation', 'mutant.hpp')
VARIABLE = 'CACHESITE_MUTANT'
SKIPPED = re.compile(r'^package/|_is_not_built$')

with open(os.path.join(HERE, 'mutants.json'), encoding='utf-8') as listed:
    MUTANTS = json.load(listed)


# --- files

def read(path):
    with open(path, encoding='utf-8', newline='') as file:
        return file.read()


def write(path, text):
    with open(path, 'w', encoding='utf-8', newline='') as file:
        file.write(text)


def read_json(path):
    return json.loads(read(path))


# An interruption leaves the file as it was.
def write_json(path, content):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    write(path + '.part', json.dumps(content, indent=1) + '\n')
    os.replace(path + '.part', path)


def commit_of(tree):
    asked = subprocess.run(['git', '-C', tree, 'rev-parse', '--short=12', 'HEAD'], stdout=subprocess.PIPE,
                           stderr=subprocess.DEVNULL, text=True)
    return asked.stdout.strip() or 'unknown'


# --- putting the mutants in

def include_line(mutant):
    return '#include "%s"  // mutants\n' % os.path.relpath(HEADER, os.path.dirname(mutant['file']))


def is_applied(tree, mutant):
    path = os.path.join(tree, mutant['file'])
    return os.path.exists(path) and read(path).count(mutant['switched']) == 1


def apply(tree, really=True):
    missing = 0
    for mutant in MUTANTS:
        path = os.path.join(tree, mutant['file'])
        if is_applied(tree, mutant):
            continue
        text = read(path) if os.path.exists(path) else ''
        found = text.count(mutant['old'])
        if found != 1:
            print('%s: `old` stands %d times in %s' % (mutant['id'], found, mutant['file']))
            missing += 1
        elif really:
            text = text.replace(mutant['old'], mutant['switched'])
            line = include_line(mutant)
            if line not in text:
                pragma = '#pragma once\n'
                at = text.find(pragma)
                at = 0 if at < 0 else at + len(pragma)
                text = text[:at] + line + text[at:]
            write(path, text)
    print('%d of %d mutants %s' % (len(MUTANTS) - missing, len(MUTANTS), 'are applied' if really else 'match'))
    return 1 if missing else 0


def unapply(tree):
    for mutant in reversed(MUTANTS):
        if not is_applied(tree, mutant):
            continue
        path = os.path.join(tree, mutant['file'])
        text = read(path).replace(mutant['switched'], mutant['old'])
        if '::mutants::' not in text:
            text = text.replace(include_line(mutant), '')
        write(path, text)
    left = [mutant['id'] for mutant in MUTANTS if is_applied(tree, mutant)]
    print('still applied: ' + ' '.join(left) if left else 'no mutant is applied')
    return 1 if left else 0


# --- running tests

def kill_group(child):
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass


class Test:
    def __init__(self, said):
        self.name = said['name']
        self.command = said.get('command', [])
        properties = {each['name']: each['value'] for each in said.get('properties', [])}
        self.folder = properties.get('WORKING_DIRECTORY')
        self.environment = dict(each.split('=', 1) for each in properties.get('ENVIRONMENT', []))
        self.must_fail = bool(properties.get('WILL_FAIL'))
        self.skip_code = properties.get('SKIP_RETURN_CODE')
        self.passes = properties.get('PASS_REGULAR_EXPRESSION', [])
        self.fails = properties.get('FAIL_REGULAR_EXPRESSION', [])
        self.alone = bool(properties.get('RUN_SERIAL'))

    def is_built(self):
        return bool(self.command) and os.path.exists(self.command[0])

    # None when it passed, else why not; seconds; the end of the output. Ends early when `is_over` says so.
    def run(self, index, limit, is_over=lambda: False):
        environment = dict(os.environ, **self.environment)
        environment.pop(VARIABLE, None)
        if index:
            environment[VARIABLE] = str(index)
        begin = time.monotonic()
        with tempfile.TemporaryFile() as log:
            child = subprocess.Popen(self.command, cwd=self.folder, env=environment, stdin=subprocess.DEVNULL,
                                     stdout=log, stderr=subprocess.STDOUT, start_new_session=True)
            why = self.wait(child, begin, limit, is_over)
            seconds = time.monotonic() - begin
            # Servers that a test which crashed has left behind.
            kill_group(child)
            log.seek(0)
            output = log.read().decode('utf-8', 'replace')
        why = why or self.judge(child.returncode, output)
        return why, seconds, output[-1500:] if why else ''

    @staticmethod
    def wait(child, begin, limit, is_over):
        while True:
            try:
                child.wait(0.2 if time.monotonic() - begin > 1 else 0.02)
                return None
            except subprocess.TimeoutExpired:
                late = time.monotonic() - begin > limit
                if late or is_over():
                    kill_group(child)
                    child.wait()
                    return 'timeout' if late else 'ended early'

    def judge(self, code, output):
        if self.skip_code is not None and code == int(self.skip_code):
            return None
        bad = code != 0
        if self.passes:
            bad = not any(re.search(each, output) for each in self.passes)
        if any(re.search(each, output) for each in self.fails):
            bad = True
        if bad == self.must_fail:
            return None
        return 'signal %d' % -code if code < 0 else 'exit %d' % code


def tests_of(build):
    said = subprocess.run(['ctest', '--show-only=json-v1'], cwd=build, check=True, stdout=subprocess.PIPE).stdout
    tests = [Test(each) for each in json.loads(said)['tests']]
    tests = [test for test in tests if not test.name.startswith('package/')]
    missing = [test.name for test in tests if SKIPPED.search(test.name) or not test.is_built()]
    if missing:
        print('not built, and left out: ' + ' '.join(missing))
    return [test for test in tests if test.name not in missing]


# With `stop`, only until one fails. Gives {name: (why, seconds, output)} of those that ran to an end.
def run_tests(tests, index, limit_of, jobs, stop=True):
    done = {}
    lock = threading.Lock()
    over = threading.Event()

    def work(waiting):
        while not over.is_set():
            try:
                test = waiting.get_nowait()
            except queue.Empty:
                return
            result = test.run(index, limit_of(test), over.is_set)
            if result[0] == 'ended early':
                return
            with lock:
                done[test.name] = result
            if stop and result[0]:
                over.set()

    for group, threads in (([t for t in tests if not t.alone], jobs), ([t for t in tests if t.alone], 1)):
        waiting = queue.Queue()
        for test in group:
            waiting.put(test)
        workers = [threading.Thread(target=work, args=(waiting,)) for _ in range(threads)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    return done


# --- trying the mutants

def baseline(options):
    tests = tests_of(options.build)
    print('baseline: %d tests without a mutant' % len(tests), flush=True)
    begin = time.monotonic()
    done = run_tests(tests, 0, lambda test: 300, options.jobs, stop=False)
    noise = sorted(name for name, result in done.items() if result[0])
    write_json(options.baseline, {'noise': noise,
                                  'seconds': {name: round(result[1], 2) for name, result in done.items()},
                                  'outputs': {name: done[name][2] for name in noise}})
    print('baseline: %d fail, %.0f s %s' % (len(noise), time.monotonic() - begin, ' '.join(noise)), flush=True)
    return 0


def try_mutant(mutant, tests, known, options):
    counting = [test for test in tests if test.name not in known['noise']]
    likely = [test for test in counting if re.search(mutant['tests'], test.name)]
    others = [] if options.likely else [test for test in counting if test not in likely]
    others.sort(key=lambda test: known['seconds'].get(test.name, 1))
    by_name = {test.name: test for test in tests}
    limit_of = lambda test: max(options.timeout, 3 * known['seconds'].get(test.name, 0) + 10)
    index = mutant['index']
    record = {'index': index, 'killed': False, 'ran': 0, 'shaky': []}
    begin = time.monotonic()
    for left in (likely, others):
        while left and not record['killed']:
            done = run_tests(left, index, limit_of, options.jobs)
            record['ran'] += len(done)
            failed = [name for name, result in done.items() if result[0]]
            if not failed:
                break
            for name in failed:
                test = by_name[name]
                again = test.run(index, limit_of(test))
                without = test.run(0, limit_of(test))
                if again[0] and not without[0]:
                    why, seconds, output = done[name]
                    record.update(killed=True, test=name, why=why, test_seconds=round(seconds, 1), output=output)
                    break
                record['shaky'].append(name)
            left = [test for test in left if test.name not in done]
    record['seconds'] = round(time.monotonic() - begin, 1)
    return record


def try_mutants(options):
    unknown = set(options.ids) - {mutant['id'] for mutant in MUTANTS}
    if unknown:
        sys.exit('no such mutant: ' + ' '.join(sorted(unknown)))
    if not os.path.exists(options.baseline):
        baseline(options)
    known = read_json(options.baseline)
    tests = tests_of(options.build)
    results = read_json(options.results) if os.path.exists(options.results) else {}
    all_killed = True
    for mutant in MUTANTS:
        id = mutant['id']
        if options.ids and id not in options.ids:
            continue
        if options.ids or options.again or id not in results:
            if is_applied(options.tree, mutant):
                results[id] = try_mutant(mutant, tests, known, options)
            else:
                results[id] = {'index': mutant['index'], 'killed': None}
            write_json(options.results, results)
            print(line_of(id, results[id]), flush=True)
        all_killed = all_killed and bool(results[id]['killed'])
    return 0 if all_killed else 1


def line_of(id, record):
    if record['killed'] is None:
        return '%-9s is not applied' % id
    shaky = ' (fail now and then: %s)' % ' '.join(record['shaky']) if record['shaky'] else ''
    if not record['killed']:
        return '%-9s SURVIVED %d tests, %.0f s%s' % (id, record['ran'], record['seconds'], shaky)
    return '%-9s killed by %s (%s, %.1f s) after %.0f s%s' % (id, record['test'], record['why'],
                                                              record['test_seconds'], record['seconds'], shaky)


def report(options):
    results = read_json(options.results) if os.path.exists(options.results) else {}
    for mutant in MUTANTS:
        id = mutant['id']
        print(line_of(id, results[id]) if id in results else '%-9s has not been tried' % id)
    tried = [record for record in results.values() if record['killed'] is not None]
    print('%d of %d killed' % (sum(record['killed'] for record in tried), len(tried)))
    return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('what', choices=['check', 'apply', 'unapply', 'baseline', 'try', 'report'])
    parser.add_argument('ids', nargs='*', metavar='ID', help='the mutants to try')
    parser.add_argument('--tree', metavar='DIR',
                        help='the sources (default: this repository for check, its copy in build/mutants/tree for all else)')
    parser.add_argument('--build', metavar='DIR', help='the build folder (default: build/release in the tree)')
    parser.add_argument('--jobs', type=int, metavar='N', default=os.cpu_count(), help='tests at once (default: the processors)')
    parser.add_argument('--timeout', type=float, metavar='SECONDS', default=60,
                        help='for a test (default: 60; at least three times what it took without a mutant, and 10)')
    parser.add_argument('--likely', action='store_true', help='run only the tests that are likely to kill the mutant')
    parser.add_argument('--again', action='store_true', help='try also the mutants that have a result')
    options = parser.parse_intermixed_args()
    if options.ids and options.what != 'try':
        parser.error('only try takes mutants')
    options.tree = options.tree or (ROOT if options.what == 'check' else os.path.join(WORK, 'tree'))
    if not os.path.isdir(options.tree):
        parser.error('there is no %s: ./dev mutants makes it' % options.tree)
    options.build = options.build or os.path.join(options.tree, 'build', 'release')
    commit = commit_of(options.tree)
    options.baseline = os.path.join(WORK, 'baseline-%s.json' % commit)
    options.results = os.path.join(WORK, 'results-%s.json' % commit)
    if options.what in ('check', 'apply'):
        return apply(options.tree, options.what == 'apply')
    if options.what == 'unapply':
        return unapply(options.tree)
    return {'baseline': baseline, 'try': try_mutants, 'report': report}[options.what](options)


if __name__ == '__main__':
    sys.exit(main())
