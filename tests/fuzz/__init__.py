"""Fuzzing: each parser of tracer gets bytes that nobody wrote, and may answer with what its docstring states, alone.

A harness is a module with `target(data: bytes) -> int`, which raises on everything else, an AssertionError among it
where a law is broken, and gives how many executions the input was. No harness catches more than the errors that are
documented.

An execution of most parsers is one input. One of the record path is one record: taken through scan, parse, attribution,
select, mapping and fold, together with the other records of its input, which is a log file. Both are counted.

The same `corpus/` (one folder a harness) feeds two drivers. It is written by hand, but for the `explored-*`: of what
atheris found, the shortest inputs that reach lines which no other reaches.

    explore.py    atheris, guided by coverage, in instrumented code: slow, and finds what nobody thought of
    bulk.py       inputs made of the corpus and of what was explored (`mutation.py`, `logs.py`), by a seed

`python -m fuzz` (`make fuzz`) runs one after the other; `test_fuzz.py` a short bulk run, in `make test`.
"""
