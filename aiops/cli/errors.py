"""How does a failed command end? With an exit code that scripts can rely on."""

from aiops.domain.errors import AiopsError, BadConfiguration, BadInput, Conflict, Unavailable

FINDINGS = 1
USAGE = 2
CONFIGURATION = 3
UNAVAILABLE = 4
REFUSED = 5
EXIT_CODES = f"""Exit codes: 0 done; {FINDINGS} done, and it is not as it should be (a check failed, replay differs,
doctor found something); {USAGE} wrong usage or input; {CONFIGURATION} wrong configuration; {UNAVAILABLE} out of reach,
try again; {REFUSED} refused: no such thing, no right to it, or it does not fit the present state."""

_CODES = ((BadInput, USAGE), (BadConfiguration, CONFIGURATION), (Unavailable, UNAVAILABLE), (Conflict, REFUSED))


def code_of(error: AiopsError) -> int:
    """Return the exit code that ``error`` ends a command with."""
    return next((code for kind, code in _CODES if isinstance(error, kind)), REFUSED)
