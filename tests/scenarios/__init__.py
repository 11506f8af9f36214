"""What does an on-call person see when this happens?"""
