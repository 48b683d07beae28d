"""What a cell of a notebook shows."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Shown:
    """HTML or Markdown where it can be rendered, and text elsewhere.

    Args:
        text: for a terminal, and what a check of the notebooks compares.
        markup: HTML.
        markdown: Markdown.

    Example:
        >>> Shown("A **line**.", markdown="A **line**.")._repr_mimebundle_()
        {'text/plain': 'A **line**.', 'text/markdown': 'A **line**.'}
    """

    text: str
    markup: str = ""
    markdown: str = ""

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        kinds = {"text/plain": self.text, "text/html": self.markup, "text/markdown": self.markdown}
        return {kind: written for kind, written in kinds.items() if written}


def rendered(markdown: str) -> Shown:
    """Markdown that the book renders and a notebook shows.

    Args:
        markdown: the text.

    Example:
        >>> from damcompanion.shown import rendered
        >>> rendered("All *three* hold.").markdown
        'All *three* hold.'
    """
    return Shown(markdown, markdown=markdown)
