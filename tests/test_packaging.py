"""The wheel alone is the product: what it holds, what it asks for, and what must not come with it."""

import ast
import importlib.util
import re
import tomllib
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

import pytest

import notifyctl

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src" / "notifyctl"
DATA = sorted(
    str(path.relative_to(SOURCE.parent))
    for pattern in ("*.lua", "*.json", "*.j2", "sample/**/*.*")
    for path in SOURCE.rglob(pattern)
)


@pytest.fixture(scope="module")
def installed() -> Distribution:
    try:
        return distribution("notifyctl")
    except PackageNotFoundError:
        pytest.fail(
            "notifyctl is not installed here: these tests look at the built wheel, `python3 noxfile.py tests`",
            pytrace=False,
        )


@pytest.fixture(scope="module")
def project() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def normal(requirement: str) -> str:
    name, *bounds = requirement.partition(";")[0].replace(" ", "").replace(">", ",>").replace("<", ",<").split(",")
    return ",".join([name, *sorted(bound for bound in bounds if bound)])


def test_the_tests_look_at_the_wheel_and_not_at_the_sources(installed):
    assert Path(notifyctl.__file__).resolve() == Path(str(installed.locate_file("notifyctl/__init__.py"))).resolve()
    assert SOURCE.resolve() not in Path(notifyctl.__file__).resolve().parents


@pytest.mark.parametrize("name", [*DATA, "notifyctl/py.typed"])
def test_the_wheel_holds_what_is_no_python_file_too(installed, name):
    assert Path(str(installed.locate_file(name))).read_bytes() == (SOURCE.parent / name).read_bytes()


@pytest.mark.parametrize("name", sorted(path.name for path in (ROOT / "runbooks").iterdir()))
def test_the_wheel_holds_the_runbooks(installed, name):
    book = Path(str(installed.locate_file(f"notifyctl/runbooks/{name}")))
    assert book.read_bytes() == (ROOT / "runbooks" / name).read_bytes()


def test_the_wheel_holds_the_package_and_nothing_else(installed):
    tops = {Path(str(file)).parts[0] for file in installed.files or ()}
    assert {top for top in tops if not top.endswith(".dist-info")} - {".."} == {"notifyctl"}
    assert {Path(str(file)).suffix for file in installed.files or () if file.parts[0] == "notifyctl"} <= {
        *(".py", ".lua", ".json", ".j2", ".md", ".typed", ".pyc"),
        *(".toml", ".html", ".example", ""),  # the sample project
    }


def test_the_licence_comes_with_the_wheel(installed):
    assert installed.metadata["License-Expression"] == "MIT"
    assert "The notifyctl maintainers" in (installed.read_text("licenses/LICENSE") or "")


def test_the_version_is_a_literal_and_the_wheel_says_the_same(installed):
    tree = ast.parse((SOURCE / "__init__.py").read_text())
    (literal,) = [node.value.value for node in tree.body if isinstance(node, ast.Assign)]
    assert literal == installed.version == notifyctl.__version__


def test_the_wheel_asks_for_exactly_what_the_project_names(installed, project):
    asked = {normal(line) for line in installed.requires or () if "extra ==" not in line}
    assert asked == {normal(line) for line in project["dependencies"]}


def test_every_requirement_has_a_lower_bound(project):
    assert [line for line in project["dependencies"] if ">=" not in line] == []


def test_every_requirement_is_used(project):
    text = "\n".join(path.read_text() for path in SOURCE.rglob("*.py"))
    asked = [re.split(r"[\[><=]", line)[0] for line in project["dependencies"]]
    names = [{"dnspython": "dns"}.get(name, name) for name in asked]
    assert [name for name in names if not re.search(rf"(import|from) {name}\b|\"{name}\"", text)] == []


def test_typer_stays_below_the_release_that_loads_pydantic_for_every_command(project):
    (typer,) = [line for line in project["dependencies"] if line.startswith("typer")]
    assert normal(typer) == "typer,<0.29,>=0.26"  # docs/adr/0001-pin-typer.md


def test_click_is_not_in_the_environment():
    """Its presence makes `import httpx` load a command line of its own, for each of our commands."""
    assert importlib.util.find_spec("click") is None
