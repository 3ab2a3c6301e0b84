//! What a check of the lake found, as an answer.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use milepost_lake::Finding;

use crate::answer::Answer;
use crate::diagnosis;
use crate::error::QueryError;

/// One row a finding: severity, table, object, problem, hint.
///
/// # Errors
/// None that can happen: the columns are of one length.
pub fn findings_answer(findings: &[Finding]) -> Result<Answer, QueryError> {
    let texts = |value: &dyn Fn(&Finding) -> Option<String>| {
        Arc::new(findings.iter().map(value).collect::<StringArray>()) as ArrayRef
    };
    let batch = RecordBatch::try_from_iter_with_nullable([
        ("severity", texts(&|finding| Some(finding.severity.name().to_owned())), true),
        ("table", texts(&|finding| Some(finding.table.name().to_owned())), true),
        ("object", texts(&|finding| Some(finding.object.clone())), true),
        ("problem", texts(&|finding| Some(finding.problem.clone())), true),
        ("hint", texts(&|finding| finding.hint.clone()), true),
    ]);
    Answer::known(batch.map_err(|error| diagnosis::of_running(&error.into()))?)
}
