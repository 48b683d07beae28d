"""What pages of the book are made of: figures with a caption and a fold that says how they were made.

A component is what a cell returns. It is HTML in a browser and one line of text elsewhere, which is what a check of the
notebooks compares. It holds no time, no commit and no count of rows: `book/provenance.py` fills these in when the
book is built.
"""

import html
import io
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import matplotlib.style
from matplotlib.figure import Figure

from damcompanion.checks import Check
from damcompanion.claims import Judged
from damcompanion.figures import SCORE
from damcompanion.figures import scale as colour_scale
from damcompanion.shown import Shown, rendered
from damcompanion.tables import claims_table, markdown
from damcore import _checks

STYLE = "damcompanion.book"
INK = "#010203"  # in a figure: the colour of the page's text, see book.mplstyle
NARROW = 2.7  # inches up to which three pictures of a figure fit into a line
MATH = re.compile(r"\$([^$]+)\$")


@dataclass(frozen=True)
class Panel:
    """One picture of a figure.

    Args:
        picture: what was drawn; see `canvas`.
        title: what stands above it, short; mathematics between dollars.
        id: an anchor for links, "mrs24-fig-7", say.
        alt: what the picture shows, for those who cannot see it; by default its title and the caption of the figure.

    Example:
        >>> from damcompanion.components import Panel, canvas, figure
        >>> panels = [Panel(canvas(3, 2), f"$n = {n}$", id=f"map-{n}") for n in (2, 5)]
        >>> shown = figure(panels, "Two pictures, side by side.")
        >>> [f'id="{panel.id}"' in shown.markup for panel in panels]
        [True, True]
    """

    picture: Figure
    title: str = ""
    id: str = ""
    alt: str = ""


@_checks.door
def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> Shown:
    """A table, numbers to three digits and a dash where there is none; a long one is sorted by a click on its head.

    Args:
        head: titles of the columns, with mathematics between dollars; at most six are read with ease.
        rows: what stands in them, Markdown too; no cell may hold a vertical bar.

    Example:
        >>> table(["n", "area"], [(2, 0.12345)]).markdown.splitlines()[-1]
        '| 2 | 0.123 |'
    """
    return rendered(markdown(head, ([_cell(value) for value in row] for row in rows)))


def _cell(value: object) -> object:
    if not isinstance(value, float):
        return value
    return "–" if math.isnan(value) else f"{value:.3g}"


@_checks.door
def verdicts(judged: Iterable[Judged], *, marked: bool = True, brief: bool = True) -> Shown:
    """Judged claims as a table: what the text says, the verdict on it, what was measured, and the rule.

    Args:
        judged: the claims.
        marked: mark each verdict as that of `claims.json`; False for the same claims on other rows.
        brief: leave out how firm a verdict is and what a later rule says; the ledger has both.

    Example:
        >>> from damcompanion.claims import Between, Claim, Evidence, Kind, judge
        >>> from damcompanion.components import verdicts
        >>> found = Evidence(Kind.COMPUTED, {"n = 5": 2**5}, quantity="2^n")
        >>> rule = Between(least=30)
        >>> claim = Claim("toy", "TOY", "1", "2^5 is above 30", rule, lambda: found)
        >>> head, _, row = verdicts([judge(claim)]).text.splitlines()
        >>> head, row.endswith("| 2^n: 32 (n = 5) | at least 30 |")
        ('| claim | verdict | measured | rule |', True)
    """
    return rendered(claims_table(judged, marked=marked, brief=brief))


@_checks.door
def checklist(checks: Iterable[Check]) -> Shown:
    """Proof checks as a table: whether each statement holds, what was covered, and a counterexample where it fails.

    Args:
        checks: in the order of the table.

    Example:
        >>> from damcompanion.checks import Check
        >>> from damcompanion.claims import Kind
        >>> print(checklist([Check("2 < 1", Kind.EXACT, "one case", False, {"2": 2})]).text)
        FALSE: 2 < 1
          exact rational: one case
          counterexample: 2 = 2
    """
    checks, rows = list(checks), []
    for check in checks:
        word, kind = ("holds", "reproduced") if check.holds else ("false", "not-reproduced")
        against = f"<br>Counterexample: {html.escape(check.against)}" if check.against else ""
        cells = [f'<span class="verdict verdict-{kind}">{word}</span>', html.escape(check.statement) + against]
        cells += [f"<em>{check.kind}</em>: {html.escape(check.scope)}"]
        rows.append("".join(f"<td>{cell}</td>" for cell in cells))
    head = "".join(f"<th>{title}</th>" for title in ("", "statement", "covered"))
    body = "".join(f"<tr>{row}</tr>" for row in rows)
    markup = f'<table class="table dam-checks"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'
    return Shown("\n".join(map(str, checks)), markup)


@_checks.door
def canvas(width: float = 6.4, height: float = 3.2) -> Figure:
    """A figure to draw on, which no notebook shows by itself; all that is drawn from now on has the style of the book.

    Args:
        width: in inches; a column of the book has 8.
        height: in inches.

    Example:
        >>> from damcompanion.components import canvas
        >>> picture = canvas(4, 3)
        >>> _ = picture.subplots().plot([0, 1])
        >>> picture.get_size_inches().tolist()
        [4.0, 3.0]
    """
    matplotlib.style.use(STYLE)
    return Figure(figsize=(width, height))


@_checks.door
def figure(
    pictures: Figure | Panel | Sequence[Panel],
    caption: str,
    *,
    label: str = "",
    id: str = "",
    alt: str = "",
    made_from: Sequence[str] = (),
    scale: Figure | None = None,
    wide: bool = False,
    paired: bool = False,
) -> Shown:
    """A figure of one or more pictures over their caption, and a fold that says how it was made.

    Args:
        pictures: one picture, or several, which stand side by side where there is room and can each be enlarged.
        caption: what to see, and of which network, in a sentence or two; mathematics between dollars.
        label: "MRS24 Figure 1" for a figure of a text; others are lettered A, B, C on their page.
        id: an anchor for links.
        alt: what a single picture shows, for those who cannot see it; the caption by default.
        made_from: names of stored experiments whose rows it shows.
        scale: a colour bar that all pictures share.
        wide: give each picture the whole width.
        paired: two pictures a line, for pairs that are compared; so are two and four in any case.

    Example:
        >>> from damcompanion.components import canvas, figure
        >>> picture = canvas()
        >>> _ = picture.subplots().plot([0, 1])
        >>> figure(picture, "A straight line.").text
        'Figure: A straight line.'
    """
    panels = [pictures] if isinstance(pictures, Panel) else pictures
    panels = [Panel(panels, alt=alt or caption)] if isinstance(panels, Figure) else list(panels)
    bodies = "".join(_panel(panel, caption, alone=len(panels) == 1) for panel in panels)
    bar = scale_bar(scale) if scale else ""
    paired = paired or len(panels) in (2, 4)
    narrow = len(panels) == 3 and all(panel.picture.get_figwidth() <= NARROW for panel in panels)
    kinds = {"one": len(panels) == 1, "wide": wide, "pairs": paired, "three": narrow}
    kind = next((f" dam-{name}" for name, holds in kinds.items() if holds), "")
    head = f'<span class="dam-label{" dam-of-text" if label else ""}">{html.escape(label)}</span>'
    markup = (
        f'<figure class="dam-figure"{_id(id)}><div class="dam-panels{kind}">{bodies}</div>{bar}'
        f"<figcaption>{head} {marked(caption)}"
        f'<details class="dam-made" data-sweeps="{html.escape(" ".join(made_from))}">'
        f"<summary>How this was made</summary></details></figcaption></figure>"
    )
    return Shown(f"{label or 'Figure'}: {caption}", markup)


@_checks.door
def share_scale(label: str, colours: str = SCORE) -> Figure:
    """The scale of colours from 0 to 1.

    Args:
        label: what the colours mean.
        colours: a matplotlib colour map.

    Example:
        >>> from damcompanion.components import share_scale
        >>> [bar] = share_scale("share of states").axes
        >>> bar.get_xlabel()
        'share of states'
    """
    bar = canvas(3.6, 0.62)
    colour_scale(bar, limits=(0, 1), label=label, colours=colours)
    return bar


def scale_bar(picture: Figure) -> str:
    """The scale that the pictures of a figure share, as HTML."""
    return f'<div class="dam-scale">{svg(picture)}</div>'


def svg(picture: Figure) -> str:
    """A picture as SVG that takes its ink and its type from the page around it."""
    written = io.StringIO()
    with matplotlib.style.context(STYLE):
        picture.savefig(written, format="svg", metadata=dict.fromkeys(("Date", "Creator", "Format", "Type")))
    text = written.getvalue()
    text = text[text.index("<svg") :].replace(INK, "currentColor")
    text = re.sub(r"<style.*?</style>|<!--.*?-->", "", text, flags=re.DOTALL)
    text = re.sub(r"font-family: [^;\"]*(; )?", "", text)
    referred = set(re.findall(r"#([\w-]+)[\")]", text))
    text = re.sub(r' id="([^"]+)"', lambda found: found[0] if found[1] in referred else "", text)
    return "\n".join(line.strip() for line in text.splitlines() if line.strip())


def marked(text: str) -> str:
    """Plain text with mathematics between dollars, as HTML."""
    return MATH.sub(r'<span class="math notranslate nohighlight">\\(\1\\)</span>', html.escape(text, quote=False))


def _panel(panel: Panel, caption: str, *, alone: bool) -> str:
    title = f'<div class="dam-title">{marked(panel.title)}</div>' if panel.title else ""
    alt = html.escape(MATH.sub(r"\1", panel.alt or f"{panel.title}: {caption}"))
    view = "" if alone else ' tabindex="0" data-enlarge'
    drawn = f'<div role="img" aria-label="{alt}">{svg(panel.picture)}</div>'
    return f'<div class="dam-panel"{_id(panel.id)}{view}>{title}{drawn}</div>'


def _id(name: str) -> str:
    return f' id="{html.escape(name)}"' if name else ""
