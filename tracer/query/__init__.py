"""`tracer query`: questions in SQL about a trail's log files, asked of Athena or of DuckDB.

What comes in: a file of `queries/`, which asks one question in Athena's dialect, and what its parameters stand for.
What goes out: rows. It is a part of its own because it is the one way past records and traces: over a whole
organisation nobody reduces, one asks. It reads what the other parts read (files, Athena's tables, the action table),
and no other part needs it.

    questions   the files: their headers, and their parameters bound
    duck        log files on disk, as the table that the questions are about, in DuckDB
    ask         Athena's own table
    granted     the events that show the use of a policy's actions
    writing     rows as a table, CSV, JSON and Parquet
"""
