"""Closing minutes, and stating closed ones again when something about them changes.

Live and restated are one function: the inputs of a minute are read from the store, accounted, and compared with what
the ledger has. A difference is a new revision with its reason; the hours, shifts, days, months and rolling windows that
it touches follow.

gathering
    The inputs of minutes, from what the store keeps.
book
    What the ledger has of a potline, at hand, and the sums of longer windows made of it.
entries
    What is written: records of the ledger and lines of the streams.
closer
    When which potline's minute is closed or stated again.
checking
    All of the ledger computed again: minutes from inputs (recomputing), longer windows from their parts (auditing).
rehearsing
    What a restatement would write, by closers that write nothing.
"""
