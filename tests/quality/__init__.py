"""Do the quality figures say what they should, and do small stand-ins of the public sets keep what was reached?"""
