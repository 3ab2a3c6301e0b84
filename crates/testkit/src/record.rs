//! One record: who did what, when and from where.

use fastrand::Rng;
use serde_json::{Value, json};

use crate::actions::{ACTIONS, Action, ERRORS, Kind, parameters};
use crate::identities::{Caller, user_identity, usual};
use crate::random::{address, uuid, weighted};

/// Share of calls that fail, as one in so many.
const ONE_FAILURE_IN: u32 = 14;
const AGENTS: [&str; 5] = [
    "aws-cli/2.22.7 md/awscrt#0.23.4 ua/2.0 os/linux#6.8",
    "Boto3/1.35.71 md/Botocore#1.35.71 lang/python#3.12",
    "aws-sdk-java/2.29.20 Linux/6.1 OpenJDK_64-Bit_Server_VM/21",
    "[AWSConsole, aws-internal/3]",
    "Terraform/1.9.8 (+https://www.terraform.io) aws-sdk-go-v2/1.32",
];

/// A record of `account` and `region` that ended at `time`, an instant as CloudTrail writes it.
pub(crate) fn record(rng: &mut Rng, account: &str, region: &str, time: &str) -> Value {
    let action = pick_action(rng);
    let identity = match action.kind {
        Kind::ServiceEvent => Caller::Absent,
        Kind::Only(identity) => identity,
        Kind::ConsoleLogin => [Caller::IamUser, Caller::IamUser, Caller::Root][rng.usize(..3)],
        _ => usual(rng),
    };
    let by_service = matches!(identity, Caller::AwsService | Caller::Absent);
    let (request, response) = parameters(rng, action, account);
    let mut record = json!({
        "eventVersion": "1.11",
        "userIdentity": user_identity(rng, identity, account, time),
        "eventTime": time,
        "eventSource": action.source,
        "eventName": action.name,
        "awsRegion": region,
        "sourceIPAddress": if by_service { "ec2.amazonaws.com".to_owned() } else { address(rng) },
        "userAgent": if by_service { "ec2.amazonaws.com" } else { AGENTS[rng.usize(..AGENTS.len())] },
        "requestParameters": request,
        "responseElements": response,
        "requestID": uuid(rng),
        "eventID": uuid(rng),
        "readOnly": matches!(action.kind, Kind::Read | Kind::Only(_)) || action.name == "GetObject",
        "eventType": "AwsApiCall",
        "managementEvent": action.kind != Kind::Data,
        "recipientAccountId": account,
        "eventCategory": if action.kind == Kind::Data { "Data" } else { "Management" },
    });
    decorate(rng, &mut record, action, account, region);
    if rng.u32(..ONE_FAILURE_IN) == 0 && !matches!(action.kind, Kind::ServiceEvent | Kind::ConsoleLogin) {
        let (code, message) = *weighted(rng, &ERRORS);
        record["errorCode"] = json!(code);
        record["errorMessage"] = json!(message);
        record["responseElements"] = Value::Null;
    }
    record
}

fn pick_action(rng: &mut Rng) -> &'static Action {
    let total: u32 = ACTIONS.iter().map(|action| action.weight).sum();
    let mut left = rng.u32(..total);
    for action in ACTIONS {
        if left < action.weight {
            return action;
        }
        left -= action.weight;
    }
    &ACTIONS[0]
}

/// Adds the members that only records of some kinds have.
fn decorate(rng: &mut Rng, record: &mut Value, action: &Action, account: &str, region: &str) {
    let service = action.source.split('.').next().unwrap_or_default();
    match action.kind {
        Kind::Data => {
            record["resources"] = json!([
                {"type": "AWS::S3::Object", "ARN": format!("arn:aws:s3:::data-{account}/in/object")},
                {"accountId": account, "type": "AWS::S3::Bucket", "ARN": format!("arn:aws:s3:::data-{account}")},
            ]);
            record["additionalEventData"] = json!({
                "SignatureVersion": "SigV4", "bytesTransferredIn": 0.0, "bytesTransferredOut": rng.u32(..100_000),
                "x-amz-id-2": "kCJ7Qm0c3Y8", "CipherSuite": "TLS_AES_128_GCM_SHA256",
            });
        }
        Kind::ConsoleLogin => console_login(rng, record),
        Kind::ServiceEvent => {
            record["eventType"] = json!("AwsServiceEvent");
            record["serviceEventDetails"] = json!({"keyId": "1234abcd-12ab-34cd-56ef-1234567890ab"});
            if let Some(members) = record.as_object_mut() {
                members.remove("requestID");
            }
        }
        Kind::Read | Kind::Write | Kind::Only(_) => {
            record["tlsDetails"] = json!({
                "tlsVersion": "TLSv1.3", "cipherSuite": "TLS_AES_128_GCM_SHA256",
                "clientProvidedHostHeader": format!("{service}.{region}.amazonaws.com"),
            });
        }
    }
}

fn console_login(rng: &mut Rng, record: &mut Value) {
    let (succeeded, mfa) = (rng.u8(..5) > 0, rng.bool());
    record["eventType"] = json!("AwsConsoleSignIn");
    record["responseElements"] = json!({"ConsoleLogin": if succeeded { "Success" } else { "Failure" }});
    record["additionalEventData"] = json!({
        "LoginTo": "https://console.aws.amazon.com/console/home", "MobileVersion": "No", "MFAUsed": if mfa { "Yes" } else { "No" },
    });
    if !succeeded {
        record["errorMessage"] = json!("Failed authentication");
        record["userIdentity"]["accessKeyId"] = json!("");
    }
}

/// The start and end of an Insights event.
pub(crate) fn insight_pair(rng: &mut Rng, account: &str, region: &str, times: [&str; 2]) -> [Value; 2] {
    let shared = uuid(rng);
    let mut one = |time: &str, state: &str| {
        json!({
            "eventVersion": "1.08", "eventTime": time, "awsRegion": region, "eventID": uuid(rng),
            "eventType": "AwsCloudTrailInsight", "recipientAccountId": account, "sharedEventID": shared,
            "insightDetails": {
                "state": state, "eventSource": "ec2.amazonaws.com", "eventName": "DescribeInstances",
                "insightType": "ApiCallRateInsight",
                "insightContext": {"statistics": {"baseline": {"average": 0.002}, "insight": {"average": 11.5}, "insightDuration": 4}},
            },
            "eventCategory": "Insight",
        })
    };
    [one(times[0], "Start"), one(times[1], "End")]
}
