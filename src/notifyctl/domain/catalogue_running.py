"""What the codes of the running system mean: STORE and RDS the server, WRK workers, SND and PRB."""

from notifyctl.domain.catalogue_queue import QUEUE
from notifyctl.domain.catalogue_route import ROUTE
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
    "RDS-CHANGED": Entry(
        "Redis restarted or changed its role",
        "A server that crashed, or a replica that took over, may have lost the last seconds of what it acknowledged. "
        "Workers claim nothing until each has told it again what is under way and what was lately done, and until all "
        "who may be alive had time for that: one time-out of a heartbeat, 15 seconds.",
        "Find out why: the server's log and, with replicas, that of the failover. The workers went on by themselves.",
    ),
    "RDS-LOST-WRITES": Entry(
        "Redis has lost writes",
        "After a crash or a failover, so many calls and outcomes that it had acknowledged were gone. The workers wrote "
        "them again. What a worker did that died with the server is known to nobody, and is sent again. Jobs that "
        "a producer added in those seconds may be lost, too.",
        "Let the producers of those seconds enqueue again: what is known is not sent twice. To lose less, set "
        "appendfsync always, or min-replicas-to-write 1 where there is a replica.",
    ),
    "RDS-READONLY": Entry(
        "Redis is a replica",
        "The server takes no writes: it was made a replica, or the address leads to one. Nothing is claimed there, and "
        "no attempt is counted.",
        "Nothing during a failover: workers ask again until a primary answers. Else point BULLMQ_REDIS_HOST and _PORT "
        "to the primary.",
    ),
    "RDS-UNSEEN": Entry(
        "Redis does not tell who it is",
        "The user may not run INFO, or the server has no such command. A restart or a failover cannot be noticed, so "
        "nothing is asserted again after one, and the eviction policy cannot be checked.",
        "Permit the command: ACL SETUSER name +info.",
    ),
}

LIMITS = {
    "LIM-QUOTA": Entry(
        "A quota of the account comes to its end",
        "The provider lets this account send so many mails in a day or a month. At the speed of the last minutes they "
        "are used up before the quota is renewed, or little is left. Bulk leaves the last tenth to the others and "
        "waits; standard leaves the last fiftieth to critical mail, and goes to the next provider.",
        "Raise the plan at the provider, or send less through it; `notifyctl status` shows the quota.",
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
    "WRK-JOURNAL": Entry(
        "A journal could not be read",
        "A worker that is gone left results on disk, and some lines are of another version of notifyctl, or damaged. "
        "What could be read is in Redis. The calls of the other lines are treated as unanswered: evidence is sought "
        "before anything is sent again.",
        "Keep the file, its name ends with .unreadable in the folder journal of NOTIFYCTL_HOME, and look into it.",
    ),
    "WRK-JOURNAL-ELSEWHERE": Entry(
        "A journal belongs to another Redis",
        "A worker that is gone left results on this disk for a Redis of another host name, port, database or prefix. "
        "Told to the Redis of now they could end messages that were never sent there, so no worker of it touches them. "
        "If it is the same server under a new name, the calls in that file are treated as unanswered.",
        "Start a worker once with BULLMQ_REDIS_HOST, _PORT and _PREFIX as they were: it tells them, and the file goes. "
        "When that Redis is gone for good, move the file out of the folder journal of NOTIFYCTL_HOME.",
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
    "SND-NO-CONSENT": Entry(
        "The message will not be sent",
        "Its type is marketing, which needs consent, and nobody's consent is on record. It is enqueued and ends as "
        "no_consent, so that your application sees the same as in production.",
        "Give it a type of service if it is one; consent cannot be recorded in this version.",
    ),
    "SND-USED": Entry(
        "The id was used before",
        "An id names one event of your business and is unique for ever: what is out is never sent again, and a job "
        "with other content under the same id does not replace the first one.",
        "Give another event an id of its own. What became of the first: `notifyctl message show ID`.",
    ),
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

RUNNING = {**STORE, **LIMITS, **QUEUE, **ROUTE, **WORKERS, **SENDING, **DOOR}
