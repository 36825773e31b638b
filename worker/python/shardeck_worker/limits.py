"""The bounds of what one request may cost."""

MAX_BODY = 32 << 20  # bytes of a request; a master's may be longer than the client's 16 MiB
MAX_HEADERS = 64 << 10
PIECE = 64 << 10  # bytes from which the extension hands over a piece of a stream
MAX_STATEMENTS = 64
MAX_PARAMS = 2048  # of one statement
MAX_SQL = 1 << 20  # bytes of one statement
MAX_IDENTIFIER = 100
MAX_TIMEOUT_MS = 24 * 60 * 60 * 1000
