"""Vega and what it needs as one piece of JavaScript, for the pages that draw with it.

The bundler runs V8, which reserves tens of GB of addresses (not of memory) and ends its process where `ulimit -v` is
below that, as on many shared machines: so it has a process of its own, which first asks for what the limit allows.
"""

import resource
import subprocess
import sys

import altair as alt

BUNDLE = """
import resource, sys, vl_convert
most = resource.getrlimit(resource.RLIMIT_AS)[1]
for wanted in ((resource.RLIM_INFINITY, resource.RLIM_INFINITY), (most, most)):
    try:
        resource.setrlimit(resource.RLIMIT_AS, wanted)
        break
    except (OSError, ValueError):
        pass
sys.stdout.buffer.write(vl_convert.javascript_bundle(vl_version=sys.argv[1]).encode())
"""


def bundle() -> str:
    """Return Vega, Vega-Lite and vega-embed, of the version that altair writes for.

    Raises:
        ValueError: the bundler fails, with its last line or the limit that stopped it.
    """
    version = ".".join(alt.SCHEMA_VERSION.removeprefix("v").split(".")[:2])
    done = subprocess.run([sys.executable, "-c", BUNDLE, version], capture_output=True, check=False)
    if done.returncode:
        most = resource.getrlimit(resource.RLIMIT_AS)[1]
        why = (done.stderr.decode(errors="replace").strip().splitlines() or ["no word of it"])[-1]
        if most != resource.RLIM_INFINITY:
            why = f"this process may have {most >> 30} GB of addresses and the charts' library reserves more"
        raise ValueError(
            f"the page could not be drawn: {why}; with `ulimit -v unlimited`, `jaxneuron report` writes it from what "
            "the run left"
        )
    return done.stdout.decode()
