"""A local account to rehearse a deploy in: moto holds the state of AWS, a gate before it judges and records each call.

    server.py          the process: moto behind a WSGI layer
    account.py         starts it, makes users and roles, asks what happened
    decode.py          an HTTP request -> Call (call.py)
    gate.py            the one door of all calls
    needs.py           Call -> what AWS checks for it
    judge.py           may the caller? (a process of its own)
    denial.py          AWS's AccessDenied, in each protocol's form
    records.py         Call + outcome -> CloudTrail record
    delivery.py        records -> log files in a bucket of the account
    cloudformation.py  which calls CloudFormation makes for a stack's resources

It stands alone on purpose: nothing here imports the rest of tracer but its errors, and what a call needs is written
from AWS's pages, not from tracer's tables. Only so can a rehearsal contradict tracer.
"""
