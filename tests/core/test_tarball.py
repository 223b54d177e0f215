"""Tar headers, byte for byte those of Go's archive/tar."""

import hashlib
import io
import tarfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter_core.tarball import BLOCK, DIRECTORY, REGULAR, TRAILER, header, header_length, padding

HEX = "0123456789abcdef" * 8
GIB8 = 8 << 30
MOST = 2**63 - 1

# SHA-256 of what archive/tar's Writer.WriteHeader writes for {Name, Mode, Size, Typeflag} (Go 1.19).
GOLDEN = {
    "folder": (
        *("blobs/", 0o755, 0, DIRECTORY, 512),
        "9496e2bde6463ea163f87ae6a48dd4dc2728d9f896d38503dce3cb6d7635ff52",
    ),
    "sub-folder": (
        *("blobs/sha256/", 0o755, 0, DIRECTORY, 512),
        "1a69d1a3e15a7f90c3f0c4c84d1fdc268a7c76bc19d5e5ef2ea76394144e5b83",
    ),
    "layout": (
        *("oci-layout", 0o444, 30, REGULAR, 512),
        "865843c50ba418a4596ae3a8b23dd6b46078f44131acecac58776c1b51f4e082",
    ),
    "index": (
        *("index.json", 0o644, 200, REGULAR, 512),
        "4f886c7cc9a3a9526f0a776347a3de9405a2b9e3a62d0943f2b89a1c94e1aeb2",
    ),
    "document-8g": (
        *("manifest.json", 0o644, GIB8, REGULAR, 1536),
        "02b83b4780fa562b0b1dfa84255bb7909d86f7ca952a01d050cf0b0373e0bb93",
    ),
    "sha256": (
        *(f"blobs/sha256/{HEX[:64]}", 0o444, 0, REGULAR, 512),
        "6b29b250b92f0942634fc969fa999b27fd223bbd728845818b7c6e7ffb1599b9",
    ),
    "sha256-8g-1": (
        *(f"blobs/sha256/{HEX[:64]}", 0o444, GIB8 - 1, REGULAR, 512),
        "d96fb1c40d9ff2138e9129831256569522afec2904863a36492d34589201cd2e",
    ),
    "sha256-8g": (
        *(f"blobs/sha256/{HEX[:64]}", 0o444, GIB8, REGULAR, 1536),
        "4a33274b24a9d624037c0156be6d926e80093f36e60ee723a034f1ae04810543",
    ),
    "sha256-most": (
        *(f"blobs/sha256/{HEX[:64]}", 0o444, MOST, REGULAR, 1536),
        "4f5f79fe0576e4ea4389acca5cfacb5fb1c4b48d32dc541993aa31328219fabe",
    ),
    "sha384-split": (
        *(f"blobs/sha384/{HEX[:96]}", 0o444, 0, REGULAR, 512),
        "679e14c1c54d57e57dd648e07271a113955b1a71d3f044459e214e09bdb8442a",
    ),
    "sha384-8g-1": (
        *(f"blobs/sha384/{HEX[:96]}", 0o444, GIB8 - 1, REGULAR, 512),
        "7d3851aa7d9c01429668979c62fd1cb45ea419675e5e2d2218e20da126c76f97",
    ),
    "sha384-8g": (
        *(f"blobs/sha384/{HEX[:96]}", 0o444, GIB8, REGULAR, 1536),
        "e7e004676cdd0d969ec333ef7b20ae60a82e1055880e15326d423aa0d840138b",
    ),
    "sha384-most": (
        *(f"blobs/sha384/{HEX[:96]}", 0o444, MOST, REGULAR, 1536),
        "c84f7baf919119d5817a6c85fe5a2897ec0be6fd801aed10f17aac548f6cd180",
    ),
    "sha512-pax": (
        *(f"blobs/sha512/{HEX}", 0o444, 0, REGULAR, 1536),
        "4ab37607086efdbc923c9c21fe7fa147a4b16c9f794d794bedcd0b3569135ba7",
    ),
    "sha512-8g-1": (
        *(f"blobs/sha512/{HEX}", 0o444, GIB8 - 1, REGULAR, 1536),
        "ae921f7e4429dc19a405cfb90b52fa7d59d0efa500ac9ece908f1bd68cee4cc7",
    ),
    "sha512-8g-both": (
        *(f"blobs/sha512/{HEX}", 0o444, GIB8, REGULAR, 1536),
        "d061720ba17f8528567e716d5c9df3b686439edf9d5b5acade826b6c724b94a6",
    ),
    "sha512-most": (
        *(f"blobs/sha512/{HEX}", 0o444, MOST, REGULAR, 1536),
        "2e0bf3b849d3952d812914ab90b66543e630fa0e81f2475f61c4eb6aee3405f4",
    ),
}


@pytest.mark.parametrize("case", GOLDEN)
def test_the_bytes_that_go_writes(case: str) -> None:
    name, mode, size, kind, length, digest = GOLDEN[case]
    made = header(name, mode, size, kind)
    assert len(made) == header_length(name, size) == length
    assert hashlib.sha256(made).hexdigest() == digest


@pytest.mark.parametrize("case", GOLDEN)
def test_another_reader_understands_them(case: str) -> None:
    name, mode, size, kind, length, _ = GOLDEN[case]
    with tarfile.open(fileobj=io.BytesIO(header(name, mode, size, kind) + TRAILER)) as tar:
        member = tar.next()
    assert member is not None
    assert (member.name, member.mode, member.size) == (name.rstrip("/"), mode, size)
    assert (member.isdir(), member.isfile()) == (kind == DIRECTORY, kind == REGULAR)
    assert (member.uid, member.gid, member.mtime, member.uname, member.gname) == (0, 0, 0, "", "")
    assert member.offset_data == length


def test_the_fields_of_a_plain_header() -> None:
    made = header("oci-layout", 0o444, 30)
    assert made[:100] == b"oci-layout".ljust(100, b"\0")
    assert made[100:124] == b"0000444\x000000000\x000000000\x00"
    assert made[124:148] == b"00000000036\x0000000000000\x00"
    assert made[148:156] == b"%06o\0 " % (sum(made) - sum(made[148:156]) + 8 * 32)
    assert made[156:257] == b"0" + bytes(100)
    assert made[257:265] == b"ustar\x0000"
    assert made[265:329] == bytes(64)
    assert made[329:345] == b"0000000\x000000000\x00"
    assert made[345:] == bytes(167)


def test_the_prefix_of_sha384() -> None:
    made = header(f"blobs/sha384/{HEX[:96]}", 0o444, 1)
    assert made[:100] == HEX[:96].encode() + bytes(4)
    assert made[345:358] == b"blobs/sha384\0"


def test_the_extended_header_of_sha512() -> None:
    name = f"blobs/sha512/{HEX}"
    made = header(name, 0o444, GIB8)
    assert made[:100] == f"blobs/sha512/PaxHeaders.0/{HEX}".encode()[:100]
    assert made[100:124] == b"0000000\x00" * 3
    assert made[156:157] == b"x"
    assert made[329:345] == bytes(16), "its device fields are empty, unlike the main header's"
    body = f"151 path={name}\n19 size={GIB8}\n".encode()
    assert made[512:1024] == body.ljust(512, b"\0")
    assert made[1024:1124] == name.encode()[:100]
    assert made[1124 + 24 : 1124 + 36] == b"00000000000\0", "the size stands in the extended header alone"


def test_padding_and_trailer() -> None:
    assert [padding(size) for size in (0, 1, 511, 512, 513, GIB8)] == [0, 511, 1, 0, 511, 0]
    assert bytes(1024) == TRAILER
    assert BLOCK == 512


NAMES = st.lists(st.text("abc.-_09", min_size=1, max_size=120), min_size=1, max_size=4).map("/".join)


ANY_NAMES = st.text(st.characters(exclude_characters="\0/", exclude_categories=["Cs"]), min_size=1)


@given(name=NAMES | ANY_NAMES, mode=st.integers(0, 0o7777), size=st.integers(0, MOST))
def test_any_name_and_size_are_read_back(name: str, mode: int, size: int) -> None:
    made = header(name, mode, size)
    assert len(made) == header_length(name, size)
    assert len(made) % BLOCK == 0
    with tarfile.open(fileobj=io.BytesIO(made + TRAILER), encoding="utf-8") as tar:
        member = tar.next()
    assert member is not None
    assert (member.name, member.mode, member.size) == (name, mode, size)


@given(st.integers(1, 400))
def test_lengths_of_extended_records_count_themselves(length: int) -> None:
    """The record's length includes its own digits, also where they become one more."""
    name = "x" * length
    made = header(name, 0o444, 0)
    if length <= 100:
        assert len(made) == 512
        return
    record = made[512:].split(b"\n")[0] + b"\n"
    assert int(record.split(b" ")[0]) == len(record)
