"""What can go wrong, and who must change something? One tree; messages name the place and the fix.

AiopsError
|- BadInput          the sender must change it (4xx; never retried)
|- BadConfiguration  the operator must change it (refuse to start)
|- Unavailable       try again later (503 with jitter)
|  `- Overloaded     a bound is reached (503, or 429 where the sender understands it)
`- Conflict          the act does not fit the present state (409)
"""


class AiopsError(Exception):
    """Base of every error that we raise on purpose."""


class BadInput(AiopsError):
    """The sender must change the request: ``place`` says where, ``fix`` says how."""

    def __init__(self, problem: str, *, place: str, fix: str) -> None:
        super().__init__(f"{place}: {problem}; {fix}")
        self.problem, self.place, self.fix = problem, place, fix


class BadConfiguration(AiopsError):
    """The operator must change a setting or file: ``place`` says where, ``fix`` says how."""

    def __init__(self, problem: str, *, place: str, fix: str) -> None:
        super().__init__(f"{place}: {problem}; {fix}")
        self.problem, self.place, self.fix = problem, place, fix


class Unavailable(AiopsError):
    """A part is out of reach for now; the same call may succeed after ``retry_after`` seconds."""

    def __init__(self, problem: str, *, retry_after: float = 1.0) -> None:
        super().__init__(problem)
        self.retry_after = retry_after


class Overloaded(Unavailable):
    """A bound is reached; nothing was taken, nothing is lost if the sender tries again."""


class Conflict(AiopsError):
    """The act does not fit the present state of what it concerns."""
