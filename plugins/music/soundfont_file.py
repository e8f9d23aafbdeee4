"""What is in a SoundFont file: its presets, with bounds checked before a synthesiser written in C sees the file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from studio.api import StudioError

MOST_BYTES = 4 << 30
MOST_RECORDS = 4_000_000
_RECORDS = {"phdr": 38, "pbag": 4, "pmod": 10, "pgen": 4, "inst": 22, "ibag": 4, "imod": 10, "igen": 4, "shdr": 46}
"""Sizes in bytes of the nine tables of SoundFont 2.04, chapter 7."""
_INSTRUMENT, _SAMPLE = 41, 53
"""Generators whose amount is an index into another table."""
_COMPRESSED, _ROM = 0x10, 0x8000

Table = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Preset:
    """`bank` 128 holds drum kits."""

    bank: int
    program: int
    name: str

    @property
    def key(self) -> str:
        """As Track.preset has it."""
        return f"{self.bank}:{self.program}"


def presets(path: Path) -> tuple[Preset, ...]:
    """All presets by bank and program. Raises StudioError for what is gone, damaged or no SoundFont."""
    try:
        with path.open("rb") as file:
            tables, frames = _tables(file, path.stat().st_size)
        _check(tables, frames)
    except OSError as error:
        raise StudioError(
            f"The SoundFont {path.name} is gone.", "Choose it again, or another sound.", details=str(error)
        ) from error
    except (ValueError, KeyError, IndexError) as error:
        raise StudioError(
            f"{path.name} is no SoundFont that can be played, or is damaged.",
            "Try another copy of it (.sf2 or .sf3).",
            details=str(error),
        ) from error
    return _presets(tables["phdr"])


def _tables(file: BinaryIO, size: int) -> tuple[dict[str, Table], int]:
    """The nine tables, and how many frames of samples there are. ValueError."""
    head = file.read(12)
    if head[:4] != b"RIFF" or head[8:12] != b"sfbk":
        raise ValueError("no SoundFont header")
    if size > MOST_BYTES:
        raise ValueError("larger than 4 GB")
    tables: dict[str, Table] = {}
    frames, at = -1, 12
    last = min(size, 8 + int.from_bytes(head[4:8], "little"))
    while at + 12 <= last:
        file.seek(at)
        name, length, kind = file.read(4), int.from_bytes(file.read(4), "little"), file.read(4)
        if at + 8 + length > last:
            raise ValueError(f"a chunk of {length} bytes is cut off")
        if name == b"LIST" and kind == b"sdta":
            frames = _samples(file, at + 12, at + 8 + length)
        elif name == b"LIST" and kind == b"pdta":
            tables = _records(file, at + 12, at + 8 + length)
        at += 8 + length + length % 2
    if frames < 0 or not tables:
        raise ValueError("no samples or no presets")
    return tables, frames


def _samples(file: BinaryIO, at: int, last: int) -> int:
    """Bytes of samples are in a chunk named smpl; two for a frame. ValueError."""
    while at + 8 <= last:
        file.seek(at)
        name, length = file.read(4), int.from_bytes(file.read(4), "little")
        if at + 8 + length > last:
            raise ValueError("the samples are cut off")
        if name == b"smpl":
            return length // 2
        at += 8 + length + length % 2
    return 0


def _records(file: BinaryIO, at: int, last: int) -> dict[str, Table]:
    found: dict[str, Table] = {}
    while at + 8 <= last:
        file.seek(at)
        name, length = file.read(4).decode("latin-1"), int.from_bytes(file.read(4), "little")
        if at + 8 + length > last:
            raise ValueError(f"the table {name} is cut off")
        size = _RECORDS.get(name)
        if size is not None:
            if length % size or length // size > MOST_RECORDS or length < size:
                raise ValueError(f"the table {name} has {length} bytes")
            found[name] = np.frombuffer(file.read(length), np.uint8).reshape(-1, size)
        at += 8 + length + length % 2
    for name in _RECORDS:
        if name not in found:
            raise ValueError(f"the table {name} is missing")
    return found


def _word(table: Table, at: int, size: int = 2) -> npt.NDArray[np.int64]:
    """A column of little-endian numbers."""
    columns = table[:, at : at + size].astype(np.int64)
    return np.asarray((columns << (8 * np.arange(size))).sum(axis=1))


def _check(tables: dict[str, Table], frames: int) -> None:
    """Every index points into its table, every sample lies in the file. ValueError."""
    for column, table, into in ((24, "phdr", "pbag"), (20, "inst", "ibag")):
        _ascending(_word(tables[table], column), len(tables[into]), table)
    for table, generators, modulators in (("pbag", "pgen", "pmod"), ("ibag", "igen", "imod")):
        _ascending(_word(tables[table], 0), len(tables[generators]), table)
        _ascending(_word(tables[table], 2), len(tables[modulators]), table)
    for table, kind, into in (("pgen", _INSTRUMENT, "inst"), ("igen", _SAMPLE, "shdr")):
        rows = tables[table][:-1]
        amounts = _word(rows, 2)[_word(rows, 0) == kind]
        if len(amounts) and int(amounts.max()) >= len(tables[into]) - 1:
            raise ValueError(f"{table} names something that is not there")
    samples = tables["shdr"][:-1]
    begin, end = _word(samples, 20, 4), _word(samples, 24, 4)
    loop, rate, kind_ = _word(samples, 28, 4), _word(samples, 36, 4), _word(samples, 44)
    here = (kind_ & _ROM) == 0
    limit = np.where(kind_ & _COMPRESSED, frames * 2, frames)
    if (here & ((begin > end) | (end > limit))).any():
        raise ValueError("a sample lies outside the file")
    plain = here & ((kind_ & _COMPRESSED) == 0)
    if (plain & (loop > frames)).any() or (here & (rate > 1_000_000)).any():
        raise ValueError("a sample has an absurd loop or rate")
    if len(tables["phdr"]) < 2:
        raise ValueError("no preset")


def _ascending(places: npt.NDArray[np.int64], count: int, name: str) -> None:
    if (np.diff(places) < 0).any() or int(places.max()) >= count:
        raise ValueError(f"the places in {name} are out of order")


def _presets(table: Table) -> tuple[Preset, ...]:
    found = {}
    for row in table[:-1]:
        name = bytes(row[:20]).split(b"\0")[0].decode("latin-1").strip()
        program, bank = int(row[20]) | int(row[21]) << 8, int(row[22]) | int(row[23]) << 8
        if program < 128 and bank <= 128:
            found.setdefault((bank, program), Preset(bank, program, "".join(c for c in name if c.isprintable())))
    return tuple(found[key] for key in sorted(found))
