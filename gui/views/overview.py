"""The overview as a page of text: facts in two columns, secrets masked until asked for."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from PySide6.QtCore import QEvent, QUrl
from PySide6.QtGui import QTextOption
from PySide6.QtWidgets import QFrame, QTextBrowser, QWidget

from exporter_core import ShipglassError
from gui.models.overview import Details, Fact, Section
from gui.text import plural, tr
from gui.theme import Tokens, fixed_font, tokens

_PROBLEMS_MOST = 30
_SYMBOLS = {"ok": "●", "warn": "◐", "bad": "✕"}


class OverviewView(QTextBrowser):
    """Shows Details. Links: ``copy:n`` (a digest), ``go:n`` (a node), ``reveal:NAME`` (a secret)."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(tr("Overview"))
        self.setOpenLinks(False)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.setAcceptDrops(False)
        self.document().setDocumentMargin(14)
        self._details: Details | None = None
        self._revealed: set[str] = set()
        self._values: list[str] = []

    def show_details(self, details: Details) -> None:
        """Show this node, every secret masked."""
        self._details = details
        self._revealed = set()
        self._render()

    def follow(self, url: QUrl) -> tuple[str, str]:
        """Do what the link says; gives ("copy" or "go", the text it is about), else ("", "")."""
        kind, _, rest = url.toString().partition(":")
        if kind in ("copy", "go"):
            return kind, self._values[int(rest)]
        if kind == "reveal":
            self._revealed ^= {rest}
            self._render()
        return "", ""

    def loadResource(self, kind: int, name: QUrl | str) -> object:
        """Nothing is ever loaded: the texts come from strangers."""
        return None

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.FontChange) and self._details:
            self._render()

    def _render(self) -> None:
        if self._details is None:
            return
        place = self.verticalScrollBar().value()
        self._values = []
        self.setHtml("".join(self._page(self._details)))
        self.verticalScrollBar().setValue(place)

    def _page(self, details: Details) -> Iterator[str]:
        colours = tokens()
        mono = fixed_font().family()
        yield (
            f"<style>.m{{color:{colours.muted}}} .c{{font-family:'{mono}'}} a{{color:{colours.accent};"
            f"text-decoration:none}} h2{{font-size:large;margin:0}} "
            f"h3{{color:{colours.muted};font-size:small;font-weight:600;margin:14px 0 2px 0}} "
            f".ok{{color:{colours.ok}}} .warn{{color:{colours.warn}}} .bad{{color:{colours.bad}}}</style>"
        )
        yield f"<h2>{escape(details.title)}</h2><div class='m'>{escape(details.subtitle)}</div>"
        yield from _problems(details.problems, colours)
        for section in details.sections:
            yield from self._section(section)

    def _section(self, section: Section) -> Iterator[str]:
        if section.title:
            yield f"<h3>{escape(section.title.upper())}</h3>"
        else:
            yield "<div style='font-size:6px'>&nbsp;</div>"
        if section.long_labels:
            for fact in section.facts:
                yield f"<div class='m' style='margin-top:5px'>{escape(fact.label)}</div>"
                yield f"<div>{self._value(fact)}</div>"
            return
        yield "<table cellspacing='0' cellpadding='2' width='100%'>"
        for fact in section.facts:
            label = f"<td class='m' style='padding-right:12px;white-space:nowrap'>{escape(fact.label)}</td>"
            yield f"<tr>{label}<td>{self._value(fact)}</td></tr>"
        yield "</table>"

    def _value(self, fact: Fact) -> str:
        text = escape(fact.value).replace("\n", "<br>")
        if fact.kind == "digest":
            self._values.append(fact.value)
            return f"<span class='c'>{text}</span> <a href='copy:{len(self._values) - 1}'>{tr('Copy')}</a>"
        if fact.kind == "node":
            self._values.append(fact.target)
            return f"{text} <a href='go:{len(self._values) - 1}'>{tr('Show')}</a>"
        if fact.kind == "secret":
            open_ = fact.label in self._revealed
            shown, word = (text, tr("Hide")) if open_ else ("••••••••", tr("Reveal"))
            return f"<span class='c'>{shown}</span> <a href='reveal:{escape(fact.label)}'>{word}</a>"
        if fact.kind == "code":
            return f"<span class='c'>{text}</span>"
        if fact.kind in _SYMBOLS:
            return f"<span class='{fact.kind}'>{_SYMBOLS[fact.kind]} {text}</span>"
        return text


def _problems(problems: tuple[ShipglassError, ...], colours: Tokens) -> Iterator[str]:
    """What is missing and why, before everything else."""
    if not problems:
        return
    title = plural(len(problems), "{n} problem", "{n} problems")
    yield (
        f"<table width='100%' cellpadding='8' style='margin-top:10px' bgcolor='{colours.bad_fill}'><tr><td>"
        f"<b class='bad'>✕ {escape(title)}</b>"
    )
    for problem in problems[:_PROBLEMS_MOST]:
        yield f"<p style='margin:6px 0 0 0'>{escape(str(problem))}</p>"
        if problem.hint:
            yield f"<p class='m' style='margin:0'>{escape(problem.hint)}</p>"
    if len(problems) > _PROBLEMS_MOST:
        more = plural(len(problems) - _PROBLEMS_MOST, "… and {n} more", "… and {n} more")
        yield f"<p>{escape(more)}</p>"
    yield "</td></tr></table>"
