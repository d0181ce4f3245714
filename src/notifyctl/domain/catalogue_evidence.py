"""What the codes of the evidence on disk mean: EVD the files of a month."""

from notifyctl.domain.entry import Entry

EVIDENCE = {
    "EVD-DISK": Entry(
        "Evidence cannot be kept",
        "The folder of the archive cannot be written. Nothing is forgotten that is not on the disk: what has ended "
        "stays in Redis, and sending goes on.",
        "Set NOTIFYCTL_EVIDENCE to a directory that this user can write, or make room on its disk.",
    ),
    "EVD-LINE": Entry(
        "A line of the evidence cannot be read",
        "A file of a month holds a line that is not what was written: it was edited, the disk is damaged, or a newer "
        "version wrote it. Nothing after it was counted.",
        "The message names file and line. Take the file from a backup, and compare both: sha256sum tells whether they "
        "are the same.",
    ),
}
