//! Calls that do not take their arguments: which function it is, what it was given and where.
//!
//! The engine says the function's name and the types of its arguments. What stands at that place, it does not: that is read
//! from the user's text.

use milepost_schema::{COLUMNS, arrow::data_type};

use crate::dialect::calls::{self, WrittenCall};
use crate::error::QueryError;
use crate::wording::types;

/// What is said of such a call, around the function's name and before its types.
const BEGINNING: &str = "the function `";
const TAKES_NOT: &str = "` does not take (";
/// What stands for types that the engine does not say.
const UNKNOWN: &str = "these arguments";
/// Longest argument that is shown.
const MAX_SHOWN: usize = 60;
/// Most forms of a function that are listed.
const MAX_FORMS: usize = 3;

/// What is said of a call, and what to try, if a message of the engine is about one that does not take its arguments.
pub(crate) fn of(message: &str) -> Option<(String, String)> {
    let Some((name, given)) = given(message) else { return of_signatures(message) };
    let given: Vec<String> = split(given).into_iter().map(sql_type).collect();
    let hint = forms(message).unwrap_or_else(|| {
        let advice = if given.iter().any(|kind| kind == "VARCHAR") {
            "CAST(x AS BIGINT) makes a number of text"
        } else {
            "typeof(x) says what a value is"
        };
        format!("`SHOW FUNCTIONS` lists what a function takes; {advice}")
    });
    Some((said(name, &given.join(", ")), hint))
}

/// Whether a message is about such a call already.
pub(crate) fn is_said(message: &str) -> bool {
    message.starts_with(BEGINNING) && message.contains(TAKES_NOT)
}

fn said(name: &str, given: &str) -> String {
    match given {
        "" => format!("{BEGINNING}{name}` needs arguments"),
        _ => format!("{BEGINNING}{name}{TAKES_NOT}{given})"),
    }
}

/// The same of a message that has what was wrong with each form of the function, and not all of the types.
fn of_signatures(message: &str) -> Option<(String, String)> {
    let (name, errors) = message.strip_prefix("Function '")?.split_once("' failed to match any signature, errors: ")?;
    let mut received: Vec<&str> =
        errors.split("(DataType: ").skip(1).filter_map(|rest| rest.split(')').next()).collect();
    received.dedup();
    let given = match (received.as_slice(), errors.contains(" arguments but received ")) {
        ([kind], false) => sql_type(kind),
        _ => UNKNOWN.to_owned(),
    };
    let hint = "`SHOW FUNCTIONS` lists what a function takes; typeof(x) says what a value is, CAST(x AS BIGINT) makes a number of \
        text";
    Some((said(name, &given), hint.to_owned()))
}

/// The name and the types that a message has.
fn given(message: &str) -> Option<(&str, &str)> {
    if let Some((_, call)) = message.split_once("No function matches the given name and argument types '") {
        let (call, _) = call.split_once("'. You might need to add explicit type casts")?;
        return call.strip_suffix(')')?.split_once('(');
    }
    let rest = message.strip_prefix("Failed to coerce arguments to satisfy a call to '")?;
    let (name, rest) = rest.split_once("' function: coercion from ")?;
    Some((name, rest.rsplit_once(" to the signature ")?.0))
}

/// The forms that a function has, if their types are plain ones.
fn forms(message: &str) -> Option<String> {
    let (_, listed) = message.split_once("Candidate functions:\n")?;
    let forms: Vec<String> = listed.lines().map(|form| types(&form.trim().replace("String", "VARCHAR"))).collect();
    let is_plain = |form: &String| {
        let Some((_, taken)) = form.split_once('(') else { return false };
        let taken = taken.trim_end_matches(')');
        let is_word = |kind: &str| kind.chars().all(|letter| letter.is_ascii_uppercase());
        !taken.is_empty() && taken.split(", ").all(is_word)
    };
    (forms.len() <= MAX_FORMS && forms.iter().all(is_plain)).then(|| format!("there is {}", forms.join(" and ")))
}

/// The types of a list, apart at the commas that are not within one of them.
fn split(list: &str) -> Vec<&str> {
    let (mut depth, mut start, mut found) = (0, 0, Vec::new());
    for (at, letter) in list.char_indices() {
        match letter {
            '(' | '<' => depth += 1,
            ')' | '>' => depth -= 1,
            ',' if depth == 0 => {
                found.push(list[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    let last = list[start..].trim();
    if !last.is_empty() {
        found.push(last);
    }
    found
}

/// A type's name in SQL, without the types that it is made of.
fn sql_type(kind: &str) -> String {
    const NESTED: [(&str, &str); 5] =
        [("List(", "ARRAY"), ("LargeList(", "ARRAY"), ("FixedSizeList(", "ARRAY"), ("Struct(", "ROW"), ("Map(", "MAP")];
    let nested = NESTED.iter().find(|(inner, _)| kind.starts_with(inner));
    nested.map_or_else(|| types(kind), |(_, name)| (*name).to_owned())
}

/// The error of such a call with its place and its arguments as they are written. `names` are those that its function has.
pub(crate) fn as_written(error: QueryError, sql: &str, names: impl Fn(&str) -> Vec<String>) -> QueryError {
    let QueryError::Wrong { message, position, hint } = error else { return error };
    let found = message.strip_prefix(BEGINNING).and_then(|rest| rest.split_once(TAKES_NOT));
    let Some((name, given)) = found.and_then(|(name, rest)| Some((name, rest.strip_suffix(')')?))) else {
        return QueryError::Wrong { message, position, hint };
    };
    let kinds = split(given);
    let names = names(name);
    let names: Vec<&str> = std::iter::once(name).chain(names.iter().map(String::as_str)).collect();
    let mut fitting = calls::of(sql, &names).into_iter().filter(|call| fits(call, &kinds));
    let Some(call) = fitting.next() else { return QueryError::Wrong { message, position, hint } };
    let message = if fitting.next().is_none() { said(name, &paired(&call, &kinds)) } else { message };
    QueryError::Wrong { message, position: Some(call.position), hint }
}

fn paired(call: &WrittenCall, kinds: &[&str]) -> String {
    let pair = |(argument, kind): (&String, &&str)| {
        let is_short = argument.chars().count() <= MAX_SHOWN && !argument.contains(['\n', '`']);
        match (is_short, *kind) {
            (true, UNKNOWN) => format!("`{argument}`"),
            (true, kind) => format!("`{argument}`: {kind}"),
            (false, kind) => kind.to_owned(),
        }
    };
    call.arguments.iter().zip(kinds.iter().chain(std::iter::repeat(&UNKNOWN))).map(pair).collect::<Vec<_>>().join(", ")
}

/// Whether a call can be the one that was given values of these types.
fn fits(call: &WrittenCall, kinds: &[&str]) -> bool {
    if kinds == [UNKNOWN] {
        return true;
    }
    call.arguments.len() == kinds.len()
        && call.arguments.iter().zip(kinds).all(|(argument, kind)| may_be(argument, kind))
}

/// Whether an argument may have the type: of literals and of the lake's own columns that is known.
fn may_be(argument: &str, kind: &str) -> bool {
    if argument.starts_with('\'') {
        return kind == "VARCHAR";
    }
    if argument.bytes().all(|byte| byte.is_ascii_digit()) {
        return kind != "VARCHAR" && kind != "BOOLEAN";
    }
    let column = COLUMNS.iter().find(|column| column.name == argument);
    column.is_none_or(|column| sql_type(&data_type(column).to_string()) == kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MESSAGE: &str = "Function 'upper' expects 1 arguments but received 2. No function matches the given name and \
        argument types 'upper(Timestamp(µs, \"UTC\"), Int64)'. You might need to add explicit type casts.\n\tCandidate \
        functions:\n\tupper(String)";

    fn wrong(message: &str) -> QueryError {
        QueryError::Wrong { message: message.to_owned(), position: None, hint: None }
    }

    #[test]
    fn types_are_those_of_sql() {
        let (message, hint) = of(MESSAGE).unwrap();
        assert_eq!(message, "the function `upper` does not take (TIMESTAMP, BIGINT)");
        assert_eq!(hint, "there is upper(VARCHAR)");
        let other = "Failed to coerce arguments to satisfy a call to 'f' function: coercion from Utf8, List(Struct(\"a\": \
            Utf8, \"b\": Int64)) to the signature Uniform(1, [Float64]) failed";
        assert_eq!(of(other).unwrap().0, "the function `f` does not take (VARCHAR, ARRAY)");
        let sum = "Function 'sum' failed to match any signature, errors: Error during planning: Function 'sum' requires \
            Decimal, but received String (DataType: Utf8).,Error during planning: Function 'sum' requires Int64, but \
            received String (DataType: Utf8)";
        assert_eq!(of(sum).unwrap().0, "the function `sum` does not take (VARCHAR)");
        assert_eq!(of("Divide by zero"), None);
    }

    #[test]
    fn arguments_are_named_where_only_one_call_is_meant() {
        let message = of(MESSAGE).unwrap().0;
        let said = |sql: &str| as_written(wrong(&message), sql, |_| vec!["ucase".to_owned()]).to_string();
        assert_eq!(
            said("SELECT upper(region, 1),\n ucase(event_time, 1)"),
            "the function `upper` does not take (`event_time`: TIMESTAMP, `1`: BIGINT) at line 2, column 2"
        );
        assert_eq!(
            said("SELECT upper(a, 1), upper(b, 2)"),
            "the function `upper` does not take (TIMESTAMP, BIGINT) at line 1, column 8"
        );
        assert_eq!(said("SELECT upper('a', 1)"), message);
        let few = "Function 'f' failed to match any signature, errors: Error during planning: Function 'f' expects 2 \
            arguments but received 1";
        let found = as_written(wrong(&of(few).unwrap().0), "SELECT f(a)", |_| Vec::new());
        assert_eq!(found.to_string(), "the function `f` does not take (`a`) at line 1, column 8");
    }
}
