"""JSON as Go's encoding/json reads and writes it."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter_core import gojson
from exporter_core.errors import MalformedDocument
from exporter_core.gojson import Shape

SHAPE = Shape("mediaType", "size", "urls", "annotations", "os.version", "schemaVersion")


def load(text: str | bytes) -> object:
    return gojson.loads(text if isinstance(text, bytes) else text.encode(), name="sha256:ab")


def fields(text: str | bytes) -> tuple[dict[str, object], dict[str, object]]:
    value = load(text)
    assert isinstance(value, dict)
    return SHAPE.split(value, "manifests[3]")


# --- reading ----------------------------------------------------------------------------------------------

GOOD: dict[str, tuple[str | bytes, object]] = {
    "blanks": (' \t\r\n{ "a" : [ 1 , 2 ] } \n', {"a": [1, 2]}),
    "scalars": ("[null, true, false, 0, -0, 1.5e3]", [None, True, False, 0, 0, 1500.0]),
    "escapes": (r'"\u0041\n\/\\\"\b\f\r\t"', 'A\n/\\"\b\f\r\t'),
    "surrogate-pair": (r'"\ud83d\ude00"', "😀"),
    "high-half-alone": (r'"a\ud83db"', "a\ufffdb"),
    "low-half-alone": (r'"\ude00"', "\ufffd"),
    "halves-swapped": (r'"\ude00\ud83d"', "\ufffd\ufffd"),
    "half-in-a-key": (r'{"\ud800": [{"\udfff": 1}]}', {"\ufffd": [{"\ufffd": 1}]}),
    "half-before-escape": (r'"\ud800\n"', "\ufffd\n"),
    "invalid-utf8": (b'"a\xff\xfeb"', "a\ufffd\ufffdb"),
    "utf8-cut": (b'"\xe4\xb8"', "\ufffd\ufffd"),
    "utf8-surrogate": (b'"\xed\xa0\x80"', "\ufffd\ufffd\ufffd"),
    "utf8-overlong": (b'"\xc0\xaf"', "\ufffd\ufffd"),
    "utf8-too-high": (b'"\xf4\x90\x80\x80"', "\ufffd" * 4),
    "delete-raw": ('"\x7f\u2028"', "\x7f\u2028"),
}


@pytest.mark.parametrize(("text", "value"), GOOD.values(), ids=list(GOOD))
def test_what_go_reads(text: str | bytes, value: object) -> None:
    assert load(text) == value


BAD: dict[str, str | bytes] = {
    "empty": "",
    "blank": "  \n",
    "cut": '{"a": ',
    "two-values": "{} {}",
    "junk-after": "{} x",
    "nul-after": b"{}\0",
    "comma-after": "[1,]",
    "comma-in-object": '{"a":1,}',
    "single-quotes": "{'a': 1}",
    "bare-key": "{a: 1}",
    "number-key": "{1: 1}",
    "nan": "NaN",
    "inf": "[Infinity]",
    "minus-inf": '{"a": -Infinity}',
    "plus": "[+1]",
    "leading-zero": "[01]",
    "dot-first": "[.5]",
    "dot-last": "[5.]",
    "hex": "[0x10]",
    "comment": "{} // no",
    "newline-in-string": '"a\nb"',
    "control-in-string": '"a\x01b"',
    "bad-escape": r'"\x41"',
    "short-escape": r'"\u12"',
    "bom": b"\xef\xbb\xbf{}",
    "utf-16": "{}".encode("utf-16"),
    "true-upper": "True",
    "deep-list": "[" * 100_000,
    "deep-object": '{"a":' * 100_000,
    "deep-and-closed": "[" * 50_000 + "]" * 50_000,
    "non-breaking-blank": "\xa0{}",
}


@pytest.mark.parametrize("text", BAD.values(), ids=list(BAD))
def test_what_go_refuses(text: str | bytes) -> None:
    with pytest.raises(MalformedDocument) as caught:
        load(text)
    error = caught.value
    assert "sha256:ab" in str(error) and error.digest == "sha256:ab"
    assert error.hint and error.exit_code == 4


def test_huge_numbers_cost_nothing_and_are_no_integers() -> None:
    digits = "9" * 3_000_000
    for text in (digits, f"-{digits}", f"[{digits}]", f'{{"a": {digits}}}'):
        load(text)
    value = load("9" * 5000)
    assert isinstance(value, float) and math.isinf(value)
    assert load(str(2**63 - 1)) == 2**63 - 1
    assert load("1e400") == math.inf


@given(st.binary(max_size=200))
def test_arbitrary_bytes_are_a_value_or_a_malformed_document(data: bytes) -> None:
    try:
        gojson.loads(data, name="x")
    except MalformedDocument as error:
        assert str(error).startswith("x is not JSON")


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(JSON_VALUES)
def test_what_is_written_is_read_again(value: object) -> None:
    data = gojson.dumps(value)
    assert gojson.loads(data, name="x") == value == json.loads(data)
    assert data.decode() == gojson.dumps(value).decode()


@given(JSON_VALUES, st.booleans())
def test_other_writers_are_understood(value: object, ascii_only: bool) -> None:
    data = json.dumps(value, ensure_ascii=ascii_only, indent=3).encode("utf-8", "surrogatepass")
    assert gojson.loads(data, name="x") == value


# --- fields -----------------------------------------------------------------------------------------------

NOT_FOLDED: dict[str, object] = {"ſ": 1, "os.versıon": 2, "media_type": 3}
KEYS: dict[str, tuple[str | bytes, dict[str, object], dict[str, object]]] = {
    "exact": ('{"mediaType":"a","size":1}', {"mediaType": "a", "size": 1}, {}),
    "any-case": ('{"MEDIATYPE":"a","SiZe":1}', {"mediaType": "a", "size": 1}, {}),
    "long-s": ('{"\u017fize":1}', {"size": 1}, {}),
    "with-a-dot": ('{"OS.Version":"10"}', {"os.version": "10"}, {}),
    "no-folding-beyond": (
        '{"ſ":1,"ıs.version":2,"media_type":3}',
        {},
        {"ſ": 1, "ıs.version": 2, "media_type": 3},
    ),
    "unknown-kept": ('{"x":{"size":1},"size":2}', {"size": 2}, {"x": {"size": 1}}),
    "last-scalar": ('{"size":1,"size":2}', {"size": 2}, {}),
    "last-scalar-any-case": ('{"size":1,"SIZE":2}', {"size": 2}, {}),
    "last-scalar-other-order": ('{"SIZE":2,"size":1}', {"size": 1}, {}),
    "three-times": ('{"size":1,"SIZE":2,"size":3}', {"size": 3}, {}),
    "null-is-absent": ('{"size":null,"urls":null}', {}, {}),
    "null-after-scalar-keeps-it": ('{"size":1,"size":null}', {"size": 1}, {}),
    "null-after-list-clears-it": ('{"urls":["a"],"urls":null}', {}, {}),
    "null-after-object-clears-it": ('{"annotations":{"a":"b"},"Annotations":null}', {}, {}),
    "null-before": ('{"urls":null,"urls":["a"]}', {"urls": ["a"]}, {}),
    "list-null-list": ('{"urls":["a"],"urls":null,"urls":["b"]}', {"urls": ["b"]}, {}),
    "unknown-twice": ('{"x":1,"x":[2]}', {}, {"x": [2]}),
    "unknown-null": ('{"x":null}', {}, {"x": None}),
    "wrong-type-is-passed-on": ('{"size":"a"}', {"size": "a"}, {}),
}


@pytest.mark.parametrize(("text", "known", "other"), KEYS.values(), ids=list(KEYS))
def test_which_fields_keys_mean(
    text: str | bytes, known: dict[str, object], other: dict[str, object]
) -> None:
    assert fields(text) == (known, other)


def test_the_kelvin_sign_folds_to_k() -> None:
    assert Shape("links").spelling("LIN\u212as") == "links"
    assert Shape("links").spelling("lınks") is None


@pytest.mark.parametrize(
    "text",
    [
        '{"urls":["a"],"urls":["b"]}',
        '{"urls":[],"URLS":[]}',
        '{"annotations":{"a":"1"},"annotations":{"b":"2"}}',
        '{"annotations":{},"size":1,"ANNOTATIONS":{}}',
        '{"size":1,"size":{}}',
        '{"size":[],"size":1}',
    ],
)
def test_a_second_object_or_list_is_refused(text: str) -> None:
    """Go merges them; two readers could understand such a document differently."""
    with pytest.raises(MalformedDocument) as caught:
        fields(text)
    assert caught.value.where == "manifests[3]"
    assert "manifests[3]" in str(caught.value) and "twice" in str(caught.value) and caught.value.hint


# --- writing ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ({"b": 1, "a": [True, None, "x"]}, b'{"b":1,"a":[true,null,"x"]}'),
        ({}, b"{}"),
        ([], b"[]"),
        ("<a>&b", rb'"\u003ca\u003e\u0026b"'),
        ("\u2028\u2029", rb'"\u2028\u2029"'),
        ("é😀\x7f", '"é😀\x7f"'.encode()),
        ('"\\/', rb'"\"\\/"'),
        ("\n\r\t", rb'"\n\r\t"'),
        ("\x00\x01\x1f", rb'"\u0000\u0001\u001f"'),
        ({"<k>": 1}, rb'{"\u003ck\u003e":1}'),
        (2**63 - 1, b"9223372036854775807"),
    ],
    ids=lambda value: ascii(value)[:30],
)
def test_what_go_writes(value: object, written: bytes) -> None:
    assert gojson.dumps(value) == written


def test_backspace_and_form_feed() -> None:
    """Go since 1.22 writes them short, as everybody does; the exporter of 2018 wrote \\u0008."""
    assert gojson.dumps("\b\f") in (rb'"\b\f"', rb'"\u0008\u000c"')


@given(st.text())
def test_written_text_has_no_raw_mark_up(text: str) -> None:
    data = gojson.dumps(text)
    assert not set(data) & set(b"<>&")
    assert "\u2028" not in data.decode() and "\u2029" not in data.decode()
    assert all(byte >= 0x20 for byte in data)
