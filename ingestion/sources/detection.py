"""Whose delivery is this? Headers, path and a few fields tell; the first row that fits counts."""

from collections.abc import Mapping

import msgspec

from aiops.domain.entries import Delivery
from aiops.domain.errors import BadInput
from ingestion.reading import fields
from ingestion.reading.documents import documents

LONGEST_HEAD = 512  # bytes of a text that are looked at


class Sign(msgspec.Struct, frozen=True):
    """What must hold for a delivery to be of ``source``: all that is given."""

    source: str
    header: str = ""  # is there
    agent: str = ""  # the User-Agent begins with it
    path: str = ""  # the path ends with it
    kind: str = ""  # the content type begins with it
    text: str = ""  # stands in the head of a body that is no JSON
    has: str = ""  # paths where something stands, parted by blanks
    values: Mapping[str, tuple[str, ...]] = {}  # path -> one of these texts (a trailing * : begins with)


SIGNS = (
    # Headers that name their sender
    Sign("github", header="x-github-event"),
    Sign("gitlab", header="x-gitlab-event"),
    Sign("sentry", header="sentry-hook-resource"),
    Sign("pagerduty", header="x-pagerduty-signature"),
    Sign("terraform_cloud", header="x-tfe-notification-signature"),
    Sign("sonarqube", header="x-sonarqube-project"),
    Sign("sonarqube", header="x-sonar-webhook-hmac-sha256"),
    Sign("puppet", header="x-puppet-version"),
    Sign("flux", header="gotk-component"),
    Sign("cloudwatch", header="x-amz-sns-message-type"),
    Sign("jira", header="x-atlassian-webhook-identifier", has="webhookEvent"),
    Sign("bitbucket", header="x-event-key"),
    Sign("circleci", header="circleci-event-type"),
    # The paths of the APIs that we stand in for
    Sign("alertmanager_api", path="/api/v2/alerts"),
    Sign("alertmanager_api", path="/api/v1/alerts"),
    Sign("pagerduty", path="/v2/enqueue"),
    Sign("pagerduty", path="/v2/change/enqueue"),
    Sign("otlp", path="/v1/logs"),
    Sign("loki", path="/loki/api/v1/push"),
    Sign("ansible", has="event.ansible_task"),
    Sign("splunk_hec", path="/services/collector"),
    Sign("splunk_hec", path="/services/collector/event"),
    Sign("splunk_hec", path="/services/collector/raw"),
    Sign("datadog", path="/api/v1/events"),
    Sign("gelf", path="/gelf"),
    Sign("journald", kind="application/vnd.fdo.journal"),
    Sign("otlp", kind="application/x-protobuf"),
    # Bodies that are no JSON
    Sign("junit", text="<testsuite"),
    Sign("dotnet_tests", text="<test-run"),
    Sign("dotnet_tests", text="<test-results"),
    Sign("dotnet_tests", text="<assemblies"),
    Sign("dotnet_tests", text="<TestRun"),
    Sign("monit", text="<monit "),
    Sign("puppet", text="!ruby/object:Puppet"),
    Sign("git_log", text="\x1e"),
    Sign("tap", text="TAP version "),
    Sign("syslog", text="<pri>"),
    Sign("cef", text="CEF:0|"),
    Sign("cef", text="LEEF:"),
    Sign("journald", text="__CURSOR="),
    # Objects, the most telling fields first
    Sign("cloudevents", kind="application/cloudevents"),
    Sign("cloudevents", has="specversion type source id"),
    Sign("cloudwatch", has="TopicArn Type MessageId"),
    Sign("cloudwatch", has="AlarmName NewStateValue"),
    Sign("cloudtrail", has="Records.0.eventVersion Records.0.eventName"),
    Sign("cloudtrail", has="detail.eventVersion detail.userIdentity"),
    Sign("cloudtrail", has="eventVersion userIdentity eventSource"),
    Sign("eventbridge", has="detail-type detail source"),
    Sign("kubernetes_audit", values={"kind": ("Event",), "apiVersion": ("audit.k8s.io*",)}),
    Sign("kubernetes_audit", values={"apiVersion": ("audit.k8s.io*",)}),
    Sign("flux", has="involvedObject reportingController severity"),
    Sign("kubernetes", has="involvedObject reason"),
    Sign("kubernetes", has="regarding reason"),
    Sign("kubernetes", has="items.0.involvedObject"),
    Sign("kubernetes", has="object.involvedObject"),
    Sign("azure_monitor", has="data.essentials"),
    Sign("azure_monitor", values={"schemaId": ("AzureMonitor*", "azureMonitor*", "Microsoft.Insights*")}),
    Sign("azure_monitor", has="status context.resourceType"),
    Sign("azure_monitor", has="status context.subscriptionId"),
    Sign("gcp_monitoring", has="incident.incident_id incident.policy_name"),
    Sign("gcp_monitoring", has="incident.incident_id version"),
    Sign("statuspage", has="page incident.incident_updates"),
    Sign("pagerduty", values={"event.event_type": ("incident.*", "service.*", "pagey.*")}),
    Sign("pagerduty", has="routing_key"),
    Sign("pagerduty", has="service_key event_type"),
    Sign("grafana_oncall", has="alert_group event.type"),
    Sign("grafana_oncall", has="alert_group_id alert_payload"),
    Sign("grafana", has="alerts orgId"),
    Sign("grafana", has="alerts", values={"version": ("1",)}),
    Sign("grafana", has="ruleName state evalMatches"),
    Sign("grafana", has="ruleId ruleUrl state"),
    Sign("alertmanager", has="alerts groupLabels"),
    Sign("alertmanager", has="alerts groupKey"),
    Sign("alertmanager", has="alerts.0.labels.alertname"),
    Sign("alertmanager_api", has="labels.alertname startsAt"),
    Sign("alertmanager_api", has="labels.alertname generatorURL"),
    Sign("otlp", has="resourceLogs"),
    Sign("loki", has="streams.0.stream streams.0.values"),
    Sign("gelf", has="short_message version"),
    Sign("journald", has="__REALTIME_TIMESTAMP"),
    Sign("splunk_hec", has="event sourcetype"),
    Sign("sentry", kind="application/x-sentry-envelope"),
    Sign("pagerduty", has="messages.0.incident"),
    Sign("pagerduty", has="messages.0.data.incident"),
    Sign("statuspage", has="page component_update"),
    Sign("papertrail", has="events saved_search"),
    Sign("logs", has="ecs.version"),
    Sign("logs", has="@timestamp log.level message"),
    Sign("logs", has="@timestamp message ecs"),
    Sign("ansible", has="plays stats"),
    Sign("ansible", has="hosts playbook inventory"),
    Sign("ansible", has="created_by inventory extra_vars"),
    Sign("ansible", has="ansible_task"),
    Sign("jira", has="webhookEvent"),
    Sign("sonarqube", has="qualityGate project"),
    Sign("terraform_cloud", has="run_id notifications workspace_name"),
    Sign("terraform_cloud", has="notification_configuration_id notifications"),
    Sign("rundeck", has="executionId execution"),
    Sign("teamcity", has="build.buildResult"),
    Sign("teamcity", has="build.buildTypeId"),
    Sign("jenkins", has="build.full_url build.phase"),
    Sign("appveyor", has="eventName eventData.buildVersion"),
    Sign("circleci", has="workflow pipeline", values={"type": ("workflow-completed", "job-completed")}),
    Sign("buildbot", has="builder buildid"),
    Sign("buildbot", has="buildid buildername"),
    Sign("gocd", has="pipeline.stage pipeline.counter"),
    Sign("gocd", has="data.pipeline.stage"),
    Sign("harbor", has="event_data.resources occur_at"),
    Sign("netlify", has="deploy_ssl_url site_id"),
    Sign("gitlab", has="object_kind"),
    Sign("bitbucket", has="repository push.changes"),
    Sign("bitbucket", has="repository commit_status"),
    Sign("argocd", has="app.metadata app.status"),
    Sign("github", has="repository.full_name sender.login"),
    Sign("github", has="_document_id action actor"),
    Sign("go_test", has="Action Package Time"),
    Sign("netdata", agent="Netdata"),
    Sign("netdata", has="alarm chart old_status"),
    Sign("netdata", values={"type": ("netdataAlarm",)}),
    Sign("netdata", values={"username": ("netdata on *",)}),
    Sign("netdata", has="alert chart node_name"),
    Sign("netdata", has="alarm chart context space"),
    Sign("alerta", has="resource event environment severity service"),
    Sign("alerta", has="resource event correlate"),
    Sign("datadog", has="alert_transition"),
    Sign("datadog", has="alert_type title tags"),
    Sign("datadog", has="aggregation_key title"),
    Sign("newrelic", values={"issueUrl": ("*newrelic*",)}),
    Sign("newrelic", has="issueUrl state"),
    Sign("newrelic", has="condition_name policy_name"),
    Sign("newrelic", has="issuePageUrl"),
    Sign("dynatrace", has="ProblemTitle"),
    Sign("dynatrace", has="ProblemID State"),
    Sign("appdynamics", values={"eventType": ("POLICY_*", "HEALTH_RULE_*")}),
    Sign("appdynamics", has="healthRuleName"),
    Sign("splunk", has="search_name results_link"),
    Sign("splunk", has="sid search_name result"),
    Sign("splunk_observability", has="detector incidentId rule"),
    Sign("splunk_observability", has="detectorUrl incidentId"),
    Sign("victorops", has="message_type entity_id"),
    Sign("graylog", has="event_definition_id"),
    Sign("graylog", has="check_result.triggered_condition"),
    Sign("sentry", has="installation.uuid action data"),
    Sign("sentry", has="project_slug culprit"),
    Sign("rollbar", has="event_name data.item"),
    Sign("rollbar", has="event_name data.deploy"),
    Sign("raygun", has="eventType error application"),
    Sign("honeybadger", has="event message fault.klass"),
    Sign("honeybadger", has="event message check_in"),
    Sign("honeybadger", has="event message site"),
    Sign("coralogix", has="alert_id alert_action"),
    Sign("coralogix", has="alert_unique_identifier"),
    Sign("axiom", has="action event.monitorID"),
    Sign("thousandeyes", has="eventId alert.alertId"),
    Sign("thousandeyes", has="alert.ruleName alert.testName"),
    Sign("falco", has="rule priority output output_fields"),
    Sign("falco", has="rule priority output time"),
    Sign("wazuh", has="rule.level agent"),
    Sign("wazuh", has="rule.level manager decoder"),
    Sign("wazuh", has="all_fields.rule"),
    Sign("wazuh", values={"description": ("Rule ID *",)}),
    Sign("crowdstrike", has="metadata.customerIDString event"),
    Sign("crowdstrike", has="metadata.eventType metadata.offset event"),
    Sign("opsgenie", has="integrationId alert.alertId"),
    Sign("opsgenie", has="alert.alertId action"),
    Sign("opsgenie", has="alias message responders"),
    Sign("opsgenie", has="message priority entity alias"),
    Sign("uptimekuma", has="heartbeat monitor"),
    Sign("pingdom", has="check_id current_state previous_state"),
    Sign("uptimerobot", has="monitorID alertType"),
    Sign("uptimerobot", has="monitor_url alert_type"),
    Sign("uptimerobot", has="monitorURL alertTypeFriendlyName"),
    Sign("statuscake", has="TestID Status"),
    Sign("statuscake", has="StatusCode Status Name"),
    Sign("checkly", has="ALERT_TYPE CHECK_NAME"),
    Sign("checkly", has="alert_type check_id"),
    Sign("healthchecks", has="unique_key n_pings"),
    Sign("healthchecks", has="ping_url status grace"),
    Sign("healthchecks", has="name status code now"),
    Sign("updown", values={"event": ("check.*",)}, has="check.token"),
    Sign("elastalert2", has="rule_name num_hits"),
    Sign("elastalert2", has="num_hits num_matches"),
    Sign("elastic", has="rule.id alert.actionGroup"),
    Sign("elastic", has="ruleId alertId"),
    Sign("elastic", has="rule.id context.reason"),
    Sign("elastic", has="watch_id"),
    Sign("checkmk", has="check_command notification_type site"),
    Sign("checkmk", has="what notification_type host"),
    Sign("librenms", has="rule_id device_id state"),
    Sign("librenms", has="alert_id sysName severity"),
    Sign("zabbix", has="trigger severity status item"),
    Sign("zabbix", has="triggerId event_ack"),
    Sign("zabbix", has="trigger_id event_id"),
    Sign("zabbix", has="event_id trigger_name"),
    Sign("zabbix", has="event_source event_value"),
    Sign("icinga2", has="NOTIFICATIONAUTHORNAME HOSTNAME"),
    Sign("icinga2", has="LASTHOSTSTATECHANGE HOSTNAME"),
    Sign("icinga2", has="SERVICEDISPLAYNAME HOSTNAME"),
    Sign("nagios", has="NOTIFICATIONTYPE HOSTNAME"),
    Sign("nagios", has="NAGIOS_NOTIFICATIONTYPE"),
    Sign("nagios", has="notification_type host_name"),
    Sign("apprise", has="version title message attachments type"),
    Sign("slack", has="attachments.0.color"),
    Sign("slack", has="attachments.0.fallback"),
    Sign("slack", has="text channel username"),
    Sign("opsgenie", path="/close"),
    Sign("opsgenie", path="/acknowledge"),
    Sign("opsgenie", path="/v2/alerts"),
)


_FIRST = [next(iter((*sign.has.split(), *sign.values)), "") for sign in SIGNS]  # a path that the row needs
_ROWS = [(sign, first, first.partition(".")[0]) for sign, first in zip(SIGNS, _FIRST, strict=True)]


def recognised(delivery: Delivery) -> str:
    """Return the name of the source that the delivery seems to be of; empty where none fits. Never raises."""
    try:
        found = documents(delivery.body, delivery.content_type)
    except BadInput:
        return ""
    document = found[0] if found else None
    if isinstance(document, list):
        document = document[0] if document else None
    known = document if isinstance(document, dict) else {}
    head = "" if known else _head(delivery.body)
    for sign, first, top in _ROWS:
        needed = not first or top in known or first in known  # most rows are passed over by this alone
        if needed and _fits(sign, delivery, document, head):
            return sign.source
    return ""


def _head(body: bytes) -> str:
    text = body[:LONGEST_HEAD].decode("utf-8", "replace").lstrip()
    number, bracket, _ = text.partition("<")[2][:5].partition(">")
    counted = text.partition("<")[0].strip()
    if bracket and number.isdecimal() and (not counted or counted.isdecimal()) and "CEF:" not in text:
        return f"<pri>{text}"
    return text


def _fits(sign: Sign, delivery: Delivery, document: object, head: str) -> bool:
    """Do all the conditions of the row hold?"""
    if sign.header and sign.header not in delivery.headers:
        return False
    if sign.agent and not delivery.headers.get("user-agent", "").startswith(sign.agent):
        return False
    if sign.path and not delivery.query.get("path", "").endswith(sign.path):
        return False
    if sign.kind and not delivery.content_type.startswith(sign.kind):
        return False
    if sign.text and sign.text not in head:
        return False
    return _holds(sign, document)


def _holds(sign: Sign, document: object) -> bool:
    if any(fields.dig(document, path) is None for path in sign.has.split()):
        return False
    for path, wanted in sign.values.items():
        text = fields.first_of(document, (path,))
        if not any(_matches(text, pattern) for pattern in wanted):
            return False
    return True


def _matches(text: str, pattern: str) -> bool:
    """Text, ``begins*`` or ``*holds*``."""
    if pattern.startswith("*"):
        return pattern.strip("*") in text
    return text.startswith(pattern[:-1]) if pattern.endswith("*") else text == pattern
