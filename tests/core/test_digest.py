"""Digests: the grammar of the image spec, the lengths of the registered algorithms, nothing else."""

import hashlib
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter_core import Digest
from exporter_core.digest import HEX_LENGTHS
from exporter_core.errors import ContentError, DigestError

GOOD = {
    "sha256": "sha256:" + "0123456789abcdef" * 4,
    "sha384": "sha384:" + "0123456789abcdef" * 6,
    "sha512": "sha512:" + "0123456789abcdef" * 8,
}
OTHER = [
    "md5:d41d8cd98f00b204e9800998ecf8427e",
    "blake3:AF1349B9",
    "sha256+b64u:LCa0a2j_xo_5m0U8HTBBNBNCLXBkg7-g-YpeiGJm564",
    "multihash+base58:QmRZxt2b1FVZPNqd8hsiykDL3TdBDeTSPX9Kv46HmX4Gx8",
    "a.b_c-d+e1:=",
    "sha256.x:" + "0" * 64,
]
BAD = {
    "empty": "",
    "no-colon": "sha256",
    "hex-alone": "0" * 64,
    "nothing-after": "sha256:",
    "nothing-before": ":" + "0" * 64,
    "upper-algorithm": "SHA256:" + "0" * 64,
    "upper-hex": "sha256:" + "A" * 64,
    "one-upper-digit": "sha256:" + "0" * 63 + "F",
    "too-short": "sha256:" + "0" * 63,
    "too-long": "sha256:" + "0" * 65,
    "of-sha512-in-sha256": "sha256:" + "0" * 128,
    "of-sha256-in-sha512": "sha512:" + "0" * 64,
    "of-sha256-in-sha384": "sha384:" + "0" * 64,
    "no-hex": "sha256:" + "g" * 64,
    "traversal": "sha256:../../../../etc/passwd",
    "slash": "x:a/b",
    "backslash": "x:a\\b",
    "dot-dot": "x:..",
    "algorithm-traversal": "../x:abc",
    "nul": "sha256:" + "0" * 63 + "\0",
    "newline": "sha256:" + "0" * 64 + "\n",
    "leading-blank": " sha256:" + "0" * 64,
    "two-colons": "sha256:sha256:" + "0" * 64,
    "doubled-separator": "a++b:c",
    "leading-separator": "+a:c",
    "trailing-separator": "a+:c",
    "full-width-digits": "sha256:" + "０" * 64,
    "arabic-digits": "sha256:" + "٠" * 64,
    "umlaut": "ä:abc",
    "surrogate": "x:\udc80",
}


@pytest.mark.parametrize("text", [*GOOD.values(), *OTHER])
def test_what_parses_comes_out_the_same(text: str) -> None:
    digest = Digest.parse(text)
    assert str(digest) == text
    assert (digest.algorithm, digest.encoded) == tuple(text.split(":"))
    assert digest.path == "blobs/" + text.replace(":", "/")
    assert Digest.parse(str(digest)) == digest == Digest(digest.algorithm, digest.encoded)
    assert hash(digest) == hash(Digest.parse(text))
    assert pickle.loads(pickle.dumps(digest)) == digest


@pytest.mark.parametrize("text", BAD.values(), ids=list(BAD))
def test_what_does_not_parse_says_so(text: str) -> None:
    with pytest.raises(DigestError) as caught:
        Digest.parse(text)
    error = caught.value
    assert isinstance(error, ContentError) and error.exit_code == 4
    assert error.hint
    str(error).encode()  # whatever it was, the message can be printed


@pytest.mark.parametrize("text", BAD.values(), ids=list(BAD))
def test_there_is_no_way_around_the_grammar(text: str) -> None:
    algorithm, _, encoded = text.partition(":")
    with pytest.raises(DigestError):
        Digest(algorithm, encoded)


def test_a_long_text_is_told_in_short() -> None:
    for text in ("x" * 100_000, "sha256:" + "0" * 100_000, "x:" + "/" * 100_000):
        with pytest.raises(DigestError) as caught:
            Digest.parse(text)
        assert len(str(caught.value)) < 500 and len(caught.value.digest) < 500


@pytest.mark.parametrize("algorithm", GOOD)
def test_the_three_that_can_be_computed(algorithm: str) -> None:
    digest = Digest.parse(GOOD[algorithm])
    assert digest.verifiable
    assert digest.of(b"data") == f"{algorithm}:{hashlib.new(algorithm, b'data').hexdigest()}"
    running = digest.new_hash()
    running.update(b"da")
    running.update(b"ta")
    assert running.hexdigest() == hashlib.new(algorithm, b"data").hexdigest()


@pytest.mark.parametrize("text", OTHER)
def test_others_are_not_verifiable_and_say_so(text: str) -> None:
    digest = Digest.parse(text)
    assert not digest.verifiable
    for compute in (digest.new_hash, lambda: digest.of(b"")):
        with pytest.raises(DigestError) as caught:
            compute()  # type: ignore[operator]
        assert digest.algorithm in str(caught.value) and "sha512" in caught.value.hint


def test_digests_are_values() -> None:
    digest = Digest.parse(GOOD["sha256"])
    with pytest.raises(AttributeError):
        digest.encoded = "x"  # type: ignore[misc]
    assert sorted([Digest.parse(GOOD["sha512"]), digest]) == [digest, Digest.parse(GOOD["sha512"])]
    assert set(HEX_LENGTHS) == set(GOOD)


@given(st.text(max_size=80) | st.from_regex(r"[a-z0-9+._-]{1,12}:[a-zA-Z0-9=_-]{1,12}", fullmatch=True))
def test_a_path_never_leads_anywhere_else(text: str) -> None:
    try:
        digest = Digest.parse(text)
    except DigestError:
        return
    assert str(digest) == text
    parts = digest.path.split("/")
    assert len(parts) == 3 and parts[0] == "blobs"
    assert not {"", ".", ".."} & set(parts)
    assert digest.path.isascii() and digest.path.isprintable() and "\\" not in digest.path
