"""The service under mixed load for hours or days: `python -m tests.soak --hours 2`, `make soak HOURS=2`.

`films` and `studies` say what is sent, `modalities` send it, `ledger` remembers what was answered, `checks` look
whether it is there and right, `watch` writes memory and file handles of every process into a CSV and judges them.
"""
