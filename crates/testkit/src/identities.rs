//! Callers: one maker for every type of `userIdentity` that CloudTrail writes.

use fastrand::Rng;
use serde_json::{Value, json};

use crate::random::{code, weighted};

/// Who calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Caller {
    Root,
    IamUser,
    IamUserWithMfa,
    AssumedRole,
    InstanceRole,
    Role,
    FederatedUser,
    SamlUser,
    WebIdentityUser,
    AwsAccount,
    AwsService,
    IdentityCenter,
    Directory,
    Unknown,
    /// A service event: no type at all.
    Absent,
}

/// Callers of ordinary API calls, with how often each comes. SAML and web identities only ever ask STS for credentials.
pub(crate) const USUAL: [(u32, Caller); 12] = [
    (30, Caller::IamUser),
    (10, Caller::IamUserWithMfa),
    (80, Caller::AssumedRole),
    (30, Caller::InstanceRole),
    (2, Caller::Role),
    (6, Caller::FederatedUser),
    (4, Caller::AwsAccount),
    (16, Caller::AwsService),
    (4, Caller::IdentityCenter),
    (2, Caller::Directory),
    (2, Caller::Unknown),
    (1, Caller::Root),
];

const USERS: [&str; 6] = ["alice", "bob", "carol", "ci-deploy", "backup", "erin"];
const ROLES: [&str; 6] =
    ["Admin", "ReadOnly", "lambda-orders", "pipeline/Deployer", "OrganizationAccountAccessRole", "Audit"];
const SERVICES: [&str; 5] = [
    "ec2.amazonaws.com",
    "lambda.amazonaws.com",
    "autoscaling.amazonaws.com",
    "config.amazonaws.com",
    "cloudformation.amazonaws.com",
];

fn pick<'a>(rng: &mut Rng, values: &[&'a str]) -> &'a str {
    values[rng.usize(..values.len())]
}

/// A usual caller.
pub(crate) fn usual(rng: &mut Rng) -> Caller {
    *weighted(rng, &USUAL)
}

/// The `userIdentity` of `identity` in `account`, for a session that began at `created`.
pub(crate) fn user_identity(rng: &mut Rng, identity: Caller, account: &str, created: &str) -> Value {
    let attributes = |mfa: bool| json!({"creationDate": created, "mfaAuthenticated": mfa.to_string()});
    match identity {
        Caller::Root => json!({
            "type": "Root", "principalId": account, "arn": format!("arn:aws:iam::{account}:root"), "accountId": account,
            "accessKeyId": "", "sessionContext": {"sessionIssuer": {}, "webIdFederationData": {}, "attributes": attributes(rng.bool())},
        }),
        Caller::IamUser | Caller::IamUserWithMfa => iam_user(rng, identity, account, &attributes(true)),
        Caller::AssumedRole => {
            let (role, session) = (pick(rng, &ROLES), pick(rng, &USERS));
            let attributes = attributes(rng.u8(..4) == 0);
            assumed_role(rng, account, role, session, &attributes, None)
        }
        Caller::InstanceRole => {
            let session = format!("i-0{:016x}", rng.u64(..64));
            assumed_role(rng, account, "web-server", &session, &attributes(false), Some("2.0"))
        }
        Caller::Role => {
            let role = pick(rng, &ROLES);
            json!({
                "type": "Role", "principalId": format!("AROA{}", code(rng, 16)), "accountId": account,
                "arn": format!("arn:aws:iam::{account}:role/{role}"),
            })
        }
        Caller::FederatedUser => {
            let name = pick(rng, &USERS);
            json!({
                "type": "FederatedUser", "principalId": format!("{account}:{name}"), "accountId": account,
                "arn": format!("arn:aws:sts::{account}:federated-user/{name}"), "accessKeyId": format!("ASIA{}", code(rng, 16)),
                "sessionContext": {
                    "sessionIssuer": {
                        "type": "IAMUser", "principalId": "AIDAFEDERATION00000A", "accountId": account,
                        "arn": format!("arn:aws:iam::{account}:user/federation-broker"), "userName": "federation-broker",
                    },
                    "webIdFederationData": {}, "attributes": attributes(false),
                },
            })
        }
        Caller::SamlUser => json!({
            "type": "SAMLUser", "principalId": "JP6GYs0yWZ4iQxrN6H9V0tbd4Bc=:alice@example.com",
            "userName": "alice@example.com", "identityProvider": "JP6GYs0yWZ4iQxrN6H9V0tbd4Bc=",
        }),
        Caller::WebIdentityUser => json!({
            "type": "WebIdentityUser", "principalId": "accounts.google.com:app-7.apps.example.com:1098765",
            "userName": "1098765", "identityProvider": "accounts.google.com",
        }),
        Caller::AwsAccount => json!({
            "type": "AWSAccount", "principalId": "AIDAPARTNERACCOUNT000", "accountId": "998877665544",
        }),
        Caller::AwsService => json!({"type": "AWSService", "invokedBy": pick(rng, &SERVICES)}),
        Caller::IdentityCenter => json!({
            "type": "IdentityCenterUser", "accountId": account, "credentialId": format!("EXAMPLE{}", code(rng, 9)),
            "onBehalfOf": {
                "userId": "544894e8-80c1-707f-60e3-3ba6510dfac1",
                "identityStoreArn": format!("arn:aws:identitystore::{account}:identitystore/d-1234567890"),
            },
        }),
        Caller::Directory => json!({
            "type": "Directory", "arn": format!("arn:aws:ds:us-east-1:{account}:user/d-9067000000/S-1-1-12-1234"),
            "accountId": account, "userName": "frank",
        }),
        Caller::Unknown => json!({"type": "Unknown", "principalId": "Anonymous", "accountId": ""}),
        Caller::Absent => json!({"accountId": account, "invokedBy": pick(rng, &SERVICES)}),
    }
}

fn iam_user(rng: &mut Rng, identity: Caller, account: &str, attributes: &Value) -> Value {
    let name = pick(rng, &USERS);
    let mut found = json!({
        "type": "IAMUser", "principalId": format!("AIDA{}", fixed_code(name)), "accountId": account,
        "arn": format!("arn:aws:iam::{account}:user/{name}"), "userName": name,
    });
    if identity == Caller::IamUserWithMfa {
        found["accessKeyId"] = json!(format!("ASIA{}", code(rng, 16)));
        found["sessionContext"] = json!({"sessionIssuer": {}, "webIdFederationData": {}, "attributes": attributes});
    } else {
        found["accessKeyId"] = json!(format!("AKIA{}", fixed_code(&format!("{account}{name}"))));
    }
    if rng.u8(..12) == 0 {
        // a service acting on the user's behalf
        found["invokedBy"] = json!("secretsmanager.amazonaws.com");
    }
    found
}

fn assumed_role(
    rng: &mut Rng,
    account: &str,
    role: &str,
    session: &str,
    attributes: &Value,
    delivery: Option<&str>,
) -> Value {
    let id = format!("AROA{}", fixed_code(role));
    let short = role.rsplit('/').next().unwrap_or(role);
    let mut context = json!({
        "sessionIssuer": {
            "type": "Role", "principalId": id, "arn": format!("arn:aws:iam::{account}:role/{role}"),
            "accountId": account, "userName": short,
        },
        "webIdFederationData": {}, "attributes": attributes,
    });
    if let Some(version) = delivery {
        context["ec2RoleDelivery"] = json!(version);
    }
    if role.starts_with("pipeline/") {
        context["sourceIdentity"] = json!("release-manager");
    }
    json!({
        "type": "AssumedRole", "principalId": format!("{id}:{session}"), "accountId": account,
        "arn": format!("arn:aws:sts::{account}:assumed-role/{short}/{session}"),
        "accessKeyId": format!("ASIA{}", code(rng, 16)), "sessionContext": context,
    })
}

/// A code that is always the same for the same name, so that a user keeps his key.
fn fixed_code(name: &str) -> String {
    let seed = name
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
    code(&mut Rng::with_seed(seed), 16)
}
