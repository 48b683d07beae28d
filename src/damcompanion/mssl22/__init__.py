"""Millidge, Salvatori, Song, Lukasiewicz and Bogacz (2022), Universal Hopfield Networks."""
