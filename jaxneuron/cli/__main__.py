"""`python -m jaxneuron.cli`."""

from jaxneuron.cli import main

main()
