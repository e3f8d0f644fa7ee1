"""Archives: read to their very end, where their own checks must hold, before any of their records is believed."""

from __future__ import annotations

import gzip
import io
import struct

from tests.hostile.packing import EXPORT, HEADER, TWO, changed, gz, gz_trailer, padded, zst, zstd
from tests.hostile.row import Account, Refused, Row, loaded, refused

CUT = "archive breaks off: it is damaged, or was sent only in part"
UNSURE = "x.csv.zst: packed without a checksum, so damage inside it may go unnoticed (use zstd --check)"
LINE = b'{"id": 1, "who": "ann", "at": "2024-05-06T08:00:00Z", "amount": 1}\n'


def gz_with_everything() -> bytes:
    """A member with name, comment, extra field and a checksum of its own header, which gzip allows."""
    extra = b"xx\x03\x00abc"
    flags = 0x02 | 0x04 | 0x08 | 0x10
    head = b"\x1f\x8b\x08" + bytes([flags]) + b"\0\0\0\0\x02\x03"
    head += struct.pack("<H", len(extra)) + extra + b"orders.csv\0" + b"nightly\0"
    return head + b"\0\0" + gz(EXPORT)[10:]


def zip_of_one() -> bytes:
    import zipfile

    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("orders.csv", EXPORT)
    return file.getvalue()


def damaged_after_the_first_portion() -> bytes:
    """More than is read at once, all of it readable, but for the checksum at the very end."""
    packed = gzip.compress(padded(40, 500_000), compresslevel=1, mtime=0)
    return changed(packed, -8)


def zst_of_a_wide_window() -> bytes:
    """A frame of unknown length whose window is a gigabyte."""
    options = {zstd.CompressionParameter.window_log: 30, zstd.CompressionParameter.checksum_flag: 1}
    packer = zstd.ZstdCompressor(options=options)
    return packer.compress(HEADER, packer.FLUSH_BLOCK) + packer.compress(TWO, packer.FLUSH_FRAME)


GZIP = [
    loaded("gzip with a name, a comment and an extra field", "x.csv.gz", gz_with_everything(), new=2, total="21"),
    loaded(
        "two gzip members one after the other, cut within a record",
        "x.csv.gz",
        gz(EXPORT[:30]) + gz(EXPORT[30:]),
        new=2,
        total="21",
    ),
    loaded("an empty gzip member between two others", "x.csv.gz", gz(HEADER) + gz(b"") + gz(TWO), new=2, total="21"),
    loaded("gzip padded with zeros, as tapes do", "x.csv.gz", gz(EXPORT) + bytes(512), new=2, total="21"),
    refused("gzip cut off in the middle", "x.csv.gz", gz(EXPORT)[:40], f"its gzip {CUT}"),
    refused("gzip without its last four bytes", "x.csv.gz", gz(EXPORT)[:-4], f"its gzip {CUT}"),
    refused("gzip cut off within its header", "x.csv.gz", gz(EXPORT)[:5], f"its gzip {CUT}"),
    refused("the second gzip member cut off", "x.csv.gz", gz(EXPORT) + gz(TWO)[:20], f"its gzip {CUT}"),
    refused(
        "gzip with another checksum",
        "x.csv.gz",
        changed(gz(EXPORT), -8),
        "its gzip archive cannot be unpacked: CRC check failed …",
    ),
    refused(
        "gzip with another length",
        "x.csv.gz",
        gz(EXPORT)[:-8] + gz_trailer(EXPORT)[:4] + b"\x01\0\0\0",
        "its gzip archive cannot be unpacked: Incorrect length of data produced",
    ),
    refused("gzip with a bit turned in its data", "x.csv.gz", changed(gz(EXPORT), 30), "its gzip archive …"),
    refused("gzip with garbage after it", "x.csv.gz", gz(EXPORT) + b"garbage", "its gzip archive …"),
    refused("gzip with a CSV record after it", "x.csv.gz", gz(EXPORT) + TWO, "its gzip archive …"),
    refused("plain text named .gz", "x.csv.gz", EXPORT, "its gzip archive cannot be unpacked: Not a gzipped file (b'id')"),
    refused("a .csv.gz of no bytes", "x.csv.gz", b"", "is empty: not even a gzip archive"),
    refused(
        "a .jsonl.gz of no bytes",
        "x.jsonl.gz",
        b"",
        "is empty: not even a gzip archive",
    ),
    refused("gzip of nothing", "x.csv.gz", gz(b""), "is empty: not even a header"),
    loaded("JSON lines: gzip of nothing", "x.jsonl.gz", gz(b"")),
    refused("JSON lines: gzip cut off after whole lines", "x.jsonl.gz", gz(LINE * 2)[:-9], f"its gzip {CUT}"),
    refused("gzip in gzip", "x.csv.gz", gz(gz(EXPORT)), "is packed twice: it holds a gzip archive…"),
    refused("zstd named .csv.gz", "x.csv.gz", zst(EXPORT), r"its gzip archive cannot be unpacked: Not a gzipped file (b'(\xb5')"),
    refused(
        "a bad checksum after megabytes of good records",
        "x.csv.gz",
        damaged_after_the_first_portion,
        "its gzip archive is damaged: CRC check failed …",
    ),
    refused("a bomb in gzip", "x.csv.gz", lambda: gz(padded(1, 1_000_000)) * 80, "unpacks to more than 250 times its size: …"),
]

ZSTD = [
    loaded("zstd with a checksum", "x.csv.zst", zst(EXPORT), new=2, total="21"),
    loaded(
        "zstd without a checksum is believed, with a warning",
        "x.csv.zst",
        zst(EXPORT, checksum=False),
        new=2,
        total="21",
        says=[UNSURE],
    ),
    loaded("two zstd frames", "x.csv.zst", zst(EXPORT[:30]) + zst(EXPORT[30:]), new=2, total="21"),
    loaded(
        "two zstd frames, the second without a checksum",
        "x.csv.zst",
        zst(HEADER) + zst(TWO, checksum=False),
        new=2,
        total="21",
        says=[UNSURE],
    ),
    loaded(
        "a zstd frame to skip, then data without a checksum",
        "x.csv.zst",
        b"\x50\x2a\x4d\x18\x04\0\0\0note" + zst(EXPORT, checksum=False),
        new=2,
        total="21",
        says=[UNSURE],
    ),
    refused("zstd cut off", "x.csv.zst", zst(EXPORT)[:-6], f"its zstd {CUT}"),
    refused("zstd cut off within its header", "x.csv.zst", zst(EXPORT)[:3], "its zstd archive …"),
    refused("zstd with another checksum", "x.csv.zst", changed(zst(EXPORT), -1), "its zstd archive …"),
    refused("zstd with garbage after it", "x.csv.zst", zst(EXPORT) + b"garbage", "its zstd archive …"),
    refused("a .csv.zst of no bytes", "x.csv.zst", b"", "is empty: not even a zstd archive"),
    refused(
        "zstd that asks for a gigabyte of memory", "x.csv.zst", zst_of_a_wide_window(), "its zstd archive cannot be unpacked: …"
    ),
    refused("gzip named .csv.zst", "x.csv.zst", gz(EXPORT), "its zstd archive …"),
    refused("a bomb in zstd", "x.csv.zst", lambda: zst(padded(1, 1_000_000)) * 80, "unpacks to more than 250 times its size: …"),
]

STRANGERS = [
    Row(
        "the same gzip named .csv and .csv.gz",
        {"a.csv": gz(EXPORT), "b.csv.gz": gz(EXPORT)},
        {"a.csv": Refused("is a gzip archive; its name must say so (.csv.gz)"), "b.csv.gz": Account(new=2)},
        total="21",
    ),
    Row(
        "no byte at all in files of two kinds",
        {"a.csv": b"", "b.jsonl": b""},
        {"a.csv": Refused("is empty: not even a header"), "b.jsonl": Account()},
    ),
    refused("gzip named .csv", "x.csv", gz(EXPORT), "is a gzip archive; its name must say so (.csv.gz)"),
    refused("zstd named .csv", "x.csv", zst(EXPORT), "is a zstd archive; its name must say so (.csv.zst)"),
    refused(
        "gzip named .jsonl",
        "x.jsonl",
        gz(LINE),
        "is a gzip archive; its name must say so (.jsonl.gz)",
    ),
    refused("zip named .csv", "x.csv", zip_of_one, "is a workbook or a zip archive, not text; export it as .csv"),
    refused(
        "an old workbook named .csv",
        "x.csv",
        bytes.fromhex("d0cf11e0a1b11ae1") + bytes(504),
        "is an old workbook, not text; export it as .csv",
    ),
    refused("a PDF named .csv", "x.csv", b"%PDF-1.7\n" + EXPORT, "is a PDF, not text; export it as .csv"),
    Row(
        "an archive that is refused beside one that is not",
        {"a.csv.gz": gz(EXPORT)[:40], "b.csv.gz": gz(EXPORT), "c.csv.gz": b"\0" * 20},
        {
            "a.csv.gz": Refused(f"its gzip {CUT}"),
            "b.csv.gz": Account(new=2),
            "c.csv.gz": Refused("its gzip archive cannot be unpacked: …"),
        },
        total="21",
    ),
]

ROWS = [*GZIP, *ZSTD, *STRANGERS]
