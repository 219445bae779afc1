"""What does every neuron do, on a page each? Records of units in, a folder out that opens in any browser.

The folder needs no server and no network: what a page reads are scripts beside it, since browsers fetch no files. It
holds the records as JSON, too, which `unit.schema.json` describes, and its index as CSV and Parquet.

- `unit`: the record of a unit, a group, a direction or a feature
- `records`: what one pass says of a site, as the records of its units
- `plain`: records as JSON, and back
- `write`: the folder
- `rows`: the index, a row for each unit
- `passages`: the texts, and what each unit's value is at each of their words
- `packed`: what pages read
- `pages`: the pages and their code; the page of one unit as one file
- `notebook`: the page of a unit in a notebook
- `widget`: an atlas in a notebook, linked to its cells
- `read`: the records of a folder
- `serve`: the folder over a local port
- `neuronpedia`, `neuronpedia_rows`: the same in the folders that Neuronpedia takes
"""
