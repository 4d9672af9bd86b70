"""One file per judge. Combining judges is composition, never a mode flag."""
