"""The code that touches the world: sockets, files of others, metrics, logs."""
