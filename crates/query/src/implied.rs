//! What a condition on a record's own region or account says of its partition.
//!
//! `aws_region = 'eu-west-1'` is true of no record outside the partitions of that region: a record that
//! [says its region itself](milepost_schema::partition) lies there. So files are left out by it as by `region = 'eu-west-1'`. The
//! rows are still asked what they say.

use datafusion::common::Column;
use datafusion::logical_expr::expr::InList;
use datafusion::logical_expr::{BinaryExpr, Expr, Operator};
use milepost_schema::{ACCOUNT, AWS_REGION, RECIPIENT_ACCOUNT, REGION, partition};

/// The condition, with what it implies of partitions beside what it says.
pub(crate) fn with_partitions(condition: Expr) -> Expr {
    match condition {
        Expr::BinaryExpr(BinaryExpr { left, op: op @ (Operator::And | Operator::Or), right }) => {
            let (left, right) = (with_partitions(*left), with_partitions(*right));
            Expr::BinaryExpr(BinaryExpr::new(Box::new(left), op, Box::new(right)))
        }
        other => match implied(&other) {
            Some(of_partition) => of_partition.and(other),
            None => other,
        },
    }
}

fn implied(condition: &Expr) -> Option<Expr> {
    match condition {
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::Eq, right }) => {
            let (column, value) = match (left.as_ref(), right.as_ref()) {
                (Expr::Column(column), value) | (value, Expr::Column(column)) => (column, value),
                _ => return None,
            };
            let partition = partition_of(column, std::slice::from_ref(value))?;
            Some(partition.eq(value.clone()))
        }
        Expr::InList(InList { expr, list, negated: false }) => {
            let Expr::Column(column) = expr.as_ref() else { return None };
            Some(partition_of(column, list)?.in_list(list.clone(), false))
        }
        _ => None,
    }
}

/// The partition column whose values a record's `column` has, if each of `values` can name a partition.
fn partition_of(column: &Column, values: &[Expr]) -> Option<Expr> {
    let (partition, names_one): (&str, fn(&str) -> bool) = match column.name.as_str() {
        AWS_REGION => (REGION, partition::is_region),
        RECIPIENT_ACCOUNT => (ACCOUNT, partition::is_account),
        _ => return None,
    };
    let names_one = |value: &Expr| match value {
        Expr::Literal(value, _) => value.try_as_str().flatten().is_some_and(names_one),
        _ => false,
    };
    let column = Column { name: partition.to_owned(), ..column.clone() };
    values.iter().all(names_one).then(|| Expr::Column(column))
}

#[cfg(test)]
mod tests {
    use datafusion::prelude::{col, lit};

    use super::*;

    #[test]
    fn own_regions_and_accounts_imply_their_partitions() {
        let said = |condition: Expr| with_partitions(condition).to_string();
        assert_eq!(said(col(AWS_REGION).eq(lit("a"))), r#"region = Utf8("a") AND aws_region = Utf8("a")"#);
        let several = col(RECIPIENT_ACCOUNT).in_list(vec![lit("1"), lit("2")], false);
        assert!(said(several.clone()).starts_with(r#"account IN ([Utf8("1"), Utf8("2")]) AND "#), "{}", said(several));
        let either = lit("a").eq(col(AWS_REGION)).or(col("event_name").eq(lit("b")));
        assert!(said(either).starts_with(r#"region = Utf8("a") AND Utf8("a") = aws_region OR "#));
    }

    #[test]
    fn others_imply_nothing() {
        let too_long = "x".repeat(65);
        let others = [
            col(AWS_REGION).not_eq(lit("a")),
            col(AWS_REGION).eq(lit("")),
            col(AWS_REGION).eq(lit(too_long)),
            col(AWS_REGION).eq(col(REGION)),
            col(RECIPIENT_ACCOUNT).in_list(vec![lit("1"), lit("anonymous")], false),
            col(RECIPIENT_ACCOUNT).in_list(vec![lit("1")], true),
            !col(AWS_REGION).eq(lit("a")),
        ];
        for condition in others {
            assert_eq!(with_partitions(condition.clone()), condition);
        }
    }
}
