"""Do our own packs raise on known-bad events, and leave the look-alikes alone? Judged by another project's tests.

Their rules are not ours: ANSWERS names, for the rules that we knew when the packs were written, which signature of
ours is about the same behaviour (where a rule is about several logs: which of each). For any other rule it is the
signature that says most nearly the same (alike.py); a row of its own says how good that is by itself. What they count
over time is not tested there, so the signatures that our correlations count are judged, not the correlations.
"""

from collections.abc import Collection
from pathlib import Path
from typing import Any

from aiops.domain.signatures import Correlated, Signature
from rules.sigma import load_folder
from tests.benchmarks.quality.alike import nearest
from tests.benchmarks.quality.figures import Figure
from tests.benchmarks.quality.sigma_regression import fired_by_event, lines, write

SET = "panther-tests"
PACKS = Path(__file__).parents[3] / "rules" / "packs"
DOORS = {
    "AWS.CloudTrail": "cloudtrail",
    "Amazon.EKS.Audit": "kubernetes_audit",
    "GitHub.Audit": "github",
    "Okta.SystemLog": "okta",
}
PRODUCTS = {
    "AWS.CloudTrail": "aws",
    "Amazon.EKS.Audit": "kubernetes",
    "GitHub.Audit": "github",
    "Okta.SystemLog": "okta",
}
Pair = tuple[str, str]  # rule and type of log
Judged = tuple[dict[str, Any], bool, bool]  # event, whether a rule must fire, whether ours did
ANSWERS: dict[str, str | tuple[str, ...]] = {
    "AWS.CloudTrail.IAMAssumeRoleBlacklistIgnored": (),  # by lists of their own, as the next three
    "AWS.EC2.Vulnerable.XZ.Image.Launched": (),
    "AWS.LAMBDA.CRUD": (),
    "Okta.Login.Without.Push.Marker": (),
    "AWS.EC2.LaunchUnusualEC2Instances": "aws_unusual_instance_launched",
    "Standard.AdminRoleAssigned": "github_administrator_added",
    "Standard.ImpossibleTravel.Login": (),  # by a history of places that is not in the record: we have none such
    "Standard.BruteForceByUser": ("aws_console_sign_in_failed", "okta_sign_in_failed"),
    "Standard.MFADisabled": ("github_two_factor_not_required", "okta_second_factor_taken_away"),
    "Standard.NewUserAccountCreated": ("aws_user_made", "okta_user_account_created"),
    "Standard.SignInFromRogueState": "okta_sign_in_from_rogue_state",
    "AWS.Bedrock.GuardrailUpdateDelete": "aws_bedrock_guardrail_weakened",
    "AWS.CloudTrail.AMIModifiedForPublicAccess": "aws_image_shared_with_everybody",
    "AWS.CloudTrail.Created": "aws_trail_made_or_changed",
    "AWS.CloudTrail.EventSelectorsDisabled": "aws_trail_leaves_out_management_events",
    "AWS.CloudTrail.IAMAnythingChanged": "aws_iam_changed",
    "AWS.CloudTrail.IAMCompromisedKeyQuarantine": "aws_leaked_key_quarantined",
    "AWS.CloudTrail.IMDSCredentialExfiltration": "aws_instance_credentials_used_elsewhere",
    "AWS.CloudTrail.LoginProfileCreatedOrModified": "aws_console_password_of_another_set",
    "AWS.CloudTrail.Password.Policy.Discovery": "aws_password_policy_looked_at",
    "AWS.CloudTrail.PasswordSpraying": "aws_console_sign_in_failed",
    "AWS.CloudTrail.ResourceMadePublic": "aws_resource_policy_for_everybody",
    "AWS.CloudTrail.RootAccessKeyCreated": "aws_root_access_key_made",
    "AWS.CloudTrail.RootPasswordChanged": "aws_root_password_changed",
    "AWS.CloudTrail.SES.CheckSESSendingEnabled": "aws_ses_sending_asked_for",
    "AWS.CloudTrail.SES.CheckSendQuota": "aws_ses_quota_asked_for",
    "AWS.CloudTrail.SecurityConfigurationChange": "aws_security_setting_of_account_changed",
    "AWS.CloudTrail.VPCE.ExternalPrincipal": "aws_endpoint_used_by_another_account",
    "AWS.CloudTrail.VPCE.SensitiveAPICalls": "aws_sensitive_call_through_endpoint",
    "AWS.ConfigService.Created": "aws_config_recorder_set_up",
    "AWS.Console.GetSigninToken.Abuse": "aws_console_session_made_from_keys",
    "AWS.Console.LoginWithoutSAML": "aws_console_sign_in_past_the_provider",
    "AWS.Console.RootLoginFailed": "aws_root_sign_in_failed",
    "AWS.Console.Sign-In": "aws_sso_portal_sign_in",
    "AWS.EC2.EBS.Encryption.Disabled": "aws_disk_encryption_default_off",
    "AWS.EC2.ManualSecurityGroupChange": "aws_security_group_changed_by_hand",
    "AWS.EC2.Monitoring": "aws_image_taken_or_moved",
    "AWS.EC2.MultiInstanceConnect": "aws_ssh_key_pushed_to_instance",
    "AWS.EC2.Startup.Script.Change": "aws_startup_script_changed",
    "AWS.EC2.Traffic.Mirroring": "aws_traffic_mirrored",
    "AWS.IAM.AttachAdminRolePolicy": "aws_administrator_policy_attached",
    "AWS.IAM.Backdoor.User.Keys": "aws_access_key_made_for_another",
    "AWS.IAM.BackdoorRole": "aws_role_trusts_everybody",
    "AWS.IAM.CreateRole": "aws_role_made",
    "AWS.IAM.CreateUser": "aws_user_made",
    "AWS.IAM.CredentialsUpdated": "aws_credential_made_or_changed",
    "AWS.IAM.Group.Read.Only.Events": "aws_groups_listed",
    "AWS.IAM.PolicyModified": "aws_iam_policy_changed",
    "AWS.Modify.Cloud.Compute.Infrastructure": "aws_machines_changed_by_hand",
    "AWS.Potential.Backdoor.Lambda": "aws_function_opened_to_others",
    "AWS.RDS.AutomatedBackupDeleted": "aws_database_backups_deleted",
    "AWS.RDS.DeletionProtectionDisabled": "aws_database_may_be_deleted",
    "AWS.RDS.IAMRoleAdded": "aws_database_given_role",
    "AWS.RDS.InstanceMadePublic": "aws_database_reachable_from_internet",
    "AWS.RDS.InstanceRebooted": "aws_database_rebooted",
    "AWS.RDS.ManualSnapshotCreated": "aws_database_snapshot_by_hand",
    "AWS.RDS.MasterPasswordUpdated": "aws_database_password_changed",
    "AWS.RDS.PublicRestore": "aws_database_restored_to_public",
    "AWS.RDS.SecurityGroupIngressAuthorized": "aws_database_network_opened",
    "AWS.RDS.SnapshotCopiedCrossRegion": "aws_database_snapshot_copied_abroad",
    "AWS.RDS.SnapshotDeleted": "aws_database_snapshot_deleted",
    "AWS.RDS.SnapshotEnumeration": "aws_shared_snapshots_looked_for",
    "AWS.RDS.SnapshotExport": "aws_database_snapshot_exported",
    "AWS.S3.CopyObject.CrossAccount.Encryption.KMS": "aws_object_encrypted_with_foreign_key",
    "AWS.S3.DeleteBucketEncryption": "aws_bucket_encryption_removed",
    "AWS.S3.DeleteBucketReplication": "aws_bucket_replication_removed",
    "AWS.S3.DeleteObject": "aws_object_deleted",
    "AWS.S3.DisableBucketLogging": "aws_bucket_logging_off",
    "AWS.S3.DisableMfaDelete": "aws_bucket_deletes_without_second_factor",
    "AWS.S3.RansomwareNoteUpload": "aws_ransom_note_in_bucket",
    "AWS.S3.SecurityControlDisabling": "aws_bucket_protection_weakened",
    "AWS.S3.SuspendVersioning": "aws_bucket_versions_no_longer_kept",
    "AWS.SSM.DecryptSSMParams": "aws_parameters_decrypted",
    "AWS.SSM.DistributedCommand": "aws_command_sent_to_machines",
    "AWS.SecretsManager.BatchRetrieveSecretsCatchAll": "aws_all_secrets_asked_for",
    "AWS.SecretsManager.RetrieveSecrets": "aws_secret_refused",
    "AWS.SecretsManager.RetrieveSecretsMultiRegion": "aws_secrets_read_in_batch",
    "AWS.SecurityHub.Finding.Evasion": "aws_security_findings_hidden",
    "AWS.Suspicious.SAML.Activity": "aws_identity_provider_changed",
    "AWS.Unsuccessful.MFA.attempt": "aws_second_factor_failed",
    "AWS.User.Login.Profile.Modified": "aws_console_password_of_another_changed_for_good",
    "AWS.VPCFlow.LogsDeleted": "aws_flow_logs_deleted",
    "Amazon.EKS.AnonymousAPIAccess": "kubernetes_anonymous_request",
    "Amazon.EKS.Audit.Multiple403": "kubernetes_forbidden_from_outside",
    "Amazon.EKS.Audit.SystemNamespaceFromPublicIP": "kubernetes_system_user_from_outside",
    "GitHub.Advanced.Security.Change": "github_scanning_switched_off",
    "GitHub.Branch.PolicyOverride": "github_branch_protection_bypassed",
    "GitHub.Branch.ProtectionDisabled": "github_branch_protection_removed",
    "GitHub.Org.IpAllowlist": "github_ip_allow_list_changed",
    "GitHub.Org.Moderators.Add": "github_moderator_added",
    "GitHub.Org.Modified": "github_org_member_changed",
    "GitHub.Repo.RulesetModified": "github_ruleset_changed",
    "GitHub.Secret.Scanning.Alert.Created": "github_leaked_secret_found",
    "GitHub.SupplyChain.SuspiciousUserAgents": "github_package_manager_writes",
    "GitHub.Team.Modified": "github_team_changed",
    "GitHub.User.AccessKeyCreated": "github_ssh_key_added",
    "GitHub.User.RoleUpdated": "github_org_role_changed",
    "GitHub.Webhook.Modified": "github_webhook_changed",
    "GitHub.Workflow.DispatchByGitHubBot": "github_workflow_started_by_its_own_token",
    "Github.Public.Repository.Created": "github_public_repository_made",
    "Github.Repo.Archived": "github_repository_archived",
    "Github.Repo.CollaboratorChange": "github_collaborator_changed",
    "Github.Repo.VisibilityChange": "github_repository_visibility_changed",
    "Github.Repo.VulnerabilityDismissed": "github_vulnerability_dismissed",
    "Kubernetes.API.AnonymousAccess": "kubernetes_anonymous_request",
    "Kubernetes.API.Multiple403.PublicIP": "kubernetes_forbidden_from_outside",
    "Kubernetes.AdmissionController.Created": "kubernetes_admission_webhook_added",
    "Kubernetes.ClientCertificate.Created": "kubernetes_client_certificate_asked_for",
    "Kubernetes.ClusterRoleBinding.Privileged": "kubernetes_cluster_role_bound_to_all_rights",
    "Kubernetes.CronJob.CreatedOrModified": "kubernetes_cron_job_put",
    "Kubernetes.DaemonSet.Created": "kubernetes_daemon_set_made",
    "Kubernetes.Ingress.NoTLS": "kubernetes_ingress_without_tls",
    "Kubernetes.Pod.Exec": "kubernetes_exec_into_pod",
    "Kubernetes.Pod.Host.IPC": "kubernetes_pod_shares_host_ipc",
    "Kubernetes.Pod.Host.Network": "kubernetes_pod_on_host_network",
    "Kubernetes.Pod.Host.PID": "kubernetes_pod_shares_host_processes",
    "Kubernetes.Pod.Privileged.Created": "kubernetes_pod_privileged",
    "Kubernetes.Pod.StealServiceAccountToken": "kubernetes_service_account_token_stolen",
    "Kubernetes.Role.Wildcard": "kubernetes_wildcard_role_made",
    "Kubernetes.Role.PodExec": "kubernetes_role_allows_exec",
    "Kubernetes.Role.WritePermissions": "kubernetes_role_writes",
    "Kubernetes.Secret.AccessDenied": "kubernetes_secret_refused",
    "Kubernetes.Secrets.DumpAllNamespaces": "kubernetes_all_secrets_listed",
    "Kubernetes.Service.NodePort.Deployed": "kubernetes_node_port_opened",
    "Kubernetes.ServiceAccount.TokenCreated": "kubernetes_service_account_token_made",
    "Kubernetes.System.Principal.PublicIP": "kubernetes_system_user_from_outside",
    "Kubernetes.SystemRole.Modified": "kubernetes_system_role_changed",
    "Okta.APIKeyCreated": "okta_api_token_made",
    "Okta.Anonymizing.VPN.Login": "okta_sign_in_through_anonymizer",
    "Okta.App.Unauthorized.Access.Attempt": "okta_app_access_denied",
    "Okta.Global.MFA.Disabled": "okta_factor_switched_off_for_all",
    "Okta.Identity.Provider.Created.Modified": "okta_identity_provider_changed",
    "Okta.Identity.Provider.SignIn": "okta_sign_in_by_identity_provider",
    "Okta.PasswordAccess": "okta_password_of_another_shown",
    "Okta.Refresh.Access.Token.Reuse": "okta_refresh_token_reused",
    "Okta.SSO.to.AWS": "okta_sign_on_to_aws",
    "Okta.Support.Access": "okta_support_let_in",
    "Okta.Support.Reset": "okta_support_reset_credential",
    "Okta.ThreatInsight.Security.Threat.Detected": "okta_threat_from_address",
    "Okta.User.Account.Locked": "okta_account_locked",
    "Okta.User.MFA.Factor.Suspend": "okta_factor_of_user_suspended",
    "Okta.User.MFA.Reset.All": "okta_all_factors_of_user_reset",
    "Okta.User.MFA.Reset.Single": "okta_factor_of_user_removed",
    "Okta.User.Reported.Suspicious.Activity": "okta_user_reports_suspicion",
    "Retrieve.SSO.access.token": "aws_sso_token_fetched",
    "Standard.NewAWSAccountCreated": "aws_account_made",
}


def run(shared: Path, predictions: Path | None) -> list[Figure]:
    """Return precision, recall, F1 and coverage per log type and over all."""
    folder = shared / "data" / SET
    if not (folder / "truth.jsonl").exists():
        return []
    rules, events, truth = (list(lines(folder / f"{name}.jsonl")) for name in ("rules", "events", "truth"))
    kept = {event["id"]: event for event in events if event["log_type"] in DOORS}
    ours = [read.signature for read in load_folder(PACKS)[0] if not isinstance(read.signature.condition, Correlated)]
    fired = fired_by_event(ours, {key: (DOORS[one["log_type"]], one["event"]) for key, one in kept.items()})
    asked = {(event["rule_id"], event["log_type"]) for event in kept.values()}
    alike = _alike({rule["rule_id"]: rule for rule in rules}, sorted(asked), ours)
    said = _said(alike, ours)

    def judged(by: dict[Pair, set[str]]) -> list[Judged]:
        answered = [(kept[one["id"]], one) for one in truth if one["id"] in kept]
        pairs = [(event, one, by[event["rule_id"], event["log_type"]]) for event, one in answered]
        return [(event, one["expected"], bool(fired[one["id"]] & names)) for event, one, names in pairs if names]

    every = judged(said)
    if predictions:
        write(predictions, [{"id": e["id"], "rule_id": e["rule_id"], "fired": hit} for e, _, hit in every])
    figures = _figures(SET, said, every, _seen(asked))
    for log_type in DOORS:
        of_type = {pair: said[pair] for pair in asked if pair[1] == log_type}
        some = [one for one in every if one[0]["log_type"] == log_type]
        figures += _figures(f"{SET}/{log_type}", of_type, some, _seen(of_type))
    return figures + _figures(f"{SET}, by their words alone", alike, judged(alike), "as if no rule had been seen")


def _seen(asked: Collection[Pair]) -> str:
    rules = {rule for rule, _ in asked}
    return f"{len(rules & ANSWERS.keys())} of {len(rules)} rules were seen when the packs were written"


def _figures(name: str, answers: dict[Pair, set[str]], judged: list[Judged], note: str) -> list[Figure]:
    hits = sum(expected and hit for _, expected, hit in judged)
    false = sum(hit and not expected for _, expected, hit in judged)
    missed = sum(expected and not hit for _, expected, hit in judged)
    rules = {rule for rule, _ in answers}
    covered = len({rule for (rule, _), names in answers.items() if names})
    return [
        Figure(set=name, measure="coverage of rules", ours=covered / max(1, len(rules)), n=len(rules), proportion=True),
        Figure(set=name, measure="precision", ours=hits / max(1, hits + false), n=hits + false, proportion=True),
        Figure(set=name, measure="recall", ours=hits / max(1, hits + missed), n=hits + missed, proportion=True),
        Figure(set=name, measure="F1", ours=2 * hits / max(1, 2 * hits + false + missed), n=len(judged), note=note),
    ]


def _said(alike: dict[Pair, set[str]], ours: list[Signature]) -> dict[Pair, set[str]]:
    """Return for each rule and log the signatures that we say are about the same, else what is most ``alike``."""
    products = {one.id: one.logsource.product for one in ours}
    said = dict(alike)
    for rule, log_type in alike:
        if rule in ANSWERS:
            names = ANSWERS[rule]
            of_log = {names} if isinstance(names, str) else set(names)
            said[rule, log_type] = {name for name in of_log if products.get(name) == PRODUCTS[log_type]}
    return said


def _alike(rules: dict[str, dict[str, Any]], asked: list[Pair], ours: list[Signature]) -> dict[Pair, set[str]]:
    """Return for each of their rules and each log the signature of ours that says most nearly the same."""
    found = nearest([(rules[rule], PRODUCTS[log_type]) for rule, log_type in asked], ours)
    return {pair: {name} if name else set() for pair, name in zip(asked, found, strict=True)}
