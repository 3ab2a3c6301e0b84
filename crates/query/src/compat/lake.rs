//! An event data store of CloudTrail Lake: instants and booleans, nested values as maps from text to text.

use super::{Column, column};

/// The record that a row comes from. Arguments are in the order of the table of columns; a test holds it.
macro_rules! event_json {
    () => {
        "event_json(event_time, event_id, request_id, shared_event_id, event_version, event_source, event_name,
            event_type, event_category, read_only, management_event, api_version, error_code, error_message, aws_region,
            recipient_account_id, user_identity_type, user_identity_principal_id, user_identity_arn, user_identity_account_id,
            user_identity_access_key_id, user_identity_user_name, user_identity_invoked_by, user_identity_identity_provider,
            user_identity_credential_id, user_identity_invoked_by_delegate_account_id, user_identity_on_behalf_of_user_id,
            user_identity_on_behalf_of_identity_store_arn, user_identity_in_scope_of_source_arn,
            user_identity_in_scope_of_source_account, user_identity_in_scope_of_issuer_type,
            user_identity_in_scope_of_credentials_issued_to, session_creation_date, session_mfa_authenticated, session_issuer_type,
            session_issuer_principal_id, session_issuer_arn, session_issuer_account_id, session_issuer_user_name,
            session_source_identity, session_ec2_role_delivery, session_assumed_root, session_sign_in_session_arn,
            session_web_id_federated_provider, session_web_id_attributes, source_ip_address, user_agent, vpc_endpoint_id,
            vpc_endpoint_account_id, tls_version, tls_cipher_suite, tls_client_provided_host_header, tls_key_exchange,
            session_credential_from_console, request_parameters, response_elements, additional_event_data, service_event_details,
            insight_details, addendum, edge_device_details, event_context, resources, extra, fallbacks)"
    };
}

#[rustfmt::skip]
pub(super) const COLUMNS: &[Column] = &[
    column("eventversion", "event_version"),
    column("useridentity", "struct_or_null(
        'type', user_identity_type, 'principalid', user_identity_principal_id, 'arn', user_identity_arn,
        'accountid', user_identity_account_id, 'accesskeyid', user_identity_access_key_id,
        'username', user_identity_user_name,
        'sessioncontext', struct_or_null(
            'attributes', struct_or_null(
                'creationdate', session_creation_date,
                'mfaauthenticated', CAST(session_mfa_authenticated AS VARCHAR)),
            'sessionissuer', struct_or_null(
                'type', session_issuer_type, 'principalid', session_issuer_principal_id, 'arn', session_issuer_arn,
                'accountid', session_issuer_account_id, 'username', session_issuer_user_name),
            'webidfederationdata', struct_or_null(
                'federatedprovider', session_web_id_federated_provider,
                'attributes', json_map(session_web_id_attributes)),
            'sourceidentity', session_source_identity,
            'ec2roledelivery', session_ec2_role_delivery,
            'ec2issuedinvpc', CAST(NULL AS VARCHAR),
            'assumedroot', CAST(session_assumed_root AS VARCHAR)),
        'invokedby', user_identity_invoked_by,
        'identityprovider', user_identity_identity_provider,
        'credentialid', user_identity_credential_id,
        'onbehalfof', struct_or_null(
            'userid', user_identity_on_behalf_of_user_id,
            'identitystorearn', user_identity_on_behalf_of_identity_store_arn),
        'inscopeof', struct_or_null(
            'sourcearn', user_identity_in_scope_of_source_arn,
            'sourceaccount', user_identity_in_scope_of_source_account,
            'issuertype', user_identity_in_scope_of_issuer_type,
            'credentialsissuedto', user_identity_in_scope_of_credentials_issued_to))"),
    column("eventtime", "event_time"),
    column("eventsource", "event_source"),
    column("eventname", "event_name"),
    column("awsregion", "aws_region"),
    column("sourceipaddress", "source_ip_address"),
    column("useragent", "user_agent"),
    column("errorcode", "error_code"),
    column("errormessage", "error_message"),
    column("requestparameters", "json_map(request_parameters)"),
    column("responseelements", "json_map(response_elements)"),
    column("additionaleventdata", "json_map(additional_event_data)"),
    column("requestid", "request_id"),
    column("eventid", "event_id"),
    column("readonly", "read_only"),
    column("resources", "lake_resources(resources)"),
    column("eventtype", "event_type"),
    column("apiversion", "api_version"),
    column("managementevent", "management_event"),
    column("recipientaccountid", "recipient_account_id"),
    column("sharedeventid", "shared_event_id"),
    column("annotation", "CAST(NULL AS VARCHAR)"),
    column("vpcendpointid", "vpc_endpoint_id"),
    column("vpcendpointaccountid", "vpc_endpoint_account_id"),
    column("serviceeventdetails", "json_map(service_event_details)"),
    column("addendum", "json_map(addendum)"),
    column("edgedevicedetails", "json_map(edge_device_details)"),
    column("insightdetails", "json_map(insight_details)"),
    column("eventcategory", "event_category"),
    column("tlsdetails", "struct_or_null(
        'tlsversion', tls_version, 'ciphersuite', tls_cipher_suite,
        'clientprovidedhostheader', tls_client_provided_host_header)"),
    column("sessioncredentialfromconsole", "CAST(session_credential_from_console AS VARCHAR)"),
    column("eventjson", event_json!()),
    // of this text: the lake has the record's values, not the blanks that were between them
    column("eventjsonchecksum", concat!("encode(sha256(", event_json!(), "), 'base64pad')")),
    column("eventcontext", "json_map(event_context)"),
];

/// Partitions of the lake, for those who name them.
pub(super) const HIDDEN: &[Column] =
    &[column("region", "region"), column("account", "account"), column("date", "date")];

pub(super) const JSON: &[&str] = &["eventjson"];

#[cfg(test)]
mod tests {
    #[test]
    fn the_record_is_made_of_the_columns_in_their_order() {
        let inside = event_json!().strip_prefix("event_json(").unwrap().strip_suffix(')').unwrap();
        let named: Vec<&str> = inside.split(',').map(str::trim).collect();
        let expected: Vec<&str> = milepost_schema::COLUMNS.iter().map(|column| column.name).take(named.len()).collect();
        assert_eq!(named, expected);
        let rest = &milepost_schema::COLUMNS[named.len()..];
        assert!(rest.iter().all(|column| column.path.is_empty()));
    }
}
