"""Does anything get lost, or done twice, when processes die at any instant?"""
