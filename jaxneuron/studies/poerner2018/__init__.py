"""Which 5-grams drive a neuron most? Five methods on Imaginet, compared as Poerner, Roth, Schuetze 2018 do.

arXiv 1809.07291. `study` has the order of the work: a run trains (or loads) Imaginet, draws units and groups of units
(`settings`), runs corpus search and four kinds of gradient ascent (`search`), and says what came out (`analysis`,
`claims`) for people and for programs.
"""
