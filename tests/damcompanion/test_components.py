"""What pages are made of: what stands in the HTML, what a check of the notebooks sees, and that the bytes stay."""

import re

import pytest
from bs4 import BeautifulSoup
from matplotlib.figure import Figure

from damcompanion.claims import Between, Claim, Evidence, Kind, judge
from damcompanion.components import INK, Panel, canvas, figure, marked, scale_bar, svg, table, verdicts


def drawn() -> Figure:
    """A picture with text, a line, a clipped patch and a hatch of ids."""
    picture = canvas(3, 2)
    axes = picture.subplots()
    axes.plot([0, 1], [1, 10], "o-", label="a line")
    axes.set(xlabel="1/T", ylabel="rate & <more>", yscale="log")
    axes.legend()
    return picture


def parsed(markup: str) -> BeautifulSoup:
    return BeautifulSoup(markup, "html.parser")


def test_the_ink_of_a_picture_is_that_of_the_page():
    text = svg(drawn())
    assert INK not in text and "currentColor" in text
    assert "font-family" not in text and "<style" not in text
    assert "#ffffff" not in text, "no background of its own"


def test_a_picture_keeps_only_ids_that_something_refers_to_and_refers_only_to_ids_that_it_has():
    text = svg(drawn())
    ids = re.findall(r' id="([^"]+)"', text)
    referred = set(re.findall(r"(?:href=\"|url\()#([^\")]+)", text))
    assert ids and len(ids) == len(set(ids)) and set(ids) == referred


def test_a_picture_has_the_same_bytes_twice_and_no_date():
    first = svg(drawn())
    assert first == svg(drawn())
    assert not re.search(r"<dc:date>|20\d\d-\d\d-\d\d|Matplotlib v|<!--", first)


def test_text_of_a_picture_is_escaped_and_stays_text():
    assert "rate &amp; &lt;more&gt;" in svg(drawn())


def test_mathematics_is_marked_and_all_else_escaped():
    assert marked("a < b & $n < 2$") == (
        'a &lt; b &amp; <span class="math notranslate nohighlight">\\(n &lt; 2\\)</span>'
    )
    shown = figure(Panel(drawn(), "<b>$n = 2$</b>"), 'A "caption" with <i>marks</i> and $x$.', id="an-id")
    found = parsed(shown.markup)
    assert not found.select("i, b")
    assert found.figcaption.get_text(" ", strip=True).startswith('A "caption" with <i>marks</i> and')
    assert [one.text for one in found.select("figcaption .math")] == [r"\(x\)"]
    assert shown.text == 'Figure: A "caption" with <i>marks</i> and $x$.'


def test_a_figure_of_one_picture_is_described_by_its_alternative_text_or_its_caption():
    for given, expected in (("A line that rises.", "A line that rises."), ("", "What to see at n = 2.")):
        found = parsed(figure(drawn(), "What to see at $n = 2$.", alt=given).markup)
        assert found.select_one("[role=img]")["aria-label"] == expected
    assert "dam-one" in found.select_one(".dam-panels")["class"] and not found.select("[data-enlarge]")


@pytest.mark.parametrize(
    "count, options, kind",
    [(2, {}, "dam-pairs"), (3, {}, None), (4, {}, "dam-pairs"), (6, {"paired": True}, "dam-pairs"),
     (6, {}, None), (3, {"wide": True}, "dam-wide")],
)  # fmt: skip
def test_panels_stand_side_by_side_and_each_can_be_enlarged(count, options, kind):
    panels = [Panel(drawn(), f"panel {k}", id=f"part-{k}", alt=f"alt {k}") for k in range(count)]
    found = parsed(figure(panels, "Several.", **options).markup)
    assert found.select_one(".dam-panels")["class"] == ["dam-panels", *([kind] if kind else [])]
    assert [each["id"] for each in found.select(".dam-panel[data-enlarge][tabindex]")] == [p.id for p in panels]
    assert [each["aria-label"] for each in found.select("[role=img]")] == [p.alt for p in panels]
    assert [each.text for each in found.select(".dam-title")] == [p.title for p in panels]


def test_a_figure_has_a_label_an_anchor_a_scale_and_a_fold_that_names_its_rows():
    shown = figure(drawn(), "See.", label="MRS24 Figure 1", id="mrs24-fig-1", made_from=["a", "b"], scale=drawn())
    found = parsed(shown.markup)
    assert found.figure["id"] == "mrs24-fig-1"
    assert found.select_one(".dam-label.dam-of-text").text == "MRS24 Figure 1"
    assert found.select_one("details.dam-made")["data-sweeps"] == "a b"
    assert len(found.select(".dam-scale svg")) == 1 and scale_bar(drawn()) in shown.markup
    assert shown.text == "MRS24 Figure 1: See."
    assert shown._repr_mimebundle_() == {"text/html": shown.markup, "text/plain": shown.text}


def test_a_figure_without_label_leaves_the_letter_to_the_page():
    found = parsed(figure(drawn(), "See.").markup)
    assert found.select_one(".dam-label").text == "" and not found.select(".dam-of-text")
    assert not found.figure.get("id")


def test_cells_of_a_table_have_three_digits_and_a_dash_where_there_is_no_number():
    found = table(["$n$", "x"], [(2, 0.123456), (30, float("nan")), ("a *b*", 123456.0)])
    assert found.markdown.splitlines() == [
        "| $n$ | x |", "| --- | --- |", "| 2 | 0.123 |", "| 30 | – |", "| a *b* | 1.23e+05 |",
    ]  # fmt: skip
    assert found._repr_mimebundle_() == {"text/markdown": found.markdown, "text/plain": found.markdown}


def test_a_table_of_verdicts_marks_its_claims_unless_the_rows_are_others():
    evidence = Evidence(Kind.COMPUTED, {"coarse": 3.0}, quantity="how many")
    claim = Claim("x-1", "X", "1", "it is so", Between(least=1, commit="abc"), lambda: evidence)
    judged = [judge(claim)]
    text = verdicts(judged).markdown
    assert 'data-claim="x-1">reproduced</span>' in text and "it is so (1)" in text
    assert text.splitlines()[0] == "| claim | verdict | measured | rule |"
    assert "data-claim" not in verdicts(judged, marked=False).markdown
