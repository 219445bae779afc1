"""Is the answer any good?

Each file answers it in its own way, for results (what was found, ranked or explained) or for the model behind them:

- `paired`: does one method beat another on the same targets, and by how much?
- `function_words`: how much of a text is grammar instead of content?
- `naming`: does an n-gram name the object that its unit stands for, or a word that goes with it?
- `average_precision`: do scores put the right rows first?
- `word_count_ridge`: what a linear model on word counts makes of the same text (baseline of the visual pathway)
- `unigram`, `kneser_ney`: what counting makes of the same text (baselines of the language pathway)
"""
