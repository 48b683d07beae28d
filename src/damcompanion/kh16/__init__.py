"""Krotov and Hopfield (2016), Dense Associative Memory for Pattern Recognition; its supplement."""
