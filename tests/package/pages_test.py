#!/usr/bin/env python3
"""The manual page and the completions of an installation, as their readers take them: pages_test.py SUBJECT SHARE TOOL

SUBJECT is man_page, bash_completion, zsh_completion or fish_completion, SHARE the folder `share` of the installation. Without the
program that reads the page the exit status is 77.
"""
import glob, os, pty, re, select, shlex, shutil, subprocess, sys, tempfile, time

subject, share, tool = sys.argv[1], os.path.abspath(sys.argv[2]), shutil.which(sys.argv[3])
os.environ['PATH'] = os.path.dirname(os.path.abspath(tool)) + ':' + os.environ['PATH']  # completions ask the program for names
# What is typed, and what the last word has to become. Nothing else may begin so.
COMPLETED = {'evi': 'evict', 'check --conn': '--connect', 'set products key value --tt': '--ttl', 'completion fi': 'fish',
             'describe MemoryC': 'MemoryCache', 'check --skip-unk': '--skip-unknown', '-c caches.yml evi': 'evict', '-c /etc/debian_ver': '/etc/debian_version'}
problems = []


def one(*names):
    found = [path for name in names for path in glob.glob(os.path.join(glob.escape(share), name))]
    if len(found) != 1:
        sys.exit(f'not one of {names} in {share}: {found}')
    return found[0]


def need(program):
    if not shutil.which(program):
        print(f'not tested: {program} is not here')
        sys.exit(77)


def output_of(*command, **options):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)
    return done.stdout


def help_of(*words):
    return output_of(tool, *words, '--help')


def options_in(text):
    return set(re.findall(r'(?<![\w-])--?[a-z][\w-]*', '\n'.join(re.findall(r'^ +(-[^ ]*(?: *,? *-[^ ]+)*)', text, re.M))))


def check_man_page():
    need('mandoc')
    page = one('man/man1/cachesite.1', 'man/man1/cachesite.1.gz')
    for reader in (['mandoc', '-T', 'lint', '-W', 'warning'], ['man', '--warnings', '-E', 'UTF-8', '-Tutf8', '-Z', '-l']):
        if shutil.which(reader[0]):
            done = subprocess.run([*reader, page], capture_output=True, text=True, env={**os.environ, 'MANWIDTH': '80'})
            # What a build makes has no date.
            complaints = [line for line in ((done.stdout if reader[0] == 'mandoc' else '') + done.stderr).splitlines()
                          if 'missing date' not in line]
            if complaints or (done.returncode and reader[0] == 'man'):
                problems.append(f'{reader[0]} says: {complaints}')
    text = re.sub('.\b', '', output_of('mandoc', '-T', 'utf8', page))
    general = help_of()
    commands = re.findall(r'^  ([a-z][\w-]*)', re.split(r'(?i)^(?:sub)?commands:', general, flags=re.M)[1], re.M)
    if len(commands) < 20:
        problems.append(f'the help has too few commands: {commands}')
    words = set(re.findall(r'(?<![\w-])-*[\w-]+', text))
    for command in commands:
        for word in {command} | options_in(help_of(command)) | options_in(general):
            if word not in words:
                problems.append(f'{word} of {command} is not in the manual page')


def bash_completed(typed):
    words = ' '.join(['cachesite', *map(shlex.quote, typed.split())])
    return output_of('bash', '--norc', '-c', f'source "$0"; COMP_WORDS=({words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); _cachesite; '
                     'echo "${COMPREPLY[*]}"', one('bash-completion/completions/cachesite'))


def fish_completed(typed):
    one('fish/vendor_completions.d/cachesite.fish')
    with tempfile.TemporaryDirectory() as home:
        shown = output_of('fish', '-c', 'complete -C $argv[1]', 'cachesite ' + typed,
                          env={'HOME': home, 'PATH': os.path.dirname(tool) + ':/usr/bin:/bin', 'TERM': 'xterm', 'LANG': 'C.UTF-8',
                               'XDG_DATA_DIRS': share + ':/usr/share'})
    return ' '.join(line.split('\t')[0] for line in shown.splitlines())


class Zsh:
    """An interactive shell, which puts what stands on its line into a file when it is asked."""

    def __init__(self, home):
        self.line = os.path.join(home, 'line')
        folder = os.path.dirname(one('zsh/*/_cachesite'))
        # Of the system's own pages it knows by itself.
        own = '' if share == '/usr/share' else f'fpath=({shlex.quote(folder)} $fpath); '
        process, self.terminal = pty.fork()
        if process == 0:
            os.environ.update(HOME=home, TERM='xterm', LANG='C.UTF-8')
            os.execvp('zsh', ['zsh', '-f', '-i'])
        self.send(own + "autoload -Uz compinit && compinit -u -D; zstyle ':completion:*' insert-tab false; "
                  f'report() {{ print -r -- "$BUFFER" > {self.line}.new; mv {self.line}.new {self.line} }}; '
                  f"zle -N report; bindkey '^]' report; : > {self.line}\n")
        self.received()

    def send(self, text):
        os.write(self.terminal, text.encode())

    def received(self):
        deadline = time.monotonic() + 120
        while not os.path.exists(self.line):
            if select.select([self.terminal], [], [], 0.05)[0]:
                os.read(self.terminal, 65536)
            if time.monotonic() > deadline:
                sys.exit('zsh does not answer')
        with open(self.line, encoding='utf-8') as file:
            text = file.read()
        os.remove(self.line)
        return text

    def completed(self, typed):
        self.send('\x15cachesite ' + typed + '\t\x1d')
        return self.received().split()[-1]


def check_completion(completed):
    with tempfile.NamedTemporaryFile('w', prefix='caches', suffix='.yml') as components:
        components.write('- {class: MemoryCache, name: sessions}\n')
        components.flush()
        check_each(completed, COMPLETED | {f'-c {components.name} get sess': 'sessions'})


def check_each(completed, expected_words):
    for typed, expected in expected_words.items():
        offered = completed(typed).strip()
        if offered != expected:
            problems.append(f'"cachesite {typed}" becomes "{offered}", and not "{expected}"')


if subject == 'man_page':
    check_man_page()
else:
    shell = subject.split('_')[0]
    need(shell)
    if shell == 'zsh':
        with tempfile.TemporaryDirectory() as home:
            check_completion(Zsh(home).completed)
    else:
        check_completion({'bash': bash_completed, 'fish': fish_completed}[shell])
print('\n'.join(problems))
sys.exit(1 if problems else 0)
