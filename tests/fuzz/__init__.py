"""Fuzzing: each parser of tracer gets bytes that nobody wrote, and may answer with what its docstring states, alone.

A harness is a module with `target(data: bytes) -> None`, which raises on everything else, an AssertionError among it
where a law is broken. No harness catches more than the errors that are documented. Two drivers feed them, from the same
`corpus/` (one folder a harness) and with the same mutations (`mutation.py`):

    tests/fuzz/test_fuzz.py        a short, seeded run, in `make test`
    python -m fuzz, `make fuzz`    atheris, guided by coverage, for as many executions as one likes
"""
