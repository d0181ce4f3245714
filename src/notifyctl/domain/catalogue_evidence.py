"""What the codes of the evidence on disk mean: EVD the files of a month."""

from notifyctl.domain.entry import Entry

EVIDENCE = {
    "EVD-DISK": Entry(
        "Evidence cannot be kept or read",
        "The folder of the archive cannot be written or read. Nothing is forgotten that is not on the disk: what has "
        "ended stays in Redis, and sending goes on.",
        "Set NOTIFYCTL_EVIDENCE to a directory that this user can read and write, or make room on its disk.",
    ),
    "EVD-BUSY": Entry(
        "Another process writes to the archive",
        "A worker of this host makes its daily move, or a person has begun one. Nothing was changed.",
        "Wait until it is done, and try again.",
    ),
    "RET-LATE": Entry(
        "The archive is late",
        "No move of what has ended from Redis to the monthly files has come to its end for three days: no worker runs, "
        "or its disk does not take them. Nothing is lost; Redis grows.",
        "Start a worker, or move by hand: notifyctl retention run. The log of the workers says `retention` where it "
        "failed.",
    ),
    "MSG-COPY-LATE": Entry(
        "An archived message has another copy",
        "Evidence came that a provider took a message whose attempts are on disk already, and it is not the copy that "
        "is on record: a worker that was away for weeks told what it knew.",
        "See its line in the archive: a doubt that was recorded there is a copy that is out.",
    ),
    "EVD-LINE": Entry(
        "A line of the evidence cannot be read",
        "A file of a month holds a line that is not what was written: it was edited, the disk is damaged, or a newer "
        "version wrote it. Nothing after it was counted.",
        "The message names file and line. Take the file from a backup, and compare both: sha256sum tells whether they "
        "are the same.",
    ),
}
