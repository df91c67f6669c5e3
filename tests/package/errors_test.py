#!/usr/bin/python3
"""docs/errors.md has a row with a meaning and a cure for every ErrorCode and every id of a problem, and for nothing else.

Called with the source directory.
"""
import pathlib
import re
import sys


def code_of(folder):
    return "\n".join(path.read_text() for path in sorted(folder.glob("*/cachesite/**/*.hpp")))


def declared(code):
    ids = re.findall(r'inline constexpr std::string_view \w+ = "(E\d{3})"', code)
    body = re.search(r"enum class ErrorCode[^{]*\{(.*?)\n\};", code, re.DOTALL)[1]
    return ids + re.findall(r"^  (\w+),", body, re.MULTILINE)


def complaints(page, names):
    rows = [(name.strip("`"), cells) for name, cells in re.findall(r"^\| (E\d{3}|`[a-z_]+`) \|(.*)\|$", page, re.MULTILINE)]
    shown = [name for name, _ in rows]
    for name in sorted(set(names) - set(shown)):
        yield f"{name} is missing"
    for name in sorted(set(shown) - set(names)):
        yield f"{name} is not declared"
    for name in sorted({name for name in shown if shown.count(name) > 1}):
        yield f"{name} is there twice"
    for name, cells in rows:
        if len([cell for cell in cells.split("|") if cell.strip()]) != 2:
            yield f"{name} needs a meaning and a cure"


def main():
    root = pathlib.Path(sys.argv[1])
    page = (root / "docs/errors.md").read_text()
    names = declared(code_of(root))
    wrong = list(complaints(page, names))
    if len(names) < 60:
        wrong.append(f"only {len(names)} names were found in the headers")
    row = re.search(r"^\| E204 \|.*\n", page, re.MULTILINE)[0]
    for broken, expected in ((page.replace(row, ""), "E204 is missing"), (page + row, "E204 is there twice"),
                             (page + row.replace("E204", "E999"), "E999 is not declared"),
                             (page.replace(row, "| E204 | no such parameter | |\n"), "E204 needs a meaning and a cure")):
        if expected not in complaints(broken, names):
            wrong.append(f"nobody would notice: {expected}")
    print("\n".join(f"docs/errors.md: {each}" for each in wrong))
    sys.exit(1 if wrong else 0)


main()
