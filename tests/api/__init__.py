"""Do programs and people get the answers that the API and the pages promise?"""
