"""A SoundFont of two tones and a click, written here byte by byte after the specification (SoundFont 2.04)."""

from __future__ import annotations

import struct
from collections.abc import Sequence

import numpy as np

RATE = 48_000
CYCLE = 480
"""Frames of the looped tone: 100 cycles of 100 Hz each are its root at 48 kHz."""


def _chunk(name: bytes, body: bytes) -> bytes:
    return name + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)


def _list(kind: bytes, *chunks: bytes) -> bytes:
    return _chunk(b"LIST", kind + b"".join(chunks))


def _name(text: str) -> bytes:
    return text.encode().ljust(20, b"\0")


def tiny_soundfont(
    presets: Sequence[tuple[int, int, str]] = ((0, 0, "Sine"), (0, 40, "Square"), (128, 0, "Kit")),
) -> bytes:
    """A file with these (bank, program, name); the n-th plays the n-th of a sine, a square and a click, all as A4."""
    at = np.arange(4 * CYCLE)
    sine = np.sin(2 * np.pi * 440 * at / 48_000)
    waves = [
        np.sin(2 * np.pi * at * 4 / CYCLE),
        np.sign(np.sin(2 * np.pi * at * 4 / CYCLE + 0.01)),
        sine * np.exp(-at / 200),
    ]
    gap, samples, places = np.zeros(46), [], []
    for wave in waves:
        begin = sum(len(part) for part in samples)
        samples += [wave * 0.8, gap]
        places.append((begin, begin + len(wave)))
    data = (np.concatenate(samples) * 32_767).astype("<i2").tobytes()
    used = [i % len(waves) for i in range(len(presets))]
    phdr = [_name(n) + struct.pack("<HHHIII", p, b, i, 0, 0, 0) for i, (b, p, n) in enumerate(presets)]
    phdr.append(_name("EOP") + struct.pack("<HHHIII", 0, 0, len(presets), 0, 0, 0))
    pbag = [struct.pack("<HH", i, 0) for i in range(len(presets) + 1)]
    pgen = [struct.pack("<HH", 41, which) for which in used] + [struct.pack("<HH", 0, 0)]
    inst = [_name(f"i{i}") + struct.pack("<H", i) for i in range(len(waves))] + [
        _name("EOI") + struct.pack("<H", len(waves))
    ]
    ibag, igen = [], []
    for index in range(len(waves)):
        ibag.append(struct.pack("<HH", len(igen), 0))
        loop = 1 if index < 2 else 0
        # Release of 2^(-2400/1200) s, loop or not, and the sample last, as the specification asks.
        igen += [struct.pack("<Hh", 38, -2400), struct.pack("<HH", 54, loop), struct.pack("<HH", 53, index)]
    ibag.append(struct.pack("<HH", len(igen), 0))
    igen.append(struct.pack("<HH", 0, 0))
    # Four cycles in 480 frames are 400 Hz: root G4 (67) and 35 cents up.
    shdr = [
        _name(f"s{i}") + struct.pack("<IIIIIBbHH", a, b, a, b, RATE, 67, -35, 0, 1) for i, (a, b) in enumerate(places)
    ] + [_name("EOS") + b"\0" * 26]
    tables = {"phdr": phdr, "pbag": pbag, "pmod": [b"\0" * 10], "pgen": pgen, "inst": inst, "ibag": ibag,
              "imod": [b"\0" * 10], "igen": igen, "shdr": shdr}  # fmt: skip
    body = (
        b"sfbk"
        + _list(
            b"INFO",
            _chunk(b"ifil", struct.pack("<HH", 2, 4)),
            _chunk(b"isng", b"EMU8000\0"),
            _chunk(b"INAM", b"Tiny\0\0"),
        )
        + _list(b"sdta", _chunk(b"smpl", data))
        + _list(b"pdta", *(_chunk(name.encode(), b"".join(rows)) for name, rows in tables.items()))
    )
    return _chunk(b"RIFF", body)
