"""From accepted events to the journal, and from the journal back at the next start."""
