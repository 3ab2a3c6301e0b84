//! DuckDB's `SEMI JOIN` and `ANTI JOIN`, which DataFusion has with a side.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{JoinConstraint, JoinOperator, Select, Statement, VisitMut as _, VisitorMut};

/// Says the side, which is the left one.
pub(super) fn with_sides(statement: &mut Statement) {
    struct Sides;
    impl VisitorMut for Sides {
        type Break = ();
        fn pre_visit_select(&mut self, select: &mut Select) -> ControlFlow<()> {
            for join in select.from.iter_mut().flat_map(|from| &mut from.joins) {
                let take = |constraint: &mut JoinConstraint| std::mem::replace(constraint, JoinConstraint::None);
                match &mut join.join_operator {
                    JoinOperator::Semi(on) => join.join_operator = JoinOperator::LeftSemi(take(on)),
                    JoinOperator::Anti(on) => join.join_operator = JoinOperator::LeftAnti(take(on)),
                    _ => {}
                }
            }
            ControlFlow::Continue(())
        }
    }
    let _ = statement.visit(&mut Sides);
}
