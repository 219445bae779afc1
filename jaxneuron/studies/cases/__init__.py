"""Is there a comma neuron? The neurons that talks show over text, found by statistics alone and asked on other text.

Sajjad, Durrani and Dalvi, "Fine-grained interpretation and causation analysis in deep NLP models" (tutorial, NAACL
2021) show, of papers since 2015, neurons of commas, articles, places in the sentence, quotations, parentheses, verbs
and words of the law, and neurons of sentiment that some words intensify and others flip. A run gives each of these
cases a program that labels words (`programs`), takes the unit and the sign that tell its words best on one half of a
text, and asks that unit on the other half, beside what the same choice comes to where the labels are shifted along the
text (`finding`). Units that vary most and least, that are at the ends of their ranges and that never change are counted
in the same pass as an atlas (`shapes`); sentiment is asked with phrases (`turning`).

We differ from the papers in that the text that chooses a unit does not judge it.
"""
