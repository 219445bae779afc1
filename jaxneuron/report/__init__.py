"""How does a person read what a study found? Results in, figures, tables and one page of HTML out.

The input is what a run leaves in its folder (`results.json`, `found.jsonl`), so that a report can be drawn again
at any time, without the model.

- `figures`: PNG and SVG for papers (matplotlib)
- `charts`: the interactive ones of the page (Vega-Lite)
- `clusters`: trees, heat maps of what is alike, and maps of points
- `coloured`: a text of which each word has a weight, in colour, on a page or in a notebook
- `embedded`: charts inside any page
- `palette`: the colours and shapes of all of them
- `text`: how numbers are written, and how two are compared
- `html`: the page, `report.html`, with everything inside
"""
