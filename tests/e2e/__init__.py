"""Does the product work in a real browser?"""
