"""How the site is made: `make docs`."""

import os
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE / "_ext"), str(HERE.parent), str(HERE.parent / "models")]

project = "jaxneuron"
author = "the authors of jaxneuron"
extensions = [
    "myst_nb",
    "sphinx.ext.doctest",
    "sphinx_copybutton",
    "methods",
    "interface",
    "site_names",
    "findings",
    "places",
    "signatures",
]
exclude_patterns = ["_build", "_ext", "_generated", "own", "findings"]
html_theme = "furo"
html_title = "jaxneuron"
html_static_path = ["_static"]
html_css_files = ["wide.css"]
html_extra_path = ["llms.txt"]
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#0b5d8a", "color-brand-content": "#0b5d8a"},
    "dark_css_variables": {"color-brand-primary": "#7cc4ea", "color-brand-content": "#7cc4ea"},
}
nitpicky = True  # what a page links must be there
python_maximum_signature_line_length = 88
add_module_names = False
toc_object_entries_show_parents = "hide"
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True
doctest_test_doctest_blocks = ""  # examples with prompts are run by pytest, in their modules
linkcheck_ignore = [r"http://127\.0\.0\.1.*"]

# Notebooks are committed with the output of a run, and a test runs them; `JAXNEURON_NOTEBOOKS=force make docs` runs
# them here.
nb_execution_mode = os.environ.get("JAXNEURON_NOTEBOOKS", "off")
nb_execution_raise_on_error = True
nb_execution_timeout = 600
