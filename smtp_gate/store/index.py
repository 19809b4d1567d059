"""The derived index: one SQLite file that the keeper alone owns, made from the journal and the held files, and again at will.

Nothing is lost with it, so durability is cheap here (`synchronous=NORMAL`: after a power cut the newest transactions may be
missing, never half there, and the next catching up reads them again from the files), and a damaged file or one of another
version is removed and begun anew instead of stopping anything. It is locked exclusively: a second process is told so.
"""

import contextlib
import threading
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import apsw

from smtp_gate.store.files import make_private
from smtp_gate.store.hold_rows import Known
from smtp_gate.store.index_writer import Writer
from smtp_gate.store.journal_tail import Position

FILE: Final = Path("index") / "index.db"
"""The index below the data folder."""

VERSION: Final = 1
BUSY: Final = 2000
"""Milliseconds until another process's lock is taken for an answer."""

TABLES: Final = ("messages", "events", "holds", "deferrals", "positions", "notes")
SCHEMA: Final = """
CREATE TABLE messages (
    ref TEXT PRIMARY KEY NOT NULL,
    received TEXT, message_id TEXT, sha256 TEXT, size INTEGER,
    listener TEXT, direction TEXT, upstream TEXT, client TEXT, account TEXT, proof TEXT,
    sender TEXT, recipients TEXT, verdict TEXT, joint TEXT, rules TEXT, blame TEXT, ruleset TEXT,
    segment TEXT, line INTEGER,
    outcome TEXT, reply TEXT, late INTEGER, answered TEXT, answered_segment TEXT, answered_line INTEGER
);
CREATE INDEX messages_by_time ON messages (received);
CREATE INDEX messages_by_id ON messages (message_id);
CREATE INDEX messages_by_sender ON messages (sender, received);
CREATE TABLE events (
    segment TEXT NOT NULL, line INTEGER NOT NULL, time TEXT, ref TEXT, what TEXT, who TEXT, detail TEXT,
    PRIMARY KEY (segment, line)
) WITHOUT ROWID;
CREATE INDEX events_by_ref ON events (ref);
CREATE TABLE holds (
    ref TEXT NOT NULL, folder TEXT NOT NULL, state TEXT NOT NULL, received TEXT, sender TEXT, recipients TEXT, rules TEXT,
    size INTEGER, sha256 TEXT, message_id TEXT, flaw TEXT,
    octets INTEGER, written INTEGER, inode INTEGER, progress TEXT,
    PRIMARY KEY (ref, folder)
) WITHOUT ROWID;
CREATE INDEX holds_by_state ON holds (state, received);
CREATE TABLE deferrals (
    ref TEXT NOT NULL, rule TEXT NOT NULL, cause TEXT NOT NULL, message TEXT NOT NULL, time TEXT NOT NULL,
    PRIMARY KEY (ref, rule, cause)
) WITHOUT ROWID;
CREATE INDEX deferrals_by_message ON deferrals (message, rule, cause, time);
CREATE INDEX deferrals_by_time ON deferrals (time, ref, rule, cause);
CREATE TABLE positions (
    segment TEXT PRIMARY KEY NOT NULL, offset INTEGER, line INTEGER, seq INTEGER, hash TEXT
) WITHOUT ROWID;
CREATE TABLE notes (name TEXT PRIMARY KEY NOT NULL, value TEXT) WITHOUT ROWID;
INSERT INTO notes VALUES ('building', 'new');
"""
SHAPE: Final = zlib.crc32(SCHEMA.encode()) & 0x7FFFFFFF
"""Kept as SQLite's application id, so that a changed table is another version even where nobody counted one up."""

DAMAGED: Final = (apsw.CorruptError, apsw.NotADBError, apsw.FormatError)


class IndexUnavailableError(Exception):
    """The index cannot be used now: another process has it, or the disk fails. Nothing is lost; try again."""


class IndexDamagedError(Exception):
    """The index was damaged and is now a new, empty one: everything has to be read again."""


class _OtherVersionError(Exception):
    """The file holds something else than this program's index."""


class Index:
    """The open index. Its methods block, may be called from any thread, and wait for each other."""

    def __init__(self, path: Path) -> None:
        """Open it, or begin it anew where it is damaged or of another version. Raises IndexUnavailableError, OSError."""
        self.path = path
        self.anew = ""
        """Why the file was begun anew, empty where it was not."""
        self._lock = threading.RLock()
        make_private(path.parent)
        try:
            self._db = _connect(path)
        except (_OtherVersionError, *DAMAGED) as error:
            self._begin_anew(str(error) or "damaged")
        except apsw.Error as error:
            raise IndexUnavailableError(_why(error)) from None

    def close(self) -> None:
        """Close it; a second call does nothing."""
        with self._lock:
            self._db.close()

    def positions(self) -> dict[str, Position]:
        """How far each segment was read. Raises IndexUnavailableError, IndexDamagedError."""
        with self._using():
            rows: list[Any] = self._db.execute("SELECT segment, offset, line, seq, hash FROM positions").fetchall()
        return {str(name): Position(offset, line, seq, last) for name, offset, line, seq, last in rows}

    def building(self) -> bool:
        """Whether the index has not caught up with the files for the first time yet. Raises as `positions`."""
        with self._using():
            return self._db.execute("SELECT 1 FROM notes WHERE name = 'building'").fetchone() is not None

    def holds_in(self, folder: str) -> dict[str, Known]:
        """The refs known in a folder with what tells whether their files are still the same. Raises as `positions`."""
        statement = "SELECT ref, octets, written, inode, progress, state, flaw FROM holds WHERE folder = ?"
        with self._using():
            rows: list[Any] = self._db.execute(statement, (folder,)).fetchall()
        return {str(ref): Known(*rest) for ref, *rest in rows}

    def counts(self) -> tuple[int, int]:
        """How many messages and holds there are. Raises as `positions`."""
        with self._using():
            both = "SELECT (SELECT count(*) FROM messages), (SELECT count(*) FROM holds)"
            ((messages, holds),) = self._db.execute(both)
        return int(messages), int(holds)

    def message(self, ref: str) -> dict[str, Any] | None:
        """One message's row by column, None where it is not known. Raises as `positions`."""
        with self._using():
            cursor = self._db.execute("SELECT * FROM messages WHERE ref = ?", (ref,))
            row = cursor.fetchone()
            return None if row is None else dict(zip((d[0] for d in cursor.get_description()), row, strict=True))

    def is_whole(self) -> bool:
        """Whether SQLite finds its own file in order; it reads all of it. Raises IndexUnavailableError."""
        try:
            with self._using():
                return bool(self._db.execute("PRAGMA quick_check(1)").fetchone() == ("ok",))
        except IndexDamagedError:
            # It has been begun anew already, and an empty index is in order.
            return True

    @contextlib.contextmanager
    def writing(self) -> Iterator[Writer]:
        """One transaction, all of it or nothing. Raises IndexUnavailableError, and IndexDamagedError."""
        with self._using(), self._db:
            yield Writer(self._db)

    def clear(self, why: str) -> None:
        """Begin anew with an empty file. Raises IndexUnavailableError, OSError."""
        with self._lock:
            self._begin_anew(why)

    @contextlib.contextmanager
    def _using(self) -> Iterator[None]:
        with self._lock:
            try:
                yield
            except DAMAGED as error:
                self._begin_anew(_why(error))
                raise IndexDamagedError(self.anew) from None
            except apsw.Error as error:
                raise IndexUnavailableError(_why(error)) from None

    def _begin_anew(self, why: str) -> None:
        self.anew = why
        if hasattr(self, "_db"):
            self._db.close(True)
        for suffix in ("", "-wal", "-shm", "-journal"):
            self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)
        try:
            self._db = _connect(self.path)
        except apsw.Error as error:
            raise IndexUnavailableError(_why(error)) from None


def _connect(path: Path) -> apsw.Connection:
    """An open, locked index. Raises apsw.Error, and _OtherVersionError."""
    db = apsw.Connection(str(path))
    try:
        db.set_busy_timeout(BUSY)
        # Exclusive before WAL is first used, so that there is no shared memory and nobody else can come in between.
        db.execute("PRAGMA locking_mode = EXCLUSIVE")
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = NORMAL")
        db.execute("PRAGMA cache_size = -32000")
        # Takes the lock now, and so finds a damaged or foreign file now.
        db.execute("BEGIN IMMEDIATE")
        _make_tables(db)
        db.execute("COMMIT")
    except BaseException:
        db.close(True)
        raise
    return db


def _make_tables(db: apsw.Connection) -> None:
    """Fill a new file with the empty tables; raises _OtherVersionError where an old one has not exactly this version."""
    tables = {str(name) for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    version = db.pragma("user_version")
    if not tables and version == 0:
        db.execute(SCHEMA)
        db.pragma("user_version", VERSION)
        db.pragma("application_id", SHAPE)
    elif (version, db.pragma("application_id")) != (VERSION, SHAPE) or not set(TABLES) <= tables:
        raise _OtherVersionError(f"not the tables of version {VERSION} (found version {version})")


def _why(error: apsw.Error) -> str:
    """An error in words without any value of a row."""
    if isinstance(error, apsw.BusyError):
        return "another process has the index"
    return f"{type(error).__name__}: {error}"
