"""Indexing a library of ten thousand pictures that no index knows yet, and opening it again afterwards.

The reference is a loop that opens each file, reads its header and parses the JSON beside it, as any program must that
wants to know what lies there. No picture is decoded: a thumbnail is made when it is looked at for the first time.
"""

from __future__ import annotations

import hashlib
import json
import os
import struct
import tempfile
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from _child import machine, quick

COUNT, QUICK_COUNT = 10_000, 1_000
GOAL_SECONDS = 2.0
"""CPU seconds for COUNT pictures."""


def _png(number: int, side: int = 64) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + bytes((x * y + number) % 256 for x in range(side * 3)) for y in range(4)) * (side // 4)
    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    said = chunk(b"tEXt", b"number\0" + str(number).encode())
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + said
        + chunk(b"IDAT", zlib.compress(rows, 1))
        + chunk(b"IEND", b"")
    )


def fill(folder: Path, count: int) -> None:
    """Write `count` pictures with the files beside them that Studio writes; every tenth without."""
    from studio.core import media
    from studio.core.artifact import Artifact
    from studio.core.recipe import Recipe
    from studio.core.request import ModelRef, Request
    from studio.store import sidecar

    for number in range(count):
        data = _png(number)
        name = hashlib.sha256(data).hexdigest()
        file = folder / name[:2] / f"{name}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
        if number % 10:
            params = {"prompt": f"a castle on hill number {number} by the sea", "steps": 20, "width": 64, "height": 64}
            request = Request("image.diffusion", params, seed=number, model=ModelRef("starter/pictures", ""))
            made = Artifact(
                id=name,
                media=media.PNG,
                path=file,
                recipe=Recipe(request, {"torch": "2.13"}, (), "done"),
                created=1e9 + number,
                title=f"Castle {number}",
                job=f"{number:032x}",
                facts={"width": 64, "height": 64, "seconds": 1.2},
            )
            sidecar.path_for(folder, name).write_text(json.dumps(sidecar.make(made)), encoding="utf-8")
    for place in folder.iterdir():
        os.utime(place, (1e9, 1e9))  # they have lain there for a while


def _plain(folder: Path) -> int:
    found = 0
    for file in sorted(folder.rglob("*.png")):
        with file.open("rb") as stream:
            found += len(stream.read(64)) == 64
        beside = file.with_suffix(".json")
        if beside.exists():
            json.loads(beside.read_text(encoding="utf-8"))
    return found


def _clocked(work: Callable[[], Any]) -> tuple[float, float, Any]:
    cpu, wall = time.process_time(), time.perf_counter()
    answer = work()
    return time.process_time() - cpu, time.perf_counter() - wall, answer


def main() -> int:
    """Print the figures; 1 where the goal is missed."""
    from studio.store import Library

    count = QUICK_COUNT if quick() else COUNT
    with tempfile.TemporaryDirectory(prefix="studio-bench-") as name:
        folder, cache = Path(name) / "artifacts", Path(name) / "cache"
        fill(folder, count)
        rows = [("plain loop over headers", *_clocked(lambda: _plain(folder)))]
        cpu, wall, library = _clocked(lambda: Library(folder, cache))
        rows.append(("indexed from nothing", cpu, wall, library.count()))
        rows.append(("searched for two words", *_clocked(lambda: len(library.search("castle hill", limit=100)))))
        thumbnails = len(list((cache / "thumbnails").rglob("*.webp"))) if (cache / "thumbnails").exists() else 0
        library.close()
        again, wall_again, library = _clocked(lambda: Library(folder, cache))
        rows.append(("opened again", again, wall_again, library.count()))
        library.close()
    print(f"library: {machine()}; {count:,} pictures")
    for title, seconds, waited, number in rows:
        ratio = seconds / rows[0][1]
        print(f"  {title:<26}{seconds:8.3f} CPU s{waited:8.3f} s   {ratio:6.2f} × the loop   {number} found")
    goal = GOAL_SECONDS * count / COUNT
    good = cpu <= goal and rows[1][3] == count and not thumbnails
    print(f"  {thumbnails} thumbnails were made; goal: {goal:.1f} CPU s: {'kept' if good else 'MISSED'}")
    return 0 if good else 1


if __name__ == "__main__":
    raise SystemExit(main())
