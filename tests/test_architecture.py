"""The shape of the source tree: small functions, modules of one idea, arrows that only point down.

Every rule is seen twice: it holds on the tree, and it complains about a snippet that breaks it.
"""

import subprocess
from pathlib import Path

import pytest

import architecture as rules

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "src" / "notifyctl"
TOP_LEVEL = {
    *(".ci", ".editorconfig", ".gitignore"),
    *("README.md", "LICENSE", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"),
    *("pyproject.toml", "noxfile.py", ".env.example", "notifyctl.toml.example"),
    *("src", "tests", "docs", "runbooks"),
}


def dotted(path: Path) -> str:
    return ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")


@pytest.fixture(scope="module")
def files() -> list[str]:
    """The tracked files that are still there; where git cannot tell, all but what tools leave behind."""
    try:
        run = ["git", "ls-files", "-z"]
        names = subprocess.run(run, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    except (OSError, subprocess.CalledProcessError):
        ignored = {line.strip("/") for line in (ROOT / ".gitignore").read_text().splitlines()} | {".git"}
        paths = [path.relative_to(ROOT) for path in ROOT.rglob("*")]
        names = [str(path) for path in paths if not ignored & set(path.parts)]
    return [name for name in names if name and (ROOT / name).is_file()]


SOURCES = {str(path.relative_to(ROOT)): path.read_text() for path in sorted(PACKAGE.rglob("*.py"))}
MODULES = {dotted(ROOT / name): source for name, source in SOURCES.items()}
SCRIPTS = {path.name: path.read_text() for path in sorted(PACKAGE.rglob("*.lua"))}


def body(lines: int) -> str:
    return "def f():\n" + "    x = 1\n" * lines


class TestTheTree:
    def test_no_function_is_longer_than_45_lines(self):
        assert rules.long_functions(SOURCES) == []

    def test_no_module_is_longer_than_300_lines(self):
        assert rules.long_modules(SOURCES) == []

    def test_most_functions_are_small(self):
        assert rules.shape(SOURCES) == []

    def test_every_module_is_named_after_an_idea(self):
        assert rules.nameless_ideas(SOURCES) == []

    def test_every_module_says_what_it_is(self):
        assert rules.modules_without_docstring(SOURCES) == []

    def test_public_functions_are_documented(self):
        assert rules.undocumented(SOURCES) == []

    def test_every_suppression_has_a_reason(self):
        assert rules.silent_suppressions(SOURCES) == []

    def test_no_modules_import_each_other(self):
        assert rules.cycles(MODULES) == []

    def test_the_ground_floor_knows_only_the_standard_library(self):
        domain = {name: source for name, source in MODULES.items() if name.startswith("notifyctl.domain")}
        assert rules.foreign_imports(domain, "notifyctl.domain") == []

    def test_every_script_says_its_contract(self):
        assert rules.headless_scripts(SCRIPTS) == []


class TestTheRepository:
    def test_the_top_level_holds_only_what_a_newcomer_expects(self, files):
        assert {name.split("/")[0] for name in files} - TOP_LEVEL == set()

    def test_no_file_names_a_machine_or_a_registry(self, files):
        own = {"tests/architecture.py", "tests/test_architecture.py"}  # they spell what they look for
        texts = {name: (ROOT / name).read_bytes().decode(errors="replace") for name in files if name not in own}
        assert rules.machine_names(texts) == []


class TestTheRulesThemselves:
    def test_a_long_function_is_found_and_its_docstring_not_counted(self):
        docstring = '    """' + "\n" * 60 + '    """\n'
        assert rules.long_functions({"m.py": body(44)}) == []
        assert rules.long_functions({"m.py": "def f():\n" + docstring + "    x = 1\n" * 44}) == []
        assert rules.long_functions({"m.py": body(45)}) == ["m.py:1 f has 46 lines"]

    def test_a_long_module_is_found(self):
        assert rules.long_modules({"m.py": "x = 1\n" * 300}) == []
        assert rules.long_modules({"m.py": "x = 1\n" * 301}) == ["m.py has 301 lines"]

    def test_a_tree_of_big_functions_is_found(self):
        assert rules.shape({"m.py": body(3) * 10}) == []
        assert rules.shape({"m.py": body(9) * 10}) == ["the median function has 10 lines"]
        assert rules.shape({"m.py": body(3) * 8 + body(40) * 2}) == ["one function in ten has more than 41 lines"]

    @pytest.mark.parametrize("name", ["src/notifyctl/utils.py", "src/notifyctl/cli/common/x.py", "store/redis_helpers"])
    def test_a_name_without_an_idea_is_found(self, name):
        assert rules.nameless_ideas([name, "domain/message.py"]) == [name]

    def test_a_module_without_docstring_is_found(self):
        assert rules.modules_without_docstring({"good.py": '"""Says."""', "bad.py": "x = 1"}) == ["bad.py"]

    def test_undocumented_functions_are_found_when_they_are_too_many(self):
        documented = 'def f():\n    """Says."""\n'
        silent = "class Public:\n    def method(self): ...\n    def _own(self): ...\n"
        assert rules.undocumented({"m.py": documented * 9 + silent}) == []
        assert rules.undocumented({"m.py": documented + silent}) == ["m.py:4 method"]

    @pytest.mark.parametrize(
        ("line", "complains"),
        [
            ("x = y  # type: ignore", True),
            ("x = y  # type: ignore[attr-defined]", True),
            ("x = y  # noqa: F401", True),
            ("x = y  # type: ignore[attr-defined]  # stubs lag behind the library", False),
            ("x = y  # noqa: F401 - imported for its side effect", False),
        ],
    )
    def test_a_suppression_without_reason_is_found(self, line, complains):
        assert bool(rules.silent_suppressions({"m.py": line})) is complains

    def test_a_cycle_is_found_even_through_an_import_inside_a_function(self):
        ring = {
            "p.a": "from p import b",
            "p.b": "def f():\n    import p.c",
            "p.c": "from p.a import x",
            "p.d": "import p.a",
        }
        assert rules.cycles(ring) == ["p.a <-> p.b <-> p.c"]
        assert rules.cycles({"p.a": "from p import b", "p.b": "import os"}) == []

    def test_imports_for_the_type_checker_alone_make_no_cycle(self):
        guarded = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from p.a import x"
        assert rules.cycles({"p.a": "from p import b", "p.b": guarded}) == []

    def test_a_foreign_import_is_found(self):
        sources = {"p.domain.a": "import json\nfrom p.domain.b import x\nimport redis\nfrom p.store import keys"}
        complaints = rules.foreign_imports(sources, "p.domain")
        assert complaints == [f"p.domain.a imports {name}" for name in ("p.store", "p.store.keys", "redis")]

    def test_a_script_without_contract_is_found(self):
        header = "-- KEYS: 1 list\n-- ARGV: 1 id\n-- Reply: 0 or 1\n-- Invariants: a job is in one list\n"
        block = "--[[\nKEYS 1\nARGV 1\nreply 0\ninvariants none\n]]\n"
        assert rules.headless_scripts({"a.lua": header + "return 1", "b.lua": block + "return 1"}) == []
        assert rules.headless_scripts({"c.lua": "-- KEYS, ARGV\nreturn 1 -- reply"}) == [
            "c.lua does not say its reply",
            "c.lua does not say its invariant",
        ]

    @pytest.mark.parametrize(
        "text", [f"see /{'home'}/ann/mail", f"https://{'pypi'}.org/simple", f'"/{"root"}/.pyenv/bin"']
    )
    def test_the_name_of_a_machine_is_found(self, text):
        assert len(rules.machine_names({"f": text})) == 1

    @pytest.mark.parametrize(
        "text", ["POST /email/withTemplate", f"src/{'work'}/x.py", "$HOME/.local", "/usr/bin/env bash"]
    )
    def test_other_paths_are_fine(self, text):
        assert rules.machine_names({"f": text}) == []
