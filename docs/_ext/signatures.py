"""Types in signatures are no links: a short name such as `Settings` would lead to any class of that name."""

from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx


def unlink(app: Sphinx, doctree: nodes.document) -> None:
    """Put the text of each reference inside a signature in its place."""
    for signature in doctree.findall(addnodes.desc_signature):
        for reference in list(signature.findall(addnodes.pending_xref)):
            reference.replace_self(reference.children)


def setup(app: Sphinx) -> dict[str, Any]:
    """Change each page when it has been read."""
    app.connect("doctree-read", unlink)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
