"""What the checks of the papers and pages of a project mean, and what the commands that write them may say."""

from notifyctl.domain.entry import Entry

PROJECT = {
    "ENV-006": Entry(
        "The project is here and can be read",
        "preflight looks for notifyctl.toml and the registers in the folder of NOTIFYCTL_CONFIG, and without that in "
        "the one where it runs. notifyctl.toml is read as a worker would read it.",
        "Run it in your project; notifyctl init makes one.",
    ),
    "SEC-001": Entry(
        "No secret stands in the project",
        "A key in a working tree is in its history soon, and then everybody's who ever gets a copy. The shapes of the "
        "providers' keys, private keys and our own secrets are looked for; the history is not.",
        "Revoke it first. Then remove it, from the history too: a scanner such as gitleaks finds what is there.",
    ),
    "SEC-007": Entry(
        "Each secret is one of its own",
        "Two secrets that are equal are stolen together. One that stands in .env.example is known to everybody.",
        "Make a new one for each.",
    ),
    "SEC-010": Entry(
        "Somebody has tried to break in",
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
        "Consent is to a text. GDPR_CONSENT_VERSION says which one the application shows; notices.toml keeps each with "
        "its day and its digest. Outside production the value of .env.example counts where the variable is not set.",
        "Set the variable to the notice in effect. A changed text is a new version, with its own file.",
    ),
    "CON-005": Entry(
        "Forms ask for consent as they must",
        "The box is empty until somebody ticks it, the words of the notice stand beside it, the policy is linked, and "
        "it is said how to withdraw. Whether consent was freely given no check can tell.",
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
        "dpia.md has the seven steps of the ICO's template, dpia.toml risks, measures and the sign-off. The sign-off "
        "covers providers, countries, types of mail and the notice: when one changes, somebody must look again.",
        "notifyctl dpia check says what is missing, and prints the fingerprint to sign.",
    ),
    "DOC-002": Entry(
        "The changelog tells of this release",
        "Who looks for the cause of an incident begins with what changed.",
        "Write ## 1.0.1 - 2026-11-24 into CHANGELOG.md, and below it what changed.",
    ),
    "DOC-003": Entry(
        "The record of processing is that of what is done",
        "Article 30 wants a record, of small organisations too where processing is not occasional. Each provider of "
        "the route must receive something in it, each purpose of mail have its activity.",
        "Correct processing.toml or processors.toml.",
    ),
    "DOC-005": Entry(
        "Each processor is under an agreement",
        "A provider without a contract may not have the data, and outside the UK not without a safeguard. The register "
        "says what was signed; whether the contract is good no check can tell.",
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
}
