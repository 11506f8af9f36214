"""Which alerts are one incident, what is to blame, who is hurt?"""
