//! What is called: actions with the parameters that their records have.

use fastrand::Rng;
use serde_json::{Value, json};

use crate::identities::Caller;
use crate::random::code;

/// An action and the shape of its records.
pub(crate) struct Action {
    pub(crate) source: &'static str,
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    /// How often it comes.
    pub(crate) weight: u32,
}

/// What sets an action's records apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Read,
    Write,
    /// A data event on an object.
    Data,
    ConsoleLogin,
    ServiceEvent,
    /// Only these callers make the call.
    Only(Caller),
}

const fn action(weight: u32, source: &'static str, name: &'static str, kind: Kind) -> Action {
    Action { source, name, kind, weight }
}

use Kind::{ConsoleLogin, Data, Only, Read, ServiceEvent, Write};

/// Every action there is; weights say how often each comes.
pub(crate) const ACTIONS: &[Action] = &[
    action(90, "ec2.amazonaws.com", "DescribeInstances", Read),
    action(40, "s3.amazonaws.com", "GetObject", Data),
    action(20, "s3.amazonaws.com", "PutObject", Data),
    action(30, "kms.amazonaws.com", "Decrypt", Read),
    action(25, "sts.amazonaws.com", "AssumeRole", Read),
    action(25, "ssm.amazonaws.com", "GetParameter", Read),
    action(12, "logs.amazonaws.com", "CreateLogStream", Write),
    action(10, "lambda.amazonaws.com", "Invoke", Data),
    action(8, "dynamodb.amazonaws.com", "DescribeTable", Read),
    action(8, "secretsmanager.amazonaws.com", "GetSecretValue", Read),
    action(6, "iam.amazonaws.com", "ListUsers", Read),
    action(2, "iam.amazonaws.com", "CreateAccessKey", Write),
    action(2, "iam.amazonaws.com", "AttachRolePolicy", Write),
    action(1, "iam.amazonaws.com", "CreateUser", Write),
    action(1, "iam.amazonaws.com", "DeleteUser", Write),
    action(2, "ec2.amazonaws.com", "AuthorizeSecurityGroupIngress", Write),
    action(1, "ec2.amazonaws.com", "RevokeSecurityGroupIngress", Write),
    action(2, "ec2.amazonaws.com", "RunInstances", Write),
    action(1, "cloudtrail.amazonaws.com", "StopLogging", Write),
    action(4, "cloudtrail.amazonaws.com", "DescribeTrails", Read),
    action(2, "s3.amazonaws.com", "PutBucketPolicy", Write),
    action(1, "s3.amazonaws.com", "DeleteBucketPublicAccessBlock", Write),
    action(5, "signin.amazonaws.com", "ConsoleLogin", ConsoleLogin),
    action(4, "kms.amazonaws.com", "RotateKey", ServiceEvent),
    action(3, "sts.amazonaws.com", "AssumeRoleWithSAML", Only(Caller::SamlUser)),
    action(3, "sts.amazonaws.com", "AssumeRoleWithWebIdentity", Only(Caller::WebIdentityUser)),
    action(4, "pinpoint.amazonaws.com", "GetCampaigns", Read),
    action(2, "pinpoint.amazonaws.com", "CreateCampaign", Write),
    action(2, "ses.amazonaws.com", "CreateDedicatedIpPool", Write),
    action(1, "sms-voice.amazonaws.com", "CreateConfigurationSet", Write),
    action(3, "personalize.amazonaws.com", "ListDatasetGroups", Read),
    action(2, "notifications.amazonaws.com", "AssociateChannel", Write),
    action(4, "cognito-idp.amazonaws.com", "ListUsers", Read),
    action(2, "cognito-identity.amazonaws.com", "UpdateIdentityPool", Write),
    action(1, "cognito-sync.amazonaws.com", "SetCognitoEvents", Write),
];

/// Errors that calls fail with, by how often.
pub(crate) const ERRORS: [(u32, (&str, &str)); 4] = [
    (6, ("AccessDenied", "User is not authorized to perform this action")),
    (2, ("Client.UnauthorizedOperation", "You are not authorized to perform this operation.")),
    (3, ("ThrottlingException", "Rate exceeded")),
    (2, ("ResourceNotFoundException", "The resource you requested does not exist")),
];

/// `requestParameters` and `responseElements` of one call.
pub(crate) fn parameters(rng: &mut Rng, action: &Action, account: &str) -> (Value, Value) {
    let bucket = format!("data-{account}");
    match action.name {
        "GetObject" | "PutObject" => (
            json!({"bucketName": bucket, "key": format!("in/{}.json", rng.u16(..)), "Host": "s3.amazonaws.com"}),
            Value::Null,
        ),
        "PutBucketPolicy" => (
            json!({"bucketName": bucket, "policy": "", "bucketPolicy": {"Version": "2012-10-17", "Statement": [
                {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::public/*"}]}}),
            Value::Null,
        ),
        "DeleteBucketPublicAccessBlock" => (json!({"bucketName": bucket, "publicAccessBlock": ""}), Value::Null),
        "AuthorizeSecurityGroupIngress" | "RevokeSecurityGroupIngress" => (
            json!({"groupId": format!("sg-0{:07x}", rng.u32(..99)), "ipPermissions": {"items": [{
                "ipProtocol": "tcp", "fromPort": 22, "toPort": 22, "groups": {},
                "ipRanges": {"items": [{"cidrIp": "0.0.0.0/0"}]}, "ipv6Ranges": {}, "prefixListIds": {}}]}}),
            json!({"requestId": "59dbff89-35bd-4eac-99ed-be587EXAMPLE", "_return": true}),
        ),
        "RunInstances" => (
            json!({"instancesSet": {"items": [{"imageId": "ami-0abcdef1234567890", "minCount": 1, "maxCount": 1}]},
                "userData": "<sensitiveDataRemoved>", "instanceType": "m5.large"}),
            json!({"instancesSet": {"items": [{"instanceId": format!("i-0{:016x}", rng.u64(..64)), "ownerId": 9_007_199_254_740_993_u64}]}}),
        ),
        "CreateAccessKey" => {
            let key = format!("AKIA{}", code(rng, 16));
            (
                json!({"userName": "bob"}),
                json!({"accessKey": {"userName": "bob", "status": "Active", "accessKeyId": key}}),
            )
        }
        "AttachRolePolicy" => {
            (json!({"roleName": "Deployer", "policyArn": "arn:aws:iam::aws:policy/AdministratorAccess"}), Value::Null)
        }
        "CreateUser" | "DeleteUser" => (json!({"userName": "temporary"}), Value::Null),
        "StopLogging" => (json!({"name": "organization-trail"}), Value::Null),
        "AssumeRole" => (
            json!({"roleArn": format!("arn:aws:iam::{account}:role/Audit"), "roleSessionName": "audit"}),
            json!({"credentials": {"accessKeyId": format!("ASIA{}", code(rng, 16)), "expiration": "Mar 3, 2026 1:00:00 PM"}}),
        ),
        "ConsoleLogin" => (Value::Null, Value::Null),
        "GetCampaigns" => (json!({"application-id": "71dfa4c1aab66332a5839798f", "page-size": "1000"}), Value::Null),
        "CreateCampaign" => (
            json!({"Description": "***", "HoldoutPercent": 0, "IsPaused": false, "Name": "***", "application-id": "71dfa4c1aab66332a5839798f"}),
            json!({"Id": "54a654f80948680cbba240ede", "Version": 1, "State": {"CampaignStatus": "SCHEDULED"}}),
        ),
        "UpdateIdentityPool" => (
            json!({"identityPoolName": "TestPool", "allowUnauthenticatedIdentities": true,
                "supportedLoginProviders": {"graph.facebook.com": "000000000000000"}}),
            json!({"identityPoolId": "us-east-1:1cf667a2-49a6-454b-9e45-23199EXAMPLE"}),
        ),
        _ => match action.kind {
            Kind::Read if rng.bool() => (Value::Null, Value::Null),
            _ => (json!({"maxResults": rng.u16(1..1000)}), Value::Null),
        },
    }
}
