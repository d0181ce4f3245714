"""Completion without Rich: help texts are plain here, so there is nothing to render."""

import re

from typer._click.shell_completion import CompletionItem, add_completion_class
from typer._completion_classes import FishComplete, ZshComplete


class _Zsh(ZshComplete):
    def format_completion(self, item: CompletionItem) -> str:
        if not item.help:
            return super().format_completion(item)
        value, text = (re.sub(r"([\"'$`:\\])", r"\\\1", part) for part in (item.value, item.help))
        return f'"{value}":"{text}"'


class _Fish(FishComplete):
    def format_completion(self, item: CompletionItem) -> str:
        return f"{item.value}\t{' '.join(item.help.split())}" if item.help else str(item.value)


def use_plain_help() -> None:
    """Let zsh and fish show the help of a word without importing Rich; each TAB costs a whole start."""
    add_completion_class(_Zsh, "zsh")
    add_completion_class(_Fish, "fish")
