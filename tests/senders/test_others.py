"""OpenTelemetry's SDK, Nagios, Monit and systemd-journal-upload, set up as their own documentation says."""

import math
import subprocess
from pathlib import Path
from time import time_ns
from typing import Any

import pytest
from opentelemetry._logs import SeverityNumber
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind

from tests.senders.rig import Site, program


def line(here: Site, source: str) -> dict[str, Any]:
    """Return the ledger's line of a source; empty before something came."""
    assert here.server is not None
    found = {line["source"]: line for line in here.server.get("/api/ledger").json()["sources"]}
    return dict(found.get(source, {}))


def test_what_pythons_opentelemetry_exports_is_read(here: Site, caplog: pytest.LogCaptureFixture) -> None:
    here.serve()
    provider = LoggerProvider(Resource.create({"service.name": "checkout", "host.name": "web1"}))
    exporter = OTLPLogExporter(endpoint=f"{here.url}/v1/logs", compression=Compression.Gzip)
    provider.add_log_record_processor(BatchLogRecordProcessor(exporter))
    logger = provider.get_logger("shop")
    for number in range(50):
        text = f"payment {number} failed: connection refused"
        order = {"order": number}
        logger.emit(timestamp=time_ns(), severity_number=SeverityNumber.ERROR, body=text, attributes=order)
    assert provider.force_flush(20_000)
    provider.shutdown()
    here.comes(lambda: line(here, "otlp").get("received") == 50, "50 lines")
    assert line(here, "otlp")["rejected"] == 0
    (alert,) = here.comes(here.alerts, "an alert made of the errors")
    assert alert["labels"]["service"] == "checkout"
    assert not [record for record in caplog.records if record.name.startswith("opentelemetry")]


@pytest.mark.parametrize("compression", [Compression.Gzip, Compression.NoCompression])
def test_metrics_and_spans_that_pythons_opentelemetry_exports_are_one_entry_each(
    here: Site, compression: Compression, caplog: pytest.LogCaptureFixture
) -> None:
    here.serve()
    resource = Resource.create({"service.name": "checkout"})
    metrics = OTLPMetricExporter(endpoint=f"{here.url}/v1/metrics", compression=compression)
    reader = PeriodicExportingMetricReader(metrics, export_interval_millis=math.inf)  # when it is asked to, alone
    meters = MeterProvider([reader], resource=resource)
    meters.get_meter("shop").create_counter("requests").add(7)
    assert meters.force_flush()
    spans = OTLPSpanExporter(endpoint=f"{here.url}/v1/traces", compression=compression)
    tracers = TracerProvider(resource=resource)
    tracers.add_span_processor(BatchSpanProcessor(spans))
    for _ in range(30):
        with tracers.get_tracer("shop").start_as_current_span("pay", kind=SpanKind.CLIENT) as span:
            span.set_attribute("peer.service", "payments")
    assert tracers.force_flush()
    here.comes(lambda: line(here, "otlp").get("deliveries") == 2, "an entry of metrics, and one of spans")
    told = line(here, "otlp")
    assert told["observed"] == told["received"] > 1
    assert told["rejected"] == 0
    assert not [record for record in caplog.records if record.name.startswith("opentelemetry")]
    meters.shutdown()
    tracers.shutdown()


NAGIOS = """
log_file={folder}/nagios.log
cfg_file={folder}/objects.cfg
object_cache_file={folder}/objects.cache
precached_object_file={folder}/objects.precache
status_file={folder}/status.dat
state_retention_file={folder}/retention.dat
temp_file={folder}/nagios.tmp
temp_path={folder}
command_file={folder}/rw/nagios.cmd
check_result_path={folder}/results
lock_file={folder}/nagios.lock
query_socket={folder}/rw/nagios.qh
nagios_user={user}
nagios_group={user}
interval_length=1
enable_notifications=1
execute_service_checks=1
check_for_updates=0
illegal_macro_output_chars=`~$&|'<>
"""
OBJECTS = r"""
define timeperiod {{
 timeperiod_name always
 alias always
 sunday 00:00-24:00
 monday 00:00-24:00
 tuesday 00:00-24:00
 wednesday 00:00-24:00
 thursday 00:00-24:00
 friday 00:00-24:00
 saturday 00:00-24:00
}}
define command {{
 command_name is-there
 command_line {check}
}}
define command {{
 command_name tell
 command_line {tell}
}}
define contact {{
 contact_name aiops
 host_notifications_enabled 1
 service_notifications_enabled 1
 service_notification_period always
 host_notification_period always
 service_notification_options w,u,c,r
 host_notification_options d,r
 service_notification_commands tell
 host_notification_commands tell
}}
define host {{
 host_name db1
 address 127.0.0.1
 check_command is-there
 max_check_attempts 1
 check_period always
 notification_period always
 notification_interval 0
 contacts aiops
 active_checks_enabled 0
}}
define service {{
 host_name db1
 service_description disk
 check_command is-there
 check_interval 1
 retry_interval 1
 max_check_attempts 1
 check_period always
 notification_period always
 notification_interval 0
 contacts aiops
}}
"""
MACROS = (
    "NOTIFICATIONTYPE HOSTNAME HOSTADDRESS HOSTSTATE SERVICEDESC SERVICESTATE SERVICEOUTPUT LASTSERVICESTATECHANGE "
    "LONGDATETIME SERVICEPROBLEMID LASTSERVICEPROBLEMID"
)


def test_a_notification_command_of_nagios_posts_to_us(here: Site) -> None:
    nagios, curl = program("nagios4", "nagios4-core"), program("curl", "curl")
    here.serve()
    broken = here.folder / "broken"
    check = here.write("check.sh", f"[ -e {broken} ] && {{ echo 'DISK CRITICAL: 1% free'; exit 2; }}; echo 'DISK OK'\n")
    fields = " ".join(f'--data-urlencode "{name}=${name}$"' for name in MACROS.split())
    for folder in ("rw", "results"):
        (here.folder / folder).mkdir()
    here.write(
        "objects.cfg", OBJECTS.format(check=f"/bin/sh {check}", tell=f"{curl} -s {fields} {here.url}/webhooks/nagios")
    )
    user = subprocess.run(["id", "-un"], capture_output=True, text=True, check=True).stdout.strip()
    config = here.write("nagios.cfg", NAGIOS.format(folder=here.folder, user=user))
    broken.touch()
    here.run(nagios, config)
    (alert,) = here.comes(lambda: [one for one in here.alerts() if one["status"] == "firing"], "the disk is full")
    assert (alert["severity"], alert["labels"]["host"], alert["labels"]["check"]) == ("critical", "db1", "disk")
    broken.unlink()
    here.comes(lambda: here.states(lambda one: one["labels"]["check"]) == {"disk": "resolved"}, "it is not any more")
    assert line(here, "nagios")["rejected"] == 0


def test_monit_posts_to_us_as_to_mmonit(here: Site) -> None:
    monit = program("monit", "monit")
    here.serve()
    watched = here.folder / "watched"
    account = "aiops:secret"  # pragma: allowlist secret
    config = here.write(
        "monitrc",
        f"""
set daemon 1
set idfile {here.folder}/id
set statefile {here.folder}/state
set pidfile {here.folder}/pid
set mmonit http://{account}@127.0.0.1:{here.port}/webhooks/monit
check file watched with path {watched}
""",
    )
    config.chmod(0o600)
    here.run(monit, "-I", "-c", config)
    (alert,) = here.comes(lambda: [one for one in here.alerts() if one["status"] == "firing"], "the file is missing")
    assert alert["labels"]["service"] == "watched"
    watched.touch()
    here.comes(lambda: {one["status"] for one in here.alerts()} == {"resolved"}, "the file is there")
    assert line(here, "monit")["rejected"] == 0


def test_systemd_journal_upload_sends_a_journal_once(here: Site) -> None:
    remote, upload = (program(f"systemd-journal-{name}", "systemd-journal-remote") for name in ("remote", "upload"))
    server = here.serve()
    journal = here.folder / "remote.journal"
    exported = "".join(
        f"__REALTIME_TIMESTAMP={1_772_442_000_000_000 + number}\n__MONOTONIC_TIMESTAMP={number}\n"
        f"_BOOT_ID={'4c9a8f0e' * 4}\n_HOSTNAME=db1\nSYSLOG_IDENTIFIER=mysqld\nPRIORITY=3\n"
        f"MESSAGE=cannot open table {number}\n\n"
        for number in range(3_000)
    )
    subprocess.run([remote, f"--output={journal}", "-"], input=exported.encode(), check=True, capture_output=True)
    state = here.folder / "state"
    command = [upload, f"--url={here.url}", f"--file={journal}", f"--save-state={state}"]
    follows = here.run(*command)  # as its service runs it
    here.comes(lambda: line(here, "journald").get("received") == 3_000, "every entry")
    follows.terminate()
    follows.wait()
    once = [*command, "--follow=no"]
    subprocess.run(once, check=True, capture_output=True, timeout=30)
    here.comes(
        lambda: line(here, "journald").get("received", 0) <= 3_001, "next to nothing new"
    )  # it sends the last again
    state.unlink()
    subprocess.run(once, check=True, capture_output=True, timeout=30)  # and where it does not, we do
    here.comes(lambda: line(here, "journald")["received"] >= 6_000 and server.folded(), "all sent again")
    found = line(here, "journald")
    assert (found["observed"], found["rejected"]) == (3_000, 0)
    assert found["deliveries"] >= 4  # cut as it came


def test_these_programs_are_what_ci_installs() -> None:
    script = (Path(__file__).parent.parent.parent / ".ci" / "run").read_text()
    packages = "prometheus prometheus-alertmanager rsyslog rsyslog-relp nagios4-core monit systemd-journal-remote curl"
    assert [name for name in packages.split() if name not in script] == []
