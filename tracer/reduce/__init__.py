"""Reduce: the records of a source in, a `Trace` out. Pure: it reads nothing but the records that it is handed.

    parse         raw record -> Record
    attribution   who acts for whom                   (first pass, with inventory: names and ids that calls leave out)
    select        which records count, each in one bin (second pass)
    mapping       what AWS checked for a record: actions, resources, implied, denials
    generalize    observed ARNs -> patterns
    fold          many records -> few lines
    reduction     keeps these in step, call by call
    trace         the passes

Two passes, because records come in any order: an AssumeRole may stand behind the calls of its session, and a role's
path behind the calls that leave it out. Each stage alone can be read and tested; the price is that records are parsed
twice.
"""

from tracer.reduce.trace import reduce_records, select_records

__all__ = ["reduce_records", "select_records"]
