"""What did a prediction rest on? Tokens, layers, units and concepts, for labels of texts and for spans in them.

The case studies of the second half of Sajjad et al. 2021 ("Fine-grained Interpretation and Causation Analysis in Deep
NLP Models", a tutorial, arXiv 2105.08039), with models of our own: a head over an encoder and a text CNN classify
reviews, and a head over the encoder finds entities, in the place of answers in SQuAD. `study` has the order of the
work: a run reads texts (`material`), trains what is small (`nets`), explains predictions (`explaining`: labels in
`labelling`, spans in `extraction`), tests concepts (`testing`) and says what held (`claims`).
"""
