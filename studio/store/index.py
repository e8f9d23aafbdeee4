"""The library's index: a SQLite file that can be deleted at any time, with a checksum in every row."""

from __future__ import annotations

import contextlib
import hashlib
import json
import sqlite3
import threading
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from studio.core import media
from studio.core.values import frozen
from studio.store import sidecar
from studio.store.sidecar import Entry

VERSION = 2
_NAMES = ("n", "id", "kind", "starred", "created", "file", "mark", "words", "made", "asked", "data", "sum")
_COLUMNS = ", ".join(f"rows.{name}" for name in _NAMES)
_MARKS = ",".join("?" for _ in _NAMES)
_SCHEMA = """
CREATE TABLE rows (n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, starred INTEGER NOT NULL,
                   created REAL NOT NULL, file TEXT NOT NULL, mark TEXT NOT NULL, words TEXT NOT NULL,
                   made TEXT NOT NULL, asked TEXT NOT NULL, data TEXT NOT NULL, sum BLOB NOT NULL);
CREATE TABLE made (job TEXT NOT NULL, n INTEGER NOT NULL, PRIMARY KEY (job, n)) WITHOUT ROWID;
CREATE TABLE asked (digest TEXT NOT NULL, n INTEGER NOT NULL, PRIMARY KEY (digest, n)) WITHOUT ROWID;
CREATE TABLE folders (name TEXT PRIMARY KEY, mark TEXT NOT NULL) WITHOUT ROWID;
"""
_FTS = "CREATE VIRTUAL TABLE fts USING fts5 (words, prefix='1')"
_FIRST_UNSPACED = 0x0E00
"""From Thai on, most scripts do not put spaces between words: a full-text index would only find their first ones."""


class Damaged(Exception):
    """The index is not what was written. `rows` are the numbers of the bad rows, where only those are bad."""

    def __init__(self, what: str, rows: Sequence[int] = ()) -> None:
        super().__init__(what)
        self.rows = tuple(rows)


class Outdated(Exception):
    """The index was made by another version of Studio or of SQLite: make it again, nothing is wrong."""


@frozen
class Row:
    """One line of the index: `file` is relative to the artifacts folder, `mark` the state of the files it was read
    from, `made` and `asked` the jobs and digests it is found by, `data` the sidecar as text.
    """

    n: int
    id: str
    kind: str
    starred: bool
    created: float
    file: str
    mark: str
    made: str
    asked: str
    data: str
    sum: bytes


class Index:
    """Two connections, one to read and one to write, each behind its own lock: a search never waits for a rebuild.

    Every method may raise sqlite3.Error, and Damaged where a row's checksum is wrong. `path` None keeps it in memory.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self._write_lock = threading.RLock()
        self._read_lock = self._write_lock if path is None else threading.RLock()
        self._writer = self._connect()
        try:
            self._reader = self._writer if path is None else self._connect()
            try:
                self.full_text = self._prepare()
            except BaseException:
                self._reader.close()
                raise
        except BaseException:
            self._writer.close()
            raise

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            ":memory:" if self.path is None else self.path, check_same_thread=False, isolation_level=None, timeout=10
        )
        try:
            connection.execute("PRAGMA journal_mode=WAL").fetchone()
            # No fsync: kill -9 cannot hurt it, and what a power cut does to it is found by `check` and made again.
            connection.execute("PRAGMA synchronous=OFF")
            connection.execute("PRAGMA trusted_schema=OFF")
        except BaseException:
            connection.close()
            raise
        return connection

    def _prepare(self) -> bool:
        full_text = has_full_text(self._writer)
        number = self._writer.execute("PRAGMA user_version").fetchone()[0]
        tables = {name for (name,) in self._writer.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        sound = {"rows", "made", "asked", "folders"} <= tables and ("fts" in tables) is full_text
        if number == VERSION and sound:
            return full_text
        if number or tables:
            raise Outdated(f"the index has version {number}")
        with self._change() as writer:
            for statement in _SCHEMA.split(";"):
                writer.execute(statement)
            if full_text:
                writer.execute(_FTS)
            writer.execute(f"PRAGMA user_version={VERSION}")
        return full_text

    @contextlib.contextmanager
    def _change(self) -> Iterator[sqlite3.Connection]:
        with self._write_lock:
            if self._writer.in_transaction:
                yield self._writer
                return
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                yield self._writer
                self._writer.execute("COMMIT")
            except BaseException:
                with contextlib.suppress(sqlite3.Error):
                    self._writer.execute("ROLLBACK")
                raise

    def close(self) -> None:
        """Write everything into the one file and close it."""
        with self._read_lock, self._write_lock:
            with contextlib.suppress(sqlite3.Error):
                self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            self._reader.close()
            self._writer.close()

    def check(self) -> None:
        """Look at every page, every row and the full text. Raises Damaged. 0.2 s for 10,000 rows."""
        with self._write_lock:
            if self._writer.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
                raise Damaged("quick_check")
            made: set[tuple[str, int]] = set()
            asked: set[tuple[str, int]] = set()
            for values in self._writer.execute(f"SELECT {_COLUMNS} FROM rows"):
                row = _row(values)
                made.update((job, row.n) for job in row.made.split())
                asked.update((digest, row.n) for digest in row.asked.split())
            for table, expected in (("made", made), ("asked", asked)):
                if set(self._writer.execute(f"SELECT * FROM {table}")) != expected:
                    raise Damaged(f"the table {table} does not fit the rows")
            if self.full_text:
                self._writer.execute("INSERT INTO fts (fts) VALUES ('integrity-check')")

    def put(self, entries: Iterable[tuple[Entry, str]]) -> None:
        """Add entries with their marks, or replace them, in one transaction."""
        with self._change() as writer:
            for entry, mark in entries:
                self._put(writer, entry, mark)

    def _put(self, writer: sqlite3.Connection, entry: Entry, mark: str) -> None:
        artifact, digests = entry.artifact, entry.digests()
        jobs = [job for job in entry.jobs() if job.split() == [job]]
        self._drop(writer, artifact.id)
        words = "" if media.is_record(artifact.media) else fold(sidecar.words(artifact))
        values = (
            artifact.id,
            "" if media.is_record(artifact.media) else media.kind(artifact.media),
            int(artifact.starred),
            artifact.created,
            f"{artifact.path.parent.name}/{artifact.path.name}",
            mark,
            words,
            " ".join(jobs),
            " ".join(digests),
            json.dumps(entry.data, ensure_ascii=True),
        )
        n = self._number(writer, artifact.created)
        writer.execute(f"INSERT INTO rows VALUES ({_MARKS})", (n, *values, _sum(n, *values)))
        writer.executemany("INSERT INTO made VALUES (?,?)", [(job, n) for job in jobs])
        writer.executemany("INSERT INTO asked VALUES (?,?)", [(digest, n) for digest in digests])
        if self.full_text and not media.is_record(artifact.media):
            writer.execute("INSERT INTO fts (rowid, words) VALUES (?,?)", (n, words))

    def _number(self, writer: sqlite3.Connection, created: float) -> int:
        """A free number that sorts like the time: rows and full text are then read newest first without sorting."""
        n = int(created * 1e6)
        while writer.execute("SELECT 1 FROM rows WHERE n = ?", (n,)).fetchone():
            n += 1
        return n

    def _drop(self, writer: sqlite3.Connection, artifact_id: str) -> None:
        row = writer.execute("SELECT n, made, asked FROM rows WHERE id = ?", (artifact_id,)).fetchone()
        if row is not None:
            n, made, asked = row
            writer.executemany("DELETE FROM made WHERE job = ? AND n = ?", [(job, n) for job in made.split()])
            writer.executemany("DELETE FROM asked WHERE digest = ? AND n = ?", [(one, n) for one in asked.split()])
            self._drop_row(writer, n)

    def _drop_row(self, writer: sqlite3.Connection, n: int) -> None:
        writer.execute("DELETE FROM rows WHERE n = ?", (n,))
        if self.full_text:
            writer.execute("DELETE FROM fts WHERE rowid = ?", (n,))

    def drop(self, ids: Iterable[str]) -> None:
        """Take artifacts out of the index."""
        with self._change() as writer:
            for artifact_id in ids:
                self._drop(writer, artifact_id)

    def drop_rows(self, numbers: Iterable[int]) -> None:
        """Take bad rows out of the index, whatever they say their id is."""
        with self._change() as writer:
            for n in numbers:
                writer.execute("DELETE FROM made WHERE n = ?", (n,))  # reads the whole table: what the row says of
                writer.execute("DELETE FROM asked WHERE n = ?", (n,))  # itself cannot be trusted
                self._drop_row(writer, n)

    def marks(self) -> dict[str, tuple[str, str]]:
        """The file and the mark of every row, by id."""
        with self._write_lock:
            found = self._writer.execute("SELECT id, file, mark FROM rows").fetchall()
        return {str(i): (str(f), str(m)) for i, f, m in found}

    def folders(self) -> dict[str, str]:
        """The mark of every folder at its last visit, by name."""
        with self._write_lock:
            return {str(n): str(m) for n, m in self._writer.execute("SELECT name, mark FROM folders")}

    def set_folders(self, marks: Mapping[str, str]) -> None:
        """Remember the marks of the folders just visited."""
        with self._change() as writer:
            writer.execute("DELETE FROM folders")
            writer.executemany("INSERT INTO folders VALUES (?,?)", marks.items())

    def get(self, artifact_id: str) -> Row | None:
        """The row of an artifact."""
        rows = self._rows("WHERE id = ?", (artifact_id,))
        return rows[0] if rows else None

    def made_by(self, job_id: str) -> tuple[Row, ...]:
        """The rows of what a job made, oldest first."""
        return self._rows("WHERE n IN (SELECT n FROM made WHERE job = ?) ORDER BY n", (job_id,))

    def answering(self, digest: str) -> tuple[Row, ...]:
        """The rows of the finished results of a request, oldest first."""
        return self._rows("WHERE n IN (SELECT n FROM asked WHERE digest = ?) ORDER BY n", (digest,))

    def search(self, text: str, *, starred: bool, kind: str, limit: int, offset: int) -> tuple[Row, ...]:
        """The rows that hold every word of `text` (the beginning of a word is enough), newest first."""
        tables, where, values = self._query(text, starred, kind)
        with self._read_lock:
            found = self._reader.execute(
                f"SELECT {_COLUMNS} FROM {tables} {where} ORDER BY {tables.split()[0]}.rowid DESC LIMIT ? OFFSET ?",
                (*values, limit, offset),
            ).fetchall()
        return _checked(found)

    def count(self, text: str, *, starred: bool, kind: str) -> int:
        """How many rows `search` would find."""
        tables, where, values = self._query(text, starred, kind)
        if "rows" in tables and not (starred or kind):
            tables = tables.split()[0]  # counting in the full text alone is 5 times as fast
        with self._read_lock:
            return int(self._reader.execute(f"SELECT count(*) FROM {tables} {where}", values).fetchone()[0])

    def _query(self, text: str, starred: bool, kind: str) -> tuple[str, str, tuple[Any, ...]]:
        """FROM, WHERE and the values of a search; the first table in FROM is the one that gives the order."""
        tables, parts, values = "rows", [], []
        terms = [term for term in map(_bare, fold(text).split()) if term]
        if terms and self.full_text and not any(ord(c) >= _FIRST_UNSPACED for c in text):
            tables = "fts CROSS JOIN rows ON rows.n = fts.rowid"
            parts.append("fts MATCH ?")
            values.append(" ".join('"' + term.replace('"', '""') + '"*' for term in terms))
        else:
            parts += ["instr(rows.words, ?) > 0"] * len(terms)
            values += terms
        if starred:
            parts.append("starred = 1")
        if kind:
            parts.append("kind = ?")
            values.append(kind)
        elif tables == "rows":  # records stand in no full text
            parts.append("kind <> ''")
        return tables, (f"WHERE {' AND '.join(parts)}" if parts else ""), tuple(values)

    def _rows(self, where: str, values: tuple[Any, ...]) -> tuple[Row, ...]:
        with self._read_lock:
            found = self._reader.execute(f"SELECT {_COLUMNS} FROM rows {where}", values).fetchall()
        return _checked(found)


def has_full_text(connection: sqlite3.Connection) -> bool:
    """Whether this SQLite was built with FTS5."""
    try:
        connection.execute("CREATE VIRTUAL TABLE temp.probe USING fts5 (x)")
        connection.execute("DROP TABLE temp.probe")
    except sqlite3.OperationalError:
        return False
    return True


def fold(text: str) -> str:
    """`text` without case and accents, so that "Cafe" finds "café"."""
    sound = text.casefold().replace("\0", " ").encode("utf-8", "replace").decode()  # SQLite takes no lone surrogates
    if sound.isascii():
        return sound
    return "".join(c for c in unicodedata.normalize("NFKD", sound) if not unicodedata.combining(c))


def _bare(term: str) -> str:
    """A word without what stands around it: quotes, brackets, commas."""
    inner = [at for at, c in enumerate(term) if c.isalnum()]
    return term[inner[0] : inner[-1] + 1] if inner else ""


def _sum(*values: Any) -> bytes:
    return hashlib.blake2b(repr(values).encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _row(values: tuple[Any, ...]) -> Row:
    if _sum(*values[:-1]) != values[-1]:
        raise Damaged("checksum of a row", [values[0]])
    n, artifact_id, kind, starred, created, file, mark, _, made, asked, data, checksum = values
    return Row(n, artifact_id, kind, bool(starred), created, file, mark, made, asked, data, checksum)


def _checked(found: Iterable[tuple[Any, ...]]) -> tuple[Row, ...]:
    """The rows of an answer. Raises Damaged with the numbers of those that are not what was written."""
    rows: list[Row] = []
    bad: list[int] = []
    for values in found:
        try:
            rows.append(_row(values))
        except Damaged as error:
            bad += error.rows
    if bad:
        raise Damaged("checksum of a row", bad)
    return tuple(rows)
