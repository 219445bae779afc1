"""C by tree-sitter, which parses what it can of code that is not preprocessed."""

from importlib import import_module

from jaxneuron.corpora.parses import Parsed, nest


def parse_c(text: str) -> Parsed:
    """Parse C; see `code.parse`."""
    try:
        tree_sitter, tree_sitter_c = import_module("tree_sitter"), import_module("tree_sitter_c")
    except ImportError as error:
        raise ModuleNotFoundError(
            f"C is parsed by tree-sitter, which is not installed ({error}); pip install 'jaxneuron-nlp[code]'"
        ) from error
    source = text.encode()
    tree = tree_sitter.Parser(tree_sitter.Language(tree_sitter_c.language())).parse(source)
    if len(source) != len(text):
        at = [place for place, symbol in enumerate(text) for _ in symbol.encode()] + [len(text)]
    else:
        at = range(len(text) + 1)
    spans = []
    cursor = tree.walk()
    forward = cursor.goto_first_child()
    while forward:
        node = cursor.node
        if node.is_named and node.start_byte < node.end_byte:
            spans.append((node.type, at[node.start_byte], at[node.end_byte]))
        forward = cursor.goto_first_child() or cursor.goto_next_sibling()
        while not forward and cursor.goto_parent():
            forward = cursor.goto_next_sibling()
    return Parsed(text, nest(spans, len(text), root=tree.root_node.type))
