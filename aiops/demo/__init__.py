"""What does a bad day look like? A made-up day of a small web shop, always the same but for the time it ends at.

Background noise that people already know (labelled by rules), small unrelated trouble, and four stories: a database
failover that fans out to a dozen services, a memory leak, a CI slowdown and a suspicious clone of many repositories.
"""

from aiops.demo.storm import storm

__all__ = ["storm"]
