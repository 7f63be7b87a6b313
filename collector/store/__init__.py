"""The store: one SQLite file from which nothing that was acknowledged is ever missing.

Invariants, each with a test of its name:

1. What a commit holds is on disk together or not at all, and it is on disk when ``commit`` returns
   (write-ahead log, ``synchronous=FULL``).
2. An entry of the ledger is never changed, only superseded by one with a higher revision.
3. An event told twice is kept once; of several messages about one event the highest rank counts.
4. Every outbox record stays until each database has taken it, refused it line by line, or a bound dropped it; what is
   dropped is counted.
5. One collector works on a store at a time.
6. The digests of the ledger form a chain: an entry altered or taken out later is found.
7. A byte flipped anywhere in the file or its log costs at most one record of the outbox.

On disk (``user_version`` 4; times are UTC nanoseconds)::

    point      id, name                       names of points; cells refer to the id
    cell       point, minute_ns, ...          accounting inputs, see collector.readings.cell
    trace      point, minute_ns, core, raw    readings of cells that were filled late, see collector.readings.trace
    pots       potline, minute_ns, operating, kwh        pots in operation in a closed minute, and their energy
    event      id, rank, kind, potline, time_ns, body    every message about every event, body in JSON
    dirty      potline, minute_ns, reason, accounted     closed minutes that must be accounted again, and those that
                                              were and wait for their windows
    ledger     seq, potline, window, start_ns, length_s, revision, reason, written_ns, body, previous, digest
    parameters digest, body                   what entries were computed with, in JSON
    gap        first, last, previous, digest  runs of minutes let go of because of their age: the ends of their chain
    outbox     seq, created_ns, lines, raw_bytes, size, body   line protocol, a gzip member, see ``frame``
    taken      target, first, last            runs of records that a database has taken; of the target without a name
                                              those that are no longer kept
    new_lines  seq                            records that tell nothing of a series and time that was told before
    gone       hour_ns, records, last_ns      how many records of each hour are no longer kept, and the last one's time
    dead       seq, time_ns, source, place, body, reason  what could not be understood, or was refused for good
    meta       key, value                     plant id, start of the accounts

The body of a ledger record is JSON with its keys sorted; its digest is SHA-256 over the previous digest and all columns
but the window, which the body names. Of a trace, ``raw`` holds time (int64), value (float64) and quality (uint8) of
each reading, little-endian; ``core`` is JSON with the columns of a cell, or NULL. The lock file says how the store was
left and holds a copy of its first page, see ``mark``; what is done about damage is told in ``recovery``, and how older
versions are brought to this one in ``schema``.
"""
