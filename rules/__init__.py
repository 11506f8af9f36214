"""What do we already know?"""
