"""A local account to rehearse a deploy in: moto holds the state of AWS, a gate before it judges and records each call.

    rehearsal.py       a command, run as a user who holds the policies and nothing else
    account.py         the account as its user sees it: a process that is started, and asked (control.py)
    server.py          that process: moto behind a WSGI layer
    decode.py          an HTTP request -> Call (call.py)
    gate.py            the one door of all calls
    needs.py           Call -> what AWS checks for it (templates.py, words.py); directory.py: who holds which policies
    judge.py           may the caller? (a process of its own)
    denial.py          AWS's AccessDenied, in each protocol's form
    cloudformation/    which calls CloudFormation makes for a stack's resources
    records.py         Call + outcome -> CloudTrail record (shapes.py)
    delivery.py        records -> log files in a bucket of the account

It stands alone on purpose: nothing here imports the rest of tracer but its errors, and what a call needs is written
from AWS's pages, not from tracer's tables. Only so can a rehearsal contradict tracer.
"""
