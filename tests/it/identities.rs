//! Who made a call: the derived columns for every type of `userIdentity`.

use serde_json::{Value, json};

use crate::context::{Context, log};

/// Identity, event type, and what follows: kind, principal, root or IAM user, temporary credentials, AWS service.
fn cases() -> Vec<(Value, &'static str, Value)> {
    let iam = "arn:aws:iam::012345678901";
    let sts = "arn:aws:sts::012345678901";
    let issuer = |kind: &str, name: &str| json!({"sessionIssuer": {"type": kind, "arn": format!("{iam}:{name}"), "accountId": "012345678901"}, "attributes": {}});
    let api = "AwsApiCall";
    vec![
        (
            json!({"type": "Root", "arn": format!("{iam}:root"), "accountId": "012345678901", "accessKeyId": ""}),
            api,
            json!(["root", "arn:aws:iam::012345678901:root", true, false, false]),
        ),
        (
            json!({"type": "IAMUser", "arn": format!("{iam}:user/ops/mira"), "userName": "mira", "accessKeyId": "AKIA1"}),
            api,
            json!(["iam-user", "arn:aws:iam::012345678901:user/ops/mira", true, false, false]),
        ),
        (
            json!({"type": "IAMUser", "arn": format!("{iam}:user/mira"), "invokedBy": "health.amazonaws.com"}),
            api,
            json!(["iam-user", "arn:aws:iam::012345678901:user/mira", true, false, true]),
        ),
        (
            json!({"type": "IAMUser", "arn": format!("{iam}:user/mira"), "invokedBy": "signin.amazonaws.com"}),
            api,
            json!(["iam-user", "arn:aws:iam::012345678901:user/mira", true, false, false]),
        ),
        (
            json!({"type": "IAMUser", "arn": format!("{iam}:user/mira"), "invokedBy": "AWS Internal"}),
            api,
            json!(["iam-user", "arn:aws:iam::012345678901:user/mira", true, false, true]),
        ),
        (
            json!({"type": "IAMUser", "accountId": "012345678901", "accessKeyId": "", "userName": "HIDDEN_DUE_TO_SECURITY_REASONS"}),
            "AwsConsoleSignIn",
            json!(["iam-user", "HIDDEN_DUE_TO_SECURITY_REASONS", true, false, false]),
        ),
        (
            json!({"type": "AssumedRole", "arn": format!("{sts}:assumed-role/Deployer/ci"), "sessionContext": issuer("Role", "role/ci/Deployer")}),
            api,
            json!(["assumed-role", "arn:aws:iam::012345678901:role/ci/Deployer", false, true, false]),
        ),
        (
            json!({"type": "AssumedRole", "arn": format!("{sts}:assumed-role/Deployer/ci")}),
            api,
            json!(["assumed-role", "arn:aws:iam::012345678901:role/Deployer", false, true, false]),
        ),
        (
            json!({"type": "Role", "arn": format!("{iam}:role/R")}),
            api,
            json!(["assumed-role", "arn:aws:iam::012345678901:role/R", false, true, false]),
        ),
        (
            json!({"type": "FederatedUser", "arn": format!("{sts}:federated-user/f"), "sessionContext": issuer("IAMUser", "user/x")}),
            api,
            json!(["federated-user", "arn:aws:sts::012345678901:federated-user/f", false, true, false]),
        ),
        (
            json!({"type": "SAMLUser", "principalId": "/a=:b", "userName": "saml-user", "identityProvider": "idp"}),
            api,
            json!(["federated-login", "saml-user", false, false, false]),
        ),
        (
            json!({"type": "WebIdentityUser", "principalId": "accounts.google.com:app:user", "userName": "web-user"}),
            api,
            json!(["federated-login", "web-user", false, false, false]),
        ),
        (
            json!({"type": "AWSAccount", "principalId": "AIDA:x", "accountId": "999900001111"}),
            api,
            json!(["aws-account", "AIDA:x", false, false, false]),
        ),
        (
            json!({"type": "AWSAccount", "principalId": "", "accountId": "ANONYMOUS_PRINCIPAL"}),
            api,
            json!(["aws-account", "ANONYMOUS_PRINCIPAL", false, false, false]),
        ),
        (
            json!({"type": "AWSService", "invokedBy": "ec2.amazonaws.com"}),
            api,
            json!(["aws-service", "ec2.amazonaws.com", false, false, true]),
        ),
        (
            json!({"type": "IdentityCenterUser", "accountId": "012345678901", "onBehalfOf": {"userId": "u-1", "identityStoreArn": "s"},
            "credentialId": "c"}),
            api,
            json!(["identity-center", "u-1", false, false, false]),
        ),
        (
            json!({"type": "Directory", "arn": "arn:aws:ds:r:1:user/d-1/u", "accountId": "1", "userName": "u"}),
            api,
            json!(["directory", "arn:aws:ds:r:1:user/d-1/u", false, false, false]),
        ),
        (
            json!({"type": "Unknown", "arn": format!("{iam}:user/x"), "accountId": "012345678901"}),
            api,
            json!(["iam-user", "arn:aws:iam::012345678901:user/x", true, false, false]),
        ),
        (
            json!({"type": "Unknown", "onBehalfOf": {"userId": "u-2"}}),
            api,
            json!(["identity-center", "u-2", false, false, false]),
        ),
        (
            json!({"type": "Unknown", "principalId": "Anonymous", "accountId": ""}),
            api,
            json!(["unknown", "Anonymous", false, false, false]),
        ),
        (
            json!({"accountId": "012345678901", "invokedBy": "acm.amazonaws.com"}),
            "AwsServiceEvent",
            json!(["aws-service", "acm.amazonaws.com", false, false, true]),
        ),
        (
            json!({"accountId": "012345678901"}),
            "AwsServiceEvent",
            json!(["aws-service", "svc.amazonaws.com", false, false, true]),
        ),
        (Value::Null, "AwsCloudTrailInsight", json!([null, null, null, null, null])),
    ]
}

#[test]
fn every_type_of_identity_has_its_answers() {
    let context = Context::new();
    let records: Vec<Value> = cases()
        .into_iter()
        .enumerate()
        .map(|(at, (identity, event_type, _))| {
            json!({"eventVersion": "1.09", "eventTime": "2026-03-02T00:00:00Z", "eventID": format!("{at:02}"),
                "eventSource": "svc.amazonaws.com", "eventType": event_type, "userIdentity": identity})
        })
        .collect();
    context.write("a.json", log(&records));
    context.run(&["convert", "a.json"]).ended_with(0);
    let sql =
        "SELECT event_id, identity_kind, principal, uses_root_or_iam_user AS q1, uses_temporary_credentials AS q2,
        made_by_aws_service AS q3 FROM events ORDER BY event_id";
    let rows = context.run(&["sql", sql, "-F", "json"]).ended_with(0).json();
    for (row, (identity, _, expected)) in rows.as_array().unwrap().iter().zip(cases()) {
        let found = json!([row["identity_kind"], row["principal"], row["q1"], row["q2"], row["q3"]]);
        assert_eq!(found, expected, "{identity}");
    }
    assert_eq!(rows.as_array().unwrap().len(), cases().len());
}
