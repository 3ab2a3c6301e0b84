//! `cloudtrail_logs`, as AWS' documentation creates it in Athena.

use super::{Column, column};

#[rustfmt::skip]
pub(super) const COLUMNS: &[Column] = &[
    column("eventversion", "event_version"),
    column("useridentity", "struct_or_null(
        'type', user_identity_type, 'principalid', user_identity_principal_id, 'arn', user_identity_arn,
        'accountid', user_identity_account_id, 'invokedby', user_identity_invoked_by,
        'accesskeyid', user_identity_access_key_id, 'username', user_identity_user_name,
        'onbehalfof', struct_or_null(
            'userid', user_identity_on_behalf_of_user_id,
            'identitystorearn', user_identity_on_behalf_of_identity_store_arn),
        'sessioncontext', struct_or_null(
            'attributes', struct_or_null(
                'mfaauthenticated', CAST(session_mfa_authenticated AS VARCHAR),
                'creationdate', iso_time(session_creation_date)),
            'sessionissuer', struct_or_null(
                'type', session_issuer_type, 'principalid', session_issuer_principal_id, 'arn', session_issuer_arn,
                'accountid', session_issuer_account_id, 'username', session_issuer_user_name),
            'ec2roledelivery', session_ec2_role_delivery,
            'webidfederationdata', struct_or_null(
                'federatedprovider', session_web_id_federated_provider,
                'attributes', json_map(session_web_id_attributes)),
            'sourceidentity', session_source_identity,
            'assumedroot', CAST(session_assumed_root AS VARCHAR)),
        'identityprovider', user_identity_identity_provider,
        'credentialid', user_identity_credential_id,
        'inscopeof', struct_or_null(
            'sourcearn', user_identity_in_scope_of_source_arn,
            'sourceaccount', user_identity_in_scope_of_source_account,
            'issuertype', user_identity_in_scope_of_issuer_type,
            'credentialsissuedto', user_identity_in_scope_of_credentials_issued_to))"),
    column("eventtime", "iso_time(event_time)"),
    column("eventsource", "event_source"),
    column("eventname", "event_name"),
    column("awsregion", "aws_region"),
    column("sourceipaddress", "source_ip_address"),
    column("useragent", "user_agent"),
    column("errorcode", "error_code"),
    column("errormessage", "error_message"),
    column("requestparameters", "request_parameters"),
    column("responseelements", "response_elements"),
    column("additionaleventdata", "additional_event_data"),
    column("requestid", "request_id"),
    column("eventid", "event_id"),
    column("resources", "athena_resources(resources)"),
    column("eventtype", "event_type"),
    column("apiversion", "api_version"),
    column("readonly", "CAST(read_only AS VARCHAR)"),
    column("recipientaccountid", "recipient_account_id"),
    column("serviceeventdetails", "service_event_details"),
    column("sharedeventid", "shared_event_id"),
    column("vpcendpointid", "vpc_endpoint_id"),
    column("vpcendpointaccountid", "vpc_endpoint_account_id"),
    column("eventcategory", "event_category"),
    column("addendum", "struct_or_null(
        'reason', json_extract_scalar(addendum, '$.reason'),
        'updatedfields', json_extract_scalar(addendum, '$.updatedFields'),
        'originalrequestid', json_extract_scalar(addendum, '$.originalRequestID'),
        'originaleventid', json_extract_scalar(addendum, '$.originalEventID'))"),
    column("sessioncredentialfromconsole", "CAST(session_credential_from_console AS VARCHAR)"),
    column("edgedevicedetails", "edge_device_details"),
    column("tlsdetails", "struct_or_null(
        'tlsversion', tls_version, 'ciphersuite', tls_cipher_suite,
        'clientprovidedhostheader', tls_client_provided_host_header)"),
];

/// Hidden columns that the ledger knows: each file's newest entry, beside the rows that came from it. Athena gives times of
/// files in milliseconds.
pub(super) const LEDGER: super::Joined = super::Joined {
    columns: &["$file_size", "$file_modified_time"],
    sql: "LEFT JOIN (
        SELECT uri AS ledger_uri, first_value(size_bytes ORDER BY taken_at DESC) AS ledger_size,
            date_trunc('millisecond', first_value(modified ORDER BY taken_at DESC)) AS ledger_modified
        FROM files GROUP BY uri) ON ledger_uri = source_file",
};

/// Members that later tables have, hidden columns of Athena, and partitions by account and region under the names that
/// authors give them. Days are in [`super::days`].
#[rustfmt::skip]
pub(super) const HIDDEN: &[Column] = &[
    column("managementevent", "CAST(management_event AS VARCHAR)"),
    column("insightdetails", "insight_details"),
    column("eventcontext", "event_context"),
    column("$path", "source_file"),
    column("$file_size", "ledger_size"),
    column("$file_modified_time", "ledger_modified"),
    column("$partition", "concat('region=', region, '/account=', account, '/date=', date)"),
    column("region", "region"),
    column("region_partition", "region"),
    column("partition_region", "region"),
    column("p_region", "region"),
    column("log_region", "region"),
    column("aws_region", "region"),
    column("account", "account"),
    column("account_id", "account"),
    column("accountid", "account"),
    column("account_partition", "account"),
    column("partition_account", "account"),
    column("p_account", "account"),
    column("aws_account_id", "account"),
    column("log_account", "account"),
    column("org_id", "CAST(NULL AS VARCHAR)"),
    column("organization", "CAST(NULL AS VARCHAR)"),
];

pub(super) const JSON: &[&str] = &[
    "requestparameters",
    "responseelements",
    "additionaleventdata",
    "serviceeventdetails",
    "edgedevicedetails",
    "insightdetails",
    "eventcontext",
];
