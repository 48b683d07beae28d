"""Docstrings as reStructuredText."""

from extension import as_restructured_text


def test_stars_bars_and_trailing_underscores_are_escaped_outside_code():
    lines = ["States (*runs, B), |x| and w_ of `*runs` and x_i."]
    assert as_restructured_text(lines) == [r"States (\*runs, B), \|x\| and w\_ of `*runs` and x_i."]


def test_an_indented_formula_becomes_a_literal_block_and_sections_stay():
    lines = ["Sum.", "", "    a = b * c", "    d", "", "More.", "", "Args:", "    x: a *b", "", "Raises:", "    E: bad"]
    text = as_restructured_text(lines)
    assert text[:6] == ["Sum.", "", "::", "", "    a = b * c", "    d"]
    assert text[6:] == ["", "More.", "", "Args:", r"    x: a \*b", "", "Raises:", "    E: bad"]


def test_a_colon_in_what_is_returned_sets_off_no_type():
    assert as_restructured_text(["F.", "", "Returns:", "    Pairs: (a, b)."])[-1] == "    : Pairs: (a, b)."
