"""What the store holds, as tables for other programs: columns with their units in their names, rows in portions.

table
    Columns, and rows that come in portions: however large the store is, one portion is in memory at a time.
entries
    Records of the ledger in order, in portions, up to the last one that there was when the export began.
intervals, plant_intervals, inputs, ledger
    The tables.
sheet, parquet
    The two forms of a file. Parquet needs ``pyarrow``, which no other part of the collector does.

An export reads beside a running collector, in short transactions: it does not hold up the store's log.
"""
