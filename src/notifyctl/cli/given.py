"""Settings as a command reads them: a variable that nothing reads is told to whoever runs the command."""

from typer._click.globals import get_current_context

from notifyctl import settings
from notifyctl.cli.screen import Screen


def load(*, sends: bool = False) -> settings.Settings:
    """The settings of this process, as `settings.load` reads them; says on stderr which variables look like ours and
    are not."""
    given = settings.load(sends=sends)
    context = get_current_context(silent=True)
    if context and isinstance(context.obj, Screen):
        for line in strangers(given):
            context.obj.talk(line)
    return given


def strangers(given: settings.Settings) -> list[str]:
    """One line for each variable that begins like ours and that nothing reads, with the one it resembles; and one when
    crashes shall be reported, and cannot be."""
    lines = [f"warning: nothing reads {one.name}{_hint(one.meant)}" for one in given.unknown]
    if given.sentry and not _reports():
        lines.append("warning: SENTRY_DSN is set, and no crash is reported: pip install 'notifyctl[sentry]'")
    return lines


def _hint(meant: str) -> str:
    return f"; did you mean {meant}?" if meant else ""


def _reports() -> bool:
    from notifyctl.telemetry import crashes  # deferred: only who reports crashes needs it

    return crashes.installed()
