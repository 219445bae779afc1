"""Which neurons carry a concept? Give every unit a score for each label, from what it does where the label holds.

Every module has one verb, `rank`. `labels` may be

- `Int[token]`: the classes of one property, counted from 0 (`corpora.labelled.classes` makes them of strings);
- `Bool[token]` or `Bool[token label]`: one concept or many, which may overlap;
- `Float[token]` or `Float[token label]`: numbers, for the methods that can use them.

A method that tells labels apart returns a row per class or concept, the others one row for the whole property.
`ranking.overall` makes one row of many. Methods that fit a probe return it beside the ranking. Activations are a
`table.Table`: no method holds more of it in memory than its `budget`, and none changes it.

Units one by one:

- `single_neuron`: how well does a classifier (or a line) of one unit do on tokens that it was not fitted to? Also the
  best units above a minimum, and states at earlier tokens as units
- `early_stopping`: the same with a threshold, on no more tokens than it takes to be certain of the top k
- `one_pass`: correlation, difference of means, mutual information and Jaccard's index from one reading
- `correlation`, `mutual_information`, `iou`, `average_precision`: each of these by itself, with more options
- `probeless`, `mean_select`: how far apart the means of the classes are
- `synthetic_sentences`: what fires for sentences that have the concept, and not for the others
- `compositional`: the formula of concepts that a unit fires for

Units together:

- `linear`: the weights of a probe; with `l1`, the few that it needs: scikit-learn's `C` is `1 / (l1 tokens)`
- `gaussian`, `latent_variable`: the subset that a generative or a learned choice reads best
- `forest`: what a random forest splits by
"""
