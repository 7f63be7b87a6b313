"""The store for one who goes through the writer's motions and writes nothing."""

from array import array

from collector.store.commit import Commit
from collector.store.schema import StoreError, open_reader
from collector.store.store import Store


class StoreReader(Store):
    """A store that is only read, beside its writer or without one: as it was when it was opened.

    What a caller wants to be remembered is forgotten, and a commit is refused.
    """

    writes = False

    def _open(self) -> None:
        self._lock = None
        self._db = open_reader(self.path)
        self._db.execute("BEGIN")
        self._ids = array("q")

    def _close(self) -> None:
        self._db.close()

    def _commit(self, commit: Commit) -> None:
        what = f"{len(commit.records)} entries"
        raise StoreError(f"write {what} to the store {self.path}: it is only read here; open it as a Store")

    def _meta(self, key: str, default: str) -> str:
        row = self._db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return default if row is None else str(row[0])

    def _note(self, key: str, value: str) -> None:
        del key, value
