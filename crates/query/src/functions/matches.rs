//! Whether a text is like a pattern, with a pattern that is read once for a query: `ILIKE` and PostgreSQL's `~` read theirs
//! for every batch, and in a scan of many small files that takes longer than the looking.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::BooleanArray;
use arrow::datatypes::DataType;
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use datafusion::prelude::lit;
use regex::{Regex, escape};

use super::arguments::{result, rows, texts};

/// `text ILIKE pattern`; `None` if there is no such pattern.
pub(crate) fn is_like(text: Expr, pattern: &str, is_negated: bool) -> Option<Expr> {
    // `.` is any character, that of a new line too
    call(text, &format!("(?is){}", regex_of(pattern)), is_negated)
}

/// `text ~ pattern`, or `~*`; `None` if there is no such pattern.
pub(crate) fn is_match(text: Expr, pattern: &str, ignores_case: bool, is_negated: bool) -> Option<Expr> {
    let flags = if ignores_case { "(?i)" } else { "" };
    call(text, &format!("{flags}{pattern}"), is_negated)
}

/// All that tells one pattern from another is in `regex`: plans tell calls apart by their texts, and by nothing else.
fn call(text: Expr, regex: &str, is_negated: bool) -> Option<Expr> {
    let signature = Signature::exact(vec![DataType::Utf8; 2], Volatility::Immutable);
    let matches = Matches { regex: Regex::new(regex).ok()?, is_negated, signature };
    Some(ScalarUDF::new_from_impl(matches).call(vec![text, lit(regex)]))
}

/// The regular expression of a pattern of LIKE. It is not asked to go through what `%` leaves open at both ends.
fn regex_of(pattern: &str) -> String {
    let mut parts = Vec::new();
    let mut letters = pattern.chars();
    while let Some(letter) = letters.next() {
        parts.push(match letter {
            '%' => ".*".to_owned(),
            '_' => ".".to_owned(),
            '\\' => escape(letters.next().unwrap_or('\\').encode_utf8(&mut [0; 4])),
            other => escape(other.encode_utf8(&mut [0; 4])),
        });
    }
    let is_open = |part: Option<&String>| part.is_some_and(|part| part == ".*");
    let start = if is_open(parts.first()) { "" } else { "^" };
    let end = if is_open(parts.last()) { "" } else { "$" };
    let inner = parts.concat();
    format!("{start}{}{end}", inner.trim_start_matches(".*"))
}

#[derive(Debug)]
struct Matches {
    regex: Regex,
    is_negated: bool,
    signature: Signature,
}

impl Matches {
    fn key(&self) -> (&str, bool) {
        (self.regex.as_str(), self.is_negated)
    }
}

impl PartialEq for Matches {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Matches {}

impl Hash for Matches {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key().hash(state);
    }
}

impl ScalarUDFImpl for Matches {
    fn name(&self) -> &str {
        if self.is_negated { "matches_not" } else { "matches" }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Boolean)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let texts = texts(&args, 0)?;
        let mut last: Option<(&str, bool)> = None;
        let found = (0..rows(&args)).map(|row| {
            let text = texts.get(row)?;
            // neighbours are often the same
            let matches = match last {
                Some((same, matches)) if same == text => matches,
                _ => self.regex.is_match(text) != self.is_negated,
            };
            last = Some((text, matches));
            Some(matches)
        });
        let found: BooleanArray = found.collect();
        result(&args, Arc::new(found))
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::{Array as _, AsArray as _, RecordBatch, StringArray};
    use arrow::compute::kernels::regexp::regexp_is_match_scalar;
    use arrow::compute::{ilike, nilike};
    use arrow::datatypes::{Field, Schema};
    use datafusion::common::DFSchema;
    use datafusion::prelude::{SessionContext, col};
    use proptest::prelude::*;

    use super::*;

    fn evaluated(expr: Expr, texts: &StringArray) -> BooleanArray {
        let schema = Schema::new(vec![Field::new("x", DataType::Utf8, true)]);
        let batch = RecordBatch::try_new(Arc::new(schema.clone()), vec![Arc::new(texts.clone())]).unwrap();
        let expr = SessionContext::new().create_physical_expr(expr, &DFSchema::try_from(schema).unwrap()).unwrap();
        expr.evaluate(&batch).unwrap().into_array(texts.len()).unwrap().as_boolean().clone()
    }

    proptest! {
        #[test]
        fn patterns_mean_what_they_mean_to_arrow(
            texts in prop::collection::vec(prop::option::of("[aAkK%_.\\\\ſé\n]{0,5}"), 1..20),
            pattern in "[aAkK%_.\\\\S*é]{0,5}",
        ) {
            let texts: StringArray = texts.into_iter().collect();
            let scalar = StringArray::new_scalar(&pattern);
            let like = is_like(col("x"), &pattern, false).unwrap();
            prop_assert_eq!(evaluated(like, &texts), ilike(&texts, &scalar).unwrap());
            let not_like = is_like(col("x"), &pattern, true).unwrap();
            prop_assert_eq!(evaluated(not_like, &texts), nilike(&texts, &scalar).unwrap());
        }

        #[test]
        fn regular_expressions_too(
            texts in prop::collection::vec(prop::option::of("[abAB.\n]{0,5}"), 1..20),
            pattern in "[ab.^$*(|)]{1,5}",
            ignores_case in any::<bool>(),
        ) {
            let texts: StringArray = texts.into_iter().collect();
            let arrow = regexp_is_match_scalar(&texts, &pattern, ignores_case.then_some("i"));
            match is_match(col("x"), &pattern, ignores_case, false) {
                Some(call) => prop_assert_eq!(evaluated(call, &texts), arrow.unwrap()),
                None => prop_assert!(arrow.is_err()),
            }
        }
    }
}
