#!/usr/bin/python3
"""The JSON Schema takes the component files of configs/, and refuses the broken ones whose fault a schema can state.

schema_test.py SOURCE PROGRAM, where PROGRAM prints the schema of the classes that the broken files name. Each file is judged
twice: by draft 2020-12, which the schema declares, and by draft 7, which many editors know alone. Ends with 77, and says why,
where something that it needs is not installed.
"""
import fnmatch
import json
import pathlib
import re
import subprocess
import sys

SKIPPED = 77
try:
    import jsonschema
    import yaml
    DRAFTS = (jsonschema.Draft202012Validator, jsonschema.Draft7Validator)
except (ImportError, AttributeError) as reason:
    print(f"skipped: {reason}; ./dev setup installs python3-yaml and python3-jsonschema, which has to be 4.0 or later")
    sys.exit(SKIPPED)
try:
    import tomllib
except ImportError:
    try:
        import tomli as tomllib
    except ImportError:
        tomllib = None

# Sample files with classes of a program, which the schema of the library does not know.
CLASSES_OF_PROGRAMS = {"hooks.yml": {"SpanHook"}, "own-cache.yml": {"MapCache", "ReadOnlyCache", "VersionedCache"},
                       "own-component.yml": {"PoliteGreeter"}}

# What a schema says of each broken file:
#   refuses          each component with an error, and nothing else
#   refuses but N... the same, but for the errors in these lines, which no schema can state
#   accepts: ...     nothing, since what is wrong is beyond a schema
#   not a tree       nothing, since the text cannot be read (E101 to E112)
#   unread: ...      nothing here, since the reader of Python refuses the text
# A pattern is for the files without a row of their own.
TABLE = """
alias_component.yml                   refuses
cache_meant_as_a_whole.yml            refuses
config_session.yml                    refuses
cycle_and_other_problems.yml          refuses
cycle*.yml                            accepts: references between components
in_place*                             refuses
include_circle.yml                    accepts: what is in other files
include_missing.yml                   accepts: what is in other files
include_shape.yml                     refuses
invisible_characters.yml              refuses
json_huge_number.json                 refuses
json_several_problems.json            refuses
json_*                                not a tree
lazy_settings.yml                     refuses but 7: a lazy component has to have entries
more_than_are_shown.yml               not a tree
no_extension                          not a tree
parameter_boolean.yml                 refuses
parameter_choice.yml                  refuses
parameter_disagreement.yml            accepts: rules between parameters
parameter_duration.yml                refuses but 12 15 30: bounds of what has a unit
parameter_everywhere.yml              refuses
parameter_group.yml                   refuses
parameter_huge_number.yml             refuses
parameter_integer.yml                 refuses
parameter_list.yml                    refuses
parameter_long_value.yml              refuses
parameter_memory_cache.yml            refuses
parameter_port.yml                    refuses
parameter_real.yml                    refuses
parameter_redis_cache.yml             refuses
parameter_required.yml                refuses
parameter_required_many.yml           refuses
parameter_secret.yml                  refuses
parameter_secret_in_one_line.yml      refuses
parameter_secret_mask.yml             accepts: any text may be a secret
parameter_secret_misspelled.yml       refuses
parameter_size.yml                    refuses but 9 12 33: bounds of what has a unit
parameter_strange_value.yml           refuses
parameter_tabs.yml                    unread: PyYAML refuses these tabs
parameter_text.yml                    refuses
parameter_unknown.yml                 refuses
parameter_unknown_many.yml            refuses
parameter_unknown_without_likeness.yml  refuses
parameter_wide_characters.yml         refuses
reference_kinds.yml                   refuses
reference_*.yml                       accepts: references between components
shape_*                               refuses
short_names.yml                       refuses
substitution_malformed.yml            accepts: expressions
substitution_unset_many.yml           refuses but 2 3: values from elsewhere
substitution_of_other_programs.yml    refuses but 6: values from elsewhere
substitution_of_class.yml             refuses but 4: values from elsewhere
substitution*                         accepts: values from elsewhere
syntax_missing_space.yml              refuses
syntax_*                              not a tree
toml_*                                not a tree
"""


class Loader(yaml.SafeLoader):
    """YAML as the library reads it: plain scalars are text but for these."""
    yaml_implicit_resolvers = {}


for tag, expression, first in (
        ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
        ("bool", r"true|false", ["t", "f"]),
        ("int", r"[-+]?(0|[1-9][0-9]*)", list("-+0123456789")),
        ("float", r"[-+]?((0|[1-9][0-9]*)(\.[0-9]+)?|\.[0-9]+)([eE][-+]?[0-9]+)?", list("-+.0123456789"))):
    Loader.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(f"^(?:{expression})$"), first)


def read(path):
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".json":
        return json.loads(text)
    return tomllib.loads(text) if path.suffix == ".toml" else yaml.load(text, Loader)


def readable(path):
    return path.suffix in (".yml", ".json") or (path.suffix == ".toml" and tomllib)


def accepts(validator, tree):
    return not any(True for _ in validator.iter_errors(tree))


def samples(folder):
    return [path for path in sorted(folder.iterdir()) if readable(path) and not path.name.endswith(".schema.json")]


def judge_sample(validator, path):
    tree = read(path)
    own = CLASSES_OF_PROGRAMS.get(path.name, set())
    known = [component for component in tree if component["class"] not in own] if own else tree
    if not accepts(validator, known):
        best = jsonschema.exceptions.best_match(validator.iter_errors(known))
        yield f"is refused: {list(best.absolute_path)}: {best.message[:200]}"
    if own and accepts(validator, tree):
        yield f"is accepted, although nobody knows {' and '.join(own)}"


def verdicts():
    for row in TABLE.strip().splitlines():
        names, verdict = re.split(r"  +", row, 1)
        yield names, verdict


def verdict_of(name):
    found = [verdict for pattern, verdict in verdicts() if pattern == name]
    found += [verdict for pattern, verdict in verdicts() if pattern != name and fnmatch.fnmatch(name, pattern)]
    return found[0] if found else None


def expected_text(path):
    return path.with_name(path.name + ".expected").read_text(encoding="utf-8")


def error_lines(path):
    place = rf"^{re.escape(path.name)}:(\d+):\d+: error\["
    return {int(line) for line in re.findall(place, expected_text(path), re.MULTILINE)}


def component_lines(path):
    """The lines of each component of a list."""
    starts = [node.start_mark.line + 1 for node in yaml.compose(path.read_text(encoding="utf-8"), Loader).value]
    return [range(start, end) for start, end in zip(starts, starts[1:] + [sys.maxsize])]


def judge_broken(validator, path, tree, beyond):
    wrong = error_lines(path) - beyond
    if accepts(validator, tree):
        yield "is accepted"
    if path.suffix == ".yml" and isinstance(tree, list):
        for component, lines in zip(tree, component_lines(path)):
            faults = sorted(line for line in wrong if line in lines)
            if bool(faults) == accepts(validator, [component]):
                yield f"line {faults[0]}: is accepted" if faults else f"the component in line {lines[0]} is refused"


def judge(validator, path, verdict):
    if verdict.startswith("unread: "):
        return
    if verdict == "not a tree":
        if not re.search(r"\[E1(0[1-9]|1[0-2])\]", expected_text(path)):
            yield "can be read, so say in the table what a schema says of it"
        return
    try:
        tree = read(path)
    except (yaml.YAMLError, ValueError) as reason:
        yield f"cannot be read: {reason}"
        return
    if re.match("refuses($| but )", verdict):
        yield from judge_broken(validator, path, tree, {int(line) for line in re.findall(r" (\d+)", verdict)})
    elif not verdict.startswith("accepts: "):
        yield f"the table has a verdict that is none: {verdict}"
    elif not accepts(validator, tree):
        yield "is refused, so a schema can state what is wrong"


def main(source, program):
    library = json.loads((source / "configs/component-file.schema.json").read_text(encoding="utf-8"))
    probes = json.loads(subprocess.run([program], check=True, capture_output=True, text=True).stdout)
    broken = [path for path in sorted((source / "tests/unit/loaders/broken").iterdir()) if path.suffix != ".expected"]
    complaints = [f"{path.name}: say in the table what a schema says of it" for path in broken if not verdict_of(path.name)]
    complaints += [f"{pattern}: there is no such file" for pattern, _ in verdicts()
                   if not fnmatch.filter([path.name for path in broken], pattern)]
    for draft in DRAFTS:
        draft.check_schema(library)
        for path in samples(source / "configs"):
            complaints += [f"{path.name}: {text} ({draft.__name__})" for text in judge_sample(draft(library), path)]
        for path in broken:
            if readable(path) and verdict_of(path.name):
                complaints += [f"{path.name}: {text} ({draft.__name__})"
                               for text in judge(draft(probes), path, verdict_of(path.name))]
    print("\n".join(complaints) or f"{len(samples(source / 'configs'))} samples and {len(broken)} broken files are judged as said")
    if complaints:
        return 1
    if not tomllib:
        print("skipped: the files in TOML, since Python is older than 3.11 and python3-tomli is not installed")
        return SKIPPED
    return 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1]), sys.argv[2]))
