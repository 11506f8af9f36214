"""Do our own packs raise on known-bad events, and leave the look-alikes alone? Judged by another project's tests.

Their rules are not ours: ANSWERS names, for the rules that we knew when the packs were written, which signature of
ours is about the same behaviour (where a rule is about several logs: which of each). For any other rule it is the
signature whose title and description are most like its own, if they are alike enough. What they count over time is not
tested there, so the signatures that our correlations count are judged, not the correlations.
"""

from pathlib import Path
from typing import Any

from sklearn.feature_extraction.text import TfidfVectorizer

from aiops.domain.signatures import Correlated, Signature
from rules.sigma import load_folder
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
ALIKE = 0.35  # cosine of TF-IDF below which texts are not about the same
ANSWERS: dict[str, str | tuple[str, ...]] = {
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
    if not folder.is_dir():
        return []
    rules, events, truth = (list(lines(folder / f"{name}.jsonl")) for name in ("rules", "events", "truth"))
    kept = {event["id"]: event for event in events if event["log_type"] in DOORS}
    ours = [read.signature for read in load_folder(PACKS)[0] if not isinstance(read.signature.condition, Correlated)]
    asked = {event["rule_id"] for event in kept.values()}
    answers = _answers([rule for rule in rules if rule["rule_id"] in asked], ours)
    fired = fired_by_event(ours, {key: (DOORS[one["log_type"]], one["event"]) for key, one in kept.items()})
    judged = [
        (kept[one["id"]], one["expected"], bool(answers[one["rule_id"]] & fired[one["id"]]))
        for one in truth
        if one["id"] in kept and one["rule_id"] in answers
    ]
    if predictions:
        write(predictions, [{"id": e["id"], "rule_id": e["rule_id"], "fired": hit} for e, _, hit in judged])
    figures = _figures(SET, asked, answers, [(expected, hit) for _, expected, hit in judged])
    for log_type in DOORS:
        of_type = {event["rule_id"] for event in kept.values() if event["log_type"] == log_type}
        pairs = [(expected, hit) for event, expected, hit in judged if event["log_type"] == log_type]
        figures += _figures(f"{SET}/{log_type}", of_type, answers, pairs)
    return figures


def _figures(name: str, asked: set[str], answers: dict[str, set[str]], pairs: list[tuple[bool, bool]]) -> list[Figure]:
    hits = sum(expected and hit for expected, hit in pairs)
    false, missed = sum(hit and not expected for expected, hit in pairs), sum(e and not hit for e, hit in pairs)
    covered = len(asked & answers.keys())
    note = f"{sum(one in ANSWERS for one in asked)} of {len(asked)} rules were seen when the packs were written"
    return [
        Figure(set=name, measure="coverage of rules", ours=covered / max(1, len(asked)), n=len(asked), proportion=True),
        Figure(set=name, measure="precision", ours=hits / max(1, hits + false), n=hits + false, proportion=True),
        Figure(set=name, measure="recall", ours=hits / max(1, hits + missed), n=hits + missed, proportion=True),
        Figure(set=name, measure="F1", ours=2 * hits / max(1, 2 * hits + false + missed), n=len(pairs), note=note),
    ]


def _answers(theirs: list[dict[str, Any]], ours: list[Signature]) -> dict[str, set[str]]:
    """Return for each of their rules the signatures of ours that are about the same, where there are some."""
    known = {signature.id for signature in ours}
    said = {key: {names} if isinstance(names, str) else set(names) for key, names in ANSWERS.items()}
    asked = {rule["rule_id"] for rule in theirs}
    found = {key: names & known for key, names in said.items() if key in asked and names & known}
    others = [rule for rule in theirs if rule["rule_id"] not in ANSWERS]
    if not others:
        return found
    texts = [f"{rule['name']} {rule['name']} {rule.get('description') or ''}" for rule in others]
    mine = [f"{one.title} {one.title} {one.description}" for one in ours]
    vectors = TfidfVectorizer(stop_words="english", sublinear_tf=True).fit_transform([*texts, *mine])
    alike = (vectors[: len(texts)] @ vectors[len(texts) :].T).toarray()
    for rule, row in zip(others, alike, strict=True):
        if row.max() >= ALIKE:
            found[rule["rule_id"]] = {ours[int(row.argmax())].id}
    return found
