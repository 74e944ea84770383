"""`python -m tracer`: the command line."""

from tracer.cli import main

main(prog_name="tracer")
