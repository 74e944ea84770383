"""CloudFormation in the account: a stack is made of API calls, and each goes through the gate.

moto makes a stack's resources in Python, without a call: nobody is asked, nothing is recorded, and what it does not
know it skips. AWS makes them by calling the services, in a session of the deployer's credentials or under the stack's
service role, and that is what a policy has to hold for. So moto keeps the stacks, the templates and the change sets,
and this package makes the resources:

    types/TYPE.json   what CloudFormation calls to make, change and remove a resource of a type: data, with sources
    rows.py           that data as values                   expressions.py   the words it is written in
    calls.py          one call: judged, run against moto's services, recorded
    resources.py      a resource's life: create, update or replace, delete
    stack.py          a stack's: in order of dependency, cleaning up, rolling back
    operations.py     the operations on stacks that moto answers, with AWS's statuses and events

What it costs: the calls of a type are an opinion until somebody looks at a real account's records. Each row says where
it is from, and a test holds all of them against the permissions that CloudFormation's own registry declares; of the
reads that the registry declares, those are made that wait for a resource, or find out what it holds.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-iam-servicerole.html
"""

from __future__ import annotations

from tracer.rehearse.gate import Gate

__all__ = ["install"]


def install(gate: Gate) -> None:
    """Let the calls of all stacks in this process go through a gate, in place of moto's own making of resources.

    Args:
        gate: the account's.
    """
    from tracer.rehearse.cloudformation.operations import take_over

    take_over(gate)
