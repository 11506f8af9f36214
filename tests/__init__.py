"""Does it do what the laws and the issues say?"""
