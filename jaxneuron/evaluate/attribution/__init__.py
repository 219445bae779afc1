"""Is an attribution any good? There is no ground truth, so each file asks for something that a good one must have.

Does it say what the model does when features change?

- `infidelity`: does it predict what small or large changes of the input do?
- `erasure`: comprehensiveness and sufficiency, beside random attributions and with words that could stand there
- `curves`: how fast does the score fall, or come back, as features go in the order of the attribution?
- `agreement`: does it order features, or neurons, as their exact ablation does?
- `roar`: is a model any worse that is trained again without the features?

Does it keep to its own rules?

- `completeness`: do the parts sum to the whole?
- `sensitivity`: does it hold still when the input hardly moves?
- `randomisation`: does it change when the model's weights are no longer what was learnt?
- `axioms`: nothing for what is not used, the same for equal parts, and for the same function written differently
"""
