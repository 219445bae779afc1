"""Names of sites as TransformerLens has them, which SAELens writes into its folders, and ours."""

import re

from jaxneuron.types import Site

HOOKS = {
    "residual": "hook_resid_post",
    "mlp": "hook_mlp_out",
    "mlp/hidden": "mlp.hook_post",
    "mlp/in": "mlp.hook_pre_linear",
    "attention": "hook_attn_out",
    "heads": "attn.hook_z",
}
"""Of a block: our name -> theirs."""

POST_NORM = HOOKS | {"residual": "hook_normalized_resid_post"}
"""The same for models that normalise after they add, as BERT does."""

WHOLE = {"embed": "blocks.0.hook_resid_pre", "embed/word": "hook_embed", "final": "ln_final.hook_normalized"}
"""Outside of the blocks."""


def hook(site: Site, *, post_norm: bool = False) -> str:
    """Return TransformerLens's name of a site; a site that it lacks keeps our name.

    Args:
        site: ours.
        post_norm: of a model that normalises after it adds.

    Example:
        >>> hook("block3/mlp"), hook("block3/residual", post_norm=True), hook("visual/gru")
        ('blocks.3.hook_mlp_out', 'blocks.3.hook_normalized_resid_post', 'visual/gru')
    """
    found = re.fullmatch(r"block(\d+)/(.+)", site)
    table = POST_NORM if post_norm else HOOKS
    if found and found[2] in table:
        return f"blocks.{found[1]}.{table[found[2]]}"
    return WHOLE.get(site, site)


def site(hook: str) -> Site:
    """Return our name of a site of TransformerLens; a name that is none of its own stays, and what we lack is "".

    Example:
        >>> site("blocks.3.hook_resid_pre"), site("blocks.0.attn.hook_z"), site("blocks.0.hook_resid_mid")
        ('block2/residual', 'block0/heads', '')
    """
    for ours, theirs in WHOLE.items():
        if hook == theirs:
            return ours
    found = re.fullmatch(r"blocks\.(\d+)\.(.+)", hook)
    if not found:
        return "" if re.search(r"(^|\.)hook_", hook) else hook
    if found[2] == "hook_resid_pre":
        return f"block{int(found[1]) - 1}/residual"
    for table in (HOOKS, POST_NORM):
        for ours, theirs in table.items():
            if found[2] == theirs:
                return f"block{found[1]}/{ours}"
    return ""
