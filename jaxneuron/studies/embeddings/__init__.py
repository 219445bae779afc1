"""How do units of static vectors differ from those of a contextual model, and where do its own units lie?

Sajjad, Durrani and Dalvi, "Fine-grained interpretation and causation analysis in deep NLP models" (tutorial, NAACL
2021) collect findings on single units. A run asks them again: two units of frequency dominate GloVe, and dropout
distributes what they hold (Li, Monroe and Jurafsky 2016, "Understanding neural networks through representation
erasure", arXiv 1612.08220: `erasing`); fewer units of static vectors than of BERT say what is morphology and syntax
(Torroba Hennigen, Williams and Cotterell 2020, arXiv 2010.02812: `few`); some classes are localised, others
distributed, basic properties lie in lower blocks (Durrani, Sajjad, Dalvi and Belinkov 2020, arXiv 2010.02695:
`spreading`); and models differ in the share of their units that are experts of a concept, most of which lie deep in a
block (Suau, Zappella and Apostoloff 2020, arXiv 2005.07647: `experts`).
"""
