//! Messages of the engine's layers in the words of SQL: without the layers' names, with SQL's names of types.

use crate::calls;

/// What the layers put before their messages, which says nothing to a user.
const LABELS: [&str; 16] = [
    "External: ",
    "Error evaluating filter predicate: ",
    "Error during planning: ",
    "Execution error: ",
    "Arrow error: ",
    "Schema error: ",
    "This feature is not implemented: ",
    "Internal error: ",
    "Cast error: ",
    "Parser error: ",
    "Compute error: ",
    "Invalid argument error: ",
    "External error: ",
    "Parquet error: ",
    "Object Store error: ",
    "Optimizer error: ",
];

/// Names of types within the engine, and in SQL; longer names before those that they begin with.
const TYPES: [(&str, &str); 15] = [
    ("Interval(MonthDayNano)", "INTERVAL"),
    ("Timestamp(µs, \"UTC\")", "TIMESTAMP"),
    ("Timestamp(ns)", "TIMESTAMP"),
    ("Timestamp(µs)", "TIMESTAMP"),
    ("LargeUtf8", "VARCHAR"),
    ("Utf8View", "VARCHAR"),
    ("Utf8", "VARCHAR"),
    ("UInt64", "BIGINT UNSIGNED"),
    ("Int64", "BIGINT"),
    ("Int32", "INTEGER"),
    ("Int16", "SMALLINT"),
    ("Float64", "DOUBLE"),
    ("Float32", "REAL"),
    ("Date32", "DATE"),
    ("Boolean", "BOOLEAN"),
];

/// What is said of a division by zero.
pub(crate) const ZERO_DIVISION: &str = "something is divided by zero";
/// What is said of times that no time can be.
pub(crate) const OUT_OF_RANGE: &str = "a time is too early or too late";
/// What is said of a list where text is taken.
pub(crate) const LIST_AS_TEXT: &str = "a function on text is given a list";
/// Digits that a DECIMAL can have.
const MAX_DIGITS: u8 = 76;
/// What messages about types of numbers begin with.
const WRONG_DIGITS: &str = "a DECIMAL has 1 to 76 digits, not ";
const OF_DIGITS: &str = "a DECIMAL of ";
/// What is said of a column that is neither grouped nor aggregated, behind its name.
pub(crate) const UNGROUPED: &str = " is neither in GROUP BY nor in an aggregate function";

/// The message without labels.
pub(crate) fn plain(message: &str) -> String {
    // what DataFusion says of itself is of no use to a user
    let mut message = message.split(".\nThis issue was likely caused").next().unwrap_or(message);
    while let Some(rest) = LABELS.iter().find_map(|label| message.strip_prefix(label)) {
        message = rest;
    }
    // an error that another one has in its debugging form
    if let Some(inner) = debugged(message) {
        return plain(&inner);
    }
    casts(message.trim_end_matches('.')).unwrap_or_else(|| message.trim_end_matches('.').to_owned())
}

/// The text within `ArrowError(CastError("…"), Some(""))`.
fn debugged(message: &str) -> Option<String> {
    let inner = message.strip_prefix("ArrowError(")?;
    if inner.starts_with("DivideByZero") {
        return Some("Divide by zero error".to_owned());
    }
    let quoted = inner.split_once("(\"")?.1;
    let text = quoted.rsplit_once("\"), ").map_or(quoted, |(text, _)| text);
    Some(text.replace("\\\"", "\"").replace("\\'", "'").replace("\\\\", "\\"))
}

/// Messages about values and types that do not go together.
fn casts(message: &str) -> Option<String> {
    if let Some(rest) = message.strip_prefix("Cannot cast string '") {
        let (value, found) = rest.rsplit_once("' to value of ")?;
        return Some(format!("`{value}` is no {}", types(found.strip_suffix(" type")?)));
    }
    if let Some(rest) = message.strip_prefix("Can't cast value ") {
        let (value, found) = rest.rsplit_once(" to type ")?;
        return Some(format!("{value} does not fit into {}", types(found)));
    }
    if let Some(rest) = message.strip_prefix("Cannot coerce arithmetic expression ") {
        return Some(format!("cannot compute {}", types(rest.strip_suffix(" to valid types")?)));
    }
    if let Some(rest) = message.strip_prefix("Cannot infer common argument type for comparison operation ") {
        return Some(format!("cannot compare {}", types(rest)));
    }
    if let Some(rest) = message.strip_prefix("Error parsing timestamp from '") {
        let (value, _) = rest.rsplit_once("': ")?;
        return Some(format!("`{value}` is no TIMESTAMP"));
    }
    if let Some(rest) = message.strip_prefix("Unsupported data type ") {
        let (kind, name) = rest.split_once(" for function ")?;
        return Some(format!("the function `{name}` does not take ({})", types(kind)));
    }
    None
}

/// A message that means something else to a user than it says, with what to try.
pub(crate) fn reworded(message: &str) -> Option<(String, String)> {
    if let Some(name) = ungrouped(message) {
        return Some(said_of_ungrouped(name));
    }
    if message.starts_with("HAVING clause references: ") {
        let hint = "WHERE chooses rows; GROUP BY makes groups of them".to_owned();
        return Some(("`HAVING` chooses among groups, and the query has none".to_owned(), hint));
    }
    if let Some(problem) = message.strip_prefix("regex parse error:") {
        let reason = problem.rsplit_once("error: ").map_or(problem, |(_, reason)| reason);
        if reason.contains("look-around") {
            let hint = "say what must not be there apart: NOT regexp_like(x, '…')".to_owned();
            return Some(("look-around, such as (?=…) and (?!…), is not there in patterns".to_owned(), hint));
        }
        let hint = "a sign that means itself has a backslash before it: '\\('".to_owned();
        return Some((format!("the regular expression is wrong: {}", reason.trim()), hint));
    }
    if message.starts_with("Cannot access field at argument 1: type Utf8") {
        let hint =
            "JSON opens with ->>: column ->> 'name'; DESCRIBE and the table's name lists what has fields".to_owned();
        return Some(("a field is asked of a value that is text".to_owned(), hint));
    }
    if let Some((name, rest)) = message.strip_prefix("Function '").and_then(|rest| rest.split_once('\''))
        && let Some(reason) = rest.strip_prefix(" user-defined coercion failed with: ")
    {
        let reason = plain(reason.lines().next().unwrap_or(reason));
        if reason.starts_with("min/max was called with ") {
            let hint = format!("array_agg(x ORDER BY x DESC)[1:3] gives the three greatest, {name}(x) one");
            return Some((format!("`{name}` takes one value"), hint));
        }
        if let Some(found) = of_arguments(&reason) {
            return Some(found);
        }
        let reason = reason.split(". No function matches").next().unwrap_or(&reason);
        if let Some(found) = casts(reason) {
            return Some((found, "CAST(x AS DOUBLE) makes a number of text; || puts texts together".to_owned()));
        }
        let said = match (reason.contains('`'), reason.contains(name)) {
            (true, _) => reason.to_owned(),
            (false, true) => reason.replacen(name, &format!("`{name}`"), 1),
            (false, false) => format!("`{name}`: {reason}"),
        };
        return Some((said, format!("docs/sql.md says what `{name}` takes")));
    }
    if calls::is_said(message) {
        return Some((message.to_owned(), "typeof(x) says what a value is".to_owned()));
    }
    if let Some(said) = of_range(message).or_else(|| of_clause(message)).or_else(|| of_arguments(message)) {
        return Some(said);
    }
    if let Some(said) = calls::of(message) {
        return Some(said);
    }
    if message.starts_with("`json_") && message.contains(" its path") {
        let hint = "NULL ON EMPTY and NULL ON ERROR give null for such rows".to_owned();
        return Some((message.to_owned(), hint));
    }
    if message.starts_with("cannot compute VARCHAR") && message.ends_with("INTERVAL") {
        return Some((message.to_owned(), "from_iso8601_timestamp(x) makes an instant of text".to_owned()));
    }
    if message.starts_with("cannot compute TIMESTAMP") && message.ends_with("VARCHAR") {
        return Some((
            message.to_owned(),
            "write a span of time as INTERVAL '7 days', a time as TIMESTAMP '…'".to_owned(),
        ));
    }
    None
}

/// What is said of values that no number, no time or no type of numbers can be.
fn of_range(message: &str) -> Option<(String, String)> {
    if message == "Timestamp out of range" {
        let hint = "times reach from the year 1678 to 2262: take a shorter INTERVAL".to_owned();
        return Some((OUT_OF_RANGE.to_owned(), hint));
    }
    if let Some(rest) = message.strip_prefix("Overflow converting ") {
        let (time, _) = rest.split_once(" to Nanosecond")?;
        let hint = "times of SQL's TIMESTAMP reach from the year 1678 to 2262".to_owned();
        return Some((format!("the time `{time}` is too early or too late"), hint));
    }
    if message == "Divide by zero error" || message == "Divide by zero" {
        return Some((ZERO_DIVISION.to_owned(), "x / nullif(y, 0) gives null for it".to_owned()));
    }
    let (digits, rest) = message.strip_prefix("Decimal(precision = ")?.split_once(", scale = ")?;
    let (scale, _) = rest.split_once(')')?;
    let fits = digits.parse().is_ok_and(|digits: u8| (1..=MAX_DIGITS).contains(&digits));
    let message = match fits {
        true => format!("{OF_DIGITS}{digits} digits cannot have {scale} of them behind the point"),
        false => format!("{WRONG_DIGITS}{digits}"),
    };
    Some((message, "DECIMAL(20, 2) has 20 digits, two of them behind the point".to_owned()))
}

/// How many digits the message about a type of numbers is about.
pub(crate) fn wrong_digits(message: &str) -> Option<&str> {
    message.strip_prefix(WRONG_DIGITS).or_else(|| message.strip_prefix(OF_DIGITS)?.split(' ').next())
}

/// The day of the time that a message is about, as a literal begins with it.
pub(crate) fn wrong_day(message: &str) -> Option<&str> {
    message.strip_prefix("the time `")?.strip_suffix("` is too early or too late")?.split(' ').next()
}

/// The column of a message about one that is neither grouped nor aggregated, without its table.
fn ungrouped(message: &str) -> Option<&str> {
    let (_, rest) =
        message.split_once(" must be in GROUP BY or an aggregate function: While expanding wildcard, column \"")?;
    let (column, _) = rest.split_once("\" must appear in the GROUP BY clause")?;
    Some(column.rsplit('.').next().unwrap_or(column).trim_matches('"'))
}

/// What is said of a column that is neither grouped nor aggregated, and what to try.
pub(crate) fn said_of_ungrouped(name: &str) -> (String, String) {
    let hint = format!("add it to GROUP BY, or say which of its values: max({name})");
    (format!("the column `{name}`{UNGROUPED}"), hint)
}

/// Clauses that do not take what stands in them.
fn of_clause(message: &str) -> Option<(String, String)> {
    if message.starts_with("Aggregate functions are not allowed in the WHERE clause") {
        let hint = "HAVING chooses groups: GROUP BY event_name HAVING count(*) > 1".to_owned();
        return Some((
            "`WHERE` chooses rows before they are counted: it takes no aggregate functions".to_owned(),
            hint,
        ));
    }
    for clause in ["LIMIT", "OFFSET"] {
        if let Some(rest) = message.strip_prefix(clause).and_then(|rest| rest.strip_prefix(" must be >= 0, '")) {
            let given = rest.split('\'').next()?;
            let hint = format!("leave `{clause}` out for all rows");
            return Some((format!("`{clause}` takes a number of rows from 0, and not {given}"), hint));
        }
    }
    if message == "COUNT DISTINCT with multiple arguments" {
        let hint = "count the rows of (SELECT DISTINCT a, b FROM …), or count(DISTINCT concat(a, ' ', b))".to_owned();
        return Some(("`count` of DISTINCT values takes one value".to_owned(), hint));
    }
    if message.starts_with("Substring without for/from is not valid") {
        return Some((
            "`substr` needs to know from where".to_owned(),
            "substr(x, 1, 3) takes three characters".to_owned(),
        ));
    }
    if message.starts_with("Too many columns! The subquery should only return one column") {
        let hint =
            "NOT EXISTS (SELECT 1 FROM … WHERE a = x AND b = y) asks for rows of several that are not there".to_owned();
        return Some(("the subquery has several columns, and one is taken here".to_owned(), hint));
    }
    if let Some(rest) = message.strip_prefix("Physical plan does not support logical expression ") {
        let clause =
            ["InSubquery", "Exists", "OuterReferenceColumn"].into_iter().find(|name| rest.starts_with(name))?;
        return Some(match clause {
            "OuterReferenceColumn" => (
                "a subquery asks for a column of the query around it in a way that is not there".to_owned(),
                "join the two, or take what it asks for into a WITH".to_owned(),
            ),
            _ => (
                "a subquery with IN or EXISTS stands in WHERE or HAVING".to_owned(),
                "LEFT JOIN (SELECT DISTINCT …) says for each row whether there is one".to_owned(),
            ),
        });
    }
    // what follows is the syntax tree
    let join = message.strip_prefix("Unsupported JOIN operator ")?.split(['(', ' ', '{']).next()?;
    let hint = "there are JOIN, LEFT, RIGHT, FULL and CROSS JOIN, and LEFT SEMI and LEFT ANTI JOIN".to_owned();
    Some((format!("there is no join `{}`", join.to_uppercase()), hint))
}

/// Functions on lists that were given something else.
fn of_arguments(message: &str) -> Option<(String, String)> {
    if message.starts_with("Unavailable default cast for native type String from physical type List") {
        let hint =
            "cardinality(list) says how many elements a list has, array_join(list, ', ') makes text of it".to_owned();
        return Some((LIST_AS_TEXT.to_owned(), hint));
    }
    if message.starts_with(crate::accesses::NO_SUCH_FIELD) {
        return Some((message.to_owned(), "fields of a row are counted from 1, and have names: x.key".to_owned()));
    }
    let (name, rest) = message.split_once(" does not support type ")?;
    let kind = rest.split(". No function matches").next().unwrap_or(rest);
    let hint = match name {
        "array_has" => "the list comes first: array_contains(list, value)",
        "array_element" if kind.starts_with("Struct") => "a field is asked for by its name: x['key'], or x.key",
        "array_element" => "x[1] is for lists and maps; substr(x, 1, 1) takes a character of a text",
        _ => "typeof(x) says what a value is",
    };
    let shown = if kind.starts_with("Struct") { "ROW".to_owned() } else { types(kind) };
    Some((format!("`{name}` takes a list, and not a value of the type {shown}"), hint.to_owned()))
}

/// The name of a type in SQL.
pub(crate) fn type_name(kind: &arrow::datatypes::DataType) -> String {
    types(&kind.to_string())
}

pub(crate) fn types(text: &str) -> String {
    TYPES.iter().fold(text.to_owned(), |text, (inner, sql)| text.replace(inner, sql))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layers_are_not_named_and_types_are_those_of_sql() {
        for (message, expected) in [
            ("Arrow error: Cast error: Cannot cast string 'x' to value of Int64 type", "`x` is no BIGINT"),
            ("Error parsing timestamp from 'x': y': error parsing date", "`x': y` is no TIMESTAMP"),
            ("Cast error: Can't cast value 99999999999 to type Int32", "99999999999 does not fit into INTEGER"),
            (
                "Error during planning: Cannot coerce arithmetic expression Timestamp(µs, \"UTC\") - Utf8 to valid types",
                "cannot compute TIMESTAMP - VARCHAR",
            ),
            ("Execution error: Arrow error: Divide by zero error", "Divide by zero error"),
            (
                "External: Compute error: Error evaluating filter predicate: ArrowError(CastError(\"Cannot cast string \\'a\\\"b\\' to value of Int64 type\"), Some(\"\"))",
                "`a\"b` is no BIGINT",
            ),
        ] {
            assert_eq!(plain(message), expected);
        }
        let message = "Column in HAVING must be in GROUP BY or an aggregate function: While expanding wildcard, column \
            \"\"Event data store\".event_name\" must appear in the GROUP BY clause";
        assert!(reworded(message).unwrap().0.starts_with("the column `event_name` is neither"));
        assert_eq!(wrong_digits(&of_range("Decimal(precision = 99, scale = 0) should").unwrap().0), Some("99"));
        assert_eq!(wrong_digits(&of_range("Decimal(precision = 5, scale = 9) should").unwrap().0), Some("5"));
        let regex = "regex parse error:\n    (\n    ^\nerror: unclosed group";
        assert_eq!(reworded(regex).unwrap().0, "the regular expression is wrong: unclosed group");
    }
}
