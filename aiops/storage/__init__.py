"""Where is it kept? Journals and stores, all alike to whoever uses them."""
