"""`tracer redact`: records, traces and policies without whose they are, so that a run can go into a bug report.

What comes in: JSON documents. What goes out: the same documents, with other account ids, names, addresses and keys in
them, the same one for the same one everywhere, so that what belonged together still does: reduce makes of redacted
records what redaction makes of the trace. It stands alone because nothing else may ever change a record.

    vocabulary   the words that AWS and the Serverless Framework define: they stay
    documents    the fields, and the keys, that may hold something else
    redactor     what else there is: it is learned, then replaced
    spelling     what stands there instead
"""
