"""From rows to what a template shows: plain records, described at the top of each component file."""
