//! Who is behind a call, and as what: columns of `events` that are computed from the identity, in one look at each row.
//!
//! The view says in SQL what they are, and these functions do what it says: a CASE of so many columns copies rows from branch
//! to branch, which took a third of the time of some reports. A test holds them equal.

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, StringBuilder};
use arrow::datatypes::DataType;
use datafusion::error::Result;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility};

use super::arguments::{Texts, result, rows, texts};

/// A column that is computed here.
pub(crate) struct Caller {
    pub(crate) name: &'static str,
    /// The columns it is computed from, in the order of the arguments.
    pub(crate) of: &'static [&'static str],
    body: Body,
}

/// What a column is in a row.
enum Body {
    Text(fn(&Row<'_>, &mut StringBuilder)),
    Truth(fn(&Row<'_>) -> Option<bool>),
}

/// The arguments of one row.
struct Row<'a> {
    columns: &'a [Texts],
    row: usize,
}

impl Row<'_> {
    fn text(&self, at: usize) -> Option<&str> {
        self.columns.get(at).and_then(|column| column.get(self.row))
    }

    /// A text that is not empty.
    fn filled(&self, at: usize) -> Option<&str> {
        self.text(at).filter(|text| !text.is_empty())
    }
}

/// What tells who called, as far as it is known at all.
const IDENTITY: [&str; 5] =
    ["user_identity_type", "event_type", "user_identity_arn", "user_identity_invoked_by", "user_identity_account_id"];

pub(crate) const CALLERS: [Caller; 5] = [
    Caller {
        name: "principal",
        of: &[
            "user_identity_type",
            "event_type",
            "user_identity_invoked_by",
            "event_source",
            "session_issuer_arn",
            "user_identity_arn",
            "user_identity_user_name",
            "user_identity_principal_id",
            "user_identity_on_behalf_of_user_id",
            "user_identity_account_id",
        ],
        body: Body::Text(principal),
    },
    Caller {
        name: "identity_kind",
        of: &[
            "user_identity_type",
            "event_type",
            "user_identity_arn",
            "user_identity_on_behalf_of_user_id",
            "user_identity_account_id",
        ],
        body: Body::Text(|row, out| out.append_option(identity_kind(row))),
    },
    Caller { name: "uses_root_or_iam_user", of: &IDENTITY, body: Body::Truth(uses_root_or_iam_user) },
    Caller {
        name: "uses_temporary_credentials",
        of: &[
            "user_identity_type",
            "event_type",
            "user_identity_arn",
            "user_identity_invoked_by",
            "user_identity_account_id",
            "session_issuer_type",
        ],
        body: Body::Truth(uses_temporary_credentials),
    },
    Caller { name: "made_by_aws_service", of: &IDENTITY, body: Body::Truth(made_by_aws_service) },
];

impl Caller {
    /// The function that computes it.
    pub(crate) fn function(&'static self) -> Arc<ScalarUDF> {
        let signature = Signature::exact(vec![DataType::Utf8; self.of.len()], Volatility::Immutable);
        Arc::new(ScalarUDF::new_from_impl(CallerFunction { caller: self, signature }))
    }
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct CallerFunction {
    caller: &'static Caller,
    signature: Signature,
}

impl std::fmt::Debug for Caller {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

impl PartialEq for Caller {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Caller {}

impl std::hash::Hash for Caller {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

impl ScalarUDFImpl for CallerFunction {
    fn name(&self) -> &str {
        self.caller.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(match self.caller.body {
            Body::Text(_) => DataType::Utf8,
            Body::Truth(_) => DataType::Boolean,
        })
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let columns: Vec<Texts> = (0..self.caller.of.len()).map(|at| texts(&args, at)).collect::<Result<_>>()?;
        let each = (0..rows(&args)).map(|row| Row { columns: &columns, row });
        let made: ArrayRef = match self.caller.body {
            Body::Text(body) => {
                let mut out = StringBuilder::with_capacity(rows(&args), 0);
                each.for_each(|row| body(&row, &mut out));
                Arc::new(out.finish())
            }
            Body::Truth(body) => Arc::new(each.map(|row| body(&row)).collect::<BooleanArray>()),
        };
        result(&args, made)
    }
}

fn is_service(row: &Row<'_>) -> bool {
    match row.text(0) {
        Some(kind) => kind == "AWSService",
        None => row.text(1) == Some("AwsServiceEvent"),
    }
}

fn principal(row: &Row<'_>, out: &mut StringBuilder) {
    if is_service(row) {
        return out.append_option(row.filled(2).or_else(|| row.text(3)));
    }
    if matches!(row.text(0), Some("AssumedRole" | "Role"))
        && let Some(issuer) = row.filled(4)
    {
        return out.append_value(issuer);
    }
    match row.filled(5) {
        Some(arn) if arn.contains(":assumed-role/") => match role_of(arn) {
            Some((partition, account, role)) => out.append_value(format!("arn:{partition}:iam::{account}:role/{role}")),
            None => out.append_value(arn),
        },
        Some(arn) => out.append_value(arn),
        None => {
            let name = row.filled(6).or_else(|| row.filled(7));
            out.append_option(name.or_else(|| row.text(8)).or_else(|| row.filled(9)));
        }
    }
}

/// Partition, account and role of a session's ARN.
fn role_of(arn: &str) -> Option<(&str, &str, &str)> {
    let (partition, rest) = arn.strip_prefix("arn:")?.split_once(':')?;
    let (account, rest) = rest.strip_prefix("sts::")?.split_once(':')?;
    let (role, session) = rest.strip_prefix("assumed-role/")?.split_once('/')?;
    // as `.` in the pattern
    (!session.contains('\n')).then_some((partition, account, role))
}

fn identity_kind(row: &Row<'_>) -> Option<&'static str> {
    let kind = row.text(0);
    match kind {
        Some("Root") => return Some("root"),
        Some("IAMUser") => return Some("iam-user"),
        Some("AssumedRole" | "Role") => return Some("assumed-role"),
        Some("FederatedUser") => return Some("federated-user"),
        Some("SAMLUser" | "WebIdentityUser") => return Some("federated-login"),
        Some("IdentityCenterUser") => return Some("identity-center"),
        Some("AWSAccount") => return Some("aws-account"),
        Some("Directory") => return Some("directory"),
        _ if is_service(row) => return Some("aws-service"),
        _ => {}
    }
    match row.text(2) {
        Some(arn) if arn.ends_with(":root") => Some("root"),
        Some(arn) if arn.contains(":user/") => Some("iam-user"),
        Some(arn) if arn.contains(":assumed-role/") => Some("assumed-role"),
        Some(arn) if arn.contains(":federated-user/") => Some("federated-user"),
        _ if row.text(3).is_some() => Some("identity-center"),
        _ => (kind.is_some() || row.text(4).is_some()).then_some("unknown"),
    }
}

/// No, if it is known at all who called.
fn no_if_known(row: &Row<'_>) -> Option<bool> {
    let is_known = [0, 2, 3, 4].into_iter().any(|at| row.text(at).is_some());
    is_known.then_some(false)
}

fn uses_root_or_iam_user(row: &Row<'_>) -> Option<bool> {
    match (row.text(0), row.text(2)) {
        (Some("Root" | "IAMUser"), _) => Some(true),
        (Some("Unknown"), Some(arn)) if arn.ends_with(":root") || arn.contains(":user/") => Some(true),
        _ if row.text(1) == Some("AwsServiceEvent") => Some(false),
        _ => no_if_known(row),
    }
}

fn uses_temporary_credentials(row: &Row<'_>) -> Option<bool> {
    let is_session = |arn: &str| arn.contains(":assumed-role/") || arn.contains(":federated-user/");
    match row.text(0) {
        Some("AssumedRole" | "FederatedUser" | "Role") => Some(true),
        _ if row.text(5) == Some("Role") || row.text(2).is_some_and(is_session) => Some(true),
        _ if row.text(1) == Some("AwsServiceEvent") => Some(false),
        _ => no_if_known(row),
    }
}

fn made_by_aws_service(row: &Row<'_>) -> Option<bool> {
    let is_service_name = |name: &str| !matches!(name.trim_matches(' '), "" | "signin.amazonaws.com");
    if is_service(row) || row.text(3).is_some_and(is_service_name) { Some(true) } else { no_if_known(row) }
}

#[cfg(test)]
mod tests {
    use arrow::array::{RecordBatch, StringArray, new_null_array};
    use datafusion::prelude::{SessionContext, col};
    use milepost_schema::arrow::events_schema;
    use proptest::prelude::*;

    use super::*;
    use crate::views;

    /// What a column may hold: nothing, an empty text, or one that decides something.
    fn value(column: &str) -> BoxedStrategy<Option<String>> {
        let some: &[&str] = match column {
            "user_identity_type" => &[
                "Root",
                "IAMUser",
                "AssumedRole",
                "Role",
                "FederatedUser",
                "SAMLUser",
                "WebIdentityUser",
                "Unknown",
                "IdentityCenterUser",
                "AWSService",
                "AWSAccount",
                "Directory",
                "root",
            ],
            "event_type" => &["AwsServiceEvent", "AwsApiCall"],
            "user_identity_arn" => &[
                "arn:aws:iam::1:root",
                "arn:aws:iam::1:user/a",
                "arn:aws:sts::1:assumed-role/r/s",
                "arn:aws-cn:sts::1:assumed-role/r/s/t",
                "arn:aws:sts::1:assumed-role/r",
                "arn:aws:sts::1:assumed-role/r/s\nt",
                "arn:aws:sts:x:1:assumed-role/r/s",
                "arn:aws:sts::1:federated-user/f",
                "arn::sts:::assumed-role//",
                "xarn:aws:sts::1:assumed-role/r/s",
                "arn:a\nb:sts::1:assumed-role/r/s\n",
            ],
            "user_identity_invoked_by" => &[" ", "signin.amazonaws.com ", "ec2.amazonaws.com", "AWS Internal", "\t"],
            "session_issuer_type" => &["Role", "role"],
            _ => &["a", "arn:aws:iam::1:role/r"],
        };
        let some: Vec<String> = some.iter().map(|text| (*text).to_owned()).collect();
        prop_oneof![2 => Just(None), 1 => Just(Some(String::new())), 8 => prop::sample::select(some).prop_map(Some)]
            .boxed()
    }

    /// Every column that is looked at.
    fn names() -> Vec<&'static str> {
        let mut names: Vec<_> = CALLERS.iter().flat_map(|caller| caller.of).copied().collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    fn batch(rows: &[Vec<Option<String>>]) -> RecordBatch {
        let (schema, names) = (events_schema(), names());
        let columns = schema.fields().iter().map(|field| match names.iter().position(|name| name == field.name()) {
            Some(at) => Arc::new(rows.iter().map(|row| row[at].clone()).collect::<StringArray>()) as ArrayRef,
            None => new_null_array(field.data_type(), rows.len()),
        });
        let columns = columns.collect();
        RecordBatch::try_new(schema, columns).unwrap()
    }

    fn rows() -> impl Strategy<Value = Vec<Vec<Option<String>>>> {
        let row: Vec<_> = names().into_iter().map(value).collect();
        prop::collection::vec(row, 1..60)
    }

    proptest! {
        #[test]
        fn functions_do_what_the_view_says(rows in rows()) {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let frame = SessionContext::new().read_batch(batch(&rows)).unwrap();
            for caller in &CALLERS {
                let sql = frame.parse_sql_expr(views::sql_of(caller.name).unwrap()).unwrap();
                let call = caller.function().call(caller.of.iter().map(|name| col(*name)).collect());
                let both = frame.clone().select([sql.alias("sql"), call.alias("call")]).unwrap();
                let found = runtime.block_on(both.collect()).unwrap();
                prop_assert_eq!(found[0].column(0), found[0].column(1), "{}", caller.name);
            }
        }
    }
}
