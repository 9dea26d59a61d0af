"""`python -m connector.cli`: the command, where its script is not at hand."""

from connector.cli import main

main()
