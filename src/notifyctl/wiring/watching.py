"""What incidents are seen from: light, for commands that only look."""

from notifyctl.engine.sight import Readers
from notifyctl.wiring.parts import Store


def readers(store: Store) -> Readers:
    """The parts of the store that tell."""
    return Readers(store.queue, store.attempts, store.boards, store.incidents, store.reviews)
