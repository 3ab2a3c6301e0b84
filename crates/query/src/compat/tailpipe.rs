//! `aws_cloudtrail_log`, as Tailpipe has it in DuckDB.

use super::{Column, column};

#[rustfmt::skip]
pub(super) const COLUMNS: &[Column] = &[
    column("additional_event_data", "additional_event_data"),
    column("api_version", "api_version"),
    column("aws_region", "aws_region"),
    column("edge_device_details", "edge_device_details"),
    column("error_code", "error_code"),
    column("error_message", "error_message"),
    column("event_category", "event_category"),
    column("event_id", "event_id"),
    column("event_name", "event_name"),
    column("event_source", "event_source"),
    column("event_time", "event_time"),
    column("event_type", "event_type"),
    column("event_version", "event_version"),
    column("management_event", "management_event"),
    column("read_only", "read_only"),
    column("recipient_account_id", "recipient_account_id"),
    column("request_id", "request_id"),
    column("request_parameters", "request_parameters"),
    column("resources", "tailpipe_resources(resources)"),
    column("response_elements", "response_elements"),
    column("service_event_details", "service_event_details"),
    column("session_credential_from_console", "session_credential_from_console"),
    column("shared_event_id", "shared_event_id"),
    column("source_ip_address", "source_ip_address"),
    column("tls_details", "struct_or_null(
        'tls_version', tls_version, 'cipher_suite', tls_cipher_suite,
        'client_provided_host_header', tls_client_provided_host_header)"),
    column("tp_akas", "resource_arns(resources)"),
    column("tp_date", "date"),
    column("tp_destination_ip", "CAST(NULL AS VARCHAR)"),
    column("tp_domains", "CAST(NULL AS VARCHAR[])"),
    column("tp_emails", "CAST(NULL AS VARCHAR[])"),
    column("tp_id", "event_id"),
    column("tp_index", "account"),
    column("tp_ingest_timestamp", "event_time"),
    column("tp_ips", "CASE WHEN source_ip_address IS NOT NULL THEN make_array(source_ip_address) END"),
    column("tp_partition", "'milepost'"),
    column("tp_source_ip", "source_ip_address"),
    column("tp_source_location", "source_file"),
    column("tp_source_name", "'milepost'"),
    column("tp_source_type", "'aws_s3_bucket'"),
    column("tp_table", "'aws_cloudtrail_log'"),
    column("tp_tags", "CAST(NULL AS VARCHAR[])"),
    column("tp_timestamp", "event_time"),
    column("tp_usernames", "CASE
        WHEN user_identity_access_key_id LIKE 'AKIA%' AND user_identity_user_name IS NOT NULL
            THEN make_array(user_identity_access_key_id, user_identity_user_name)
        WHEN user_identity_access_key_id LIKE 'AKIA%' THEN make_array(user_identity_access_key_id)
        WHEN user_identity_user_name IS NOT NULL THEN make_array(user_identity_user_name) END"),
    column("user_agent", "user_agent"),
    column("user_identity", "struct_or_null(
        'type', user_identity_type, 'principal_id', user_identity_principal_id, 'arn', user_identity_arn,
        'account_id', user_identity_account_id, 'access_key_id', user_identity_access_key_id,
        'user_name', user_identity_user_name,
        'session_context', struct_or_null(
            'attributes', struct_or_null(
                'mfa_authenticated', CAST(session_mfa_authenticated AS VARCHAR),
                'creation_date', session_creation_date),
            'session_issuer', struct_or_null(
                'type', session_issuer_type, 'principal_id', session_issuer_principal_id, 'arn', session_issuer_arn,
                'account_id', session_issuer_account_id, 'user_name', session_issuer_user_name),
            'web_id_federation_data', struct_or_null(
                'federated_provider', session_web_id_federated_provider,
                'attributes', session_web_id_attributes),
            'source_identity', session_source_identity,
            'ec2_role_delivery', session_ec2_role_delivery,
            'assumed_root', session_assumed_root),
        'invoked_by', user_identity_invoked_by,
        'identity_provider', user_identity_identity_provider,
        'credential_id', user_identity_credential_id,
        'on_behalf_of', struct_or_null(
            'user_id', user_identity_on_behalf_of_user_id,
            'identity_store_arn', user_identity_on_behalf_of_identity_store_arn),
        'in_scope_of', struct_or_null(
            'source_arn', user_identity_in_scope_of_source_arn,
            'source_account', user_identity_in_scope_of_source_account,
            'issuer_type', user_identity_in_scope_of_issuer_type,
            'credentials_issued_to', user_identity_in_scope_of_credentials_issued_to))"),
    column("vpc_endpoint_account_id", "vpc_endpoint_account_id"),
    column("vpc_endpoint_id", "vpc_endpoint_id"),
];

#[rustfmt::skip]
pub(super) const HIDDEN: &[Column] = &[
    column("addendum", "addendum"),
    column("insight_details", "insight_details"),
    column("event_context", "event_context"),
    column("region", "region"),
    column("account", "account"),
    column("date", "date"),
];

pub(super) const JSON: &[&str] = &[
    "additional_event_data",
    "request_parameters",
    "response_elements",
    "service_event_details",
    "edge_device_details",
    "addendum",
    "insight_details",
    "event_context",
];
