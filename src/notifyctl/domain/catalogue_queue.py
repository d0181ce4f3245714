"""What the codes of the queue mean: kinds of jobs that are not served, and what others do to it."""

from notifyctl.domain.entry import Entry

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
        "Look at the type of the keys of that queue in Redis, remove the one that is a hash, and rename that job id "
        "in your application.",
    ),
    "QUE-DEDUPLICATION-NEXT": Entry(
        "A deduplicated job left a next one behind",
        "A producer adds with deduplication and keepLastIfActive. A BullMQ worker would have made a job of the last "
        "payload that came while the first was active; ours does not, so that payload was not sent.",
        "Add each message under its own id, without deduplication: the id alone keeps it from being sent twice.",
    ),
    "QUE-REMOVED": Entry(
        "Somebody removed jobs that were not sent",
        "A dashboard or a program removed single jobs that were waiting or delayed. Their messages are not sent. One "
        "that had an attempt ends as cancelled, or as unknown when a copy may be out; of one that no worker had "
        "taken nothing is left but its job id.",
        "If that was meant, nothing. Else enqueue it again: under the same id when no worker had taken it, else "
        "under a new one, since an id that has ended is not sent again. `notifyctl doctor -o json` lists the latest.",
    ),
    "QUE-VANISHED": Entry(
        "Jobs are gone, and nobody said so",
        "They were waiting, delayed or active, and an audit does not find them any more. BullMQ tells nothing of a "
        "drain (`empty` in dashboards), and of a clean only a number. Their messages are not sent. Those that had an "
        "attempt end as cancelled, or as unknown when a copy may be out.",
        "Find out who emptied the queue; `notifyctl doctor -o json` lists the latest jobs. Enqueue again what should "
        "go out: the same file or the same events, since an id that was sent is not sent twice. Only one that was "
        "cancelled needs a new id.",
    ),
    "QUE-OBLITERATED": Entry(
        "A queue was obliterated",
        "BullMQ's counter of jobs or its events began anew, which only `obliterate` does: everything was removed, "
        "active jobs and their locks included. Records of attempts are our own and are still there, so nothing is "
        "sent twice, whatever ids jobs get from now on.",
        "See QUE-VANISHED. Let no person and no script obliterate a queue that sends tickets.",
    ),
    "QUE-GHOST": Entry(
        "An id in a queue has no job",
        "The list names a job whose data are gone: its key was deleted by hand, by eviction, or by a tool that died "
        "half-way. There is nothing to send; workers let go of such ids.",
        "Find out what deletes keys of BullMQ. The message, if it was one, must be enqueued again.",
    ),
    "QUE-ORPHAN": Entry(
        "A job is in no list",
        "The data of the job are there, but no list names it, so nobody will ever take it. A resume by BullMQ 5 over "
        "jobs that came during a pause leaves such jobs, and so does a tool that died half-way.",
        "Put it back: LPUSH its id to `wait` of the queue (`notifyctl doctor -o json` lists them); it is sent once "
        "at most. BullMQ's removeOrphanedJobs() would delete it for good.",
    ),
    "QUE-FOREIGN-WORKER": Entry(
        "Another worker takes jobs from our queues",
        "A BullMQ worker that is not ours is connected, or holds jobs. What it does with them is on no record, so a "
        "mail may go out twice, or never, without anybody knowing.",
        "Stop it; `notifyctl doctor` tells the name of its connection, which holds the queue's name in base64. "
        "Jobs that it started end as unknown, never sent by us.",
    ),
    "QUE-PAUSE-MIXED": Entry(
        "A resume by BullMQ 5 would lose jobs",
        "The queue is paused, and holds jobs both where BullMQ 5 puts them during a pause and where BullMQ 6 leaves "
        "them. When BullMQ 5 resumes it, the first take the place of the second, which are then orphans.",
        "Resume it with BullMQ 6, which keeps both. Let all producers and dashboards use the same version.",
    ),
    "QUE-EDITED": Entry(
        "The data of a job were changed after a call",
        "Somebody edited a job whose message had an attempt already. The first text may be out, so the new one is "
        "not sent under the same id: the message ends as rejected, or as unknown when a copy may be out.",
        "Send the new text under a new id.",
    ),
    "QUE-EVENTS-GAP": Entry(
        "Events of a queue were gone before they were read",
        "BullMQ keeps about 10,000 events of a queue, those of 2,500 mails. More came between two audits. Jobs that "
        "were added and removed in that time cannot be told; all others are still watched.",
        "Nothing, if bursts are normal. To see more, raise streams.events.maxLen in the options of the Node queue.",
    ),
    "QUE-LANE": Entry(
        "A job came in a faster lane than its type has",
        "The type, not the queue, decides how a mail is treated, so nothing is wrong with the mail. But bulk in the "
        "lane of tickets makes tickets wait.",
        "Let the producer add it to the queue of its priority: `notifyctl send` does.",
    ),
    "QUE-PAUSED": Entry(
        "A queue is paused",
        "Somebody paused it in BullMQ. Workers honour that: its messages wait until it is resumed, and expire when "
        "their deadline passes.",
        "Resume it with the tool that paused it, such as a dashboard or queue.resume().",
    ),
}
