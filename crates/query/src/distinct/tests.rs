use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray as _, BooleanArray, Int64Array, ListArray, StringArray};
use arrow::datatypes::{DataType, Int64Type};
use datafusion::common::tree_node::{TreeNode as _, TreeNodeRecursion};
use datafusion::logical_expr::{EmitTo, Expr, GroupsAccumulator as _, LogicalPlan};
use datafusion::prelude::{SessionConfig, SessionContext};

use super::groups::Pairs;
use super::values::Gives;

type Row = (usize, Option<&'static str>, Option<bool>);

/// Rows without a pattern that repeats soon: group, value, filter.
fn rows(seed: usize, count: usize, groups: usize) -> Vec<Row> {
    const VALUES: [Option<&str>; 5] =
        [Some("a"), None, Some(""), Some("a value that is longer than a view"), Some("b")];
    const CHOSEN: [Option<bool>; 4] = [Some(true), Some(false), Some(true), None];
    let mut state = seed as u64 + 1;
    let mut next = move |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap() % below
    };
    (0..count).map(|_| (next(groups), VALUES[next(VALUES.len())], CHOSEN[next(CHOSEN.len())])).collect()
}

fn expected(rows: &[Row], groups: usize, keeps_nulls: bool) -> Vec<BTreeSet<Option<&'static str>>> {
    let mut sets = vec![BTreeSet::new(); groups];
    for (group, value, chosen) in rows {
        if *chosen == Some(true) && (keeps_nulls || value.is_some()) {
            sets[*group].insert(*value);
        }
    }
    sets
}

fn update(pairs: &mut Pairs, rows: &[Row], groups: usize) {
    let values: ArrayRef = Arc::new(rows.iter().map(|row| row.1).collect::<StringArray>());
    let chosen: BooleanArray = rows.iter().map(|row| row.2).collect();
    let indices: Vec<usize> = rows.iter().map(|row| row.0).collect();
    pairs.update_batch(&[values], &indices, Some(&chosen), groups).unwrap();
}

/// The lists that come out, as sets; each value is in its list once.
fn sets(lists: &ArrayRef) -> Vec<BTreeSet<Option<String>>> {
    let one = |list: Option<ArrayRef>| {
        let texts: Vec<_> =
            list.iter().flat_map(|list| list.as_string::<i32>()).map(|text| text.map(str::to_owned)).collect();
        let set: BTreeSet<_> = texts.iter().cloned().collect();
        assert_eq!(set.len(), texts.len());
        set
    };
    lists.as_list::<i32>().iter().map(one).collect()
}

fn owned(sets: &[BTreeSet<Option<&str>>]) -> Vec<BTreeSet<Option<String>>> {
    sets.iter().map(|set| set.iter().map(|text| text.map(str::to_owned)).collect()).collect()
}

fn pairs(gives: Gives, keeps_nulls: bool) -> Pairs {
    Pairs::try_new(gives, &DataType::Utf8, keeps_nulls).unwrap()
}

#[test]
fn each_group_has_its_own_values_once() {
    const GROUPS: usize = 7;
    for seed in 0..20 {
        let all = rows(seed, 60, GROUPS);
        let mut lists = pairs(Gives::List, true);
        let mut counts = pairs(Gives::Count, false);
        for part in all.chunks(13) {
            update(&mut lists, part, GROUPS);
            update(&mut counts, part, GROUPS);
        }
        assert_eq!(sets(&lists.evaluate(EmitTo::All).unwrap()), owned(&expected(&all, GROUPS, true)));
        let found = counts.evaluate(EmitTo::All).unwrap();
        let wanted: Int64Array = expected(&all, GROUPS, false).iter().map(|set| Some(set.len() as i64)).collect();
        assert_eq!(found.as_primitive::<Int64Type>(), &wanted);
    }
}

#[test]
fn states_merge_whatever_made_them() {
    const GROUPS: usize = 5;
    for seed in 0..20 {
        let all = rows(seed, 80, GROUPS);
        let (one, other) = all.split_at(40);
        let mut partial = pairs(Gives::List, true);
        update(&mut partial, one, GROUPS);
        let state = partial.state(EmitTo::All).unwrap();
        let mut merged = pairs(Gives::List, true);
        merged.merge_batch(&state, &(0..GROUPS).collect::<Vec<_>>(), GROUPS).unwrap();
        // rows that were not gathered before
        let values: ArrayRef = Arc::new(other.iter().map(|row| row.1).collect::<StringArray>());
        let chosen: BooleanArray = other.iter().map(|row| row.2).collect();
        let state = partial.convert_to_state(&[values], Some(&chosen)).unwrap();
        merged.merge_batch(&state, &other.iter().map(|row| row.0).collect::<Vec<_>>(), GROUPS).unwrap();
        assert_eq!(sets(&merged.evaluate(EmitTo::All).unwrap()), owned(&expected(&all, GROUPS, true)));
    }
}

#[test]
fn the_first_groups_go_and_the_others_move_up() {
    const GROUPS: usize = 9;
    for first in 0..=GROUPS {
        let all = rows(first, 60, GROUPS);
        let mut lists = pairs(Gives::List, false);
        update(&mut lists, &all, GROUPS);
        let mut found = sets(&lists.evaluate(EmitTo::First(first)).unwrap());
        assert_eq!(found.len(), first);
        found.extend(sets(&lists.evaluate(EmitTo::All).unwrap()));
        assert_eq!(found, owned(&expected(&all, GROUPS, false)));
    }
}

#[test]
fn what_a_filter_leaves_nothing_of_is_null_or_nought() {
    let mut lists = pairs(Gives::List, true);
    update(&mut lists, &[(0, Some("a"), Some(false)), (1, None, None)], 2);
    let found = lists.evaluate(EmitTo::All).unwrap();
    assert_eq!(found.as_list::<i32>(), &ListArray::new_null(Arc::new(item()), 2));
    let mut counts = pairs(Gives::Count, false);
    update(&mut counts, &[(1, None, Some(true))], 2);
    assert_eq!(counts.evaluate(EmitTo::All).unwrap().as_primitive::<Int64Type>().values(), &[0, 0]);
}

fn item() -> arrow::datatypes::Field {
    arrow::datatypes::Field::new_list_field(DataType::Utf8, true)
}

/// How many aggregates of a plan are those of this module.
fn taken(plan: &LogicalPlan) -> usize {
    let mut count = 0;
    plan.apply(|node| {
        if let LogicalPlan::Aggregate(aggregate) = node {
            count += aggregate.aggr_expr.iter().filter(|expr| is_ours(expr)).count();
        }
        Ok(TreeNodeRecursion::Continue)
    })
    .unwrap();
    count
}

fn is_ours(expr: &Expr) -> bool {
    let is_call =
        |expr: &Expr| matches!(expr, Expr::AggregateFunction(call) if call.func.name().ends_with("_distinct"));
    expr.exists(|expr| Ok(is_call(expr))).unwrap()
}

/// A query over rows with and without the rule, as sorted lines, and how often the rule was taken.
async fn lines(sql: &str, with_rule: bool) -> (Vec<String>, usize) {
    let mut builder = datafusion::execution::SessionStateBuilder::new()
        .with_default_features()
        .with_config(SessionConfig::new().with_target_partitions(2).with_batch_size(64));
    if with_rule {
        builder = builder.with_optimizer_rule(Arc::new(super::ShareDistinct));
    }
    let context = SessionContext::new_with_state(builder.build());
    let rows = "SELECT value % 7 AS k, value % 3 AS n, CAST(nullif(value % 5, 2) AS VARCHAR) AS t,
        concat('user-', CAST(value % 11 AS VARCHAR)) AS u FROM generate_series(1, 1000)";
    context.sql(&format!("CREATE VIEW rows AS {rows}")).await.unwrap();
    let frame = context.sql(sql).await.unwrap();
    let taken = taken(&frame.clone().into_optimized_plan().unwrap());
    let batches = frame.collect().await.unwrap();
    let text = arrow::util::pretty::pretty_format_batches(&batches).unwrap().to_string();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    lines.sort_unstable();
    (lines, taken)
}

#[tokio::test]
async fn queries_answer_as_without_it() {
    let queries: BTreeMap<&str, &str> = [
        ("two counts", "SELECT k, count(DISTINCT t), count(DISTINCT u) FROM rows GROUP BY k"),
        ("a count among others", "SELECT k, count(DISTINCT t), count(*), sum(n), min(u) FROM rows GROUP BY k HAVING count(DISTINCT t) > 1"),
        ("lists", "SELECT k, array_sort(array_agg(DISTINCT t)), array_sort(array_agg(DISTINCT u)) FROM rows GROUP BY k"),
        ("filters", "SELECT k, count(DISTINCT t) FILTER (WHERE n = 1), count(DISTINCT u) FILTER (WHERE n > 5) FROM rows GROUP BY k"),
        ("sets of groups", "SELECT k, n, count(DISTINCT t), count(DISTINCT u) FROM rows GROUP BY GROUPING SETS ((k), (n), ())"),
        ("names", "SELECT k, count(DISTINCT t) AS c, count(DISTINCT u) AS d FROM rows GROUP BY k ORDER BY c, d, k LIMIT 3"),
        ("one group", "SELECT count(DISTINCT t), count(DISTINCT u), count(DISTINCT k), count(*) FROM rows"),
        ("one group with filters", "SELECT count(DISTINCT t) FILTER (WHERE n = 1) AS a, count(DISTINCT u) FILTER (WHERE n > 5) FROM rows"),
        ("views and large texts", "SELECT count(DISTINCT arrow_cast(t, 'Utf8View')), count(DISTINCT arrow_cast(u, 'LargeUtf8')) FROM rows"),
        ("nothing", "SELECT count(DISTINCT t), count(DISTINCT u) FROM rows WHERE k > 100"),
        ("groups in order", "SELECT k, count(DISTINCT t), count(DISTINCT u) FROM (SELECT * FROM rows ORDER BY k) GROUP BY k"),
    ]
    .into();
    for (name, sql) in queries {
        let (with, taken) = lines(sql, true).await;
        assert_eq!((with, 0), lines(sql, false).await, "{name}");
        assert!(taken > 0, "{name}");
    }
}
