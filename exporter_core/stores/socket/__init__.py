"""containerd over its socket: the connection (``client``), answers as values (``values``), blobs
(``reading``), word of changes (``events``), the store (``store``), what else may be there (``others``).

Everything but this file and ``address`` imports grpc; only who opens a socket pays for it.
"""
