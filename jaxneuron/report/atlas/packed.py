"""What pages read: a script that hands one packed piece of data to the page's own code.

Pages that are opened from a disk may run the scripts beside them and read nothing else. So each piece of data is a
script of one call, `atlas.put(name, text)`, its text compressed and in letters and digits only: whatever a corpus
holds, nothing of it is code.
"""

import base64
import json
import zlib
from pathlib import Path
from typing import Any

from jaxneuron.files import beside
from jaxneuron.report.html import data


def script(name: str, content: bytes) -> str:
    """Return the script that hands a piece of data to a page.

    Example:
        >>> script("index", b"{}")
        'atlas.put("index","eJyrrgUAAXUA+Q==");'
    """
    return f'atlas.put({data(name)},"{base64.b64encode(zlib.compress(content, 6)).decode()}");'


def put(folder: Path, name: str, content: bytes) -> None:
    """Write a piece of data into the folder of an atlas, as `NAME.js`.

    Args:
        folder: of the atlas.
        name: of the piece.
        content: its bytes.

    Raises:
        OSError: see `files.beside`.
    """
    with beside(folder / f"{name}.js") as temporary:
        temporary.write_text(script(name, content) + "\n", encoding="ascii")


def content(folder: Path, name: str) -> bytes:
    """Return a piece of data that `put` wrote."""
    _, _, text = (folder / f"{name}.js").read_text(encoding="ascii").rpartition(',"')
    return zlib.decompress(base64.b64decode(text.removesuffix('");\n')))


def dumped(content: Any) -> bytes:
    """Return JSON in its shortest form; it must be finite."""
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
