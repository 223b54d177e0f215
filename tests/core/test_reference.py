"""Image names against the tables of Go's libraries, and what must hold for any text."""

from __future__ import annotations

import contextlib
import json
import re
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from exporter_core import reference
from exporter_core.errors import InvalidReference
from exporter_core.reference import (
    Reference,
    containerd_parse,
    familiar,
    match,
    oci_reference_name,
    parse,
    parse_any,
    parse_docker_ref,
    parse_normalized,
)

GOLDEN = json.loads((Path(__file__).parents[1] / "data/golden/references.json").read_text("utf-8"))
PARSERS: dict[str, Callable[[str], Reference]] = {
    "Parse": parse,
    "ParseAnyReference": parse_any,
    "ParseDockerRef": parse_docker_ref,
    "ParseNormalizedNamed": parse_normalized,
}
A_DIGEST = "sha256:" + "7cc4b5aefd1d0cad" * 4


def table(name: str) -> Any:
    """The cases of one of Go's tables, each with an id that shows its input."""
    found = GOLDEN["tables"][name]["cases"]
    return [pytest.param(case, id=f"{n}-{json.dumps(case)[:60]}") for n, case in enumerate(found)]


def executed() -> Any:
    return [pytest.param(case, id=f"{n}-{case['input'][:60]}") for n, case in enumerate(GOLDEN["executed"])]


# What the real libraries answered


@pytest.mark.parametrize("parser", PARSERS)
@pytest.mark.parametrize("case", executed())
def test_parses_as_go_does(case: dict[str, Any], parser: str) -> None:
    expected = case[parser]
    if "error" in expected:
        with pytest.raises(InvalidReference) as caught:
            PARSERS[parser](case["input"])
        assert caught.value.hint == reference.NAME_HINT
        return
    found = PARSERS[parser](case["input"])
    shown: dict[str, Any] = {"string": str(found)}
    if found.name:
        shown |= {"domain": found.domain, "path": found.path, "name": found.name}
        shown |= {"familiarName": found.familiar().name, "familiarString": str(found.familiar())}
        shown |= {"tagNameOnly": str(found.with_default_tag()), "isNameOnly": found.is_name_only}
    shown |= {"tag": found.tag} if found.tag is not None else {}
    shown |= {"digest": found.digest} if found.digest is not None else {}
    assert shown == expected


@pytest.mark.parametrize("case", executed())
def test_splits_as_containerd_does(case: dict[str, Any]) -> None:
    expected = case["containerdSpec"]
    if "error" in expected:
        with pytest.raises(InvalidReference) as caught:
            containerd_parse(case["input"])
        assert ("no host" in str(caught.value)) is expected["hostnameRequired"]
        assert oci_reference_name(case["input"]) == case["input"]
        return
    found = containerd_parse(case["input"])
    assert {
        "locator": found.locator,
        "object": found.object,
        "hostname": found.hostname,
        "digest": found.digest,
        "string": str(found),
    } == expected


# Go's tables


@pytest.mark.parametrize("text", table("TestValidateReferenceName.validRepoNames"))
def test_valid_names(text: str) -> None:
    assert parse_normalized(text).name


@pytest.mark.parametrize("text", table("TestValidateReferenceName.invalidRepoNames"))
def test_invalid_names(text: str) -> None:
    with pytest.raises(InvalidReference):
        parse_normalized(text)


@pytest.mark.parametrize("text", table("TestValidateRemoteName.validRepositoryNames"))
def test_valid_paths(text: str) -> None:
    found = parse_normalized(text)
    assert found.path == (text if "/" in text else f"library/{text}")


@pytest.mark.parametrize("text", table("TestValidateRemoteName.invalidRepositoryNames"))
def test_invalid_paths(text: str) -> None:
    with pytest.raises(InvalidReference):
        parse_normalized(text)


@pytest.mark.parametrize("case", table("TestParseRepositoryInfo"))
def test_every_spelling_is_the_same_name(case: dict[str, Any]) -> None:
    for spelling in filter(None, (case["FamiliarName"], case["FullName"], case["AmbiguousName"])):
        found = parse_normalized(spelling)
        assert (found.familiar().name, found.name) == (case["FamiliarName"], case["FullName"])
        assert (found.domain, found.path) == (case["Domain"], case["RemoteName"])


@pytest.mark.parametrize("case", table("TestParseAnyReference"))
def test_any_reference(case: dict[str, Any]) -> None:
    assert str(parse_any(case["Reference"])) == case["Equivalent"]


@pytest.mark.parametrize("case", table("TestNormalizedSplitHostname"))
def test_split_of_a_short_name(case: dict[str, Any]) -> None:
    found = parse_normalized(case["input"])
    assert (found.domain, found.path) == (case["domain"], case["path"])


@pytest.mark.parametrize("case", table("TestMatch"))
def test_match_table(case: dict[str, Any]) -> None:
    assert match(case["pattern"], parse_any(case["reference"])) is case["expected"]


@pytest.mark.parametrize("case", table("TestParseDockerRef"))
def test_docker_ref(case: dict[str, Any]) -> None:
    assert str(parse_docker_ref(case["input"])) == case["expected"]


@pytest.mark.parametrize("case", table("TestReferenceParse"))
def test_reference_parse(case: dict[str, Any]) -> None:
    # Go's test binary lacks sha512, the programs have it (the notes of the golden data).
    if "err" in case and "@sha512:" not in case["input"]:
        with pytest.raises(InvalidReference):
            parse(case["input"])
        return
    found = parse(case["input"])
    assert (found.tag, found.domain) == (case.get("tag"), case.get("domain", ""))
    if "err" not in case:
        assert (found.name, found.digest) == (case["repository"], case.get("digest"))


@pytest.mark.parametrize("case", table("TestWithNameFailure"))
def test_is_no_bare_name(case: dict[str, Any]) -> None:
    with contextlib.suppress(InvalidReference):
        assert not parse(case["input"]).is_name_only


@pytest.mark.parametrize("case", table("TestDomainAndPath"))
def test_domain_and_path(case: dict[str, Any]) -> None:
    found = parse(case["input"])
    assert (found.domain, found.path) == (case["domain"], case["path"])


@pytest.mark.parametrize("case", table("TestSerialization"))
def test_text_and_back(case: dict[str, Any]) -> None:
    if "err" in case:
        with pytest.raises(InvalidReference):
            parse(case.get("input", ""))
        return
    found = parse(case["input"])
    assert (found.name, found.tag, found.digest) == (case["name"], case.get("tag"), case.get("digest"))
    assert str(found) == case["input"]


@pytest.mark.parametrize("case", table("TestWithTag") + table("TestWithDigest"))
def test_names_with_tag_and_digest(case: dict[str, Any]) -> None:
    found = replace(parse(case["name"]), tag=case.get("tag"), digest=case.get("digest"))
    assert str(found) == case["combined"]


@pytest.mark.parametrize("case", table("TestParseNamed"))
def test_canonical_names(case: dict[str, Any]) -> None:
    found = parse_normalized(case["input"])
    assert (str(found) != case["input"]) is ("err" in case)
    if "err" not in case:
        assert (found.domain, found.path) == (case["domain"], case["path"])


@pytest.mark.parametrize("case", table("TestDomainRegexp"))
def test_domain_grammar(case: dict[str, Any]) -> None:
    assert bool(re.fullmatch(reference._DOMAIN, case["input"])) is case["match"]


@pytest.mark.parametrize("case", table("TestFullNameRegexp"))
def test_name_grammar(case: dict[str, Any]) -> None:
    found = re.fullmatch(f"(?:({reference._DOMAIN})/)?({reference._PATH})", case["input"])
    assert bool(found) is case["match"]
    if found and "subs" in case:
        assert list(found.groups("")) == case["subs"]


@pytest.mark.parametrize("case", table("TestReferenceRegexp"))
def test_reference_grammar(case: dict[str, Any]) -> None:
    found = reference._grammar().fullmatch(case["input"])
    assert bool(found) is case["match"]
    if found:
        domain, path, *rest = found.groups("")
        assert [Reference(domain, path).name, *rest] == case["subs"]


@pytest.mark.parametrize("case", table("TestIdentifierRegexp"))
def test_identifier_grammar(case: dict[str, Any]) -> None:
    assert bool(re.fullmatch(reference._IDENTIFIER, case["input"])) is case["match"]


@pytest.mark.parametrize("case", table("containerd.TestReferenceParser"))
def test_containerd_table(case: dict[str, Any]) -> None:
    if "Err" in case:
        with pytest.raises(InvalidReference):
            containerd_parse(case["Input"])
        return
    found = containerd_parse(case["Input"])
    assert {"Locator": found.locator, "Object": found.object} == case["Expected"]
    assert (found.hostname, found.digest) == (case["Hostname"], case.get("Digest", ""))
    assert str(found) == case.get("Normalized", case["Input"])


def test_every_table_is_tested() -> None:
    source = Path(__file__).read_text("utf-8")
    assert [name for name in GOLDEN["tables"] if f'table("{name}")' not in source] == []


# What the exporter writes


@pytest.mark.parametrize(
    ("name", "shown", "ref_name"),
    [
        ("docker.io/library/alpine:3.20", "alpine:3.20", "3.20"),
        ("docker.io/library/alpine", "alpine:latest", "docker.io/library/alpine"),
        ("ghcr.io/owner/image:1", "ghcr.io/owner/image:1", "1"),
        (f"docker.io/a/b:1@{A_DIGEST}", f"a/b:1@{A_DIGEST}", f"1@{A_DIGEST}"),
        (f"docker.io/a/b@{A_DIGEST}", f"a/b@{A_DIGEST}", f"docker.io/a/b@{A_DIGEST}"),
        ("alpine:3.20", "alpine:3.20", "alpine:3.20"),
        ("docker.io/library/a/b", "library/a/b:latest", "docker.io/library/a/b"),
        ("localhost:5000/a:1", "localhost:5000/a:1", "1"),
    ],
)
def test_names_in_an_archive(name: str, shown: str, ref_name: str) -> None:
    assert (familiar(name), oci_reference_name(name)) == (shown, ref_name)


@pytest.mark.parametrize(
    ("text", "locator", "said"),
    [
        ("docker.io/a%20b:1", "docker.io/a b", "1"),
        ("docker.io/%ff:1", "docker.io/\ufffd", "1"),
        ("docker.io//a/../b:1", "docker.io/b", "1"),
        ("user:pass@docker.io/a", "docker.io/a", ""),
        ("docker.io/a:", "docker.io/a", ""),
        ("docker.io/a:1#frag", "docker.io/a", "1"),
        ("docker.io:/a", "docker.io:/a", ""),
        ("[fe80::1%25eth0]:80/a:1", "[fe80::1%eth0]:80/a", "1"),
        ("b%C3%BCcher.example/a", "bücher.example/a", ""),
    ],
)
def test_containerd_reads_names_as_urls(text: str, locator: str, said: str) -> None:
    found = containerd_parse(text)
    assert (found.locator, found.object) == (locator, said)


@pytest.mark.parametrize(
    "text",
    [
        "docker.io/a%2",
        "docker.io/a#%zz",
        "docker.io/a\x7f",
        "a%41/b",
        "a%2fb/c",
        "[::1/a",
        "[]/a",
        "[127.0.0.1]/a",
        "[::1%25]/a",
        "x[::1]/a",
        "us er@docker.io/a",
        "us%zzer@docker.io/a",
        "docker.io:8o/a",
    ],
)
def test_containerd_refuses(text: str) -> None:
    with pytest.raises(InvalidReference):
        containerd_parse(text)


def test_an_error_says_why() -> None:
    for text, reason in [
        ("", "empty"),
        ("docker.io/Foo", "lower case"),
        ("a b", "[:tag]"),
        ("f" * 64, "64 hexadecimal digits"),
        (f"a@sha256:{'f' * 63}", "digest"),
        ("a/" + "b" * 256, "255"),
        ("é" * 10_000, "…"),
    ]:
        with pytest.raises(InvalidReference, match=re.escape(reason)) as caught:
            parse_normalized(text) if text.startswith("f") else parse(text)
        assert len(str(caught.value)) < 400


# Patterns


@pytest.mark.parametrize(
    ("pattern", "name", "expected"),
    [
        ("*", "alpine", True),
        ("*", "a/b", False),
        ("*/*", "a/b", True),
        ("al*:3.*", "alpine:3.20", True),
        ("alpine", "alpine:3.20", True),
        ("alpine:*", "alpine", False),
        ("*in*", "alpine", True),
        ("*x*", "alpine", False),
        ("alp?ne", "alpine", True),
        ("a?b", "a/b", False),
        ("a[/]b", "a/b", True),
        ("[^b-z]lpine", "alpine", True),
        ("[b-z]lpine", "alpine", False),
        ("[z-b]lpine", "alpine", False),
        ("[^z-b]lpine", "alpine", True),
        (r"alpine:3\.20", "alpine:3.20", True),
        (r"alpine[\:]3*", "alpine:3.20", True),
        ("alpine]", "alpine", False),
        ("*/[x]*", "a/x", True),
        ("*[/a]*b", "a/b", False),  # the first star stops where it first can, as Go's does
    ],
)
def test_patterns(pattern: str, name: str, expected: bool) -> None:
    assert match(pattern, parse(name)) is expected


@pytest.mark.parametrize("pattern", ["[", "[]", "[]a]", "[^]", "[a", "[-a]", "[a-]", "[a-b-c]", "a\\", "[\\"])
def test_refuses_a_malformed_pattern(pattern: str) -> None:
    with pytest.raises(InvalidReference, match="pattern"):
        match(pattern, parse("alpine"))


def test_a_digest_is_matched_as_a_whole() -> None:
    assert match("sha256:*", parse_any(A_DIGEST))
    assert not match("", parse_any(A_DIGEST))


# For any text

TEXTS = st.sampled_from([case["input"] for case in GOLDEN["executed"]]) | st.text(
    st.sampled_from("aab0A.-_/:@[]%"), max_size=12
)


@given(TEXTS)
@example(f"localhost/a:1@{A_DIGEST}")
def test_text_and_back_for_any_name(text: str) -> None:
    for parser in PARSERS.values():
        try:
            found = parser(text)
        except InvalidReference:
            continue
        assert parser(str(found)) == found
        assert str(found).endswith(str(found.familiar()))
        assert not found.domain or str(containerd_parse(str(found))) == str(found)


@given(st.text() | TEXTS)
def test_any_text_is_a_reference_or_an_invalid_reference(text: str) -> None:
    for parser in (*PARSERS.values(), containerd_parse, familiar):
        try:
            assert str(parser(text))
        except InvalidReference as error:
            assert error.hint
    assert oci_reference_name(text) or not text


@given(st.text(st.sampled_from("ab/*?[]^-\\:"), max_size=12))
def test_any_pattern_matches_or_is_refused(pattern: str) -> None:
    try:
        assert match(pattern, parse("a/b:a")) in (True, False)
    except InvalidReference as error:
        assert error.hint


@pytest.mark.parametrize(
    "text", ["a" * 50_000, "a-" * 25_000, "a." * 25_000, "a/" * 25_000, "a__" * 16_000, "[" * 50_000]
)
def test_long_text_takes_no_long_time(text: str) -> None:
    began = time.perf_counter()
    for parser in (*PARSERS.values(), containerd_parse):
        with contextlib.suppress(InvalidReference):
            parser(text)
    assert time.perf_counter() - began < 2
