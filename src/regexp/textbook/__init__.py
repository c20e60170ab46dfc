"""The textbook's claims, checked: protocols read, runs measured, verdicts given, reports written."""
