"""A table as Parquet. The only importer of pyarrow, which is an extra of the installation: import this where needed.

One portion of rows is one row group, so the memory it takes does not grow with the table. Source: Apache Parquet.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from collector.reporting.export.table import Kind, Table

_TYPES = {
    Kind.TEXT: pa.string(),
    Kind.NUMBER: pa.float64(),
    Kind.COUNT: pa.int64(),
    Kind.TIME: pa.timestamp("ns", tz="UTC"),
    Kind.TRUTH: pa.bool_(),
}


def write_parquet(table: Table, path: Path, facts: Mapping[str, str]) -> Iterator[int]:
    """Write a table, and yield after each row group how many rows are written.

    Parameters
    ----------
    table
        What to write. A time is a timestamp in UTC [ns]; what is not known is null.
    path
        The file.
    facts
        What the file stands on; they become the metadata of its schema.
    """
    types = [_TYPES[column.kind] for column in table.columns]
    fields = [pa.field(column.name, type_) for column, type_ in zip(table.columns, types, strict=True)]
    schema = pa.schema(fields, metadata=dict(facts))
    rows = 0
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for portion in table.portions():
            by_column = zip(*portion, strict=True)
            arrays = [pa.array(column, type_) for column, type_ in zip(by_column, types, strict=True)]
            writer.write_batch(pa.record_batch(arrays, schema=schema), row_group_size=len(portion))
            rows += len(portion)
            yield rows
