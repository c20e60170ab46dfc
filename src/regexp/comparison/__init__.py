"""Finished runs, read from disk and compared: settings, differences to a baseline, and what the data do not decide."""
