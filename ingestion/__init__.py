"""How does the outside become Events and Alerts?"""
