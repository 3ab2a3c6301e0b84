//! `cloudtrail_events`: one flat column a member, as notebooks on DuckDB have them; names in lower case.

use super::{Column, column};

#[rustfmt::skip]
pub(super) const COLUMNS: &[Column] = &[
    column("eventversion", "event_version"),
    column("eventtime", "event_time"),
    column("eventsource", "event_source"),
    column("eventname", "event_name"),
    column("eventid", "event_id"),
    column("eventtype", "event_type"),
    column("eventcategory", "event_category"),
    column("awsregion", "aws_region"),
    column("sourceipaddress", "source_ip_address"),
    column("useragent", "user_agent"),
    column("errorcode", "error_code"),
    column("errormessage", "error_message"),
    column("requestid", "request_id"),
    column("readonly", "read_only"),
    column("managementevent", "management_event"),
    column("apiversion", "api_version"),
    column("recipientaccountid", "recipient_account_id"),
    column("sharedeventid", "shared_event_id"),
    column("vpcendpointid", "vpc_endpoint_id"),
    column("vpcendpointaccountid", "vpc_endpoint_account_id"),
    column("useridentitytype", "user_identity_type"),
    column("useridentityprincipalid", "user_identity_principal_id"),
    column("useridentityarn", "user_identity_arn"),
    column("useridentityaccountid", "user_identity_account_id"),
    column("useridentityaccesskeyid", "user_identity_access_key_id"),
    column("useridentityusername", "user_identity_user_name"),
    column("useridentityinvokedby", "user_identity_invoked_by"),
    column("useridentityidentityprovider", "user_identity_identity_provider"),
    column("useridentitysessioncontextattributescreationdate", "session_creation_date"),
    column("useridentitysessioncontextattributesmfaauthenticated", "session_mfa_authenticated"),
    column("useridentitysessioncontextsessionissuertype", "session_issuer_type"),
    column("useridentitysessioncontextsessionissuerprincipalid", "session_issuer_principal_id"),
    column("useridentitysessioncontextsessionissuerarn", "session_issuer_arn"),
    column("useridentitysessioncontextsessionissueraccountid", "session_issuer_account_id"),
    column("useridentitysessioncontextsessionissuerusername", "session_issuer_user_name"),
    column("useridentitysessioncontextsourceidentity", "session_source_identity"),
    column("requestparameters", "request_parameters"),
    column("responseelements", "response_elements"),
    column("additionaleventdata", "additional_event_data"),
    column("serviceeventdetails", "service_event_details"),
    column("resources", "to_json(tailpipe_resources(resources))"),
    column("tlsdetailstlsversion", "tls_version"),
    column("tlsdetailsciphersuite", "tls_cipher_suite"),
    column("tlsdetailsclientprovidedhostheader", "tls_client_provided_host_header"),
    column("sessioncredentialfromconsole", "session_credential_from_console"),
];

/// The same under shorter names, nested, and the partitions.
#[rustfmt::skip]
pub(super) const HIDDEN: &[Column] = &[
    column("useridentity", "struct_or_null(
        'type', user_identity_type, 'principalid', user_identity_principal_id, 'arn', user_identity_arn,
        'accountid', user_identity_account_id, 'accesskeyid', user_identity_access_key_id,
        'username', user_identity_user_name, 'invokedby', user_identity_invoked_by,
        'sessioncontext', struct_or_null(
            'attributes', struct_or_null(
                'creationdate', session_creation_date, 'mfaauthenticated', session_mfa_authenticated),
            'sessionissuer', struct_or_null(
                'type', session_issuer_type, 'principalid', session_issuer_principal_id, 'arn', session_issuer_arn,
                'accountid', session_issuer_account_id, 'username', session_issuer_user_name)))"),
    column("sessioncreationdate", "session_creation_date"),
    column("sessionmfaauthenticated", "session_mfa_authenticated"),
    column("mfaauthenticated", "session_mfa_authenticated"),
    column("sessionissuertype", "session_issuer_type"),
    column("sessionissuerprincipalid", "session_issuer_principal_id"),
    column("sessionissuerarn", "session_issuer_arn"),
    column("sessionissueraccountid", "session_issuer_account_id"),
    column("sessionissuerusername", "session_issuer_user_name"),
    column("useridentitysessionissuerarn", "session_issuer_arn"),
    column("useridentitysessionissuerusername", "session_issuer_user_name"),
    column("insightdetails", "insight_details"),
    column("addendum", "addendum"),
    column("account", "account"),
    column("accountid", "account"),
    column("region", "region"),
    column("date", "date"),
];

pub(super) const JSON: &[&str] = &[
    "requestparameters",
    "responseelements",
    "additionaleventdata",
    "serviceeventdetails",
    "resources",
    "insightdetails",
    "addendum",
];
