"""Every error that a user or a caller can meet, as a type.

    NotifyctlError              code, what, where, fix; `exit` is the process's exit code
    +-- Bad               (1)   looked, and the answer is no
    +-- Usage             (2)   wrong arguments
    +-- Degraded          (3)   works, but not as it should; or incomplete
    +-- Refused           (4)   a guard said no; nothing was changed
    +-- OutcomeUnknown    (5)   sent, but whether it took effect is not known
    +-- Unreachable       (6)   Redis or a provider cannot be reached      [Retryable]
    +-- Misconfigured     (7)   configuration or credentials are invalid
    +-- Waiting           (8)   stopped at a question for a human
    +-- InvalidMessage    (1)   this message can never be sent as it is

Retryability is a type: catch `Retryable` where another try may help, and nowhere else.
Codes are stable words such as `MSG-HEADER-INJECTION`; `notifyctl explain CODE` tells more.
"""


class NotifyctlError(Exception):
    """An error with a stable code that says what happened, where, and how to fix it."""

    exit = 70

    def __init__(self, code: str, what: str, where: str = "", fix: str = "") -> None:
        super().__init__(what)
        self.code = code
        self.what = what
        self.where = where
        self.fix = fix

    @property
    def placed(self) -> str:
        """What and where, in one line."""
        return f"{self.what} ({self.where})" if self.where and self.where not in self.what else self.what

    def __str__(self) -> str:
        return f"{self.code}: {self.placed}"


class Retryable(Exception):
    """Mixed into an error after which the same call may succeed later."""


class Bad(NotifyctlError):
    """The question was answered, and the answer is no."""

    exit = 1


class Usage(NotifyctlError):
    """The arguments cannot be understood together."""

    exit = 2


class Degraded(NotifyctlError):
    """Something works, but not as it should, or could only be seen in part."""

    exit = 3


class Refused(NotifyctlError):
    """A guard said no. Guaranteed: nothing was changed."""

    exit = 4


class OutcomeUnknown(NotifyctlError):
    """A change was sent and its effect could not be confirmed. Look before repeating it."""

    exit = 5


class Unreachable(NotifyctlError, Retryable):
    """Redis, a provider or the embedded server did not answer. Try again."""

    exit = 6


class Misconfigured(NotifyctlError):
    """Configuration or credentials are missing or invalid; `where` names the variable or the line."""

    exit = 7


class Waiting(NotifyctlError):
    """Stopped at a human decision; resumable."""

    exit = 8


class InvalidMessage(NotifyctlError):
    """A message that can never be sent as it is; `where` names the field."""

    exit = 1
