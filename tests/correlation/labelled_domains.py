"""Which templates belong to one family, in other trades? Written by hand after the clustering's constants were chosen.

``labelled_templates`` is what they were chosen on; nothing here was looked at for that. Hard cases are meant: two
families of one domain share words, the members of one family often share few. ``{}`` stands for the entity's name.
"""

NAMES = ("sw-17", "db1", "web-eu-3", "payments", "node42", "vault")

_TEXTS = """
network: link down
  interface {} changed state to down
  link on port {} lost carrier
  {} port is down: no carrier
network: link up
  interface {} changed state to up
  link on port {} is up again
  {} port came back online
network: packet loss
  {} loses <num>% of packets
  packet loss of <num>% towards {}
  high packet loss on path to {}
network: bandwidth
  {} uplink is used to <num>%
  bandwidth of {} above <num> Mbit
  traffic on {} saturates the uplink
network: dns
  cannot resolve name {}
  DNS query for {} failed: SERVFAIL
  name resolution of {} failed
network: firewall
  firewall blocked connection from <ip> to {}
  packet from <ip> dropped by rule {}
  denied by firewall: <ip> to {}
network: vpn
  VPN tunnel to {} is down
  IPsec tunnel {} went away
  lost the VPN connection to {}
storage: disk failed
  disk {} failed in array
  drive {} of the RAID is faulty
  SMART: {} is about to fail
storage: array degraded
  RAID array {} is degraded
  array {} runs without redundancy
  md: {} degraded, <num> of <num> drives
storage: slow io
  I/O latency of {} is <num> ms
  slow writes on volume {}
  disk {} takes <num> ms per request
storage: read only
  {} remounted read-only
  filesystem {} became read only after errors
  cannot write: {} is mounted read-only
storage: snapshot failed
  snapshot of {} failed
  could not create snapshot of volume {}
  snapshot job for {} aborted
storage: inodes
  no inodes left on {}
  {} ran out of inodes
  inode usage of {} is <num>%
kubernetes: image pull
  failed to pull image {}
  ImagePullBackOff for container {}
  image {} cannot be pulled from the registry
kubernetes: not scheduled
  pod {} cannot be scheduled: insufficient cpu
  no node has room for pod {}
  FailedScheduling: <num> nodes are available, none fits {}
kubernetes: node not ready
  node {} is NotReady
  kubelet on {} stopped posting status
  KubeNodeNotReady: {} for <num> minutes
kubernetes: probe
  readiness probe of {} failed
  liveness probe failed for container {}
  health probe of pod {} returned <num>
kubernetes: eviction
  pod {} was evicted
  evicting pod {} because the node is low on memory
  {} evicted from its node
kubernetes: replicas
  deployment {} has <num> of <num> replicas
  KubeDeploymentReplicasMismatch: {}
  {} misses replicas since <num> minutes
kubernetes: volume mount
  unable to mount volume {} for pod
  FailedMount: volume {} timed out
  mounting of persistent volume {} failed
security: brute force
  <num> failed logins for {} in a minute
  brute force attack against account {}
  too many wrong passwords for {}
security: privilege
  user {} was added to administrators
  {} granted the admin role
  new administrator: {}
security: malware
  malware found on {}
  virus detected in file <path> on {}
  antivirus quarantined <path> on {}
security: port scan
  port scan from <ip> against {}
  <ip> probes many ports of {}
  scanning of ports on {} detected
security: key leaked
  secret key found in repository {}
  access key of {} was committed
  leaked credential in {}
security: mfa off
  multi-factor authentication disabled for {}
  MFA of {} was turned off
  {} removed their second factor
delivery: build failed
  build of {} failed
  pipeline {} failed at stage compile
  compilation of {} ended with errors
delivery: tests failed
  <num> tests of {} failed
  test suite {} has failures
  unit tests fail on branch {}
delivery: deploy failed
  deployment of {} failed
  rollout of {} did not finish in time
  release of {} could not be deployed
delivery: rolled back
  {} was rolled back
  rollback of {} to version <num>
  release {} reverted to the previous version
delivery: queue long
  <num> builds wait for a runner
  build queue of {} grows
  no free runner for {} since <num> minutes
delivery: flaky
  test {} is flaky
  {} passes and fails on the same commit
  unstable test {} was retried
business: orders fall
  orders per minute fell to <num>
  fewer orders than usual in {}
  order rate of {} dropped by <num>%
business: refund
  refund of order <num> failed
  could not refund payment <num>
  refund rejected by provider {}
business: mail bounced
  mail to <email> bounced
  message to <email> was returned by {}
  delivery of email to <email> failed
business: stock
  article {} is out of stock
  stock of {} below <num>
  {} sold out
business: login page slow
  login page takes <num> ms
  slow sign-in for customers of {}
  sign-in latency of {} above <num> ms
business: quota
  customer {} exceeded the quota
  quota of {} used up
  usage limit reached for {}
"""


def _read(text: str) -> list[tuple[str, str, str]]:
    """Return (text, family, the entity that says it) line by line; a family's name is not indented."""
    found: list[tuple[str, str, str]] = []
    label = ""
    for line in text.strip().splitlines():
        if line.startswith(" "):
            found.append((line.strip(), label, NAMES[len(found) % len(NAMES)]))
        else:
            label = line
    return found


LABELLED = _read(_TEXTS)
