"""What the codes of the running system mean: STORE and RDS the server, QUE the queue, WRK workers, SND and PRB."""

from notifyctl.domain.entry import Entry

STORE = {
    "STORE-UNREACHABLE": Entry(
        "Redis does not answer",
        "The connection failed or broke. Looking changed nothing; when something was being written, it may or may not "
        "have taken effect. Workers wait and go on by themselves.",
        "Check that the server runs, and BULLMQ_REDIS_HOST, _PORT and _TLS; then try again.",
    ),
    "STORE-DENIED": Entry(
        "Redis refuses this user",
        "Name or password are wrong, or the user may not run a command that is needed.",
        "Check BULLMQ_REDIS_USERNAME and BULLMQ_REDIS_PASSWORD, and the permissions of the user.",
    ),
    "STORE-NOT-RUNNING": Entry(
        "The embedded server is not running",
        "Without BULLMQ_REDIS_HOST the queue lives in a server of our own, which ends when nobody has used it for 15 "
        "minutes. Commands that only look do not start it. Nothing is lost: its data are on disk.",
        "Start it with any command that writes, such as `notifyctl worker`, or set BULLMQ_REDIS_HOST.",
    ),
    "STORE-NOT-STARTED": Entry(
        "The embedded server did not start",
        "Its program ended at once, or was not ready within 30 seconds. The message shows the end of its log.",
        "See the log: a full disk, missing rights, or damaged data files are the usual causes.",
    ),
    "STORE-NO-SERVER": Entry(
        "There is no server program",
        "The wheel brings a Valkey for common systems; on this one there is none, and none is on PATH.",
        "Install valkey or redis, name its server in NOTIFYCTL_VALKEY_BIN, or set BULLMQ_REDIS_HOST.",
    ),
    "STORE-DIRECTORY": Entry(
        "The data directory cannot be used",
        "The embedded server needs a directory that this user can write.",
        "Set NOTIFYCTL_HOME to one, or correct its permissions.",
    ),
    "RDS-EVICTION": Entry(
        "Redis may throw keys away",
        "With this eviction policy a full server deletes keys, and with them jobs, locks and records of attempts: "
        "mail would be lost or doubled. Workers refuse to start.",
        "Set maxmemory-policy noeviction, and watch the memory.",
    ),
}

QUEUE = {
    "QUE-FLOW": Entry(
        "The job is the child of a flow",
        "Only a BullMQ worker moves the parent of a flow, so the job is rejected.",
        "Enqueue messages without a parent.",
    ),
    "QUE-SCHEDULER": Entry(
        "The job belongs to a job scheduler",
        "Only a BullMQ worker makes the next run of a scheduler, so the job is rejected. And each run would have the "
        "same id, so only the first would be sent.",
        "Let your application enqueue each message as a job of its own.",
    ),
    "QUE-BROKEN": Entry(
        "A key of the queue is not BullMQ's",
        "A job whose id is the name of one of BullMQ's own keys, such as `completed` or `active`, overwrites it. The "
        "messages of that queue are recorded and sent once at most, but their jobs cannot be moved. Other queues are "
        "untouched.",
        "Look at the type of the keys of that queue in Redis, remove the one that is a hash, and rename that job id in "
        "your application.",
    ),
    "QUE-DEDUPLICATION-NEXT": Entry(
        "A deduplicated job left a next one behind",
        "A producer adds with deduplication and keepLastIfActive. A BullMQ worker would have made a job of the last "
        "payload that came while the first was active; ours does not, so that payload was not sent.",
        "Add each message under its own id, without deduplication: the id alone keeps it from being sent twice.",
    ),
    "QUE-PAUSED": Entry(
        "A queue is paused",
        "Somebody paused it in BullMQ. Workers honour that: its messages wait until it is resumed, and expire when "
        "their deadline passes.",
        "Resume it with the tool that paused it, such as a dashboard or queue.resume().",
    ),
}

WORKERS = {
    "WRK-NONE": Entry(
        "Nobody works",
        "Messages wait, are under way or delayed, and no worker lives that takes them. They are not lost.",
        "Start a worker: notifyctl worker. When one should be running, look at its log for why it ended.",
    ),
    "WRK-LEFT": Entry(
        "A worker ended before it was done",
        "It did not finish everything in the time for draining, or was killed. What it held is taken over by another "
        "worker, which first finds out what became of calls that were under way.",
        "Nothing, as long as another worker runs; else start one.",
    ),
    "CFG-NO-PROVIDER": Entry(
        "No provider has a key",
        "Without a key no provider can take a mail, so nothing was started.",
        "Set RESEND_API_KEY, POSTMARK_API_KEY, or AWS_SES_ACCESS_KEY with AWS_SES_SECRET_KEY. For a try: notifyctl "
        "emulator --env.",
    ),
    "CFG-HOME": Entry(
        "The journal cannot be written",
        "A worker keeps results on disk while Redis is away. It does not start where it could not.",
        "Set NOTIFYCTL_HOME to a directory that this user can write.",
    ),
}

SENDING = {
    "SND-REFUSED": Entry(
        "Lines of the file are refused",
        "A worker would reject them, so they were not enqueued; all others were. Each refused line is listed with its "
        "number, its code and the field.",
        "Write them out with --rejects FILE, correct them, and send that file. To send the whole file again is safe.",
    ),
    "MSG-NOT-FOUND": Entry(
        "Nothing is known of a message",
        "Neither the records nor the queues know its id. A job that no worker took yet is found only when its job id "
        "is the message's id.",
        "Check the id, NOTIFYCTL_QUEUES and BULLMQ_REDIS_PREFIX.",
    ),
    "MSG-UNKNOWN": Entry(
        "Nobody knows whether a message is out",
        "A provider took the request and never answered, no evidence came, and a second copy would be worse than none. "
        "It is never sent again by itself, and never reported as failed.",
        "List them: notifyctl queue unknown. Look each one up at its provider and decide.",
    ),
    "PRB-MISCONFIGURED": Entry(
        "A provider refuses us",
        "The key is wrong or revoked, the account is suspended, or sending is switched off.",
        "Check the key and the account at the provider, then probe again.",
    ),
    "PRB-DEGRADED": Entry(
        "A provider takes our mail with a limit",
        "The account is in a sandbox, under review, or is throttled.",
        "Look at the account at the provider; the message says what it reports.",
    ),
    "PRB-UNREACHABLE": Entry(
        "A provider does not answer",
        "No connection, no answer within 5 seconds, or an error of the provider.",
        "Check the network from this machine and the provider's status page. Other providers carry the mail meanwhile.",
    ),
}

DOOR = {
    "MSG-JSON": Entry(
        "The job data is not JSON",
        "It cannot be parsed at all. In a file for `send`, each line must be one whole JSON object.",
        "Let a JSON library write it; for a file, one object a line (jq -c).",
    ),
    "MSG-VERSION": Entry(
        "An unknown version of the job data",
        "This release reads version 1.",
        'Write "v": 1, or upgrade the workers before the producers.',
    ),
    "MSG-TEMPLATE": Entry(
        "Templates do not exist yet",
        "`template` and `data` are reserved in version 1 and refused, so that no mail goes out without its text.",
        "Render the mail in your application: send subject, html and text.",
    ),
    "MSG-ATTACHMENTS": Entry(
        "Attachments are not carried",
        "Version 1 has none. The message is rejected instead of being sent without its ticket.",
        "Link to the ticket instead of attaching it.",
    ),
    "MSG-UNKNOWN-FIELD": Entry(
        "A field that the format does not know",
        "An unknown field is refused, since a deadline with a typo would be no deadline.",
        "Correct the spelling: notifyctl explain message shows all fields.",
    ),
}

RUNNING = {**STORE, **QUEUE, **WORKERS, **SENDING, **DOOR}
