//! The table of columns of `events`.
//!
//! One line a column. Order here is order in the files; the partition columns come last because their values live in
//! folder names. Facts are those of the CloudTrail user guide's record contents reference.

/// How the value of a column is written in a record, and which Arrow type it gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A JSON string.
    Text,
    /// Any JSON value but `null`, kept as its own JSON text.
    Json,
    /// A JSON boolean.
    Bool,
    /// A boolean that CloudTrail writes as the string `"true"` or `"false"`.
    BoolText,
    /// A JSON string that holds an instant, `YYYY-MM-DDTHH:MM:SSZ`.
    Time,
    /// The array of resource objects.
    Resources,
    /// A calendar day, derived, never written in a record.
    Date,
}

/// What a column is about; the sections of the column reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    /// Instant, ids, version.
    TimeAndIds,
    /// The call and its outcome.
    What,
    /// The caller.
    Who,
    /// Address, agent, network path, encryption.
    FromWhere,
    /// Values kept as JSON.
    Nested,
    /// Where the row came from and what had no column.
    Lineage,
    /// Values that live in folder names.
    Partition,
}

/// One column of `events`.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// Name in the lake and in SQL.
    pub name: &'static str,
    /// How its value is written in a record.
    pub kind: Kind,
    /// Members to follow from the record's root; empty for columns that are derived.
    pub path: &'static [&'static str],
    /// Section of the reference.
    pub group: Group,
    /// One sentence for the reference.
    pub doc: &'static str,
}

const fn column(
    name: &'static str,
    kind: Kind,
    path: &'static [&'static str],
    group: Group,
    doc: &'static str,
) -> Column {
    Column { name, kind, path, group, doc }
}

use Group::{FromWhere, Lineage, Nested, Partition, TimeAndIds, What, Who};
use Kind::{Bool, BoolText, Date, Json, Resources, Text, Time};

/// Every column of `events`, in file order.
#[rustfmt::skip]
pub const COLUMNS: &[Column] = &[
    column("event_time", Time, &["eventTime"], TimeAndIds, "When the request ended, by the clock of the service's host"),
    column("event_id", Text, &["eventID"], TimeAndIds, "AWS's id of the record; not unique on its own"),
    column("request_id", Text, &["requestID"], TimeAndIds, "Id of the request as the service gave it; not always a UUID"),
    column("shared_event_id", Text, &["sharedEventID"], TimeAndIds, "Id shared by the copies of one action in several accounts"),
    column("event_version", Text, &["eventVersion"], TimeAndIds, "Version of the record format, text: 1.10 is newer than 1.9"),
    column("event_source", Text, &["eventSource"], What, "Service that was called, such as `ec2.amazonaws.com`"),
    column("event_name", Text, &["eventName"], What, "Action that was called"),
    column("event_type", Text, &["eventType"], What, "`AwsApiCall`, `AwsServiceEvent`, `AwsConsoleSignIn` and others"),
    column("event_category", Text, &["eventCategory"], What, "`Management`, `Data`, `NetworkActivity`, `Insight` or `Aggregated`"),
    column("read_only", Bool, &["readOnly"], What, "Whether the call changed nothing; null where the record does not say"),
    column("management_event", Bool, &["managementEvent"], What, "Whether this is a management event; null before version 1.06"),
    column("api_version", Text, &["apiVersion"], What, "Version of the service's API, free text"),
    column("error_code", Text, &["errorCode"], What, "Error the service answered with; empty text is a success"),
    column("error_message", Text, &["errorMessage"], What, "Message of the error, cut by AWS at 1 KB"),
    column("aws_region", Text, &["awsRegion"], What, "Region as the record says it"),
    column("recipient_account_id", Text, &["recipientAccountId"], What, "Account that received the record, as the record says it"),
    column("user_identity_type", Text, &["userIdentity", "type"], Who, "Kind of caller: `Root`, `IAMUser`, `AssumedRole` and others"),
    column("user_identity_principal_id", Text, &["userIdentity", "principalId"], Who, "Unique id of the caller"),
    column("user_identity_arn", Text, &["userIdentity", "arn"], Who, "ARN of the caller"),
    column("user_identity_account_id", Text, &["userIdentity", "accountId"], Who, "Account that owns the caller"),
    column("user_identity_access_key_id", Text, &["userIdentity", "accessKeyId"], Who, "Access key that signed the request; `ASIA…` is temporary"),
    column("user_identity_user_name", Text, &["userIdentity", "userName"], Who, "Name of the user"),
    column("user_identity_invoked_by", Text, &["userIdentity", "invokedBy"], Who, "AWS service that made the call on somebody's behalf"),
    column("user_identity_identity_provider", Text, &["userIdentity", "identityProvider"], Who, "Identity provider of a federated sign-in"),
    column("user_identity_credential_id", Text, &["userIdentity", "credentialId"], Who, "Id of a bearer token"),
    column("user_identity_invoked_by_delegate_account_id", Text, &["userIdentity", "invokedByDelegate", "accountId"], Who, "Product provider with delegated access"),
    column("user_identity_on_behalf_of_user_id", Text, &["userIdentity", "onBehalfOf", "userId"], Who, "IAM Identity Center user the call was made for"),
    column("user_identity_on_behalf_of_identity_store_arn", Text, &["userIdentity", "onBehalfOf", "identityStoreArn"], Who, "Identity store of that user"),
    column("user_identity_in_scope_of_source_arn", Text, &["userIdentity", "inScopeOf", "sourceArn"], Who, "Resource the credentials were issued for"),
    column("user_identity_in_scope_of_source_account", Text, &["userIdentity", "inScopeOf", "sourceAccount"], Who, "Account of that resource"),
    column("user_identity_in_scope_of_issuer_type", Text, &["userIdentity", "inScopeOf", "issuerType"], Who, "Type of that resource, such as `AWS::Lambda::Function`"),
    column("user_identity_in_scope_of_credentials_issued_to", Text, &["userIdentity", "inScopeOf", "credentialsIssuedTo"], Who, "Resource that holds the credentials"),
    column("session_creation_date", Time, &["userIdentity", "sessionContext", "attributes", "creationDate"], Who, "When the temporary credentials were issued"),
    column("session_mfa_authenticated", BoolText, &["userIdentity", "sessionContext", "attributes", "mfaAuthenticated"], Who, "Whether a second factor was used for the session"),
    column("session_issuer_type", Text, &["userIdentity", "sessionContext", "sessionIssuer", "type"], Who, "What issued the session: `Role`, `IAMUser`, `Root`"),
    column("session_issuer_principal_id", Text, &["userIdentity", "sessionContext", "sessionIssuer", "principalId"], Who, "Unique id of the issuer"),
    column("session_issuer_arn", Text, &["userIdentity", "sessionContext", "sessionIssuer", "arn"], Who, "ARN of the issuer: the role behind a session"),
    column("session_issuer_account_id", Text, &["userIdentity", "sessionContext", "sessionIssuer", "accountId"], Who, "Account of the issuer"),
    column("session_issuer_user_name", Text, &["userIdentity", "sessionContext", "sessionIssuer", "userName"], Who, "Name of the issuer"),
    column("session_source_identity", Text, &["userIdentity", "sessionContext", "sourceIdentity"], Who, "Source identity that the session carries along"),
    column("session_ec2_role_delivery", Text, &["userIdentity", "sessionContext", "ec2RoleDelivery"], Who, "Version of the instance metadata service, `1.0` or `2.0`"),
    column("session_assumed_root", BoolText, &["userIdentity", "sessionContext", "assumedRoot"], Who, "Whether the session came from STS AssumeRoot"),
    column("session_sign_in_session_arn", Text, &["userIdentity", "sessionContext", "signInSessionArn"], Who, "ARN of the console sign-in session"),
    column("session_web_id_federated_provider", Text, &["userIdentity", "sessionContext", "webIdFederationData", "federatedProvider"], Who, "Provider behind a web identity"),
    column("session_web_id_attributes", Json, &["userIdentity", "sessionContext", "webIdFederationData", "attributes"], Who, "Attributes of the web identity, as JSON"),
    column("source_ip_address", Text, &["sourceIPAddress"], FromWhere, "Address of the caller, or the DNS name of a service"),
    column("user_agent", Text, &["userAgent"], FromWhere, "Agent the request named, cut by AWS at 1 KB"),
    column("vpc_endpoint_id", Text, &["vpcEndpointId"], FromWhere, "VPC endpoint the request came through"),
    column("vpc_endpoint_account_id", Text, &["vpcEndpointAccountId"], FromWhere, "Account that owns the VPC endpoint"),
    column("tls_version", Text, &["tlsDetails", "tlsVersion"], FromWhere, "TLS version of the request"),
    column("tls_cipher_suite", Text, &["tlsDetails", "cipherSuite"], FromWhere, "Cipher suite of the request"),
    column("tls_client_provided_host_header", Text, &["tlsDetails", "clientProvidedHostHeader"], FromWhere, "Host name the client asked for"),
    column("tls_key_exchange", Text, &["tlsDetails", "keyExchange"], FromWhere, "Key exchange of the request, such as `X25519MLKEM768`"),
    column("session_credential_from_console", BoolText, &["sessionCredentialFromConsole"], FromWhere, "True for calls made with a console session; null otherwise"),
    column("request_parameters", Json, &["requestParameters"], Nested, "Parameters of the request"),
    column("response_elements", Json, &["responseElements"], Nested, "Response of calls that change something"),
    column("additional_event_data", Json, &["additionalEventData"], Nested, "What belongs to neither request nor response"),
    column("service_event_details", Json, &["serviceEventDetails"], Nested, "Details of a service event"),
    column("insight_details", Json, &["insightDetails"], Nested, "Details of an Insights event"),
    column("addendum", Json, &["addendum"], Nested, "Why a record came late or was corrected"),
    column("edge_device_details", Json, &["edgeDeviceDetails"], Nested, "Device of a call made on an edge device"),
    column("event_context", Json, &["eventContext"], Nested, "Condition keys and tags of enriched events"),
    column("resources", Resources, &["resources"], Nested, "Resources the call touched"),
    column("extra", Json, &[], Lineage, "What has no column, or did not have the type of its column"),
    column("fallbacks", Json, &[], Lineage, "Where region, account, event_time and event_id came from, if not from the record's own member"),
    column("redacted", Json, &[], Lineage, "What `--redact` took out of the record: rules and how many values"),
    column("source_file", Text, &[], Lineage, "Object the record was read from; joins `files.uri`"),
    column("region", Text, &[], Partition, "Region of the record, else of its path or envelope"),
    column("account", Text, &[], Partition, "Account that received the record, else the caller's, else that of the path or envelope"),
    column("date", Date, &[], Partition, "UTC date of `event_time`"),
];

/// Position of a column in [`COLUMNS`], or `None` for a name that is not there.
#[must_use]
pub fn column_index(name: &str) -> Option<usize> {
    COLUMNS.iter().position(|column| column.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn names_and_paths_are_unique() {
        let names: HashSet<_> = COLUMNS.iter().map(|column| column.name).collect();
        assert_eq!(names.len(), COLUMNS.len());
        let with_path = COLUMNS.iter().filter(|column| !column.path.is_empty());
        let paths: HashSet<_> = with_path.clone().map(|column| column.path).collect();
        assert_eq!(paths.len(), with_path.count());
    }

    #[test]
    fn partition_columns_come_last() {
        let tail: Vec<_> = COLUMNS[COLUMNS.len() - 3..].iter().map(|column| column.name).collect();
        assert_eq!(tail, crate::PARTITION_COLUMNS);
    }

    #[test]
    fn no_path_is_a_prefix_of_another() {
        for a in COLUMNS.iter().filter(|column| !column.path.is_empty()) {
            for b in COLUMNS.iter().filter(|b| b.path.len() > a.path.len()) {
                assert!(!b.path.starts_with(a.path), "{} hides {}", a.name, b.name);
            }
        }
    }
}
