"""Which templates belong to one family? Written by hand: 17 families, and 9 templates that stand alone."""

FAMILIES: dict[str, tuple[str, ...]] = {
    "database connection refused": (
        "connection to <*> refused",
        "could not connect to postgres at <IP>:<NUM>: connection refused",
        "dial tcp <IP>:<NUM>: connect: connection refused",
        "failed to open connection to mysql: refused by server",
    ),
    "disk filling": (
        "disk <*> is <NUM>% full",
        "filesystem <PATH> has only <NUM>% space left",
        "NodeFilesystemAlmostOutOfSpace: <PATH> on <*>",
        "disk usage on <PATH> above <NUM>%",
    ),
    "disk full": (
        "write failed: no space left on device",
        "cannot write <PATH>: no space left on device",
    ),
    "upstream timeout": (
        "upstream request timeout after <NUM> ms",
        "timeout waiting for response from <*>",
        "request to <*> timed out",
        "context deadline exceeded while calling <*>",
        "read timeout on upstream <*>",
    ),
    "http 5xx": (
        "HighErrorRate: <NUM>% of requests to <*> return 5xx",
        "5xx rate high on <*>",
        "http error ratio of <*> above <NUM>%",
    ),
    "pod crash loop": (
        "KubePodCrashLooping: pod <*> restarts <NUM> times",
        "Back-off restarting failed container <*>",
        "container <*> is in CrashLoopBackOff",
    ),
    "out of memory": (
        "container <*> was OOMKilled",
        "Out of memory: Killed process <NUM> (<*>)",
        "java.lang.OutOfMemoryError: Java heap space",
        "process <*> killed by the kernel because memory ran out",
    ),
    "cpu high": (
        "cpu usage of <*> is <NUM>%",
        "HighCPU: load average <NUM> on <*>",
        "cpu of host <*> above <NUM> for <NUM> minutes",
    ),
    "certificate expiry": (
        "TLS certificate of <*> expires in <NUM> days",
        "certificate for <*> will expire on <TIME>",
        "x509: certificate has expired or is not yet valid",
    ),
    "authentication failure": (
        "Failed password for <*> from <IP> port <NUM> ssh2",
        "authentication failure; user=<*> rhost=<IP>",
        "invalid credentials for user <*>",
        "login failed for <*> from <IP>",
    ),
    "replication lag": (
        "replica <*> is <NUM> seconds behind the primary",
        "replication lag of <*> is <NUM> s",
        "MySQLReplicationLag on <*>",
    ),
    "consumer lag": (
        "consumer group <*> lags <NUM> messages on topic <*>",
        "KafkaConsumerLag: <*> is <NUM> messages behind",
    ),
    "host down": (
        "host <*> is unreachable",
        "InstanceDown: <*> has been down for <NUM> minutes",
        "ping to <*> lost 100% of packets",
    ),
    "deadlock": (
        "deadlock detected while waiting for ShareLock on transaction <NUM>",
        "Deadlock found when trying to get lock; try restarting transaction",
    ),
    "backup": (
        "nightly backup of <*> failed",
        "backup job <*> exited with code <NUM>",
        "backup of volume <*> did not finish",
    ),
    "job started": (
        "job <*> started",
        "starting job <*> with id <UUID>",
        "scheduler started job <*>",
    ),
    "payment declined": (
        "payment <UUID> declined by provider <*>",
        "card declined for order <NUM>",
    ),
}
ALONE: tuple[str, ...] = (
    "fan <NUM> of chassis <*> runs below <NUM> rpm",
    "DNS lookup of <*> returned NXDOMAIN",
    "feature flag <*> switched to <*>",
    "repository <*> cloned by <*> from <IP>",
    "leader election won by <*>",
    "cache hit ratio of <*> fell to <NUM>%",
    "BGP session with <IP> went idle",
    "NTP offset on <*> is <NUM> ms",
    "GET <PATH> 200 <NUM> bytes in <NUM> ms",
)
LABELLED: tuple[tuple[str, str], ...] = (
    *((text, label) for label, texts in FAMILIES.items() for text in texts),
    *((text, text) for text in ALONE),
)
