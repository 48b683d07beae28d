"""What takes long is looked at in thirds: another one each day."""

import datetime


def of_today(names: list[str]) -> list[str]:
    """The third of these names whose turn it is."""
    day = datetime.date.today().toordinal()
    return [name for number, name in enumerate(names) if number % 3 == day % 3]
