from jaxneuron.cli import main

main()
