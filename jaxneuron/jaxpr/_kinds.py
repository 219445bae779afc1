"""Where each primitive belongs. What is not named here has no rule."""

ENTRYWISE = frozenset(
    "abs acos acosh add add_any and asin asinh atan atanh cbrt ceil clamp convert_element_type copy copy_p cos cosh "
    "digamma div eq erf erf_inv erfc exp exp2 expm1 floor ge gt integer_pow is_finite le lgamma log log1p logistic lt "
    "max min mul ne neg not or pow reduce_precision rem round rsqrt select_n sign sin sinh sqrt square stop_gradient "
    "sub tan tanh xor".split()
)
"""Each entry of the result comes from one entry of each argument."""

AFFINE = frozenset("add add_any sub neg convert_element_type copy copy_p reduce_precision".split())
"""The entrywise primitives that are affine in all their arguments together."""

LINEAR = {
    "broadcast_in_dim": 1,
    "concatenate": None,
    "cumsum": 1,
    "dynamic_slice": 1,
    "dynamic_update_slice": 2,
    "expand_dims": 1,
    "gather": 1,
    "pad": 2,
    "reduce_sum": 1,
    "reduce_window_sum": 1,
    "reshape": 1,
    "rev": 1,
    "slice": 1,
    "split": 1,
    "squeeze": 1,
    "stack": None,
    "tile": 1,
    "transpose": 1,
    "unstack": 1,
}
"""Primitives that are linear in so many leading arguments (None: in all), and how many; the others are places."""

SCATTERED = frozenset({"scatter", "scatter-add", "scatter_add", "scatter-sub", "scatter_sub"})
"""Linear in their first and third argument; the second is a place."""

BILINEAR = frozenset({"dot_general", "conv_general_dilated"})
"""Linear in each of two arguments."""

GREATEST = frozenset({"reduce_max", "reduce_window_max", "cummax"})
"""The largest entry along axes; `reduce_min` is its mirror image."""
