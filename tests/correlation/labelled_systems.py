"""Which templates of nine systems say the same kind of thing? Written by hand, in the shape of what such systems log.

Hard on purpose: members of one family share few words ("disk full", "no space left"), and families of one system share
many ("connection refused", "connection limit"). ``DEV`` may be looked at to choose constants, ``TEST`` may not; both
were written before anything was chosen. ``{}`` stands for the entity's name.
"""

NAMES = ("orders-db", "edge-2", "checkout", "node-07", "ci-main", "broker3")

DEV = """
database: connections used up
  FATAL: sorry, too many clients already
  remaining connection slots of {} are reserved for superusers
  Too many connections on {}
  connection pool of {} exhausted after <num> ms
database: cannot connect
  could not connect to server {}: Connection refused
  Communications link failure while talking to {}
  server {} closed the connection unexpectedly
  lost connection to MySQL server at {}
database: slow query
  duration: <num> ms statement: <*>
  slow query on {}: <num> s, <num> rows examined
  query of {} took longer than <num> seconds
  long running transaction on {} since <num> min
database: lock wait
  Lock wait timeout exceeded; try restarting transaction
  process <num> still waiting for ShareLock on transaction <num>
  deadlock detected on {}
  transaction on {} was chosen as the deadlock victim
database: replica behind
  replica {} is <num> seconds behind the primary
  replication delay of {} grew to <num> s
  WAL receiver of {} lags by <num> MB
database: replication broken
  replication of {} stopped: duplicate entry
  Slave SQL thread on {} is not running
  logical replication worker of {} exited with code <num>
database: index damaged
  index {} contains unexpected zero page
  corrupted page pointers in table {}
  checksum mismatch in block <num> of {}
database: checkpoint
  checkpoint complete: wrote <num> buffers
  checkpoint starting: time
  checkpoints are occurring too frequently (<num> seconds apart)
web: upstream unreachable
  connect() failed (111: Connection refused) while connecting to upstream {}
  no live upstreams while connecting to {}
  backend {} has no server available
  502 Bad Gateway from {}
web: upstream slow
  upstream timed out (110: Connection timed out) while reading response header from {}
  504 Gateway Timeout for <path>
  response of {} took <num> ms
  p99 latency of {} above <num> ms
web: too large
  client intended to send too large body: <num> bytes
  413 Request Entity Too Large for <path>
  request header or cookie too large
web: rate limited
  limiting requests, excess: <num> by zone {}
  429 Too Many Requests for client <ip>
  client <ip> was throttled by {}
web: certificate
  certificate of {} expires in <num> days
  SSL_do_handshake() failed: certificate has expired
  renewal of the TLS certificate for {} is overdue
web: not found
  GET <path> returned 404
  File does not exist: <path>
  page <path> not found
web: client gone
  client prematurely closed connection
  499 client closed request <path>
  broken pipe while sending to client <ip>
authentication: wrong password
  Failed password for {} from <ip> port <num> ssh2
  pam_unix(sshd:auth): authentication failure; user={}
  invalid credentials for {}
  login attempt of {} rejected: bad password
authentication: account locked
  account {} locked after <num> failed attempts
  user {} has been locked out
  too many authentication failures for {}
authentication: session opened
  session opened for user {} by (uid=<num>)
  Accepted publickey for {} from <ip>
  user {} logged in
authentication: session closed
  session closed for user {}
  user {} logged out
  Received disconnect from <ip>: disconnected by user
authentication: token expired
  JWT expired at <time>
  access token of {} is no longer valid
  refresh token for {} has expired
authentication: permission denied
  {} is not allowed to access <path>
  403 Forbidden for user {}
  access denied: {} lacks role <*>
authentication: user created
  new user: name={}, UID=<num>
  account {} created by <*>
  user {} was added
authentication: directory away
  LDAP server {} cannot be reached
  Can't contact LDAP server
  bind to directory {} failed: timeout
application: out of memory
  java.lang.OutOfMemoryError: GC overhead limit exceeded
  heap of {} exhausted
  Allocation failed - JavaScript heap out of memory
  cannot allocate memory in {}
application: long pause
  GC pause of <num> ms in {}
  stop-the-world collection took <num> ms
  Detected JVM pause: garbage collector blocked {} for <num> ms
application: null value
  NullPointerException in <*>
  TypeError: Cannot read properties of undefined
  AttributeError: 'NoneType' object has no attribute <*>
application: breaker open
  circuit breaker {} is open
  calls to {} are short-circuited
  fallback used because {} is failing
application: started
  Started {} in <num> seconds
  service {} is ready to accept requests
  listening on port <num>
application: shutting down
  {} is shutting down
  received SIGTERM, stopping {}
  graceful shutdown of {} complete
application: bad configuration
  invalid value for option <*> in {}
  unknown key <*> in configuration file <path>
  could not parse config <path>
application: threads used up
  thread pool of {} is exhausted
  all <num> workers of {} are busy
  Task rejected from ThreadPoolExecutor of {}
"""

TEST = """
kubernetes: crash loop
  Back-off restarting failed container {}
  KubePodCrashLooping: {} restarted <num> times
  container {} terminated with exit code <num> again
kubernetes: killed for memory
  OOMKilled: container {} exceeded its memory limit
  Memory cgroup out of memory: Killed process <num> ({})
  container {} was killed because it used too much memory
kubernetes: image missing
  Failed to pull image {}: manifest unknown
  ErrImagePull for {}
  repository {} does not exist or may require docker login
kubernetes: no room
  0/<num> nodes are available: insufficient memory
  pod {} is pending, no node fits
  unschedulable: {} requests more cpu than any node has
kubernetes: node gone
  Node {} status is now: NodeNotReady
  kubelet of {} stopped reporting
  node {} has been unreachable for <num> minutes
kubernetes: probe fails
  Liveness probe failed: HTTP probe failed with statuscode: <num>
  Readiness probe of {} errored: connection refused
  health check of pod {} does not answer
kubernetes: evicted
  The node was low on resource: ephemeral-storage
  pod {} evicted from node
  evicting {} because of disk pressure
kubernetes: scaled
  Scaled up replica set {} to <num>
  horizontal autoscaler sets {} to <num> replicas
  deployment {} scaled from <num> to <num>
kubernetes: volume
  Unable to attach or mount volumes of {}
  MountVolume.SetUp failed for volume {}
  persistent volume claim {} is not bound
kubernetes: config object missing
  secret {} not found
  configmap {} does not exist
  couldn't find key <*> in ConfigMap {}
disk: full
  No space left on device
  filesystem {} is <num>% full
  {} ran out of disk space
  NodeFilesystemAlmostOutOfSpace on {}
disk: failing drive
  Device: /dev/<*>, <num> Currently unreadable (pending) sectors
  SMART error on {}: FAILED SELF-TEST
  drive {} predicts its own failure
  blk_update_request: I/O error, dev {}, sector <num>
disk: slow
  await of {} is <num> ms
  disk {} is saturated: utilisation <num>%
  I/O latency on {} too high
disk: read only
  Remounting filesystem read-only
  EXT4-fs ({}): re-mounted in read-only mode after error
  volume {} cannot be written any more
disk: array
  md/raid1:{}: Disk failure, disabling device
  RAID {} is degraded
  mirror {} lost one of its members
disk: quota
  quota exceeded on {}
  user <*> is over quota on {}
  disk quota of {} reached
disk: inodes
  no free inodes on {}
  inode usage of {} above <num>%
  filesystem {} has only <num> inodes left
disk: backup
  backup of {} failed with exit status <num>
  snapshot {} could not be saved
  last successful backup of {} is <num> hours old
network: link down
  {}: Link is Down
  %LINEPROTO-5-UPDOWN: Line protocol on {}, changed state to down
  carrier lost on interface {}
network: link up
  {}: Link is Up <num> Mbps full duplex
  %LINK-3-UPDOWN: {}, changed state to up
  interface {} is back
network: bgp
  BGP neighbor {} Down: hold timer expired
  peer {} left Established state
  BGP session to {} was reset
network: errors on a port
  <num> CRC errors on {}
  input errors increase on interface {}
  {} drops frames
network: dns
  getaddrinfo {}: Temporary failure in name resolution
  server can't find {}: NXDOMAIN
  could not resolve host: {}
network: timeout
  connection to {} timed out
  dial tcp <ip>:<num>: i/o timeout
  no answer from {} within <num> s
network: packet loss
  <num>% packet loss to {}
  {} loses packets
  ping {}: <num> of <num> probes unanswered
network: blocked
  kernel: DROP IN={} SRC=<ip> DST=<ip>
  firewall denied <ip> to {}
  Deny tcp src <ip> dst {} by access-group
network: clock
  clock of {} is off by <num> ms
  time synchronisation lost with {}
  NTP server {} not reachable, system time drifts
delivery: build
  BUILD FAILURE in {}
  compilation of {} failed with <num> errors
  make: *** [{}] Error <num>
delivery: tests
  <num> of <num> tests failed in {}
  FAILED tests of {} - AssertionError
  test suite {} is red
delivery: runner
  no runner available for {}
  job {} is stuck: waiting for an agent
  build queue length is <num>
delivery: deploy
  deployment of {} failed
  rollout of {} exceeded its progress deadline
  helm upgrade {} failed: timed out waiting for the condition
delivery: rollback
  rolled {} back to revision <num>
  reverting {} to the last good release
  automatic rollback of {} was triggered
delivery: dependency
  Could not resolve dependencies for {}
  npm ERR! 404 Not Found - GET <url>
  No matching distribution found for <*>
delivery: checkout
  fatal: could not read from remote repository {}
  git clone of {} failed
  cannot fetch branch of {}
delivery: merged
  Merge conflict in <path>
  branch of {} cannot be merged automatically
  CONFLICT (content): merge of {} needs hands
messaging: lag
  consumer group {} is <num> messages behind
  lag of {} on topic <*> is <num>
  queue {} grows faster than it is read
messaging: broker lost
  Connection to broker {} could not be established
  broker {} may not be available
  node {} disconnected from the cluster
messaging: under-replicated
  <num> under-replicated partitions on {}
  Shrinking ISR of partition {} to <num>
  partition {} has fewer in-sync replicas than required
messaging: rebalance
  Preparing to rebalance group {}
  consumer group {} is rebalancing
  member {} has left group, partitions are reassigned
messaging: dead letters
  message moved to dead letter queue {}
  <num> messages could not be processed and were parked in {}
  delivery of message to {} failed after <num> retries
messaging: leader
  no leader for partition {}
  leader election of {} started
  {} elected as new controller
messaging: memory alarm
  memory resource limit alarm set on {}
  vm_memory_high_watermark set on {}: publishers are blocked
  {} blocks producers because memory is short
"""


def _read(text: str) -> list[tuple[str, str, str]]:
    """Return (text, "system: family", the entity that says it) line by line; a family's name is not indented."""
    found: list[tuple[str, str, str]] = []
    label = ""
    for line in text.strip().splitlines():
        if line.startswith(" "):
            found.append((line.strip(), label, NAMES[len(found) % len(NAMES)]))
        else:
            label = line
    return found


LABELLED_DEV, LABELLED_TEST = _read(DEV), _read(TEST)
