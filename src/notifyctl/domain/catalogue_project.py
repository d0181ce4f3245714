"""What the checks of the papers and pages of a project mean, and what the commands that write them may say."""

from notifyctl.domain.entry import Entry

PROJECT = {
    "ENV-006": Entry(
        "The project is here and can be read",
        "preflight looks for notifyctl.toml and the registers in the folder of NOTIFYCTL_CONFIG, and without that "
        "in the one where it runs. notifyctl.toml is read as a worker would read it.",
        "Run it in your project; notifyctl init makes one.",
    ),
    "SEC-001": Entry(
        "No secret stands in the project",
        "A key in a working tree is in its history soon, and then everybody's who ever gets a copy. The shapes of "
        "the providers' keys, private keys and our own secrets (16 characters or more, with a digit) are looked for; "
        "the history is not. The one file that NOTIFYCTL_SECRETS_IDENTITY names is left out, since it holds a private "
        "key by its nature and lies beside the configuration on some hosts: SEC-003 looks at who may read it. A copy "
        "of it is found; that it stays out of git is up to you.",
        "Revoke it first. Then remove it, from the history too: a scanner such as gitleaks finds what is there.",
    ),
    "SEC-004": Entry(
        "No secret is in a command line",
        "Every user of a host can read the arguments of every process, and many tools log them. The secrets of the "
        "settings are looked for in those of our own user, as they are now; what ended before is not seen.",
        "Change the secret. Then give it by a file, stdin or the environment; no command of ours takes one as an "
        "argument.",
    ),
    "SEC-008": Entry(
        "Secrets are taken out of what is written",
        "Others say our keys back in their errors, and errors end in logs. A canary and each secret of the settings "
        "are written to a log, a traceback, a report and what Sentry would hear, in memory, and must not be left "
        "there. One of less than 8 characters is not taken out, since it is a word of other texts.",
        "Make a longer secret. If it is another one, this is a bug: please report it.",
    ),
    "SEC-PROCESSES": Entry(
        "This system does not tell what runs",
        "There is no /proc here, or it hides even our own processes.",
        "Look at it with the system's own tools: ps -ef.",
    ),
    "SEC-007": Entry(
        "Each secret is one of its own",
        "Two secrets that are equal are stolen together. One that stands in .env.example is known to everybody.",
        "Make a new one for each.",
    ),
    "SEC-010": Entry(
        "A security audit was made",
        "Checks find what they look for. A security audit is somebody who looks for what nobody thought of; it can "
        "only be attested.",
        "Have one, and write an [[attestation]] with where its report is kept.",
    ),
    "RLS-001": Entry(
        "There is a way back",
        "A release that fails at night is taken back by somebody who did not make it. rollback.toml says to which "
        "version, how, what to stop first and who decides; a way that nobody has gone is a guess.",
        "Complete rollback.toml, go the way once, and write rehearsed = DAY.",
    ),
    "CON-001": Entry(
        "People are told the newest notice",
        "Consent is to a text. GDPR_CONSENT_VERSION says which one the application shows; notices.toml keeps each "
        "with its day and its digest. Outside production the value of .env.example counts where the variable is not"
        " set.",
        "Set the variable to the notice in effect. A changed text is a new version, with its own file.",
    ),
    "CON-005": Entry(
        "Forms ask for consent as they must",
        "The box is empty until somebody ticks it, the words of the notice stand beside it, the policy is linked, "
        "and it is said how to withdraw. Whether consent was freely given no check can tell.",
        "Correct the page that is named.",
    ),
    "CON-007": Entry(
        "Mails keep to their purpose",
        "Marketing must be left by a link and name an address of its sender. A confirmation that also sells is "
        "marketing as a whole, and needs consent. Each templates/TYPE.html is read; the words that sell are few.",
        "Take the advertisement out, or send it as a type of its own.",
    ),
    "DOC-001": Entry(
        "The DPIA is complete, signed and of today",
        "dpia.md has the seven steps of the ICO's template, dpia.toml risks, measures and the sign-off. The "
        "sign-off covers all that both files say beside it, comments and white space at line ends left out: when that "
        "changes, nobody has signed it as it stands. It covers providers, countries, types of mail and the notice, "
        "too: when one of them changes, somebody must look again.",
        "notifyctl dpia check says what is missing, and what to write as covers when it is signed.",
    ),
    "DOC-002": Entry(
        "The changelog tells of this release",
        "Who looks for the cause of an incident begins with what changed.",
        "Write ## 1.0.1 - 2026-11-24 into CHANGELOG.md, and below it what changed.",
    ),
    "DOC-003": Entry(
        "The record of processing is that of what is done",
        "Article 30 wants a record, of small organisations too where processing is not occasional. Each provider of"
        " the route must receive something in it, each purpose of mail have its activity.",
        "Correct processing.toml or processors.toml.",
    ),
    "DOC-004": Entry(
        "A breach would be told in time",
        "Article 33 gives 72 hours from when somebody noticed, and they pass on a weekend. breach.toml says who "
        "decides, two people who can be called, how to reach the regulator and what is done at once. Whether the "
        "numbers are right only a rehearsal shows.",
        "Complete breach.toml, play it through, and write rehearsed = DAY; notifyctl init --missing writes a sample.",
    ),
    "DOC-006": Entry(
        "People can complain",
        "Since 19 June 2026 every controller needs a procedure for complaints (DPA 2018, section 164A): a form and "
        "another way, acknowledged within 30 days. The page of complaints.toml is fetched once; it must say how to "
        "complain, and name the regulator. Whether anybody answers no check can tell.",
        "Publish the page, and name it in complaints.toml; notifyctl init --missing writes a sample.",
    ),
    "TLS-003": Entry(
        "Nothing turns verification off",
        "A client that believes any certificate speaks TLS with whoever stands in between. notifyctl verifies name and "
        "chain and knows no switch for it (TLS-001 sees both); producers may have one. The files of the project are "
        "searched for the usual words, prose left out.",
        "Remove it, and give the client the authority's certificate instead.",
    ),
    "NET-PAGE": Entry(
        "A page is not there",
        "A page that people must be able to read was asked for, and did not come as it must.",
        "Publish it through https, at that address, without a redirect.",
    ),
    "DOC-005": Entry(
        "Each processor is under an agreement",
        "A provider without a contract may not have the data, and outside the UK not without a safeguard. The "
        "register says what was signed; whether the contract is good no check can tell.",
        "Complete processors.toml.",
    ),
    "DOC-007": Entry(
        "The registration with the regulator holds",
        "Most controllers in the UK must register with the ICO and pay its fee each year.",
        "Renew it, and write ico and ico_expires into processing.toml.",
    ),
    "DOC-008": Entry(
        "Every attestation still holds",
        "An attestation says what a person saw on a day. After its last day, or a year, nobody answers for it.",
        "Have somebody look again, or remove it.",
    ),
    "NET-003": Entry(
        "A firewall lets in the workers alone",
        "From the inside nobody sees what is closed to the outside. A person attests it, with evidence and a last day.",
        'Write an [[attestation]] with check = "NET-003" into attestations.toml.',
    ),
    "NET-005": Entry(
        "Redis stands in a network of its own",
        "A check sees addresses from one host, not routes, security groups or peerings. A person attests it.",
        'Write an [[attestation]] with check = "NET-005" into attestations.toml.',
    ),
    "CFG-REGISTER": Entry(
        "A register that cannot be read",
        "A file of the project is missing, is no TOML, or a key in it is missing, unknown or of another type.",
        "The message names the file, the place and the key; notifyctl init DIR shows a sample of each.",
    ),
    "INI-THERE": Entry(
        "A file is there already",
        "init and dpia new overwrite nothing. Guaranteed: nothing was changed; exit code 4.",
        "Move it away, name another folder, or add --missing to init: it writes what is not there.",
    ),
    "INI-WRITE": Entry(
        "A file cannot be written",
        "The disk or its permissions refuse it. Files that were written before it are there.",
        "Name a folder that can be written to.",
    ),
    "CON-006": Entry(
        "The privacy policy is there, and says what it must",
        "The page of notices.toml is fetched once. It must name the controller, each processor of the register, how"
        " long data are kept, how to withdraw and complain, and the regulator. Its words are pinned by a digest: "
        "who changes them must be seen to do so. Whether people understand it no check can tell.",
        "Correct the page; read it, and pin it: sha256 under [policy] in notices.toml.",
    ),
    "DNS-001": Entry(
        "SPF says who may send",
        "Receivers take one record and ask for ten names at most; beyond that they give up, and mail counts as "
        "forged. That a provider's servers are in it is not asked: the providers send under a return path of their "
        "own.",
        'Publish one record that ends with -all or ~all, such as "v=spf1 include:... -all".',
    ),
    "DNS-002": Entry(
        "DKIM keys are published",
        "A provider signs our mail with a key that stands in our DNS under its selector. Gmail, Yahoo and Microsoft"
        " take bulk mail only with it. Selectors that are ours alone stand in processors.toml: selectors = [...].",
        "Publish the record that the provider shows, of 2048 bits.",
    ),
    "DNS-003": Entry(
        "DMARC says what else to do",
        "Without a policy anybody can send in our name, and Gmail takes no bulk mail. pct, rf and ri were removed "
        "by RFC 9989 and are no longer read.",
        "Publish _dmarc with p=none and rua, read the reports, then go to quarantine and reject.",
    ),
    "PRV-002": Entry(
        "Each key may only send",
        "A key that may do more can be used to read mail and to make other keys. Resend tells; Amazon tells by "
        "refusing to show the account; Postmark's tokens have no scopes, so nobody can tell.",
        "Make a key that may only send, and revoke the other. At Postmark keep a server for this alone.",
    ),
    "PRV-003": Entry(
        "Each account may send as much as is needed",
        "A new account is in a sandbox and reaches nobody but ourselves; a quota ends in the middle of a sale.",
        "Ask the provider for production access, or for a higher quota.",
    ),
    "PRV-004": Entry(
        "Each provider knows our domain",
        "A provider takes mail only from a domain that it has verified. Where a key may not ask for it, the last "
        "drill tells: a real message from our sender was taken.",
        "Verify the domain at the provider, then notifyctl drill staging.",
    ),
    "STG-001": Entry(
        "A message went through each provider",
        "The only proof that a provider takes our mail is a message that it took. The drill sends one to the "
        "address at which each throws mail away. It proves today, this version, this sender and this way.",
        "notifyctl drill staging; it is billed like any other message.",
    ),
    "PERF-001": Entry(
        "Each provider takes a message in time",
        "The calls of the last drill were timed from here: connection, request and answer. It is no measure of the "
        "queue or of the worker; too few calls give no mean.",
        "notifyctl drill staging --count 20; then look at the network and the region of the provider.",
    ),
    "PERF-003": Entry(
        "A load test passed",
        "What bench measured last: messages of each lane through the real engine, against an emulator on this machine "
        "or a staging set-up. It has failed when one was not accepted, when the queue did not drain, or when the mean "
        "from claim to acceptance was 500 ms or more; 200 messages give a mean. Against the emulator it is a measure "
        "of the engine and this machine, not of a provider.",
        "notifyctl bench again on an idle machine; docs/bench.md tells what slows it. With --staging also look at the "
        "provider: notifyctl provider list.",
    ),
    "BEN-NEVER": Entry(
        "Nobody has measured it",
        "There is no load test of the last half-year, so nothing is known, and nothing is green.",
        "notifyctl bench.",
    ),
    "BEN-NO-WORKER": Entry(
        "No worker came to life for the load test",
        "None was live, and those that were started did not begin within 30 s, or ended.",
        "Start one by itself and read what it says: notifyctl worker.",
    ),
    "BEN-PRODUCTION": Entry(
        "No load test in production",
        "NOTIFYCTL_MODE is production. Thousands of messages would stand before those of customers, and be billed.",
        "Measure a staging set-up, or the emulator: notifyctl bench without --staging.",
    ),
    "DRL-NEVER": Entry(
        "Nobody has tried it",
        "There is no drill of the last seven days, so nothing is known, and nothing is green.",
        "notifyctl drill staging.",
    ),
    "DRL-RECORD": Entry(
        "The record of drills cannot be used",
        "The file drills/staging.jsonl of the data directory cannot be written, or holds something else.",
        "Make the data directory writable, or move the file away.",
    ),
    "NET-DNS": Entry(
        "The DNS does not answer",
        "No resolver of this host told the records of a name, so nothing was seen.",
        "Check the resolver of this host, and whether a firewall lets it out.",
    ),
}
