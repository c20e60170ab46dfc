"""What is measured, one work per file: a function ``measure(sizes) -> Work``."""
