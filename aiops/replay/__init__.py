"""What follows from the journal, run again: the very same, or something else under other rules, graph or settings?"""
