"""What the codes about secrets mean; see `catalogue`."""

from notifyctl.domain.entry import Entry

SECRETS = {
    "KEY-NONE": Entry(
        "No file of secrets is named",
        "The command works on the encrypted file that NOTIFYCTL_SECRETS names, and the variable is not set.",
        "Set NOTIFYCTL_SECRETS; `notifyctl secrets init` makes a file.",
    ),
    "KEY-FILE": Entry(
        "The file of secrets cannot be opened or written",
        "The file or the identity that opens it is missing, damaged, or they do not belong together. Nothing falls "
        "back to an older value: a worker that cannot read its keys does not start, and one that runs keeps those it "
        "has.",
        "Name the right file and identity. `age -d -i IDENTITY FILE` says the same with stock tools; any recipient can "
        "open it, so the identity of another one helps.",
    ),
    "KEY-TEXT": Entry(
        "A line of the file of secrets cannot be read",
        "The plain text of the file holds comments and lines NAME=value, quoted as for a shell. Somebody has written "
        "something else into it.",
        "Open it with age -d, correct the line, and encrypt it again for each of its recipients.",
    ),
    "KEY-EXISTS": Entry(
        "There is a file already",
        "What exists is never written over: it may hold the only copy of a key.",
        "Name another file, or go on with the one that is there: `notifyctl secrets list`.",
    ),
    "KEY-BUSY": Entry(
        "Another process changes the secrets",
        "Only one process at a time changes the file, or rotates one secret.",
        "The message names it by its number and host: wait until it has ended, or end it, and try again.",
    ),
    "KEY-NAME": Entry(
        "This is the name of no secret",
        "The file holds what notifyctl reads as a secret, under the names of its variables. Another name would be read "
        "by nothing.",
        "Use one of the names that the message lists.",
    ),
    "KEY-VALUE": Entry(
        "This cannot be the value",
        "A value is one line; a key that travels in a header has no spaces; a pepper has 16 characters or more. "
        "It comes by stdin or a prompt and never as an argument, which every user of the host can read.",
        "Give it again: `notifyctl secrets set NAME < file`, or without a pipe at the prompt.",
    ),
    "KEY-RECIPIENT": Entry(
        "This is no public key",
        "A recipient is the public half of a key of age or ssh: age1..., ssh-ed25519 ..., perhaps with a name behind "
        "it.",
        "`age-keygen -y IDENTITY` prints the public half of an identity.",
    ),
    "KEY-ALONE": Entry(
        "One key alone opens the secrets",
        "Whoever loses the only identity has lost every secret in the file.",
        "Make a second identity, keep it offline, and add it: `notifyctl secrets rekey --recipient age1...`.",
    ),
    "KEY-READERS": Entry(
        "The file is not encrypted for those whom it lists",
        "The number of recipients in the head of the file differs from the list in its text: somebody has encrypted it "
        "by hand and left somebody out, or let somebody in.",
        "Look at the list with `notifyctl secrets list`, and write the file anew with `notifyctl secrets rekey`.",
    ),
    "KEY-KNOWN": Entry(
        "Who was left out knows the secrets",
        "To encrypt a file anew takes nothing away from those who have read it, or have a copy.",
        "Rotate each secret that they could read.",
    ),
    "KEY-MODE": Entry(
        "Others can read or replace the secrets",
        "The file or its identity is readable by other users, belongs to somebody else, is a link, or lies in a folder "
        "in which others may replace it.",
        "chmod 600 the file, chmod 700 its folder, and own both.",
    ),
    "KEY-STRANGE": Entry(
        "A name in the file that nothing reads",
        "The file holds a name that is no secret of notifyctl's, perhaps misspelt.",
        "Rename or remove it: open the file with age -d, and encrypt it again for each of its recipients.",
    ),
    "KEY-ADMINISTRATOR": Entry(
        "An administrator's key is in the file",
        "It can make and revoke keys, and every worker that opens the file could read it. A rotation alone needs it.",
        "Give it as a variable to whoever rotates, and take it out: open the file with age -d, and encrypt it again.",
    ),
    "KEY-HIDDEN": Entry(
        "A variable goes before the file",
        "The environment wins over a NAME_FILE, and both win over the file of secrets. What the file says under this "
        "name is not used by this process.",
        "Unset the variable, here and where the workers run.",
    ),
    "KEY-AGE": Entry(
        "A secret is old",
        "Keys of providers are rotated every 90 days, the password of Redis and keys of webhooks every 180. From five "
        "sixths of that time on it is due.",
        "`notifyctl secrets rotate NAME` for a provider's key, without a gap; for the others make a new one and "
        "`notifyctl secrets set NAME`.",
    ),
    "KEY-ROTATING": Entry(
        "A rotation is not over",
        "The rotation of this secret has begun, and both keys may be alive. It goes on where it stopped.",
        "`notifyctl secrets rotate NAME` goes on.",
    ),
    "KEY-LEFT": Entry(
        "An aborted rotation has left a key alive",
        "The rotation went back to the old key when workers used the new one, or nobody could revoke it, so it lives: "
        "whoever has it can send in our name. The file of secrets remembers its id or its fingerprint, never the key.",
        "`notifyctl secrets rotate NAME --abort` again: with an administrator's key it is deleted as soon as nobody "
        "uses it; without one delete it at the provider's pages first, and say so with --yes.",
    ),
    "KEY-OLD-ID": Entry(
        "It is not known which key at the provider is the old one",
        "A provider lists keys by ids and names, and does not tell which one a value belongs to. A wrong guess would "
        "revoke a key that somebody else uses. The ids of keys that a rotation made are kept in the file.",
        "Look at the provider's pages which key the workers use, and name it once: --old-id ID.",
    ),
    "KEY-MAKER": Entry(
        "The provider's interface for keys refuses",
        "The administrator's key is wrong, or may not do what a rotation needs; or all keys that an account may have "
        "are there already. Nothing was lost: both keys are as they were.",
        "Give the administrator's key what docs/secrets.md names, or unset it to make the keys yourself.",
    ),
    "KEY-REFUSED": Entry(
        "The provider refuses the new key",
        "The key was made, but a call with it is refused, so it was not put to use. The old one goes on working.",
        "If you typed it, run the same command again: it asks anew. `--abort` ends it.",
    ),
    "KEY-IN-USE": Entry(
        "The old key is still in use",
        "A worker has not taken up the new key, or the provider saw the old one used by somebody else. To revoke it "
        "now would break them, so it is not done.",
        "See `notifyctl worker list`: a worker on another host needs the new file there; one whose key comes from its "
        "environment never follows, and is started again without that variable. The same command goes on.",
    ),
    "KEY-ALIVE": Entry(
        "The old key still works",
        "It should have been revoked, and the provider still takes it: the wrong key was deleted, or none.",
        "Delete the old key at the provider, and run the same command again.",
    ),
    "KEY-UNSEEN": Entry(
        "The provider does not answer",
        "A step of a rotation needs an answer of the provider. Both keys are as they were.",
        "Run the same command again when it answers; it goes on where it stopped.",
    ),
    "KEY-ELSEWHERE": Entry(
        "The key is not in the file of secrets",
        "A rotation changes the encrypted file. A key that comes from the environment or a file of its own would stay "
        "what it is.",
        "Put it into the file with `notifyctl secrets set NAME`, and unset the variable.",
    ),
    "KEY-UNROUTED": Entry(
        "The provider of this key is not in the route",
        "A rotation tries the new key and the old one as the workers would use them. The configuration does not name "
        "this provider in its order, so nobody uses it. Nothing was changed.",
        "Put the provider into `order`, or delete its key at the provider and take it out of the file.",
    ),
    "KEY-ABORT": Entry(
        "There is nothing to go back from",
        "No rotation of this key is under way, or its old key may be revoked already.",
        "See `notifyctl secrets list`; a rotation that revokes can only go on.",
    ),
    "KEY-WAITS": Entry(
        "A new key is waited for",
        "This provider has no interface for keys, or no administrator's key is set: a person makes the key. A rotation "
        "that began with an administrator's key goes on with one: only it can find and revoke what it made.",
        "Make it where the message says, and run the same command with its value on stdin, or at a terminal; or set "
        "the variable that the message names.",
    ),
}
