"""The nouns: ARNs, actions, records, policies, permissions and the trace, as frozen values without I/O.

Standard library only. Every other part of tracer speaks in these values; none of them knows where a record came from or
where a policy goes.
"""
