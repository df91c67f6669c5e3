#!/usr/bin/python3
"""The table of features beside this file says of each feature how it is served and by which tests, or why it is not.

Called with the source directory. Complains of a number that is missing or there twice, of a row without a test, of a
test that is not there, and of a feature that is left out without being one of those that may be.
"""
import collections
import pathlib
import re
import sys

FEATURES = [str(number) for number in range(1, 279)]
WEAKNESSES = [f"W{number}" for number in range(10, 37)]
LEFT_OUT = {
    # What the source systems name but do not describe: a program builds it as a component of its own.
    "declined": {"213", "264", "265", "269", "271"},
    "not yet": set(),
}

CASE = re.compile(r"^(?:BOOST_(?:AUTO|FIXTURE)_TEST_CASE\(| *CLAUSE(?:_OF_ANY_CACHE)?\((?:\w+, )?)(\w+)[,)]", re.MULTILINE)
ADD_TEST = re.compile(r"add_test\(NAME ([\w/]+)")
ROW = re.compile(r"^\| (?:(\d+) \|[^|]*\|([^|]*)|(W\d+) \|[^|]*)\|([^|]*)\|$")


def built_by_cmake(source, root):
    """Whether a list of files names this one: what is not compiled proves nothing."""
    for folder in source.parents:
        lists = folder / "CMakeLists.txt"
        if lists.exists():
            text = lists.read_text()
            # A loop over names may add what the names of files have in common.
            return any(re.search(rf"\b{name}\b", text) for name in (source.name, source.stem.removesuffix("_test")))
        if folder == root:
            break
    return False


def tests_there(root):
    found = set()
    # The clauses of the contract of caches are in the library that programs get.
    for source in [*(root / "tests").rglob("*.cpp"), *(root / "implements/testing").rglob("*.cpp")]:
        names = CASE.findall(source.read_text())
        if names and built_by_cmake(source, root):
            found.update(names)
    for lists in [*(root / "tests").rglob("CMakeLists.txt"), *(root / "examples").rglob("CMakeLists.txt")]:
        found.update(ADD_TEST.findall(lists.read_text()))
    return found


def complaints(table, tests):
    seen = collections.Counter()
    for line in table.splitlines():
        row = ROW.match(line)
        if not row:
            if re.match(r"\| *W?\d", line):
                yield f"this is no row of a number: {line}"
            continue
        number, served, proof = row[1] or row[3], row[2] or "", row[4]
        seen[number] += 1
        left_out = [word for word in LEFT_OUT if served.strip().startswith(word + ": ")]
        for word, numbers in LEFT_OUT.items():
            if word in left_out and number not in numbers:
                yield f'{number} may not be "{word}"'
            if word not in left_out and number in numbers:
                yield f'{number} is served: take it from the list of "{word}"'
        if not left_out and not re.findall(r"`([^`]+)`", proof):
            yield f"{number} names no test"
        for name in re.findall(r"`([^`]+)`", proof):
            if name not in tests:
                yield f"{number}: there is no test {name}"
    for number in FEATURES + WEAKNESSES:
        if seen[number] != 1:
            yield f"{number} stands there {seen[number]} times"
    for number in seen:
        if number not in FEATURES + WEAKNESSES:
            yield f"there is no feature {number}"


def damaged(table):
    """Each way in which a table can be wrong, with what has to be said of it."""
    row = next(line for line in table.splitlines() if line.startswith("| 68 |"))
    test = re.findall(r"`([^`]+)`", row)[-1]
    yield table.replace(row, row.replace("| 68 |", "| 279 |")), "there is no feature 279"
    yield table.replace(row, row.replace(test, test + "_not")), f"68: there is no test {test}_not"
    yield table.replace(row, "| 68 | Read | `ICache::get` |  |"), "68 names no test"
    yield table.replace(row, "| 68 | Read | declined: nobody asked |  |"), '68 may not be "declined"'
    yield table.replace(row, "| 68 | Read | not yet: later |  |"), '68 may not be "not yet"'
    hashes = re.search(r"^\| 213 \|.*$", table, flags=re.MULTILINE)[0]
    yield table.replace(hashes, row.replace("| 68 |", "| 213 |")), '213 is served: take it from the list of "declined"'
    yield table.replace(row, "|68 | Read | `ICache::get` |  |"), "this is no row of a number: |68 | Read | `ICache::get` |  |"
    for number in FEATURES + WEAKNESSES:
        one = re.search(rf"^\| {number} \|.*\n", table, flags=re.MULTILINE)
        if one:
            yield table.replace(one[0], ""), f"{number} stands there 0 times"
            yield table.replace(one[0], one[0] * 2), f"{number} stands there 2 times"


def main():
    root = pathlib.Path(sys.argv[1])
    table = (root / "tests/package/features.md").read_text()
    tests = tests_there(root)
    wrong = list(complaints(table, tests))
    for broken, expected in damaged(table):
        if expected not in complaints(broken, tests):
            wrong.append(f"nobody would notice: {expected}")
    print("\n".join(wrong))
    sys.exit(1 if wrong else 0)


main()
