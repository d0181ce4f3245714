"""Everything one does with this repository, as sessions: `python3 noxfile.py` lists them.

    python3 noxfile.py demo                      python3 noxfile.py tests -- tests/domain -k address
    python3 noxfile.py lint types                python3 noxfile.py tests-3.12

Needs only Python >= 3.11 with venv. Where nox is missing, the first half of this file makes a private
environment with nox under .nox/ and starts again there; it must parse on any Python 3, to say what is wrong.
"""

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
OLDEST = (3, 11)
NOX = "nox>=2025.5.1"


def launch(words):
    """Become nox, running the sessions named by the leading words; everything after them goes to nox."""
    names = []
    while words and not words[0].startswith("-"):
        names.append(words.pop(0))
    refuse_unusable_python()
    python = sys.executable if has_nox(sys.executable) else private_nox()
    what = ["--session", *names] if names else [] if words else ["--list"]
    os.execv(python, [python, "-m", "nox", "--noxfile", str(HERE / "noxfile.py"), *what, *words])


def refuse_unusable_python():
    """Exit with 1 and a hint when this Python cannot carry the project."""
    if sys.version_info < OLDEST:
        sys.exit(
            "notifyctl needs Python {}.{} or newer, and this is {}.{}. Start this file with a newer one, for example:\n"
            "    python3.{} noxfile.py tests".format(*OLDEST, *sys.version_info[:2], OLDEST[1])
        )
    if not (importlib.util.find_spec("venv") and importlib.util.find_spec("ensurepip")):
        sys.exit(
            "This Python cannot make virtual environments: its venv or ensurepip module is missing.\n"
            "On Debian and Ubuntu install it with\n"
            "    apt install python{}.{}-venv\n"
            "Nothing else is needed, and nothing was changed.".format(*sys.version_info[:2])
        )


def has_nox(python):
    """Whether that interpreter starts and knows a nox that is new enough."""
    try:
        probe = [str(python), "-c", "from nox.project import dependency_groups"]
        return subprocess.call(probe, stderr=subprocess.DEVNULL) == 0
    except OSError:
        return False


def private_nox():
    """The interpreter of .nox/launcher-3.x, made when it is missing or broken."""
    home = HERE / ".nox" / "launcher-{}.{}".format(*sys.version_info[:2])
    python = home / "bin" / "python"
    if not has_nox(python):
        print(f"nox is missing: making a private environment in {home.relative_to(HERE)}", file=sys.stderr)
        try:
            subprocess.check_call([sys.executable, "-m", "venv", "--clear", str(home)])
            subprocess.check_call([str(python), "-m", "pip", "install", "--quiet", "--no-warn-script-location", NOX])
        except (OSError, subprocess.CalledProcessError) as error:
            sys.exit(f"That did not work: {error}.\nIs there room, and can pip reach its package index from here?")
    return str(python)


if __name__ == "__main__":
    launch(sys.argv[1:])

import nox  # noqa: E402 - only here can it be expected to exist

nox.needs_version = ">=2025.5.1"
nox.options.reuse_venv = "yes"
nox.options.download_python = "never"
nox.options.error_on_external_run = True
nox.options.error_on_missing_interpreters = True  # a session that did not run must not look like one that passed
nox.options.sessions = ["tests", "lint", "types"]

PROJECT = nox.project.load_toml("pyproject.toml")


def group(name):
    """The requirements of one dependency group of pyproject.toml."""
    return nox.project.dependency_groups(PROJECT, name)


def fingerprint(requirements):
    """A digest of everything that an installation depends on: the sources, pyproject.toml and the requirements."""
    digest = hashlib.sha256(repr(requirements).encode())
    for path in [HERE / "pyproject.toml", *sorted((HERE / "src").rglob("*"))]:
        if path.is_file() and path.suffix != ".pyc":
            digest.update(str(path.relative_to(HERE)).encode() + path.read_bytes())
    return digest.hexdigest()


def install_wheel(session, *requirements):
    """Install the built wheel, so that sessions see what users get; does nothing when nothing changed."""
    session_home = Path(session.virtualenv.location)
    stamp = session_home / "installed.sha256"
    wanted = fingerprint(requirements)
    if stamp.is_file() and stamp.read_text() == wanted:
        return
    stamp.unlink(missing_ok=True)
    wheels = session_home / "wheels"
    for old in wheels.glob("*.whl"):
        old.unlink()
    session.run("python", "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(wheels), str(HERE))
    (wheel,) = wheels.glob("*.whl")
    session.install(str(wheel), *requirements)
    session.install("--force-reinstall", "--no-deps", str(wheel))  # the version did not change, the content did
    stamp.write_text(wanted)


def run_tests(session, *where):
    """Install wheel and test tools, then pytest on the given places or on what stands after `--`."""
    install_wheel(session, *group("tests"))
    session.run("python", "-m", "pytest", *(session.posargs or where))


@nox.session
def demo(session):
    """A burst of mail, a provider that dies and a worker that is killed; then the count. Arguments after --."""
    install_wheel(session)
    session.run("notifyctl", "demo", *session.posargs)


# A process a core and one more, for tests often wait for the processes that they start; each has servers of its own.
ALL_AT_ONCE = ("-n", str((os.cpu_count() or 1) + 1), "--dist", "worksteal")


@nox.session
def tests(session):
    """Unit and integration tests on this Python, against the built wheel; `tests-3.x` for another one."""
    run_tests(session, *ALL_AT_ONCE)


def tests_elsewhere(session):
    """The same tests on that Python, when the machine has it."""
    run_tests(session, *ALL_AT_ONCE)


for version in nox.project.python_versions(PROJECT):
    nox.session(tests_elsewhere, python=version, name=f"tests-{version}", default=False)


@nox.session
def lint(session):
    """Style, formatting, import contracts and the shape of the code."""
    session.install(*group("lint"))
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("lint-imports", env={"PYTHONPATH": str(HERE / "src")})
    session.run("python", "-m", "pytest", "--noconftest", "tests/test_architecture.py")


@nox.session
def types(session):
    """Strict type checking."""
    session.install(*PROJECT["project"]["dependencies"], *group("types"))
    session.run("mypy")


@nox.session
def interop(session):
    """Node's BullMQ and Bull Board against us; needs node and npm."""
    run_interop(session)


@nox.session(name="interop-redis7")
def interop_redis7(session):
    """The same on the redis-server that this machine has, instead of the Valkey of the wheel."""
    server = shutil.which("redis-server")
    if not server:
        session.error("There is no redis-server on PATH: apt install redis-server. It need not be running.")
    session.run(server, "--version", external=True)
    run_interop(session, NOTIFYCTL_VALKEY_BIN=server)


def install_node_modules(session, where):
    """Have npm fetch what package.json of that folder names; sessions beside each other take turns."""
    import fcntl

    with (HERE / where / "package.json").open() as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        session.run("npm", "install", "--no-package-lock", "--prefix", where, external=True, silent=True)


def run_interop(session, **environment):
    """Install the other side from npm and ours from the wheel, then have them meet."""
    install_node_modules(session, "tests/interop")
    install_wheel(session, *group("tests"))
    session.run("python", "-m", "pytest", "tests/interop", *session.posargs, env=environment)


@nox.session
def second(session):
    """Second opinions: moto about signatures, SDKs about the emulator, age about secrets; needs node, npm and age."""
    install_node_modules(session, "tests/interop")
    install_wheel(session, *group("tests"), *group("second"))
    session.run("python", "-m", "pytest", "tests/interop/second", *session.posargs)


@nox.session
def faults(session):
    """The fault matrix with real processes, kills and hostile timing (minutes; an hour with `-- --long`)."""
    install_wheel(session, *group("tests"))
    patience = "faulthandler_timeout=1800"  # hundreds of kills take their time
    session.run("python", "-m", "pytest", "-o", patience, "tests/faults", *session.posargs)


@nox.session
def simulation(session):
    """Two thousand histories of the engine with a simulated server, network and clock; seeds after --."""
    install_wheel(session, *group("tests"))
    seeds = session.posargs or ("0", "2000")
    session.run("python", "-m", "simulation.play", *seeds, env={"PYTHONPATH": "tests"})


@nox.session
def seeded(session):
    """Plant known bugs in a copy of the source, one at a time: the tests must notice each (minutes)."""
    install_wheel(session, *group("tests"))
    patience = "faulthandler_timeout=1800"  # each bug is a test run of its own
    session.run("python", "-m", "pytest", "-o", patience, "tests/seeded", *session.posargs)


@nox.session
def pages(session):
    """Reports in a real browser, at each width, by day and by night, and on paper; needs Chromium."""
    install_wheel(session, *group("tests"))
    session.run("python", "-m", "pytest", "tests/pages", *session.posargs)


@nox.session
def bench(session):
    """Start-up, lanes, a provider's limit, memory, stages; throughput beside Node's and Python's BullMQ; needs npm."""
    install_node_modules(session, "tests/bench")
    install_wheel(session, *group("tests"), *group("bench"))
    for name in ("startup", "lanes", "limits", "drain", "stages", "archive"):
        session.run("python", f"tests/bench/{name}.py", env={"PYTHONPATH": "tests"})
    session.run("python", "tests/bench/throughput.py", *session.posargs)


@nox.session
def docs(session):
    """Write the command reference again, and check what the documentation says about commands, files and links."""
    install_wheel(session, *group("tests"))
    session.run("python", "tests/documentation.py")
    session.run("python", "-m", "pytest", "tests/test_docs.py", *session.posargs)
