"""Scripts and styles of the app as a page takes them: one text each, without what only people read."""

from __future__ import annotations

import json
import re
from dataclasses import fields
from pathlib import Path

from treecore.bundled import PACKAGE
from treecore.views.palette import DARK, LIGHT, Palette

AROUND_BRACES = re.compile(r" *([{};]) *|(?<=:) (?=[^\s])")
COMMENT = re.compile(r"/\*.*?\*/", re.S)
FOR_PEOPLE = re.compile(r"^[ \t]*(?://[^\n]*|/\*\*(?:(?!\*/).)*\*/[ \t]*)\n", re.M | re.S)
TYPE = re.compile(r"/\*\* @type (?:(?!\*/).)*\*/ ")
NAMED = re.compile(r'^import \{([^}"]*)\} from "([^"]+\.js)";$', re.M)
WHOLE = re.compile(r'^import (\w+) from "([^"]+\.json)" with \{ type: "json" \};$', re.M)
EXPORT = re.compile(r"^export (?=(?:async function|function|const|let|class) )", re.M)
EXPORTED = re.compile(r"^export (default )?(?:async )?function (\w+)", re.M)
QUOTED = re.compile(r"[\"'`/]")
AROUND_SIGNS = re.compile(r" *([=*<>!&|?:,;(){}\[\]]) *")
OWN = re.compile(r"^(export )?(?:default )?(?:async function|function|const|let|class) (\w+)", re.M)


def script(entry: Path) -> str:
    """A module and all that it imports as one module, in the order in which a browser runs them.

    Imports are by name (`import { a, b } from "./file.js"`), or of a whole JSON file. Modules may import each other in
    a circle for functions that are called later. Only `entry` still exports. Comments, types and indents are left out.

    Raises:
        ValueError: two files give one name to things of their own, or an import that this cannot join.
    """
    texts: dict[Path, str] = {}
    exports: dict[Path, set[str]] = {}
    owners: dict[str, Path] = {}

    def own(name: str, path: Path) -> None:
        if owners.setdefault(name, path) != path:
            raise ValueError(f"{path.name} and {owners[name].name} both have a `{name}` of their own; rename one")

    def read(path: Path) -> None:
        if path in exports:
            return
        text = TYPE.sub("", FOR_PEOPLE.sub("", path.read_text(encoding="utf-8")))
        exports[path] = {name for exported, name in OWN.findall(text) if exported}
        for _, name in OWN.findall(text):
            own(name, path)
        wanted = [(_names(names), (path.parent / file).resolve()) for names, file in NAMED.findall(text)]
        for name, file in WHOLE.findall(text):
            data = data_file(path.parent / file)
            own(name, data)
            texts[data] = f"const {name} = {json.dumps(json.loads(data.read_text(encoding='utf-8')))};"
        for names, file in wanted:
            read(file)
            if missing := names - exports[file]:
                raise ValueError(f"{path.name} imports {sorted(missing)}, which {file.name} does not export")
        texts[path] = _body(text, path, keep=path == entry.resolve())

    read(entry.resolve())
    return "\n".join(texts.values())


def closed(entry: Path) -> str:
    """A module and all that it imports as an expression: an object of its exports, `run` for the default one.

    Several of these may stand in one script, whatever names they have inside.

    Raises:
        ValueError: as `script`; or it exports something else than functions.
    """
    text = script(entry)
    named = EXPORTED.findall(text)
    inner = EXPORTED.sub(lambda found: found[0].removeprefix("export ").removeprefix("default "), text)
    if re.search(r"^export ", inner, re.M):
        raise ValueError(f"{entry.name} exports something else than named functions")
    given = ",".join(f"run:{name}" if default else name for default, name in named)
    return f"(()=>{{\n{inner}\nreturn {{{given}}};\n}})()"


def data_file(path: Path) -> Path:
    """A file of data that a script imports; an installed app lies deeper and finds those of the package too."""
    resolved = path.resolve()
    if resolved.exists() or PACKAGE.name not in resolved.parts:
        return resolved
    parts = resolved.parts[::-1]
    return PACKAGE.joinpath(*parts[: parts.index(PACKAGE.name)][::-1])


def _names(listed: str) -> set[str]:
    return {name.strip() for name in listed.split(",") if name.strip()}


def _body(text: str, path: Path, *, keep: bool) -> str:
    """What a module does itself, without imports, exports (unless `keep`) and indents."""
    own = WHOLE.sub("", NAMED.sub("", text))
    own = own if keep else EXPORT.sub("", own)
    if rest := re.search(r"^import .*" if keep else r"^(?:import|export) .*", own, re.M):
        raise ValueError(f"{path.name}: cannot join `{rest[0]}`; import and export by name, without `as`")
    return "\n".join(_squeezed(line) for one in own.splitlines() if (line := one.strip()))


def _squeezed(line: str) -> str:
    """A line without the spaces around signs, up to where text or a pattern may begin."""
    begins = found.start() if (found := QUOTED.search(line)) else len(line)
    return AROUND_SIGNS.sub(r"\1", line[:begins]) + line[begins:]


def style(path: Path) -> str:
    """A style sheet without comments and indents; Streamlit takes a single line for the name of a file."""
    lines = COMMENT.sub("", path.read_text(encoding="utf-8")).splitlines()
    return "\n".join(AROUND_BRACES.sub(lambda found: found[1] or "", line.strip()) for line in lines if line.strip())


def colours(selector: str) -> str:
    """The palette as a style sheet: `--tc-ink` and so on beneath `selector`, of the theme that is in force there."""
    pairs = ((field.name, getattr(LIGHT, field.name), getattr(DARK, field.name)) for field in fields(Palette))
    lines = (f"--tc-{name.replace('_', '-')}: light-dark({light}, {dark});" for name, light, dark in pairs)
    return f"{selector} {{ {' '.join(lines)} }}\n"
