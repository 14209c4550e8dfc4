"""page: a report as one HTML file that needs nothing else, with a picture of who spoke when."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from callcenter.domain.report import Report

Spans = Sequence[tuple[float, float]]
"""From second to second."""

_STYLE = """
:root { color-scheme: light dark; --ink: #1c2330; --paper: #fff; --quiet: #68707e; --rule: #d9dde4;
        --caller: #c2571a; --agent: #1f6fb2; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e9ef; --paper: #14181f; --quiet: #97a0af; --rule: #2c333f;
          --caller: #f0955a; --agent: #6fb3ea; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper);
       max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.3rem; } dl { display: grid; grid-template-columns: 8rem 1fr; gap: .2rem 1rem; }
dt { color: var(--quiet); } dd { margin: 0; } table { border-collapse: collapse; width: 100%; }
td { border-top: 1px solid var(--rule); padding: .25rem .6rem .25rem 0; vertical-align: top; }
td.at { color: var(--quiet); text-align: right; font-variant-numeric: tabular-nums; }
tr.note td { color: var(--quiet); font-size: .85rem; } tr.caller .who { color: var(--caller); }
tr.agent .who { color: var(--agent); } svg { width: 100%; height: 7.5rem; }
svg text { fill: var(--quiet); font-size: 11px; }
.caller-bar { fill: var(--caller); } .agent-bar { fill: var(--agent); }
.line { stroke: var(--rule); }
"""


def page(report: Report, *, caller: Spans = (), agent: Spans = ()) -> str:
    """The whole page; with the spans of a recording the picture shows the real sound."""
    facts = {
        "caller": report.caller,
        "desks": " → ".join(report.departments) or "–",
        "length": f"{report.seconds:.1f} s",
        "turns": f"{report.caller_turns} caller, {report.agent_turns} agent, "
        f"{report.interruptions} interrupted",
        "tools": f"{report.tools_used} used, {report.tools_failed} failed",
        "tickets": "; ".join(report.tickets) or "–",
        "ended": f"{report.disposition or 'still on'} by {report.ended_by or '–'} {report.detail}",
    }
    rows = "".join(
        f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in facts.items()
    )
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width">'
        f"<title>call {escape(report.call)}</title><style>{_STYLE}</style></head><body>"
        f"<h1>Call {escape(report.call)}</h1><dl>{rows}</dl>"
        f"{_picture(report, caller, agent)}<table>{_story(report)}</table></body></html>\n"
    )


def _story(report: Report) -> str:
    return "".join(
        f'<tr class="{_kind(line.who, is_speech=line.is_speech)}">'
        f'<td class="at">{line.at:.1f}</td><td class="who">{escape(line.who)}</td>'
        f"<td>{escape(line.what)}</td></tr>"
        for line in report.lines
    )


def _kind(who: str, *, is_speech: bool) -> str:
    return "note" if not is_speech else "caller" if who == "caller" else "agent"


def _picture(report: Report, caller: Spans, agent: Spans) -> str:
    """Two lanes over time; without a recording, a mark at each sentence."""
    spans = [end for _, end in (*caller, *agent)]
    total = max([report.seconds, *spans, 1.0])
    if not spans:
        said = [(line.who == "caller", line.at) for line in report.lines if line.is_speech]
        width = total / 200
        caller = [(at, at + width) for theirs, at in said if theirs]
        agent = [(at, at + width) for theirs, at in said if not theirs]
    step = next(s for s in (1, 5, 10, 30, 60, 300, 1800, 10**6) if total / s <= 14)
    ticks = "".join(
        f'<line class="line" x1="{x:.1f}" x2="{x:.1f}" y1="8" y2="84"/>'
        f'<text x="{x:.1f}" y="100">{second} s</text>'
        for second in range(0, int(total) + 1, step)
        for x in [60 + 930 * second / total]
    )
    lanes = "".join(_lane(*lane, total) for lane in (("caller", 14, caller), ("agent", 52, agent)))
    return (
        f'<svg viewBox="0 0 1000 105" role="img" aria-label="who spoke when">{ticks}{lanes}</svg>'
    )


def _lane(name: str, top: int, spans: Spans, total: float) -> str:
    bars = "".join(
        f'<rect class="{name}-bar" x="{60 + 930 * start / total:.1f}" y="{top}" '
        f'width="{max(1.0, 930 * (end - start) / total):.1f}" height="28" rx="2"/>'
        for start, end in spans
    )
    return f'<text x="4" y="{top + 18}">{name}</text>{bars}'
