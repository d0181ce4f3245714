"""What the checks of `preflight` mean, and what else they may say."""

from notifyctl.domain.entry import Entry

CHECKS = {
    "ENV-001": Entry(
        "The settings can be read",
        "Every variable and every key of the configuration file is read once, at the start of each command. One that "
        "is missing or malformed stops workers and commands alike, so it is found before the deployment.",
        "Correct what the check names; docs/configuration.md lists every variable.",
    ),
    "ENV-002": Entry(
        "No variable is misspelt",
        "A variable begins like ours and nothing reads it. What was meant to be set is not.",
        "Rename it as the check proposes, or remove it.",
    ),
    "ENV-003": Entry(
        "Python still gets security fixes",
        "The Python project mends security holes of a version for five years. After that nobody does.",
        "Install a newer Python, and notifyctl into it.",
    ),
    "ENV-004": Entry(
        "The clocks agree",
        "Proofs are compared by their times: when somebody agreed, when a mail went out. Decisions about mail go by "
        "the clock of Redis alone and do not suffer.",
        "Have both hosts follow a time server: chrony or systemd-timesyncd.",
    ),
    "ENV-005": Entry(
        "Production holds nothing that is for tests",
        "A test key accepts mail and sends none; a local address leads to an emulator. Both look well, and no customer "
        "gets a ticket.",
        "Give production keys of its own, and unset the URLs that replace a provider's own.",
    ),
    "SEC-002": Entry(
        "Secrets are kept encrypted, and two keys open them",
        "Secrets that lie about in plain text are copied with every backup and shown by every mistake. In one "
        "encrypted file they can be kept beside the code; and whoever loses the only key that opens it has lost all of "
        "them.",
        "`notifyctl secrets init` makes the file, `notifyctl secrets rekey --recipient age1...` adds a key.",
    ),
    "SEC-003": Entry(
        "Only the owner can read files with secrets",
        "A file with a secret can be read by other users of the host, belongs to somebody else, is a link, or lies in "
        "a folder in which others may replace it.",
        "chmod 600 the file, chmod 700 its folder, chown both to the user of the workers.",
    ),
    "SEC-005": Entry(
        "No key is too old",
        "A key that leaked unnoticed works until somebody changes it. Providers' keys are rotated every 90 days (CIS "
        "AWS 1.14), others every 180. When a value was set is known of the encrypted file alone.",
        "`notifyctl secrets rotate NAME` for a provider's key; for others `notifyctl secrets set NAME`.",
    ),
    "RLS-003": Entry(
        "Every waiver still holds",
        "A waiver says who answers for a failed check and until when, 90 days at most. One that is over excuses "
        "nothing.",
        "Mend what it excuses, remove it, or have its owner agree on a new day.",
    ),
    "RDS-001": Entry(
        "Redis answers soon",
        "A worker waits for three answers with each batch of mail: a slow way to Redis is a slow queue. 20 pings are "
        "timed from this host.",
        "Move the workers closer to Redis, or find what is in between.",
    ),
    "RDS-002": Entry(
        "Redis forgets nothing to make room",
        "With any policy but noeviction a full server drops keys: jobs, locks, records of what was sent. BullMQ "
        "demands noeviction, too.",
        "CONFIG SET maxmemory-policy noeviction, and write it into the server's configuration or parameter group.",
    ),
    "RDS-003": Entry(
        "Redis keeps what it was told",
        "Without an append-only file a restart forgets jobs and records of what was sent. When its last write failed, "
        "its disk is full or broken.",
        "CONFIG SET appendonly yes, appendfsync everysec or always; or look at the disk.",
    ),
    "RDS-004": Entry(
        "Redis has room",
        "A server that is full refuses writes: no mail is enqueued and no result recorded. Without a limit the system "
        "ends it when the host's memory is gone.",
        "Set maxmemory; keep fewer finished jobs ([limits] completed_keep, completed_age), or give it more.",
    ),
    "RDS-005": Entry(
        "Redis is new enough",
        "BullMQ needs Redis 5.0 and advises 6.2; older ones get no security fixes. A distribution may have mended an "
        "older number: then compare its package.",
        "Install a newer Redis or Valkey.",
    ),
    "RDS-006": Entry(
        "The way to Redis is encrypted",
        "Job data hold names and addresses. Plain TCP shows them to everybody on the way.",
        "Set BULLMQ_REDIS_TLS=true; docs/configuration.md says what it demands of the server.",
    ),
    "RDS-007": Entry(
        "We are a user of our own at Redis",
        "The default user may do everything, FLUSHALL included. A user of our own may do what mail needs.",
        "Make one that notifyctl config acl prints, and set BULLMQ_REDIS_USERNAME and BULLMQ_REDIS_PASSWORD.",
    ),
    "RDS-008": Entry(
        "Redis lets no stranger in",
        "Whoever reaches the server may speak without a password. redis-cli with a wrong one goes on as that user.",
        "ACL SETUSER default off; or set a password for it.",
    ),
    "RDS-009": Entry(
        "Our user can do nothing dangerous",
        "Who takes over a worker may do what its user may. The server is asked with ACL DRYRUN whether this user could "
        "empty it, read its settings, make users, or reach keys of others; nothing of that is done. Where the user may "
        "not ask, three harmless commands are tried, and of the rest nothing was seen.",
        "Make the user that notifyctl config acl prints, in place of the one that may more.",
    ),
    "RDS-010": Entry(
        "Our user can do what it must",
        "Each command and each pattern of keys that notifyctl config acl prints for this user (for the worker, where "
        "its name is another) is asked for with ACL DRYRUN. One that is missing stops a worker amid its work.",
        "Give the user the line that notifyctl config acl prints; after an upgrade it may have grown.",
    ),
    "OBS-001": Entry(
        "Somebody is told",
        "A notifier that was set up once and never tried may be dead: a key revoked, a channel closed. What came of "
        "its last message stands with the incidents.",
        'Configure one (docs/incidents.md), and try it: `notifyctl incident log "a test"`, then incident notify and '
        "incident resolve.",
    ),
    "OBS-002": Entry(
        "Somebody watches cron",
        "A cron that stopped is silent, like one that has nothing to say. Each run of an audit is on record, with "
        "whether a heartbeat was configured and heard; only who watches from outside notices the first run that is "
        "missing. A run counts from its beginning, also one that fails: its exit code and its heartbeat tell of that.",
        "Run each audit daily (docs/deploy/crontab), each with a NOTIFYCTL_HEARTBEAT_URL of its own.",
    ),
    "CON-009": Entry(
        "Nothing is kept in Redis beyond its time",
        "What has ended moves to the archive after [limits] archive_after, once a day, by a worker. Messages that "
        "stayed hold names and addresses longer than the record of processing says.",
        "notifyctl doctor tells why it does not move; notifyctl retention run moves it now.",
    ),
    "CON-002": Entry(
        "Consent is recorded",
        "There is no consent store in this version, so nothing was looked at: whether a grant and a withdrawal are "
        "recorded, and heeded.",
        "Record consent where it is given, and send no marketing with notifyctl: it ends as no_consent.",
    ),
    "CON-003": Entry(
        "The record of consent is whole",
        "There is no consent store in this version, so nothing was looked at: whether its record was changed.",
        "Keep the proof of consent where consent is given.",
    ),
    "CON-004": Entry(
        "No marketing goes out without consent",
        "There is no consent store in this version, so nothing was looked at. Marketing mail ends as no_consent all "
        "the same; notifyctl validate counts those that were sent.",
        "Nothing; or send marketing by what keeps consent.",
    ),
    "CON-010": Entry(
        "Nobody waits for an answer about their data",
        "Requests for access or erasure have a month, and complaints must be acknowledged within 30 days. There is no "
        "record of them in this version, so nothing was looked at.",
        "Keep a list of requests, with the day on which each is due.",
    ),
    "RDS-013": Entry(
        "Jobs that have ended are forgotten",
        "BullMQ keeps what has ended as [limits] completed_keep and failed_keep say, unless the job itself says "
        "otherwise. Job data hold names and addresses, and fill the server.",
        "Have producers leave removeOnComplete and removeOnFail out.",
    ),
    "NET-004": Entry(
        "What must be reached is reached",
        "A firewall that lets providers through and not the pager is noticed in the night of the first incident. A "
        "connection is opened to each provider, notifier and watcher that is configured, and closed. That nothing else "
        "can be reached is not tried.",
        "Let the user of the workers out to it; docs/deploy/network has a list that can be loaded.",
    ),
    "NET-002": Entry(
        "No Redis of this host listens to all",
        "Something listens at the port of Redis on every address of this host, the public ones included.",
        "bind 127.0.0.1 and a private address in its configuration, and restart it.",
    ),
    "NET-LISTENERS": Entry(
        "This system does not tell who listens",
        "The table of the kernel, /proc/net/tcp, is not there: this is no Linux, or a container without it.",
        "Look at it with the system's own tools; a waiver with a name keeps the answer.",
    ),
    "NET-001": Entry(
        "Redis has private addresses only",
        "Its name leads to an address of the public internet, as seen from this host. The check says where the name "
        "leads from here, not that no other way exists: a firewall is an attestation, not a measurement.",
        "Use the private end point, and a firewall that lets in the workers alone.",
    ),
    "PRV-001": Entry(
        "Each provider takes our key",
        "Each provider with a key was asked for its account, which sends nothing. A provider that dies alone takes all "
        "mail with it, so one is a warning.",
        "notifyctl probe tells more; correct the key or the account at the provider.",
    ),
    "TLS-001": Entry(
        "TLS 1.3 is spoken",
        "Each server that we reach through TLS was greeted once, with the name and the chain of its certificate "
        "verified. Redis is ours to configure; a provider that speaks 1.2 only is a warning.",
        'Redis: tls-protocols "TLSv1.2 TLSv1.3", a certificate for the name that BULLMQ_REDIS_HOST says.',
    ),
    "TLS-002": Entry(
        "Redis refuses old versions",
        "TLS 1.0 and 1.1 can be read by those who listen. The check offers them, and believes in a refusal only when "
        "the server says so; where this host cannot offer them, nothing was seen.",
        'tls-protocols "TLSv1.2 TLSv1.3" in the configuration of Redis.',
    ),
    "TLS-004": Entry(
        "No certificate ends soon",
        "When a certificate has ended no worker connects any more, and mail waits.",
        "Renew it, and let something renew it from now on.",
    ),
    "QUE-001": Entry(
        "Somebody takes the mail",
        "No worker that takes mail has sent a heartbeat. What is enqueued waits.",
        "Start one: notifyctl worker. See who was there: notifyctl worker list.",
    ),
    "QUE-002": Entry(
        "Nothing waits for long",
        "The oldest job that could be taken was enqueued a while ago: there are too few workers, they are slow, or "
        "something holds them.",
        "notifyctl status tells what holds the mail; runbooks/backlog.md goes through it.",
    ),
    "PERF-002": Entry(
        "Mail is processed in time",
        "What workers measured themselves in the last hour: from the claim of a mail to its acceptance by a provider. "
        "Above a mean of 500 ms the promise is broken; when one in twenty takes longer, somebody should look.",
        "notifyctl provider list tells which provider is slow; runbooks/backlog.md goes on from there.",
    ),
    "NET-TLS": Entry(
        "A handshake that did not come about",
        "The server does not answer, speaks another protocol, or shows a certificate that must not be trusted.",
        "Check the address and the port, and what stands between this host and the server.",
    ),
    "CFG-WAIVERS": Entry(
        "A waiver that cannot be read",
        "Each waiver names the check, the reason, the owner and the last day on which it holds; the check must exist.",
        'Write [[waiver]] with check = "RDS-007", reason = "...", owner = "...", expires = 2027-01-31.',
    ),
    "STORE-UNTOLD": Entry(
        "Redis does not tell",
        "The server, or a proxy before it, does not know the question or does not answer it to anybody.",
        "Ask whoever runs it; a waiver with their name keeps the answer.",
    ),
}
