"""Which cluster do the settings name, and do they make sense?"""

from datetime import timedelta
from pathlib import Path

from aiops.domain.errors import BadConfiguration
from aiops.domain.sections import StoreConfig
from aiops.storage.elastic_client import Address
from aiops.storage.elastic_store import ElasticOptions, ElasticStore

MOST_LAG = timedelta(seconds=1)


def open_elastic(folder: Path, where: StoreConfig, readonly: bool = False) -> ElasticStore:
    """Open the store of a cluster; ``folder`` is what lies beside it. BadConfiguration names the setting."""
    if not timedelta(0) <= where.refresh <= MOST_LAG:
        problem = f"searches would lag by {where.refresh.total_seconds():g} s"
        raise BadConfiguration(problem, place="store.refresh", fix="give 0 to 1s")
    if where.retention is not None and where.retention < timedelta(days=1):
        problem = f"{where.retention} is shorter than the smallest partition"
        raise BadConfiguration(problem, place="store.retention", fix="give 1d or more, or off")
    options = ElasticOptions(prefix=where.prefix, refresh=where.refresh, retention=where.retention)
    return ElasticStore(address_of(where), folder, options, readonly=readonly)


def address_of(where: StoreConfig, timeout: float = 30.0) -> Address:
    """Return where the cluster is, and who we are there; ``timeout`` in seconds of one request."""
    return Address(
        urls=where.url,
        ca=where.ca,
        username=where.username,
        password=where.password,
        api_key=where.api_key,
        timeout=timeout,
    )
