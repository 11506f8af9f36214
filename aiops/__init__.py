"""What is an alert, and what happens to it?"""
