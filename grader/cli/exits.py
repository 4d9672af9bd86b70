"""Exit codes of the commands; 0 is fine, and 2 is a wrong use of a command."""

MEND = 1
"""Something that the caller must mend."""
UNGRADED = 3
"""A single answer could not be judged."""
INTERRUPTED = 130
"""A person pressed Ctrl+C; the number that shells use."""
