"""notifyctl: a command-line operations toolkit around an e-mail sending engine."""

__version__ = "0.1.0"
