"""What do we do about an incident? Pages, notifiers, advice."""
