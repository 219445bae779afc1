"""Models written for interpretation: small Flax modules whose forward hands out every activation.

- `open`: any model by its name: a folder of ours, a Hugging Face checkpoint, or a function of your own
- `model`: what a model is to those who use one
- `kind`: what a name stands for, told without loading anything
- `baselines`: what counting words makes of the same text
- `train`: the one training loop
- `checkpoints`: weights, config and vocabulary in one folder

The architectures: `imaginet` (one embedding, two GRUs), `lstm_lm`, `transformer`, `encoder_decoder`, `text_cnn`, and
`heads` over any of them; each is trained by the module of its name with `_training`, and `pretrained` reads the weights
of Hugging Face checkpoints.
"""
