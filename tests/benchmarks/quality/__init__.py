"""How good is it, on data that nobody of us wrote? One module per set; each drives the shipped engine or part."""
