"""Look the Bicep files over without Azure: parsed, every symbol declared, every parameter given.

``python deploy/azure/check.py`` parses them as well, by pycep, which is no part of the lock file:
``scripts/check_bicep.sh`` brings it. What only Azure's compiler knows (types of resources, values
that a service takes) is not looked at.
"""

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parent

FUNCTIONS: Final = frozenset(
    {"resourceGroup", "subscription", "subscriptionResourceId", "uniqueString", "guid", "take",
     "json", "items"}
)  # fmt: skip
WORDS: Final = frozenset({"true", "false", "null", "for", "in", "if", "existing"})

_STRING = re.compile(r"'(?:[^'\\$]|\\.|\$(?!\{)|\$\{[^}]*\})*'")
_COMMENT = re.compile(r"(?<!:)//[^\n]*")
_DECORATOR = re.compile(r"^@\w+\(.*\)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Bicep:
    """A file, without its comments and decorators.

    Attributes:
        path: Where it is.
        text: What it says.
        parameters: Names of its parameters; True for those with a default.
        outputs: Names of its outputs.
        symbols: Names that it declares: parameters, variables, resources, modules, loops.
    """

    path: Path
    text: str
    parameters: dict[str, bool]
    outputs: frozenset[str]
    symbols: frozenset[str]


def read(path: Path) -> Bicep:
    """Read a file."""
    text = _DECORATOR.sub("", _COMMENT.sub("", path.read_text("utf-8")))
    parameters = {
        name: bool(default) for name, default in re.findall(r"^param (\w+) \w+( =)?", text, re.M)
    }
    declared = re.findall(r"^(?:var|resource|module) (\w+)", text, re.M)
    loops = re.findall(r"\bfor (\w+) in", text)
    return Bicep(
        path=path,
        text=text,
        parameters=parameters,
        outputs=frozenset(re.findall(r"^output (\w+)", text, re.M)),
        symbols=frozenset([*parameters, *declared, *loops]),
    )


def faults(folder: Path = FOLDER) -> list[str]:
    """Return what is wrong, a sentence each."""
    files = [read(path) for path in sorted(folder.rglob("*.bicep"))]
    found = [fault for file in files for fault in _undeclared(file)]
    found += [fault for file in files for fault in _unused(file)]
    found += [fault for file in files for fault in _modules(file)]
    found += [fault for path in sorted(folder.glob("*.bicepparam")) for fault in _given(path)]
    return found


def _uses(file: Bicep) -> Iterator[str]:
    """Names that stand where a value is expected."""
    inner = " ".join(part for text in _STRING.findall(file.text)
                     for part in re.findall(r"\$\{([^}]*)\}", text))  # fmt: skip
    bare = _STRING.sub("''", file.text)
    bare = re.sub(r"^(?:param|targetScope).*$", "", bare, flags=re.MULTILINE)
    bare = re.sub(r"^(?:var|resource|module|output) \w+(?: string)?", "", bare, flags=re.MULTILINE)
    bare = re.sub(r"\bfor \w+ in", "", bare)
    bare = re.sub(r"\b\w+\??:(?!:)", "", bare)  # keys of objects
    for text in (bare, _STRING.sub("''", inner)):
        yield from re.findall(r"(?<![\w.'])([A-Za-z_]\w*)", text)


def _undeclared(file: Bicep) -> Iterator[str]:
    known = file.symbols | FUNCTIONS | WORDS
    for name in sorted({name for name in _uses(file) if name not in known}):
        yield f"{file.path.name}: {name} is declared nowhere"


def _unused(file: Bicep) -> Iterator[str]:
    used = set(_uses(file))
    for name in sorted(file.parameters):
        if name not in used and not re.search(rf"\b{name}: {name}\b", file.text):
            yield f"{file.path.name}: parameter {name} is used nowhere"


def _modules(file: Bicep) -> Iterator[str]:
    for symbol, way in re.findall(r"^module (\w+) '([^']+)'", file.text, re.M):
        path = file.path.parent / way
        if not path.is_file():
            yield f"{file.path.name}: there is no {way}"
            continue
        module = read(path)
        start = file.text.index(f"module {symbol} ")
        body = file.text[start : file.text.index("\n}\n", start)]
        given = set(re.findall(r"(\w+):", body[body.index("params:") :])) - {"params"}
        needed = {name for name, default in module.parameters.items() if not default}
        for name in sorted(needed - given):
            yield f"{file.path.name}: module {symbol} is not given {name}"
        for name in sorted(given - module.parameters.keys()):
            yield f"{file.path.name}: module {symbol} has no parameter {name}"
        for name in sorted(set(re.findall(rf"\b{symbol}\.outputs\.(\w+)", file.text))):
            if name not in module.outputs:
                yield f"{file.path.name}: module {symbol} has no output {name}"


def _given(path: Path) -> Iterator[str]:
    text = _COMMENT.sub("", path.read_text("utf-8"))
    [used] = re.findall(r"^using '([^']+)'", text, re.M)
    main = read(path.parent / used)
    given = set(re.findall(r"^param (\w+) =", text, re.M))
    for name in sorted({n for n, default in main.parameters.items() if not default} - given):
        yield f"{path.name}: {name} is not given"
    for name in sorted(given - main.parameters.keys()):
        yield f"{path.name}: {used} has no parameter {name}"


def main() -> int:
    """Parse every file, and tell every fault."""
    from pycep import BicepParser  # type: ignore[import-not-found]  # noqa: PLC0415

    found = faults()
    parser = BicepParser()
    for path in sorted(FOLDER.rglob("*.bicep")):
        try:
            parser.parse(file_path=path)
        except Exception as error:  # noqa: BLE001 (the parser's own, of several kinds)
            found.append(f"{path.name}: {str(error).splitlines()[0]}")
    sys.stdout.write("".join(f"{fault}\n" for fault in found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
