#!/usr/bin/python3
"""A parameter is explained once: the comment of its member in a public header says nothing that its text says too.

Called with the source directory. Complains of comments most words of which are in the parameter's text.
"""
import pathlib
import re
import sys

ROOMS = ("interfaces", "implements", "loaders")
MOST_WORDS_IN_COMMON = 0.5

LITERAL = re.compile(r'"((?:[^"\\]|\\.)*)"')
TABLE = re.compile(
    r"using O = (?:\w+::)*(?P<used>\w+);|ParameterTable (?P<table>\w+)::parameters\(\)|"
    r'\bparameter\(\s*"\w+",\s*&(?P<owner>\w+)::(?P<member>\w+),\s*(?P<text>(?:"(?:[^"\\]|\\.)*"\s*)+)')
STRUCT = re.compile(r"(?:struct|class) (\w+)\b[^;]*$")
MEMBER = re.compile(r"[\w:<>, ]+[ >](\w+)(?: = [^;]*|\{[^;]*\})?;\s*(?:///< (.*))?$")


def words(text):
    return re.findall(r"[a-z0-9_]+", text.lower())


def files(root, pattern):
    return sorted(path for room in ROOMS for path in (root / room).rglob(pattern))


def texts_of_parameters(root):
    found = {}
    for path in files(root, "*.[ch]pp"):
        struct = None
        for match in TABLE.finditer(path.read_text()):
            struct = match["used"] or match["table"] or struct
            if match["member"]:
                owner = struct if match["owner"] in ("O", "Options") else match["owner"]
                found[owner, match["member"]] = "".join(LITERAL.findall(match["text"]))
    return found


def comments_of_members(root):
    """Of each member with a comment: its struct and name, the comment, and the place."""
    for path in files(root, "*.hpp"):
        struct, comment = None, []
        for number, line in enumerate(path.read_text().splitlines(), 1):
            line = line.strip()
            if line.startswith("///"):
                comment.append(line[3:])
                continue
            if match := STRUCT.match(line):
                struct = match[1]
            elif match := MEMBER.match(line):
                text = " ".join(comment + [match[2] or ""])
                if words(text):
                    yield struct, match[1], text, f"{path.relative_to(root)}:{number}"
            comment = []


def main(root):
    texts = texts_of_parameters(root)
    failures = []
    if len(texts) < 150:
        failures.append(f"only {len(texts)} parameters were found: do they look different now?")
    for struct, member, comment, place in comments_of_members(root):
        known = set(words(texts.get((struct, member), "")))
        common = sum(word in known for word in words(comment)) / len(words(comment))
        if common > MOST_WORDS_IN_COMMON:
            failures.append(f"{place}: the comment of {member} says what the parameter's text says")
    for failure in failures:
        print(failure)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1])))
