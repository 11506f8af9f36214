"""Do the laws hold, whatever comes in?"""
