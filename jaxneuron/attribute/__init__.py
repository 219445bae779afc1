"""What mattered for this output? Share one score out over inputs, layers or neurons.

Every module has one verb, `attribute`. It explains a map `f` from one value per row to one score per row, so the same
function serves inputs, layers and neurons: `split.above` makes such a map of any site, and a neuron is a target.
Methods for one site between input and score take `split.through`. Maps made by `split` compile once per shape; a
plain Python function compiles once per function, so define it outside the loop.

Gradients:
- `saliency`: how the score answers to a small change
- `input_x_gradient`: the same, times the value
- `smooth_grad`: either, averaged over noise
- `guided_backprop`: gradients that pass positive evidence only, a picture rather than an attribution

Paths from a baseline, each with the error of its completeness (`types.Path`):
- `integrated_gradients`: gradients averaged along the straight path
- `expected_gradients`: the same over many baselines and random points
- `internal_influence`: the gradient at a site, averaged along the path of the input
- `conductance`: what flows through each neuron, of one site or of all of them, from each token or from all

Perturbations, which need no gradient:
- `ablation`: replace a group of features by a baseline
- `occlusion`: the same with a sliding window
- `omission`: take each word out of the text, and see how far the text's vector moves
- `permutation`: shuffle a group across the batch
- `shapley`: the mean effect of adding a group, over all orders
- `kernel_shap`: the same by regression on masks
- `lime`: a sparse linear model of the masks near the input

Rules per operation:
- `deep_lift`: multipliers of differences from a baseline
- `lrp`: relevance, passed down layer by layer
- `patching`: put a corrupted run's activations into a clean one, exactly or to first order
"""
