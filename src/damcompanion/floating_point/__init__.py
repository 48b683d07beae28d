"""What floating point does to the gap: exact arithmetic to compare with, and an atlas of what becomes of it."""
