"""Platforms against the tables of Go's library, and what must hold for any platform."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter_core.errors import PlatformError
from exporter_core.platforms import (
    ALL,
    Matcher,
    Platform,
    any_of,
    best,
    host_platform,
    new_matcher,
    normalise,
    only,
    only_os,
    only_strict,
    order,
    ordered,
    parse,
    parse_v1,
    v1_matcher,
)
from exporter_core.platforms.values import arm_variant, describe_host

GOLDEN = json.loads((Path(__file__).parents[1] / "data/golden/platforms.json").read_text("utf-8"))
TABLES, EXECUTED = GOLDEN["tables"], GOLDEN["executed"]
HOST = Platform("amd64", "linux")  # where the golden answers were given
MATCHERS: dict[str, Callable[..., Matcher]] = {
    "NewMatcher": new_matcher,
    "Only": only,
    "OnlyStrict": only_strict,
    "OnlyOS": only_os,
    "Ordered": ordered,
    "Any": any_of,
}


def platform(document: dict[str, Any]) -> Platform:
    return Platform(
        document["architecture"],
        document["os"],
        document.get("variant", ""),
        document.get("os.version", ""),
        tuple(document.get("os.features", ())),
    )


def read(text: str) -> Platform:
    return parse(text, host=HOST)


def matcher(kind: str, *texts: str) -> Matcher:
    return MATCHERS[kind](*map(read, texts), host=HOST)


def cases(table: list[Any], *keys: str) -> Any:
    """One parameter for each case, named after the given keys and its place."""
    names = ["-".join(json.dumps(case[key]) for key in keys) for case in table]
    return [
        pytest.param(case, id=f"{n}-{name}") for n, (case, name) in enumerate(zip(table, names, strict=True))
    ]


# Text


@pytest.mark.parametrize("case", cases(EXECUTED["parse"], "input"))
def test_parses_as_go_does(case: dict[str, Any]) -> None:
    if not case["ok"]:
        with pytest.raises(PlatformError) as caught:
            read(case["input"])
        assert "linux/amd64" in caught.value.hint
        return
    found = read(case["input"])
    assert found == platform(case["platform"])
    assert (found.format(), str(found)) == (case["format"], case["formatAll"])
    assert normalise(found, host=HOST) == platform(case["normalized"])


@pytest.mark.parametrize("case", cases(TABLES["parse"], "input"))
def test_parse_table(case: dict[str, Any]) -> None:
    if case["skip"]:  # Go skips them: it refuses wildcards
        with pytest.raises(PlatformError):
            read(case["input"])
        return
    found = read(case["input"])
    assert found == platform(case["expected"])
    assert (found.format() if case["formatter"] == "Format" else str(found)) == case["formatted"]
    assert normalise(read(str(found))) == normalise(found)
    for candidate in case["matches"]:
        assert new_matcher(found, host=HOST).matches(platform(candidate)), candidate


@pytest.mark.parametrize("case", cases(TABLES["parseInvalid"], "input"))
def test_refuses(case: dict[str, Any]) -> None:
    with pytest.raises(PlatformError):
        read(case["input"])


@pytest.mark.parametrize("case", cases(TABLES["formatAll"], "formatAll"))
def test_format_table(case: dict[str, Any]) -> None:
    assert str(platform(case["platform"])) == case["formatAll"]


@pytest.mark.parametrize("case", cases(EXECUTED["format"], "platform"))
def test_formats_and_normalises_as_go_does(case: dict[str, Any]) -> None:
    raw = platform(case["platform"])
    assert (raw.format(), str(raw)) == (case["format"], case["formatAll"])
    assert normalise(raw, host=HOST) == platform(case["normalized"])


def test_missing_words_come_from_the_host() -> None:
    pi = Platform("arm", "linux", "v6")
    assert parse("linux", host=pi) == pi
    assert parse("windows", host=Platform("arm", "linux", "v7")) == Platform("arm", "windows")
    assert parse("arm64", host=Platform("amd64", "freebsd")) == Platform("arm64", "freebsd")
    assert normalise(Platform("amd64"), host=Platform("arm64", "freebsd")).os == "freebsd"
    assert parse("linux").architecture == host_platform().architecture


# Matching


@pytest.mark.parametrize("case", cases(TABLES["match"], "matcher", "platform"))
def test_match_table(case: dict[str, Any]) -> None:
    chosen = matcher(case["matcher"], case["platform"])
    assert [text for text in case["match"] if not chosen.matches(read(text))] == []
    assert [text for text in case["noMatch"] if chosen.matches(read(text))] == []


@pytest.mark.parametrize("case", cases(TABLES["order"], "platform", "platforms"))
def test_order_table(case: dict[str, Any]) -> None:
    for kind in case["matchers"]:
        assert order(matcher(kind, case["platform"]), case["platforms"], read) == case["expected"]


@pytest.mark.parametrize("asked", EXECUTED["matrix"]["Only"])
@pytest.mark.parametrize("kind", EXECUTED["matrix"])
def test_matches_and_sorts_as_go_does(kind: str, asked: str) -> None:
    expected, chosen = EXECUTED["matrix"][kind][asked], matcher(kind, asked)
    found = [text for text in EXECUTED["matrix"][kind] if chosen.matches(read(text))]
    assert found == expected["matches"]
    if "matchesInStableSortedOrder" in expected:
        assert order(chosen, found, read) == expected["matchesInStableSortedOrder"]


@pytest.mark.parametrize("case", cases(EXECUTED["sets"], "matcher", "set"))
def test_matches_sets_as_go_does(case: dict[str, Any]) -> None:
    chosen = matcher(case["matcher"], *case["set"])
    found = [text for text in EXECUTED["matrix"]["Only"] if chosen.matches(read(text))]
    assert order(chosen, found, read) == case["matchesInStableSortedOrder"]


def test_the_best_is_what_containerd_takes() -> None:
    index = [None, Platform("386", "linux"), Platform("arm64", "linux"), Platform("amd64", "linux")]
    assert best(only(HOST, host=HOST), index) == HOST
    assert best(only(Platform("s390x", "linux"), host=HOST), index) is None
    assert best(ALL, [("first", HOST), ("second", HOST)], lambda item: item[1]) == ("first", HOST)
    assert best(ALL, []) is None


def test_an_entry_without_platform_comes_last() -> None:
    assert order(ALL, [None, HOST, None, Platform("arm", "linux")]) == [
        HOST,
        Platform("arm", "linux"),
        None,
        None,
    ]


def test_a_variant_too_high_to_exist_lists_nothing_below_it() -> None:
    huge = only(Platform("amd64", "linux", "v999999999"), host=HOST)
    assert huge.matches(Platform("386", "linux"))
    assert not huge.matches(Platform("amd64", "linux", "v2"))


# Windows


@pytest.mark.parametrize("case", cases(TABLES["windowsHostMatch"], "host", "image"))
def test_windows_host_table(case: dict[str, Any]) -> None:
    chosen = only(platform(case["host"]), host=platform(case["host"]))
    assert chosen.matches(platform(case["image"])) is case["match"]


@pytest.mark.parametrize("case", cases(TABLES["windowsBuildCompat"], "hostBuild", "containerBuild"))
def test_windows_build_table(case: dict[str, Any]) -> None:
    machine, container = (
        Platform("amd64", "windows", "", f"10.0.{case[key]}") for key in ("hostBuild", "containerBuild")
    )
    assert new_matcher(machine, host=HOST).matches(container) is case["compatible"]


def test_windows_less_table() -> None:
    machine = Platform("amd64", "windows", "", "10.0.17763.1")
    given_order = [platform(p) for p in TABLES["windowsLess"]["platforms"]]
    expected = [platform(p) for p in TABLES["windowsLess"]["expected"]]
    assert order(new_matcher(machine, host=machine), given_order) == expected


@pytest.mark.parametrize("case", cases(TABLES["windowsOrder"], "name"))
def test_windows_order_table(case: dict[str, Any]) -> None:
    machine = platform(case["host"])
    assert order(new_matcher(machine, host=machine), map(platform, case["platforms"]))[0] == platform(
        case["want"]
    )


@pytest.mark.parametrize("case", cases(TABLES["windowsDefaultMatch"], "test", "image"))
def test_windows_default_table(case: dict[str, Any]) -> None:
    machine = Platform("amd64", "windows", "", "10.0.20348")
    image = machine if case["image"] == "DefaultSpec()" else platform(case["image"])
    if image.os_version.startswith("HOSTMAJOR"):
        image = parse(f"windows({machine.os_version}.{image.os_version[-1]})/amd64")
    asked = machine if case["test"].endswith("WCOW") else HOST
    assert new_matcher(asked, host=machine).matches(image) is case["match"]


def test_win32k_never_keeps_an_image_out() -> None:
    image = Platform("amd64", "windows", "", "10.0.20348", ("gpu", "win32k"))
    assert not new_matcher(read("windows/amd64"), host=HOST).matches(image)
    assert new_matcher(read("windows(+gpu)/amd64"), host=HOST).matches(image)


@pytest.mark.parametrize(
    "version", ["", "10", "10.0", "10.0.x", "256.0.1", "10.0.65536", "10.0.20348x", "9" * 5000]
)
def test_an_odd_windows_version_is_none(version: str) -> None:
    odd = Platform("amd64", "windows", "", version)
    assert new_matcher(odd, host=HOST).matches(read("windows(10.0.17763)/amd64"))
    assert new_matcher(read("windows(10.0.17763)/amd64"), host=HOST).matches(odd) is (version == "")


# The machine


@pytest.mark.parametrize("case", cases(TABLES["armVariantFromArch"], "input"))
def test_arm_variant_table(case: dict[str, Any]) -> None:
    expected = case["output"]
    assert arm_variant(case["input"]) == (f"v{expected}" if expected.isdigit() else expected)


@pytest.mark.parametrize(
    ("system", "machine", "expected"),
    [
        ("Linux", "x86_64", "linux/amd64"),
        ("Linux", "aarch64", "linux/arm64/v8"),
        ("Linux", "armv7l", "linux/arm/v7"),
        ("Linux", "i686", "linux/386"),
        ("Linux", "loongarch64", "linux/loong64"),
        ("Linux", "ppc64le", "linux/ppc64le"),
        ("Darwin", "arm64", "linux/arm64/v8"),
        ("Windows", "AMD64", "windows/amd64"),
        ("Windows", "x86", "windows/386"),
        ("FreeBSD", "amd64", "freebsd/amd64"),
    ],
)
def test_a_machine_in_the_names_of_go(system: str, machine: str, expected: str) -> None:
    assert str(describe_host(system, machine)) == expected


def test_this_machine_runs_its_own_images() -> None:
    assert only_strict(host_platform()).matches(host_platform())


def test_a_windows_machine_says_its_version(monkeypatch: pytest.MonkeyPatch) -> None:
    version = SimpleNamespace(platform_version=(10, 0, 26100))
    monkeypatch.setattr("sys.platform", "win32")
    monkeypatch.setattr("sys.getwindowsversion", lambda: version, raising=False)
    monkeypatch.setattr("platform.system", lambda: "Windows")
    monkeypatch.setattr("platform.machine", lambda: "AMD64")
    assert str(host_platform.__wrapped__()) == "windows(10.0.26100)/amd64"


# The rules of 2018


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("linux", Platform("amd64", "linux")),
        ("macOS", Platform("amd64", "darwin")),
        ("arm64", Platform("arm64", "linux")),
        ("aarch64", Platform("arm64", "linux")),
        ("arm", Platform("arm", "linux")),
        ("armel", Platform("arm", "linux", "v6")),
        ("linux/arm64/v8", Platform("arm64", "linux", "v8")),
        ("linux/aarch64/v8", Platform("arm64", "linux")),
        ("linux/arm64/8", Platform("arm64", "linux", "8")),
        ("Linux/ARM/7", Platform("arm", "linux", "v7")),
        ("linux/armhf", Platform("arm", "linux")),
        ("linux/amd64/v1", Platform("amd64", "linux", "v1")),
        ("linux/i386/x", Platform("386", "linux")),
        ("unknown/unknown", Platform("unknown", "unknown")),
    ],
)
def test_parses_as_in_2018(text: str, expected: Platform) -> None:
    assert parse_v1(text, host=HOST) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "*",
        "linux/*",
        "a/b/c/d",
        "linux/",
        "riscv64",
        "wasm",
        "unknown",
        "linux/arm64/v8.1",
        "linux\n",
        "windows(1)",
    ],
)
def test_refuses_what_2018_did_not_know(text: str) -> None:
    with pytest.raises(PlatformError) as caught:
        parse_v1(text, host=HOST)
    assert "linux/amd64" in caught.value.hint


def test_an_arm_of_2018_must_say_which_it_is() -> None:
    with pytest.raises(PlatformError):
        parse_v1("linux", host=Platform("arm", "linux", "v7"))


@pytest.mark.parametrize(
    ("asked", "candidate", "match"),
    [
        ("linux/amd64", Platform("x86_64", "LINUX"), True),
        ("linux/amd64", Platform("amd64"), True),
        ("linux/amd64", Platform("amd64", "linux", "", "7.1", ("gpu",)), True),
        ("linux/amd64", Platform("386", "linux"), False),
        ("linux/amd64", Platform("amd64", "linux", "v1"), False),
        ("linux/arm64", Platform("aarch64", "linux", "v8"), True),
        ("linux/arm64", Platform("arm64", "linux", "v8"), False),
        ("linux/arm", Platform("arm", "linux", "v7"), False),
        ("linux/arm/v7", Platform("arm", "linux", "7"), True),
        ("linux/arm", Platform("armhf", "linux", "v7"), True),
        ("linux/arm64/8", Platform("arm64", "linux", "8"), True),
    ],
)
def test_matches_as_in_2018(asked: str, candidate: Platform, match: bool) -> None:
    assert v1_matcher(parse_v1(asked, host=HOST), host=HOST).matches(candidate) is match


def test_2018_takes_the_platform_asked_for_as_it_is() -> None:
    assert not v1_matcher(Platform("x86_64", "linux"), host=HOST).matches(Platform("x86_64", "linux"))
    assert v1_matcher(Platform("amd64", "linux", "", "7.1"), host=HOST).matches(HOST)


# For any platform

WORDS = st.text(st.sampled_from("abv0189_-AMRx"), min_size=1, max_size=6)
OPTIONS = st.text(st.sampled_from("ab0.%+()/"), min_size=1, max_size=6)
SPOKEN = st.builds(
    Platform,
    WORDS | st.sampled_from(["amd64", "arm64", "arm", "armhf"]),
    WORDS | st.sampled_from(["linux", "macos", "windows"]),
    st.just("") | WORDS | st.sampled_from(["v1", "v7", "8", "v9.0"]),
    st.just("") | OPTIONS,
    st.lists(OPTIONS, max_size=3).map(tuple),
)
ANY = st.builds(Platform, st.text(), st.text(), st.text(), st.text(), st.lists(st.text()).map(tuple))
SOME = st.sampled_from([None, *map(read, EXECUTED["matrix"]["Only"])])


@given(SPOKEN)
def test_text_says_it_all(p: Platform) -> None:
    assert normalise(read(str(p))) == normalise(p)


@given(ANY)
def test_normal_form_is_final(p: Platform) -> None:
    normal = normalise(p, host=HOST)
    assert normalise(normal, host=HOST) == normal


@given(ANY)
def test_any_platform_can_be_shown(p: Platform) -> None:
    assert str(p)
    assert p.format()


@given(st.text())
def test_any_text_is_a_platform_or_a_platform_error(text: str) -> None:
    for reader in (parse, parse_v1):
        try:
            assert reader(text, host=HOST).os
        except PlatformError as error:
            assert error.hint


@given(st.lists(SOME, max_size=8), st.sampled_from(list(MATCHERS)), SOME)
def test_order_is_a_permutation_with_the_nameless_last(
    items: list[Platform | None], kind: str, asked: Platform | None
) -> None:
    chosen = MATCHERS[kind](asked or HOST, host=HOST)
    result = order(chosen, items)
    assert sorted(map(repr, result)) == sorted(map(repr, items))
    assert result[len(items) - items.count(None) :] == [None] * items.count(None)
