"""Tar headers as Go's archive/tar writes them, padding and the end of an archive; nothing about images.

USTAR where name and size fit, else a PAX header before it, never GNU (Go: ``archive/tar`` writer.go,
format.go; POSIX pax). Modes, owners and times are fixed: owner 0, time 0, empty names.
"""

from __future__ import annotations

BLOCK = 512
TRAILER = bytes(2 * BLOCK)
"""What ends an archive: exactly two zero blocks, no padding to a record."""
REGULAR, DIRECTORY, EXTENDED = b"0", b"5", b"x"
_USTAR_SIZE_MAX = 0o77777777777
_NAME, _PREFIX = 100, 155
_DEVICE = b"0000000\0"


def padding(size: int) -> int:
    """Zero bytes that follow ``size`` bytes of content."""
    return -size % BLOCK


def header(name: str, mode: int, size: int, kind: bytes = REGULAR) -> bytes:
    """The header blocks of one member: 512 bytes, or 1536 (and more) where a PAX header stands before."""
    records = _pax_records(name, size)
    if not records:
        prefix, rest = _split(name) or ("", name)
        return _block(rest, mode, size, kind, prefix, _DEVICE)
    shown = size if size <= _USTAR_SIZE_MAX else 0
    main = _block(name[:_NAME], mode, shown, kind, "", _DEVICE)
    return _pax_block(name, len(records)) + records + bytes(padding(len(records))) + main


def header_length(name: str, size: int) -> int:
    """``len(header(name, …, size))`` without making it."""
    records = _pax_records(name, size)
    return BLOCK if not records else 2 * BLOCK + len(records) + padding(len(records))


def _split(name: str) -> tuple[str, str] | None:
    """(prefix, name) for USTAR's two fields; None where it does not fit (Go: ``splitUSTARPath``)."""
    if not name.isascii():
        return None
    if len(name) <= _NAME:
        return "", name
    # The prefix may be one longer than its field as far as searching goes: the slash is dropped.
    end = min(len(name) - 1 if name.endswith("/") else len(name), _PREFIX + 1)
    cut = name[:end].rfind("/")
    rest = len(name) - cut - 1
    if cut <= 0 or rest > _NAME or rest == 0 or cut > _PREFIX:
        return None
    return name[:cut], name[cut + 1 :]


def _pax_records(name: str, size: int) -> bytes:
    """The PAX records that this member needs; with any, the name may not be split any more."""
    if size <= _USTAR_SIZE_MAX and _split(name) is not None:
        return b""
    records = b""
    if len(name) > _NAME or not name.isascii():
        records += _pax_record("path", name)
    if size > _USTAR_SIZE_MAX:
        records += _pax_record("size", str(size))
    return records


def _pax_record(key: str, value: str) -> bytes:
    """``length key=value\\n``, where the length counts its own digits."""
    body = f" {key}={value}\n".encode()
    length = len(body) + len(str(len(body)))
    if len(str(length)) + len(body) != length:
        length += 1
    return str(length).encode() + body


def _pax_block(name: str, size: int) -> bytes:
    folder, _, base = name.rpartition("/")
    pax_name = f"{folder}/PaxHeaders.0/{base}" if folder else f"PaxHeaders.0/{base}"
    return _block(pax_name[:_NAME], 0, size, EXTENDED, "", bytes(8))


def _block(name: str, mode: int, size: int, kind: bytes, prefix: str, device: bytes) -> bytes:
    fields = b"".join(
        (
            name.encode("ascii", "replace").ljust(_NAME, b"\0"),
            b"%07o\0" % mode,
            b"0000000\0" * 2,
            b"%011o\0" % size,
            b"%011o\0" % 0,
            b" " * 8,
            kind,
            bytes(100),
            b"ustar\x0000",
            bytes(64),
            device * 2,
            prefix.encode().ljust(_PREFIX, b"\0"),
            bytes(12),
        )
    )
    return fields[:148] + b"%06o\0 " % sum(fields) + fields[156:]
