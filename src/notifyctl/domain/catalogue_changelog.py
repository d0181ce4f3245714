"""What the codes of the deployment changelog mean: CHG."""

from notifyctl.domain.entry import Entry

CHANGELOG = {
    "CHG-FORM": Entry(
        "A line of the changelog, or what should be added, has the wrong form",
        "A section begins with its version and its day, and has one line for each deployment: time in UTC, who, why. "
        "Nothing was written; exit code 4.",
        "Correct the line that the message names: ## [1.4.0] - 2026-11-30, and below it - 14:05Z by ada: why.",
    ),
    "CHG-TWICE": Entry(
        "That version was deployed last",
        "The newest deployment of the file is of the same version, so this line was most likely written already, by a "
        "job that ran twice. Nothing was written; exit code 4.",
        "Nothing to do. If it really was deployed anew, give it a version of its own: 1.4.0-2.",
    ),
    "CHG-FILE": Entry(
        "The changelog cannot be read or written",
        "The file is not there, no text, or this user may not write it.",
        "Name another one with --file; `changelog add` makes it.",
    ),
    "CHG-HALF": Entry(
        "The changelog without what was moved by hand and by the tool",
        "Redis could not be asked for the history of operations, so only deployments are listed; exit code 3.",
        "Ask where Redis can be reached, or say that deployments are enough: --deployments.",
    ),
}
