"""Models written for interpretation: small Flax modules whose forward hands out every activation.

- `imaginet`: one embedding, two GRUs: a language pathway and a visual pathway
- `baselines`: what counting words makes of the same text
- `train`: the one training loop
- `batches`: sentences batched by length
- `checkpoints`: weights, config and vocabulary in one folder
"""
