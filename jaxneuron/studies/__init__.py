"""The papers, end to end: each study trains or loads its model, runs its methods and writes a report.

- `poerner2018`: which 5-grams drive a neuron most, by corpus search and four kinds of gradient ascent
- `concepts`: which neurons carry a property of words, by many rankings, probes and ablations
- `dni2018`: which neurons of an LSTM compute what a grammar, a parser or a program says
- `attribution`: what a prediction rests on, for labels of texts and for spans in them

What they share: `kept` (stages on disk), `texts` and `symbols` (what is read). Smaller jobs of the command line:
`find_units` and `cluster_units`.
"""
