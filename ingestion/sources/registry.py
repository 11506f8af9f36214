"""Who sent it, and what does it say? Every source by its name: a delivery's bytes in, Events and problems out; pure."""

from collections.abc import Callable
from datetime import datetime

import msgspec

from aiops.domain.entries import Delivery
from aiops.domain.errors import BadInput
from aiops.domain.events import Event, Parsed, Problem
from ingestion.reading.documents import is_document
from ingestion.sources import (
    alerta,
    alertmanager,
    alertmanager_api,
    ansible,
    appdynamics,
    apprise,
    appveyor,
    argocd,
    axiom,
    azure_monitor,
    bitbucket,
    buildbot,
    cef,
    change_tickets,
    checkly,
    checkmk,
    circleci,
    cloudevents,
    cloudtrail,
    cloudwatch,
    coralogix,
    crowdstrike,
    datadog,
    detection,
    dotnet_tests,
    dynatrace,
    elastalert2,
    elastic,
    elastic_bulk,
    eventbridge,
    falco,
    flux,
    gcp_monitoring,
    gelf,
    generic,
    git_log,
    github,
    gitlab,
    go_test,
    gocd,
    grafana,
    grafana_oncall,
    graylog,
    harbor,
    healthchecks,
    honeybadger,
    icinga2,
    instana,
    jenkins,
    jira,
    journald,
    junit,
    kubernetes,
    kubernetes_audit,
    librenms,
    lines,
    loki,
    monit,
    nagios,
    netdata,
    netlify,
    newrelic,
    okta,
    opsgenie,
    otlp,
    pagerduty,
    papertrail,
    pingdom,
    puppet,
    raygun,
    rollbar,
    rundeck,
    sensu,
    sentry,
    slack,
    sonarqube,
    splunk,
    splunk_hec,
    splunk_observability,
    statuscake,
    statuspage,
    syslog,
    tap,
    teamcity,
    terraform_cloud,
    thousandeyes,
    updown,
    uptimekuma,
    uptimerobot,
    victorops,
    wazuh,
    windows,
    zabbix,
)
from ingestion.sources.signs import HEADERS

__all__ = ["AUTO", "HEADERS", "SOURCES", "Parse", "is_document", "known", "parse"]

Parse = Callable[[Delivery, datetime], Parsed]

AUTO = "auto"  # the door where the sender is recognised

SOURCES: dict[str, Parse] = {
    alerta.NAME: alerta.parse,
    alertmanager.NAME: alertmanager.parse,
    alertmanager_api.NAME: alertmanager_api.parse,
    ansible.NAME: ansible.parse,
    appdynamics.NAME: appdynamics.parse,
    apprise.NAME: apprise.parse,
    appveyor.NAME: appveyor.parse,
    argocd.NAME: argocd.parse,
    axiom.NAME: axiom.parse,
    azure_monitor.NAME: azure_monitor.parse,
    bitbucket.NAME: bitbucket.parse,
    buildbot.NAME: buildbot.parse,
    cef.NAME: cef.parse,
    change_tickets.NAME: change_tickets.parse,
    checkly.NAME: checkly.parse,
    checkmk.NAME: checkmk.parse,
    circleci.NAME: circleci.parse,
    cloudevents.NAME: cloudevents.parse,
    cloudtrail.NAME: cloudtrail.parse,
    cloudwatch.NAME: cloudwatch.parse,
    coralogix.NAME: coralogix.parse,
    crowdstrike.NAME: crowdstrike.parse,
    datadog.NAME: datadog.parse,
    dotnet_tests.NAME: dotnet_tests.parse,
    dynatrace.NAME: dynatrace.parse,
    elastalert2.NAME: elastalert2.parse,
    elastic.NAME: elastic.parse,
    elastic_bulk.NAME: elastic_bulk.parse,
    eventbridge.NAME: eventbridge.parse,
    falco.NAME: falco.parse,
    flux.NAME: flux.parse,
    gcp_monitoring.NAME: gcp_monitoring.parse,
    gelf.NAME: gelf.parse,
    generic.NAME: generic.parse,
    git_log.NAME: git_log.parse,
    github.NAME: github.parse,
    gitlab.NAME: gitlab.parse,
    go_test.NAME: go_test.parse,
    gocd.NAME: gocd.parse,
    grafana.NAME: grafana.parse,
    grafana_oncall.NAME: grafana_oncall.parse,
    graylog.NAME: graylog.parse,
    harbor.NAME: harbor.parse,
    healthchecks.NAME: healthchecks.parse,
    honeybadger.NAME: honeybadger.parse,
    icinga2.NAME: icinga2.parse,
    instana.NAME: instana.parse,
    jenkins.NAME: jenkins.parse,
    jira.NAME: jira.parse,
    journald.NAME: journald.parse,
    junit.NAME: junit.parse,
    kubernetes.NAME: kubernetes.parse,
    kubernetes_audit.NAME: kubernetes_audit.parse,
    librenms.NAME: librenms.parse,
    lines.NAME: lines.parse,
    loki.NAME: loki.parse,
    monit.NAME: monit.parse,
    nagios.NAME: nagios.parse,
    netdata.NAME: netdata.parse,
    netlify.NAME: netlify.parse,
    newrelic.NAME: newrelic.parse,
    okta.NAME: okta.parse,
    opsgenie.NAME: opsgenie.parse,
    otlp.NAME: otlp.parse,
    pagerduty.NAME: pagerduty.parse,
    papertrail.NAME: papertrail.parse,
    pingdom.NAME: pingdom.parse,
    puppet.NAME: puppet.parse,
    raygun.NAME: raygun.parse,
    rollbar.NAME: rollbar.parse,
    rundeck.NAME: rundeck.parse,
    sensu.NAME: sensu.parse,
    sentry.NAME: sentry.parse,
    slack.NAME: slack.parse,
    sonarqube.NAME: sonarqube.parse,
    splunk.NAME: splunk.parse,
    splunk_hec.NAME: splunk_hec.parse,
    splunk_observability.NAME: splunk_observability.parse,
    statuscake.NAME: statuscake.parse,
    statuspage.NAME: statuspage.parse,
    syslog.NAME: syslog.parse,
    tap.NAME: tap.parse,
    teamcity.NAME: teamcity.parse,
    terraform_cloud.NAME: terraform_cloud.parse,
    thousandeyes.NAME: thousandeyes.parse,
    updown.NAME: updown.parse,
    uptimekuma.NAME: uptimekuma.parse,
    uptimerobot.NAME: uptimerobot.parse,
    victorops.NAME: victorops.parse,
    wazuh.NAME: wazuh.parse,
    windows.NAME: windows.parse,
    zabbix.NAME: zabbix.parse,
}


def _folded(name: str) -> str:
    """``Grafana-OnCall`` and ``grafana_oncall`` are one name."""
    return name.lower().replace("-", "").replace("_", "")


_NAMES = {_folded(name): name for name in SOURCES}


def known(source: str) -> bool:
    """Is there a parser of this name, however it is spelt?"""
    return source in SOURCES or _folded(source) in _NAMES


def parse(delivery: Delivery, received_at: datetime, read: Parse | None = None) -> Parsed:
    """Return what a delivery says, by ``read`` where a person said how. Never raises.

    Where the source is ``auto`` or none that we know, the sender is recognised by what it sends; what nobody
    described is read as generic JSON, under the name that it came in with. The sender's own
    idempotency key, where it gave one, recognises a resend better than the content does.
    """
    try:
        parsed = (read or _parse)(delivery, received_at)
    except BadInput as error:
        return Parsed(problems=(Problem(place=error.place, problem=error.problem, fix=error.fix),))
    except Exception as error:  # noqa: BLE001  wall: a fault in one source must not stop the fold; it is counted as rejected
        said = f"the parser of {delivery.source} failed: {type(error).__name__}: {error}"[:300]
        return Parsed(problems=(Problem(place="body", problem=said, fix="report it with this delivery's id"),))
    if delivery.idempotency_key:
        events = tuple(_keyed(event, delivery, index) for index, event in enumerate(parsed.events))
        parsed = msgspec.structs.replace(parsed, events=events)
    return parsed


def _parse(delivery: Delivery, received_at: datetime) -> Parsed:
    named = delivery.source if delivery.source in SOURCES else _NAMES.get(_folded(delivery.source))
    if found := named or detection.recognised(delivery):
        return SOURCES[found](msgspec.structs.replace(delivery, source=found), received_at)
    name = generic.NAME if delivery.source == AUTO else delivery.source
    return generic.parse(msgspec.structs.replace(delivery, source=name), received_at)


def _keyed(event: Event, delivery: Delivery, index: int) -> Event:
    key = f"{delivery.source} {delivery.idempotency_key} {index}"
    return msgspec.structs.replace(event, content_key=key, keyed=True)
