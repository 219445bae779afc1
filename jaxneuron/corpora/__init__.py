"""Where does the text come from, and what is known about it?

One file per kind of text: each has a `read` that returns sentences as lists of words, with their labels.

Text alone, or with what is known of a whole sentence:

- `captions`: image captions with visual features (COCO and its relatives)
- `scenes`: the embedded default, captions of generated scenes whose truth is known, and what each word is
- `text`: plain text, by words or by characters
- `strings`: whole texts, of which nothing is split or left out
- `huggingface`: any data set of the `datasets` library

Text with a label for each word, or one for each sentence (`labelled` is the noun, and makes numbers of labels):

- `conllu`: CoNLL-U treebanks, with part of speech, morphology and syntax
- `columns`: CoNLL columns, with named entities or chunks
- `spans`: what the tags of such columns put together, in any of the usual schemes
- `parallel`: a file of words and files of labels, a sentence per line, as NeuroX has them
- `sentences`: sentences, with or without a class each, from JSON lines or tab-separated text
- `concepts`: labels by program, from a set of words, a regular expression or a function
- `agreement`: sentences made of a lexicon in which a verb agrees, in pairs of a right and a wrong form
- `minimal_pairs`: pairs of a good and a bad sentence, as BLiMP has them
- `texts`: any of these by the ending of its name
- `word_lists`: named lists of words
- `function_words`: the words of English's closed classes, and their share of a text

Text with its parse tree (`parses` is the noun):

- `grammars`: languages that a grammar makes: nested parentheses, arithmetic, and your own
- `boolean`: Boolean expressions, and the state machine that finds their value
- `code`: Python and C source

Programs that label each symbol of a text (`hypotheses` is the noun, and runs them):

- `tree_features`: in, at the ends of, or nested in the nodes of a parse tree
- `shift_reduce`: what a parser or a state machine does between two symbols
- `text_features`: symbols, regular expressions, positions, counts, and your own functions
- `composites`: and, or, not, sum, equality, and the label of a later symbol

And what is made of text:

- `vocabulary`: words to ids
- `subwords`: words to a tokenizer's pieces, in windows that a model can read, and back
- `symbols`: the same for a vocabulary of whole words or of characters
- `ngrams`: every distinct n-gram of a text
- `enclosed`: which words stand between quotation marks or parentheses
- `contexts`: the n-gram of words or of labels that ends at each word, as a class of the word
- `phrases`: the words and phrases of a treebank's parses
- `selection`: the words, sentences and contexts at which each unit is highest and lowest
- `matching`: where units are on throughout a passage, and where else they are on together
"""
