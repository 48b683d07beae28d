"""What the papers say, and what became of it: experiments, figures, claims and errata, one room a text."""
