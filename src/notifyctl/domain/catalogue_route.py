"""What the codes of the route mean: breakers, moves of the mail by people, drills."""

from notifyctl.domain.entry import Entry

ROUTE = {
    "RTE-STALE": Entry(
        "The plan was made from an older state",
        "Between the look and the write a breaker moved or somebody else changed the route. What you saw is not what "
        "holds now, so nothing was written; exit code 4.",
        "Look again, then repeat it if it is still what you want: notifyctl status.",
    ),
    "RTE-UNCONFIRMED": Entry(
        "A change was sent, and Redis went away",
        "The change may have been written or not; nobody has read it back. Exit code 5.",
        "Look before you repeat it: notifyctl status, notifyctl history.",
    ),
    "RTE-NO-KEY": Entry(
        "A provider has no key here",
        "Workers leave out providers without a key. A person may know that the workers have one although this machine "
        "has none.",
        "Set the key and restart the workers, or name another provider. With --force RTE-NO-KEY it is done all the "
        "same; without a key at the workers it changes nothing.",
    ),
    "RTE-ABSENT": Entry(
        "The provider is not in the route",
        "The order of the configuration does not name it, so workers never choose it, and a pin on it has no effect. "
        "Nothing was changed.",
        "Add it to route.order in notifyctl.toml and restart the workers, or name another provider.",
    ),
    "RTE-ALONE": Entry(
        "There is no other provider",
        "The route has one provider only, so the mail can go nowhere else. Nothing was changed.",
        "Set the key of a second provider and add it to the order; until then the mail is held and not lost.",
    ),
    "RTE-HELD": Entry(
        "The queue is paused by a person",
        "Nothing is sent until the pause ends by itself or is taken back; messages wait, and no attempt is burned.",
        "See who and why: notifyctl status. Go on: notifyctl resume queue.",
    ),
    "RTE-MANUAL": Entry(
        "Automation is paused",
        "No breaker takes a provider out by itself while a person works; those that are out still come back.",
        "Take it back: notifyctl resume automation.",
    ),
    "RTE-ENDS": Entry(
        "Something that a person laid over the route ends soon",
        "A pin, a pause of the queue, of a provider or of automation ends by itself within the next 15 minutes. From "
        "then on the revision's order and the breakers decide again.",
        "Nothing, if that is right. Else lay it over again with --for, before it ends.",
    ),
    "RTE-NOBODY": Entry(
        "No provider gets the mail",
        "All are out, by their breakers or by a person. Messages are held; no attempt is burned, and all are sent when "
        "the first one is back.",
        "See why: notifyctl provider list. A pause ends with notifyctl resume; a breaker probes by itself.",
    ),
    "RTE-NO-FAILOVER": Entry(
        "No provider was ever taken out",
        "The log of transitions has no decision by which a breaker took a provider out of use (rules T1, T2, T3).",
        "Nothing. To see what such a decision would be: notifyctl drill failover.",
    ),
    "RTE-REPLAY": Entry(
        "A decision of the log comes out otherwise",
        "The inputs of the last failover are kept with it. Asked again, the same rules gave another answer. Either "
        "this is another version than the one that decided, or there is a bug.",
        "Compare `notifyctl --version` with the versions of notifyctl worker list, and report it when they are equal.",
    ),
    "BRK-OPEN": Entry(
        "A breaker keeps a provider out",
        "It failed lately, and gets no mail until a probe after its window went well. Mail that was meant for it goes "
        "to the next one.",
        "Nothing: it comes back by itself. To send there all the same: --force BRK-OPEN.",
    ),
    "BRK-ISOLATED": Entry(
        "A person took the provider out",
        "It gets no mail at all, whatever is pinned, until its time is over or it is resumed.",
        "See who and why: notifyctl history. Take it back: notifyctl resume PROVIDER.",
    ),
    "BRK-SENDER": Entry(
        "The provider refused our sender",
        "From address, domain, stream or configuration set is not accepted there. It is left alone for that sender "
        "for 300 s; other senders go on, and the breaker is not touched.",
        "Verify the domain and the sender at the provider, then probe it.",
    ),
    "PRB-SINK": Entry(
        "The target did not take a message to its sink address",
        "Before a planned move one real message is sent to the address at which the provider throws mail away. It was "
        "not accepted, or no sender is set on this machine to send it from; the mail stays where it is.",
        "Look at the provider and at our sender there: notifyctl provider show PROVIDER. Then repeat the move.",
    ),
    "SUP-PARITY": Entry(
        "It is not known whether two providers suppress the same recipients",
        "Each provider keeps a list of recipients to whom it sends nothing more. Nothing here reads these lists yet, "
        "so a recipient whom the one leaves out may get mail through the other.",
        "Compare the lists at the providers before much mail is moved.",
    ),
    "LIM-WAIT": Entry(
        "A provider asked us to wait",
        "It answered that there were too many calls. Critical mail goes to the next one meanwhile.",
        "Nothing, or a higher limit at the provider.",
    ),
}
