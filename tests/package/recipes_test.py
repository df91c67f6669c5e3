#!/usr/bin/env python3
"""The vcpkg port, the Conan recipe and the Debian packages say what CMake says: recipes_test.py SOURCE vcpkg|conan|debian

Versions, options, dependencies, the licence; and what vcpkg asks of a manifest and Conan of a recipe, as far as it can be told
without them.
"""
import ast, glob, json, os, re, sys

source, subject = sys.argv[1:]
problems = {'vcpkg': [], 'conan': [], 'debian': []}
current = subject


def text(*path):
    with open(os.path.join(source, *path), encoding='utf-8') as file:
        return file.read()


def expect(what, actual, expected):
    if actual != expected:
        problems[current].append(f'{what}: {actual}, and not {expected}')


cmake = text('CMakeLists.txt')
version, description = re.search(r'project\(cachesite VERSION ([\d.]+) DESCRIPTION "([^"]+)"', cmake).groups()
major, minor = version.split('.')[:2]
soversion = f'0.{minor}' if major == '0' else major
options = set(re.findall(r'option\((CACHESITE_\w+)', cmake))
found = text('tools', 'cmake', 'cachesiteDependencies.cmake')
# Name, Debian package and CMake package of each dependency; what is not linked is asked for elsewhere.
dependencies = re.findall(r'^cachesite_dependency\((\w+) (\S+) (\S+)', found, re.M)
debian = {package for _, package, _ in dependencies}
further = set(re.findall(r'cachesite_missing ([a-z0-9-]+-dev)\)', text('tools', 'cmake', 'requirements.cmake')))

# The names of the same things, by who packages them. A dependency that is added has to be added here, and so everywhere.
VCPKG = {'libhiredis-dev': 'hiredis', 'liblz4-dev': 'lz4', 'libssl-dev': 'openssl', 'libspdlog-dev': 'spdlog',
         'libyaml-cpp-dev': 'yaml-cpp', 'zlib1g-dev': 'zlib', 'libzstd-dev': 'zstd', 'nlohmann-json3-dev': 'nlohmann-json',
         'libtomlplusplus-dev': 'tomlplusplus', 'libcli11-dev': 'cli11'}
CONAN = {**VCPKG, 'nlohmann-json3-dev': 'nlohmann_json'}
TOOL = {'libcli11-dev'}
expect('the dependencies that this test knows', set(VCPKG), debian | further)

current = 'vcpkg'
port = os.path.join('packaging', 'vcpkg', 'ports', 'cachesite')
manifest = json.loads(text(port, 'vcpkg.json'))
KNOWN = {'name', 'version', 'port-version', 'description', 'homepage', 'license', 'supports', 'dependencies', 'features'}
expect('unknown fields of vcpkg.json', set(manifest) - KNOWN, set())
expect('name in vcpkg.json', manifest['name'], 'cachesite')
expect('version in vcpkg.json', manifest['version'], version)
expect('description in vcpkg.json', manifest['description'], description)
expect('licence in vcpkg.json', manifest['license'], 'MIT')


def names(entries):
    listed = [entry if isinstance(entry, str) else entry['name'] for entry in entries]
    expect('the order of dependencies in vcpkg.json', listed, sorted(listed))
    return {name for name in listed if not name.startswith('vcpkg-')}


expect('dependencies in vcpkg.json', names(manifest['dependencies']), {VCPKG[one] for one in (debian | further) - TOOL})
expect('dependencies of the tool in vcpkg.json', names(manifest['features']['tool']['dependencies']), {VCPKG[one] for one in TOOL})
portfile = text(port, 'portfile.cmake')
expect('options in portfile.cmake that CMake does not have', set(re.findall(r'CACHESITE_\w+', portfile)) - options, set())
for feature in re.findall(r'vcpkg_check_features\([^)]*FEATURES (\w+)', portfile):
    expect(f'the feature {feature}', feature in manifest['features'], True)

current = 'conan'
recipe = ast.parse(text('packaging', 'conan', 'conanfile.py'))
ast.parse(text('packaging', 'conan', 'test_package', 'conanfile.py'))
conan = next(node for node in recipe.body if isinstance(node, ast.ClassDef))
fields = {node.targets[0].id: ast.literal_eval(node.value) for node in conan.body if isinstance(node, ast.Assign)}
expect('version in conanfile.py', fields['version'], version)
expect('description in conanfile.py', fields['description'], description)
expect('licence in conanfile.py', fields['license'], 'MIT')
expect('defaults in conanfile.py', set(fields['default_options']), set(fields['options']))
methods = {node.name: node for node in conan.body if isinstance(node, ast.FunctionDef)}
expect('missing functions in conanfile.py', {'requirements', 'validate', 'source', 'generate', 'build', 'package', 'package_info'} - set(methods), set())
required = {call.args[0].value.split('/')[0] for call in ast.walk(methods['requirements'])
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == 'requires'}
expect('requirements in conanfile.py', required, {CONAN[one] for one in debian | further})
linked = next(ast.literal_eval(node.value) for node in ast.walk(methods['package_info'])
              if isinstance(node, ast.Assign) and getattr(node.targets[0], 'attr', '') == 'requires')
expect('what conanfile.py links', {one.split('::')[0] for one in linked}, {CONAN[one] for one in debian})
strings = {node.value for node in ast.walk(conan) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
expect('options in conanfile.py that CMake does not have', {one for one in strings if one.startswith('CACHESITE_')} - options, set())
expect('version in conandata.yml', re.findall(r'^  "([^"]+)":$', text('packaging', 'conan', 'conandata.yml'), re.M), [version])

current = 'debian'
control = text('debian', 'control')
paragraphs = control.split('\n\n')
build_depends = set(re.findall(r'^\s*(?:Build-Depends: )?([a-z0-9+.-]+)', paragraphs[0].split('Build-Depends:')[1], re.M))
expect('missing Build-Depends in debian/control', (debian | further) - build_depends, set())
development = next(one for one in paragraphs if one.startswith('Package: libcachesite-dev'))
expect('missing Depends of libcachesite-dev', {one for one in debian if one not in development}, set())
expect('the package of the library', f'Package: libcachesite{soversion}\n' in control, True)
expect('its list of files', os.path.exists(os.path.join(source, 'debian', f'libcachesite{soversion}.install')), True)
expect('version in debian/changelog', re.match(r'cachesite \(([^)]+)\)', text('debian', 'changelog')).group(1), version)
expect('options in debian/rules that CMake does not have', set(re.findall(r'CACHESITE_\w+', text('debian', 'rules'))) - options, set())

print('\n'.join(problems[subject]))
sys.exit(1 if problems[subject] else 0)
