"""A secret as a value that cannot be printed by accident."""


class Secret:
    """A value that no log, traceback or `repr` shows; `reveal()` gives the text."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The secret itself, for the wire and nowhere else."""
        return self._text

    def __repr__(self) -> str:
        return "Secret(***)"
