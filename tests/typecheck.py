"""The type checker of the test run: beartype, with int accepted where float is asked for."""

from beartype import BeartypeConf, beartype

tower = beartype(conf=BeartypeConf(is_pep484_tower=True))
