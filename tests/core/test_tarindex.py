"""Where the members of an archive lie, in every format, also where it is damaged: a note, never a crash."""

import io
import tarfile
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from exporter_core.tarball import TRAILER, header
from exporter_core.tarindex import Listing, Member, looks_like_tar, members

FORMATS = {"ustar": tarfile.USTAR_FORMAT, "gnu": tarfile.GNU_FORMAT, "pax": tarfile.PAX_FORMAT}


def indexed(data: bytes) -> tuple[list[Member], Listing]:
    listing = Listing()
    reads = 0

    def read_at(offset: int, length: int) -> bytes:
        nonlocal reads
        reads += 1
        assert length >= 0 and offset >= 0
        assert reads < 10_000, "it reads on and on"
        return data[offset : offset + length]

    return list(members(read_at, len(data), listing)), listing


def tar(entries: list[tuple[str, bytes, dict[str, Any]]], tar_format: int, **options: Any) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tar_format, **options) as archive:
        for name, data, fields in entries:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            for key, value in fields.items():
                setattr(info, key, value)
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def checksummed(block: bytes) -> bytes:
    made = bytearray(block)
    made[148:156] = b"%06o\0 " % (sum(made[:148]) + 8 * 32 + sum(made[156:512]))
    return bytes(made)


PLAIN = [("a", b"", {}), ("dir/b", b"x" * 511, {}), ("dir/c", b"y" * 512, {}), ("d", b"z" * 513, {})]


@pytest.mark.parametrize("tar_format", FORMATS.values(), ids=list(FORMATS))
def test_plain_files(tar_format: int) -> None:
    data = tar(PLAIN, tar_format)
    found, listing = indexed(data)
    assert [(m.name, data[m.offset : m.offset + m.size]) for m in found] == [(n, d) for n, d, _ in PLAIN]
    assert all(m.is_file and m.available == m.size and m.mode == 0o644 for m in found)
    assert (listing.notes, listing.ended) == ([], True)
    assert not any(data[listing.end :])
    ends = [0, *(member.end for member in found)]
    assert [member.header for member in found] == ends[:-1] and listing.end == ends[-1]


LONG = {
    "exactly-100": "n" * 100,
    "split": "p" * 60 + "/" + "n" * 60,
    "split-at-most": "p" * 155 + "/" + "n" * 100,
    "too-long": "x" * 101,
    "very-long": "d/" * 300 + "x" * 300,
    "umlauts": "ü" * 80,
    "unicode": "目录/文件",
}


@pytest.mark.parametrize("name", LONG.values(), ids=list(LONG))
@pytest.mark.parametrize("tar_format", FORMATS.values(), ids=list(FORMATS))
def test_long_and_foreign_names(name: str, tar_format: int) -> None:
    try:
        data = tar([("before", b"1", {}), (name, b"content", {}), ("after", b"2", {})], tar_format)
    except ValueError:
        assert tar_format == tarfile.USTAR_FORMAT, "names that ustar has no room for"
        return
    found, listing = indexed(data)
    assert [member.name for member in found] == ["before", name, "after"]
    assert data[found[1].offset :][:7] == b"content"
    assert found[1].header == found[0].end, "the extended header belongs to the member"
    assert listing.notes == []


KINDS = {
    "folder": (tarfile.DIRTYPE, ""),
    "symlink": (tarfile.SYMTYPE, "to/where"),
    "hardlink": (tarfile.LNKTYPE, "other"),
    "fifo": (tarfile.FIFOTYPE, ""),
    "device": (tarfile.CHRTYPE, ""),
    "block-device": (tarfile.BLKTYPE, ""),
    "long-link": (tarfile.SYMTYPE, "t" * 300),
}


@pytest.mark.parametrize(("kind", "link"), KINDS.values(), ids=list(KINDS))
@pytest.mark.parametrize("tar_format", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT], ids=["gnu", "pax"])
def test_what_is_no_file(kind: bytes, link: str, tar_format: int) -> None:
    entries = [("it", b"", {"type": kind, "linkname": link}), ("after", b"x", {})]
    found, listing = indexed(tar(entries, tar_format))
    assert [member.name.rstrip("/") for member in found] == ["it", "after"]
    assert not found[0].is_file and found[0].kind == kind.decode()
    assert found[0].link == link
    assert listing.notes == []


def test_the_old_flag_of_a_file_and_a_name_that_ends_in_a_slash() -> None:
    data = bytearray(tar([("a", b"x", {}), ("b/", b"", {})], tarfile.USTAR_FORMAT))
    found, _ = indexed(bytes(data))
    assert [member.is_file for member in found] == [True, False]
    data[156] = 0
    assert indexed(checksummed(bytes(data[:512])) + data[512:])[0][0].is_file


@pytest.mark.parametrize("size", [(8 << 30) - 1, 8 << 30, 1 << 40], ids=["octal", "pax", "terabyte"])
def test_sizes_beyond_the_file(size: int) -> None:
    data = header("big", 0o444, size) + b"only this"
    (member,), listing = indexed(data)
    assert (member.size, member.available) == (size, 9)
    assert any("cut short" in note for note in listing.notes)


def test_a_size_in_base_256() -> None:
    info = tarfile.TarInfo("big")
    info.size = 9 << 30
    (member,), _ = indexed(info.tobuf(tarfile.GNU_FORMAT))
    assert member.size == 9 << 30


def test_pax_values_beat_the_header_and_hold_for_one_member() -> None:
    fields = {"pax_headers": {"path": "better/name", "comment": "x", "mtime": "1.5"}}
    found, listing = indexed(tar([("short", b"1", fields), ("next", b"2", {})], tarfile.PAX_FORMAT))
    assert [member.name for member in found] == ["better/name", "next"]
    assert listing.notes == []


def test_global_headers_are_passed_over() -> None:
    data = tar([("a", b"1", {})], tarfile.PAX_FORMAT, pax_headers={"comment": "of all"})
    found, listing = indexed(data)
    assert [member.name for member in found] == ["a"] and listing.notes == []


def test_bytes_that_are_no_utf8_come_through() -> None:
    name = b"caf\xe9".decode("utf-8", "surrogateescape")
    for tar_format in (tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT):
        data = tar([(name, b"1", {})], tar_format, encoding="utf-8", errors="surrogateescape")
        assert [member.name for member in indexed(data)[0]] == [name]


# --- damage -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tar_format", FORMATS.values(), ids=list(FORMATS))
def test_cut_anywhere_it_tells_what_came_before(tar_format: int) -> None:
    whole = tar([("a", b"1" * 600, {}), ("b" * 90, b"2", {}), ("c" * 100, b"", {})], tar_format)
    everything, listing = indexed(whole)
    for end in range(0, listing.end + 512, 13):
        found, cut = indexed(whole[:end])
        assert [m.name for m in found] == [m.name for m in everything][: len(found)]
        assert all(member.offset <= end for member in found)
        assert cut.notes, end
        complete = [member for member in everything if member.offset + member.size <= end]
        assert len(found) >= len(complete)


def test_a_damaged_header_ends_the_listing_with_a_note() -> None:
    data = bytearray(tar(PLAIN, tarfile.USTAR_FORMAT))
    second = indexed(bytes(data))[0][1]
    data[second.header + 5] ^= 1
    found, listing = indexed(bytes(data))
    assert [member.name for member in found] == ["a"]
    assert any(str(second.header) in note for note in listing.notes)
    assert not listing.ended


PAX_DAMAGE = {
    "no-length": b"path=x\n",
    "zero-length": b"0 path=x\n",
    "too-short-length": b"3 path=x\n",
    "too-long-length": b"99 path=x\n",
    "huge-length": b"999999999999 path=x\n",
    "no-equals": b"8 path-x\n",
    "negative-size": b"11 size=-1\n",
    "size-is-text": b"10 size=x\n",
    "size-is-huge": b"40 size=" + b"9" * 31 + b"\n",
    "empty": b"",
    "nul": bytes(20),
    "unicode-digits": "12 size=٣٣\n".encode(),
}


def pax_member(body: bytes) -> bytes:
    block = bytearray(header("PaxHeaders.0/x", 0, len(body)))
    block[156:157] = b"x"
    plain = header("plain", 0o444, 1) + b"1" + bytes(511)
    return checksummed(bytes(block)) + body + bytes(-len(body) % 512) + plain + TRAILER


@pytest.mark.parametrize("body", PAX_DAMAGE.values(), ids=list(PAX_DAMAGE))
def test_a_damaged_extended_header(body: bytes) -> None:
    found, listing = indexed(pax_member(body))
    for member in found:
        assert member.size >= 0 and 0 <= member.available <= member.size
    assert listing.notes or [member.name for member in found] == ["plain"]


def test_an_extended_header_too_large_to_be_true() -> None:
    for size in (2 << 20, 1 << 40):
        block = bytearray(header("PaxHeaders.0/x", 0, size)[-512:])
        block[124:136] = b"%011o\0" % min(size, 0o77777777777)
        block[156:157] = b"x"
        found, listing = indexed(checksummed(bytes(block)) + bytes(3 << 20))
        assert found == [] and listing.notes


def test_what_looks_like_a_tar() -> None:
    assert looks_like_tar(tar(PLAIN, tarfile.USTAR_FORMAT)[:512])
    assert looks_like_tar(header("x", 0, 0))
    for block in (b"", bytes(512), b"x" * 512, header("x", 0, 0)[:511], header("y", 0, 0) + b"\0"):
        assert not looks_like_tar(block)


def test_nothing_at_all_and_zeros_alone() -> None:
    assert indexed(b"")[0] == [] and indexed(b"")[1].notes
    assert indexed(bytes(1024)) == ([], Listing([], 0, True))


@given(st.binary(max_size=3000))
@example(header("a", 0o444, 5) + b"12345")
def test_arbitrary_bytes_end_with_a_note(data: bytes) -> None:
    found, listing = indexed(data)
    assert listing.notes or listing.ended
    for member in found:
        assert 0 <= member.available <= member.size and member.available <= len(data)


@given(st.lists(st.binary(min_size=512, max_size=512).map(checksummed) | st.binary(max_size=700), max_size=5))
def test_arbitrary_headers_whose_checksums_are_right(pieces: list[bytes]) -> None:
    data = b"".join(pieces)
    found, listing = indexed(data)
    assert listing.notes or listing.ended
    last = 0
    for member in found:
        assert member.size >= 0 and 0 <= member.available <= len(data)
        assert member.header >= last, "it never goes back"
        last = member.end


TEXTS = [b"", b"0", b"7", b"77777777777", b"-1", b"8", b" 12 ", b"\0\0\0", b"1\x001", b"\xc2\xb2", b"1_0"]
NUMBERS = st.sampled_from([*TEXTS, b"\xff" * 12, b"\x80" + b"\xff" * 11])


@given(
    name=st.binary(max_size=100),
    size=NUMBERS,
    mode=NUMBERS,
    kind=st.sampled_from(b"\x000123456789gxLKSMV\xff"),
    magic=st.sampled_from([b"ustar\x0000", b"ustar  \0", bytes(8)]),
    after=st.binary(max_size=1200),
)
def test_half_plausible_headers(
    name: bytes, size: bytes, mode: bytes, kind: int, magic: bytes, after: bytes
) -> None:
    block = bytearray(512)
    block[: len(name)] = name
    block[100:108] = mode[:8].ljust(8, b"\0")
    block[124:136] = size.ljust(12, b"\0")
    block[156] = kind
    block[257:265] = magic
    found, listing = indexed(checksummed(bytes(block)) + after)
    assert listing.notes or listing.ended
    assert all(member.size >= 0 and member.end >= member.offset for member in found)
