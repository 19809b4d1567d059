"""smtp-gate: an outbound mail policy gate between a mail server and the next hop."""

__version__ = "0.1.0"
