"""Takes events in from others: tells one from the next, writes them as the contract wants, judges.

What is accepted here is admitted by the stream: both use the same plain rules, at the same time.
"""
