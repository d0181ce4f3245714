"""The rules of the source tree, as functions from text to complaints; `test_architecture.py` applies them.

A rule takes the text of one file or a mapping of them and returns one line for each breach, so that each rule can
be seen to fail on a seeded bad snippet as well as to hold on the tree.
"""

import ast
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from statistics import median, quantiles

LONGEST_FUNCTION = 45  # lines, without the docstring
LONGEST_MODULE = 300
MEDIAN_FUNCTION = 6
P90_FUNCTION = 22
DOCUMENTED = 0.85  # of the public functions
NO_IDEA = {"utils", "util", "helpers", "helper", "common", "misc"}

Function = ast.FunctionDef | ast.AsyncFunctionDef
_SUPPRESSION = re.compile(r"#\s*(type:\s*ignore|noqa|pragma:\s*no cover)")
_REASON = re.compile(
    r"#\s*(?:type:\s*ignore(?:\[[\w, -]+\])?|noqa(?::\s*[A-Z]+\d+(?:,\s*[A-Z]+\d+)*)?|pragma:\s*no cover)"
    r"\s*(?:#|-|:|;)\s*\w\S*\s+\w+"
)
_MACHINE = re.compile(
    r"(?<![\w.<~$}/-])/(?:home|root|Users|work|opt|workspace)/[\w.-]+"
    r"|\b(?:pypi|pythonhosted|npmjs|debian|golang)\.(?:org|com)\b"
)


def functions(source: str) -> Iterator[Function]:
    """Every function and method of a module, nested ones included."""
    return (node for node in ast.walk(ast.parse(source)) if isinstance(node, Function))


def length(function: Function) -> int:
    """The lines of a function from `def` to its last statement, without its docstring."""
    lines = (function.end_lineno or function.lineno) - function.lineno + 1
    first = function.body[0]
    if ast.get_docstring(function) is not None:
        lines -= (first.end_lineno or first.lineno) - first.lineno + 1
    return lines


def long_functions(sources: Mapping[str, str]) -> list[str]:
    """Functions over 45 lines."""
    return [
        f"{name}:{function.lineno} {function.name} has {length(function)} lines"
        for name, source in sources.items()
        for function in functions(source)
        if length(function) > LONGEST_FUNCTION
    ]


def long_modules(sources: Mapping[str, str]) -> list[str]:
    """Modules over 300 lines."""
    counts = {name: len(source.splitlines()) for name, source in sources.items()}
    return [f"{name} has {count} lines" for name, count in counts.items() if count > LONGEST_MODULE]


def shape(sources: Mapping[str, str]) -> list[str]:
    """A median function over 6 lines, or a 90th percentile over 22."""
    lengths = [length(function) for source in sources.values() for function in functions(source)]
    middle, p90 = median(lengths), quantiles(lengths, n=10, method="inclusive")[-1]
    complaints = [f"the median function has {middle:g} lines"] if middle > MEDIAN_FUNCTION else []
    return complaints + ([f"one function in ten has more than {p90:g} lines"] if p90 > P90_FUNCTION else [])


def nameless_ideas(names: Iterable[str]) -> list[str]:
    """Modules whose name says nothing."""
    return [name for name in names if NO_IDEA & set(re.split(r"[/._]", name))]


def modules_without_docstring(sources: Mapping[str, str]) -> list[str]:
    """Modules that do not say what they are."""
    return [name for name, source in sources.items() if not ast.get_docstring(ast.parse(source))]


def undocumented(sources: Mapping[str, str]) -> list[str]:
    """The public functions without a docstring, when they are more than 15 % of all public functions."""
    public = [(name, node) for name, source in sources.items() for node in _public(ast.parse(source))]
    silent = [f"{name}:{node.lineno} {node.name}" for name, node in public if not ast.get_docstring(node)]
    return silent if len(silent) > (1 - DOCUMENTED) * len(public) else []


def _public(tree: ast.Module) -> Iterator[Function]:
    """Public functions of the module and public methods of its public classes; a nested function is private."""
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef) and not node.name.startswith("_")]
    for owner in (tree, *classes):
        yield from (node for node in owner.body if isinstance(node, Function) and not node.name.startswith("_"))


def silent_suppressions(sources: Mapping[str, str]) -> list[str]:
    """`type: ignore`, `noqa` and `no cover` without at least two words of reason on the same line."""
    return [
        f"{name}:{number} {line.strip()}"
        for name, source in sources.items()
        for number, line in enumerate(source.splitlines(), 1)
        if _SUPPRESSION.search(line) and not _REASON.search(line)
    ]


def imports(module: str, source: str, *, deferred: bool = True) -> set[str]:
    """The absolute names that a module imports; with `deferred=False` only what runs on import."""
    found: set[str] = set()
    for node in _import_nodes(ast.parse(source), deferred):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        else:
            base = ".".join(module.split(".")[: -node.level]) if node.level else ""
            origin = ".".join(part for part in (base, node.module or "") if part)
            found |= {origin} | {f"{origin}.{alias.name}" for alias in node.names}
    return found


def _import_nodes(node: ast.AST, deferred: bool) -> Iterator[ast.Import | ast.ImportFrom]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import | ast.ImportFrom):
            yield child
        elif isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            continue  # never runs
        elif deferred or not isinstance(child, Function | ast.Lambda):
            yield from _import_nodes(child, deferred)


def cycles(modules: Mapping[str, str]) -> list[str]:
    """Groups of modules that import each other, imports inside functions included; `modules` is name -> source."""
    graph = {name: (imports(name, source) & modules.keys()) - {name} for name, source in modules.items()}
    reach = {name: _reachable(graph, name) for name in graph}
    groups = {frozenset({name} | {other for other in reach[name] if name in reach[other]}) for name in graph}
    return sorted(" <-> ".join(sorted(group)) for group in groups if len(group) > 1)


def _reachable(graph: Mapping[str, set[str]], start: str) -> set[str]:
    seen: set[str] = set()
    stack = [start]
    while stack:
        new = graph[stack.pop()] - seen
        seen |= new
        stack += new
    return seen


def foreign_imports(modules: Mapping[str, str], own: str) -> list[str]:
    """Imports of anything but the standard library and `own`."""
    return [
        f"{name} imports {target}"
        for name, source in modules.items()
        for target in sorted(imports(name, source))
        if target.partition(".")[0] not in sys.stdlib_module_names and not f"{target}.".startswith(f"{own}.")
        if not own.startswith(f"{target}.")
    ]


def headless_scripts(scripts: Mapping[str, str]) -> list[str]:
    """Lua files that do not open with a comment naming KEYS, ARGV, the reply and the invariants."""
    return [
        f"{name} does not say its {word}"
        for name, source in scripts.items()
        for word in ("KEYS", "ARGV", "reply", "invariant")
        if word.lower() not in _opening_comment(source).lower()
    ]


def _opening_comment(source: str) -> str:
    block = re.match(r"\s*--\[\[(.*?)\]\]", source, re.DOTALL)
    if block:
        return block[1]
    lines = source.splitlines()
    return "\n".join(lines[: next((i for i, line in enumerate(lines) if not line.startswith("--")), len(lines))])


def machine_names(texts: Mapping[str, str]) -> list[str]:
    """Paths of one machine, and host names of package registries."""
    return [
        f"{name}:{number} {found[0]}"
        for name, text in texts.items()
        for number, line in enumerate(text.splitlines(), 1)
        if (found := _MACHINE.search(line))
    ]
