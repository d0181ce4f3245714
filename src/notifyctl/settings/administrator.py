"""Keys that make and revoke other keys: for whoever rotates, never for a worker."""

from dataclasses import dataclass

from notifyctl.domain.secret import Secret
from notifyctl.settings.environment import Reader


@dataclass(frozen=True, slots=True)
class Administrator:
    """Each is optional; `aws_user` None means the user of the AWS keys themselves, `iam_url` None AWS itself."""

    resend_key: Secret | None
    aws_access_key: Secret | None
    aws_secret_key: Secret | None
    aws_user: str | None
    iam_url: str | None


def read_administrator(read: Reader) -> Administrator:
    """The keys of the environment; raises `Misconfigured`."""
    return Administrator(
        resend_key=read.key("NOTIFYCTL_RESEND_ADMIN_KEY"),
        aws_access_key=read.key("NOTIFYCTL_AWS_ADMIN_ACCESS_KEY"),
        aws_secret_key=read.key("NOTIFYCTL_AWS_ADMIN_SECRET_KEY"),
        aws_user=read.text("NOTIFYCTL_AWS_USER"),
        iam_url=read.url("NOTIFYCTL_IAM_URL"),
    )
