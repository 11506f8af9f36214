"""How do people and programs talk to it?"""
