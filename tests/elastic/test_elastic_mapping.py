"""Does what is written fit what is declared?"""
