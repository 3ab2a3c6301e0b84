//! The views over the lake's tables.
//!
//! `events` has the columns of the lake and what is derived from them. `rejects` has what the newest attempt at each object
//! left over: a file that was mended, or that a newer version could read, takes its rejects away.
//!
//! The three questions that every service's CloudTrail page asks are three columns, because more than one can be true:
//! a service acting on behalf of a user is both. Null means the record does not say who called (Insights events).

use datafusion::common::Column;
use datafusion::error::Result;
use datafusion::logical_expr::{Expr, LogicalPlan, Projection};
use milepost_schema::{ACCOUNT, COLUMNS, DATE, EVENT_TIME, EXTRA, FALLBACKS, REDACTED, REGION, SOURCE_FILE};

use crate::functions::CALLERS;

/// A column that the view computes.
struct Derived {
    name: &'static str,
    sql: &'static str,
}

const DERIVED: [Derived; 6] = [
    Derived { name: "service", sql: "split_part(event_source, '.', 1)" },
    Derived { name: "identity_kind", sql: IDENTITY_KIND },
    Derived { name: "principal", sql: PRINCIPAL },
    Derived { name: "uses_root_or_iam_user", sql: USES_ROOT_OR_IAM_USER },
    Derived { name: "uses_temporary_credentials", sql: USES_TEMPORARY_CREDENTIALS },
    Derived { name: "made_by_aws_service", sql: MADE_BY_AWS_SERVICE },
];

/// Decided by the type; for `Unknown` and for none by the ARN, then by what else is there.
const IDENTITY_KIND: &str = "CASE
    WHEN user_identity_type = 'Root' THEN 'root'
    WHEN user_identity_type = 'IAMUser' THEN 'iam-user'
    WHEN user_identity_type IN ('AssumedRole', 'Role') THEN 'assumed-role'
    WHEN user_identity_type = 'FederatedUser' THEN 'federated-user'
    WHEN user_identity_type IN ('SAMLUser', 'WebIdentityUser') THEN 'federated-login'
    WHEN user_identity_type = 'IdentityCenterUser' THEN 'identity-center'
    WHEN user_identity_type = 'AWSService' THEN 'aws-service'
    WHEN user_identity_type = 'AWSAccount' THEN 'aws-account'
    WHEN user_identity_type = 'Directory' THEN 'directory'
    WHEN user_identity_type IS NULL AND event_type = 'AwsServiceEvent' THEN 'aws-service'
    WHEN user_identity_arn LIKE '%:root' THEN 'root'
    WHEN user_identity_arn LIKE '%:user/%' THEN 'iam-user'
    WHEN user_identity_arn LIKE '%:assumed-role/%' THEN 'assumed-role'
    WHEN user_identity_arn LIKE '%:federated-user/%' THEN 'federated-user'
    WHEN user_identity_on_behalf_of_user_id IS NOT NULL THEN 'identity-center'
    WHEN user_identity_type IS NOT NULL OR user_identity_account_id IS NOT NULL THEN 'unknown'
    END";

/// Who stands behind the call, the same from session to session: the role behind a session, a user, root, a service.
const PRINCIPAL: &str = r"CASE
    WHEN user_identity_type = 'AWSService' OR (user_identity_type IS NULL AND event_type = 'AwsServiceEvent')
        THEN coalesce(nullif(user_identity_invoked_by, ''), event_source)
    WHEN user_identity_type IN ('AssumedRole', 'Role') AND nullif(session_issuer_arn, '') IS NOT NULL
        THEN session_issuer_arn
    WHEN user_identity_arn LIKE '%:assumed-role/%' THEN regexp_replace(
        user_identity_arn, '^arn:([^:]*):sts::([^:]*):assumed-role/([^/]*)/.*$', 'arn:\1:iam::\2:role/\3')
    ELSE coalesce(
        nullif(user_identity_arn, ''), nullif(user_identity_user_name, ''), nullif(user_identity_principal_id, ''),
        user_identity_on_behalf_of_user_id, nullif(user_identity_account_id, ''))
    END";

const USES_ROOT_OR_IAM_USER: &str = "CASE
    WHEN user_identity_type IN ('Root', 'IAMUser') THEN true
    WHEN user_identity_type = 'Unknown' AND (user_identity_arn LIKE '%:root' OR user_identity_arn LIKE '%:user/%') THEN true
    WHEN user_identity_type IS NOT NULL OR user_identity_account_id IS NOT NULL OR user_identity_arn IS NOT NULL
        OR user_identity_invoked_by IS NOT NULL OR event_type = 'AwsServiceEvent' THEN false
    END";

const USES_TEMPORARY_CREDENTIALS: &str = "CASE
    WHEN user_identity_type IN ('AssumedRole', 'FederatedUser', 'Role') THEN true
    WHEN session_issuer_type = 'Role' THEN true
    WHEN user_identity_arn LIKE '%:assumed-role/%' OR user_identity_arn LIKE '%:federated-user/%' THEN true
    WHEN user_identity_type IS NOT NULL OR user_identity_account_id IS NOT NULL OR user_identity_arn IS NOT NULL
        OR user_identity_invoked_by IS NOT NULL OR event_type = 'AwsServiceEvent' THEN false
    END";

/// `signin.amazonaws.com` is the console of records up to 2019, a person and not a service. `AWS Internal` counts, as AWS
/// itself made the call; whoever wants the console's plumbing apart has `user_identity_invoked_by`.
const MADE_BY_AWS_SERVICE: &str = "CASE
    WHEN user_identity_type = 'AWSService' THEN true
    WHEN user_identity_type IS NULL AND event_type = 'AwsServiceEvent' THEN true
    WHEN trim(user_identity_invoked_by) NOT IN ('', 'signin.amazonaws.com') THEN true
    WHEN user_identity_type IS NOT NULL OR user_identity_account_id IS NOT NULL OR user_identity_arn IS NOT NULL
        OR user_identity_invoked_by IS NOT NULL THEN false
    END";

/// Columns that a reader wants to see first.
const FIRST: [&str; 6] = [EVENT_TIME, REGION, ACCOUNT, "event_source", "event_name", "error_code"];
/// Columns that a reader wants to see last.
const LAST: [&str; 5] = [DATE, EXTRA, FALLBACKS, REDACTED, SOURCE_FILE];

/// The views of this module.
pub(crate) const NAMES: [&str; 2] = ["events", "rejects"];

/// The query behind a view of this module, over the lake's tables in the schema `below`.
pub(crate) fn definition(name: &str, below: &str) -> Option<String> {
    match name {
        "events" => Some(events(&format!("{below}.events"))),
        "rejects" => Some(rejects(&format!("{below}.rejects"))),
        _ => None,
    }
}

/// What a column of `events` is, in SQL.
#[cfg(test)]
pub(crate) fn sql_of(name: &str) -> Option<&'static str> {
    DERIVED.iter().find(|column| column.name == name).map(|column| column.sql)
}

/// The plan of the view called `name`, with functions in the place of some of its CASEs.
///
/// # Errors
/// The plan is not that of the view.
pub(crate) fn planned(name: &str, plan: LogicalPlan) -> Result<LogicalPlan> {
    match plan {
        LogicalPlan::Projection(projection) if name == NAMES[0] => {
            let Projection { expr, input, .. } = projection;
            let expr = expr.into_iter().map(|expr| as_function(expr, &input)).collect::<Result<_>>()?;
            Ok(LogicalPlan::Projection(Projection::try_new(expr, input)?))
        }
        other => Ok(other),
    }
}

/// The call that computes what a column of the view is, if there is a function for it.
fn as_function(expr: Expr, input: &LogicalPlan) -> Result<Expr> {
    let Expr::Alias(alias) = &expr else { return Ok(expr) };
    let Some(caller) = CALLERS.iter().find(|caller| caller.name == alias.name) else { return Ok(expr) };
    let column = |name: &&str| {
        let found = input.schema().qualified_field_with_unqualified_name(name)?;
        Ok(Expr::Column(Column::from(found)))
    };
    let arguments = caller.of.iter().map(column).collect::<Result<_>>()?;
    Ok(caller.function().call(arguments).alias(caller.name))
}

fn events(table: &str) -> String {
    let first = FIRST.iter().map(|name| (*name).to_owned());
    let derived = DERIVED.iter().map(|column| format!("{} AS {}", column.sql, column.name));
    let rest = COLUMNS
        .iter()
        .map(|column| column.name)
        .filter(|name| !FIRST.contains(name) && !LAST.contains(name))
        .chain(LAST)
        .map(str::to_owned);
    let columns: Vec<String> = first.chain(derived).chain(rest).collect();
    format!("SELECT {} FROM {table}", columns.join(", "))
}

fn rejects(table: &str) -> String {
    format!(
        "SELECT r.source_file, r.record_number, r.byte_offset, r.reason, r.raw, r.run_id, r.rejected_at
        FROM {table} r JOIN (
            SELECT source_file, first_value(run_id ORDER BY at DESC) AS run_id FROM (
                SELECT source_file, run_id, rejected_at AS at FROM {table}
                UNION ALL SELECT uri, run_id, taken_at FROM files
            ) GROUP BY source_file
        ) newest ON newest.source_file = r.source_file AND newest.run_id = r.run_id"
    )
}
