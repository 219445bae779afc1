"""Is the answer any good?

Each file answers it in its own way, for results (what was found, ranked or explained) or for the model behind them:

- `statistics`: does one method beat another on the same targets, and which of many results are more than chance?
- `standing`: how high is a score that was found, next to those of all n-grams of a corpus?
- `naming`: does an n-gram name the object that its unit stands for, or a word that goes with it?
- `average_precision`: do scores put the right rows first?
- `word_counts`: how often each word occurs in a caption, and in those of an image

For attributions, the folder `attribution`.

For clusters that have labels beside them, the folder `clusters`.

For what a change does to a model (`intervene`):

- `effects`: how well are outputs of each class predicted, and how far is it from the model without the change?
- `written`: what is in a text that a model wrote: shares of symbols, structures that open and close

For units that were ranked (`rank`), and for the representation that they are taken from:

- `probes`: how well do the top, the bottom and random k units predict the labels, for a whole range of k?
- `information`: accuracy and mutual information, in bits, of what a probe predicts
- `minimal_set`: how many units reach a share of what all reach?
- `redundant_units`: how many units say what others say already, in each layer and across layers?
- `feature_selection`: fewer layers, one of each cluster, and the fewest of those that are enough
- `cluster_probes`: what does each cluster of units know by itself?
- `layers`: what does each layer know, and in which layers are the top units?
- `selectivity`: would the probe learn labels that mean nothing just as well?
- `baselines`: does it know more than the most frequent label, the word alone, and a model that was not trained?
- `mdl`: how much effort does it take to read the labels off?
- `ablation`: what is lost when units are taken from a probe, and from the model itself?
- `importance`: are the first units of a ranking missed more than the last, or than any?
- `agreement`: do methods agree on the units?
- `npmi`: how often do a unit and a concept occur together, against chance?
- `learned_together`: do the units that tell a label tell it together, or each something of its own?
- `monitor`: does a unit still tell what it was found to tell?
"""
