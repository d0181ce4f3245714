"""ENV: what this process was told, and what it runs on."""

from datetime import date

from notifyctl.checks.readers import Readers
from notifyctl.checks.registry import check
from notifyctl.domain.check import Seen, failed, passed, unseen, warned

# Last day of security fixes, from the Python developer's guide (devguide.python.org/versions).
END_OF_LIFE = {
    (3, 11): date(2027, 10, 31), (3, 12): date(2028, 10, 31), (3, 13): date(2029, 10, 31), (3, 14): date(2030, 10, 31),
}  # fmt: skip
SOON = 90  # days
_LOOPBACK = ("http://127.0.0.1", "http://localhost", "http://[::1]")


@check(
    "ENV-001", "The settings can be read", expected="each variable and file is complete and well-formed", profile="ci"
)
async def settings(readers: Readers) -> Seen:
    error = readers.given.error
    if error:
        return failed(error.placed, error.fix)
    return passed("every variable and the configuration file can be read")


@check("ENV-002", "No variable is misspelt", expected="nothing that looks like ours is unknown", profile="ci")
async def spelling(readers: Readers) -> Seen:
    strange = readers.given.unknown
    if not strange:
        return passed("every variable that begins like ours is read")
    told = ", ".join(f"{name} (did you mean {meant}?)" if meant else name for name, meant in strange)
    return warned(f"nothing reads {told}", "rename the variable, or remove it")


@check("ENV-003", "Python still gets security fixes", expected=f"for {SOON} days or longer", profile="ci")
async def python(readers: Readers) -> Seen:
    version, end = ".".join(map(str, readers.python)), END_OF_LIFE.get(readers.python)
    if end is None:
        return warned(f"Python {version} is not one that we know", "use 3.11 to 3.14, or a newer notifyctl")
    left = (end - readers.today).days
    told, hint = f"Python {version}, to {end}", "install a newer Python, and notifyctl into it"
    if left < 0:
        return failed(told, hint)
    return passed(told) if left >= SOON else warned(told, hint)


@check("ENV-005", "Production holds nothing that is for tests", expected="neither test keys nor local providers",
       profile="ci", needs=("ENV-001",))  # fmt: skip
async def mode(readers: Readers) -> Seen:
    given = readers.given
    local = [name for name, url in given.urls.items() if url.startswith(_LOOPBACK)]
    if not given.production:
        return passed("this is development")
    if given.test_keys or local:
        return failed(", ".join([*given.test_keys, *local]), "give production its own keys, and unset those URLs")
    return passed("production, with keys and addresses of its own")


@check("ENV-006", "The project is here and can be read", expected="registers, and a configuration without a mistake",
       profile="ci")  # fmt: skip
async def project(readers: Readers) -> Seen:
    if not readers.project.there:
        return unseen(
            "there is no register in this folder",
            "run preflight in your project, or name its file in NOTIFYCTL_CONFIG; notifyctl init makes a project",
        )
    order = readers.configuration.order
    return passed(f"mail goes through {', '.join(order)}")
