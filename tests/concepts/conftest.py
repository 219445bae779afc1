"""There is more to compile here than to run."""

from tests.quick import quick_compilation  # noqa: F401
