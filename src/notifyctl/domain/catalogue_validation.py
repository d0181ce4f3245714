"""What the codes of `validate` mean: VAL, the criteria of success after a deployment."""

from notifyctl.domain.entry import Entry

VALIDATION = {
    "VAL-MISSED": Entry(
        "A criterion of success is missed",
        "The mail that ended since the deployment does not meet it: more than 0.1 % failed and not by chance, it took "
        "500 ms or more on average, marketing mail went out without consent, or there are copies nobody decided.",
        "The finding says where to look. If the deployment did it, go back: runbooks/bad-release.md.",
    ),
    "VAL-OPEN": Entry(
        "A required criterion that cannot be judged",
        "Too little mail has ended to tell, or what it is judged by has no source in this version. Neither is counted "
        "as met; exit code 3.",
        "Look again later, or with --watch. Name what a pipeline waits for: notifyctl validate --require processing.",
    ),
}
