"""An atlas over a port of this machine, for browsers that are kept away from the disk."""

from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any


class _Quiet(SimpleHTTPRequestHandler):
    """Sends files as they are now, and says nothing."""

    def end_headers(self) -> None:
        self.send_header("Cache-Control", "no-store")
        super().end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        del format, args


def server(folder: Path, *, port: int = 0) -> ThreadingHTTPServer:
    """Return a server of an atlas that listens on the loopback address alone.

    `serve_forever` runs it, in this thread or in one's own; `server_address[1]` is its port.

    Args:
        folder: of the atlas.
        port: 0 for any that is free.

    Raises:
        FileNotFoundError: no atlas there.
        OSError: the port is taken.
    """
    if not (folder / "index.html").is_file():
        raise FileNotFoundError(f"no index.html in {folder}; give the folder that `jaxneuron atlas` wrote")
    return ThreadingHTTPServer(("127.0.0.1", port), partial(_Quiet, directory=str(folder)))
