use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, ListBuilder, StringArray, StringBuilder, TimestampMicrosecondArray};
use arrow::datatypes::{DataType, Field, Schema};

use super::*;

fn batch() -> RecordBatch {
    let mut lists = ListBuilder::new(StringBuilder::new());
    lists.append_value([Some("a\"b"), None]);
    lists.append_null();
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("name", Arc::new(StringArray::from(vec![Some("x|<b>,\"\n\u{1b}[31m\u{202e}"), None]))),
        ("n", Arc::new(Int64Array::from(vec![Some(7), Some(-1200)]))),
        ("at", Arc::new(TimestampMicrosecondArray::from(vec![Some(1_688_989_351_500_000), None]).with_timezone("UTC"))),
        ("list", Arc::new(lists.finish())),
    ];
    RecordBatch::try_from_iter(columns).unwrap()
}

fn text(format: Format, batches: &[RecordBatch]) -> String {
    let layout = Layout::default();
    let schema = cells::prepared_schema(batches[0].schema_ref(), format);
    let mut out = Vec::new();
    let mut encoder = encoder(format, layout, &schema, &mut out).unwrap();
    for batch in batches {
        encoder.write(&cells::prepare(batch, &schema).unwrap()).unwrap();
    }
    encoder.finish().unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn a_table_shows_no_control_character() {
    let expected = " name                           │ n     │ at                       │ list
────────────────────────────────┼───────┼──────────────────────────┼───────────────
 x|<b>,\"\\n\\u001b[31m\\u{202e} │     7 │ 2023-07-10T11:42:31.500Z │ [\"a\\\"b\",null]
                                │ -1200 │                          │
";
    let shown = text(Format::Table, &[batch()]);
    let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    assert!(!shown.contains(['\u{1b}', '\u{202e}']));
    assert_eq!(words(&shown.replace('─', "")), words(&expected.replace('─', "")));
}

#[test]
fn csv_quotes_and_keeps_the_text_to_the_letter() {
    let expected = "name,n,at,list\n\"x|<b>,\"\"\n\u{1b}[31m\u{202e}\",7,2023-07-10T11:42:31.500Z,\"[\"\"a\\\"\"b\"\",null]\"\n,-1200,,\n";
    assert_eq!(text(Format::Csv, &[batch()]), expected);
}

#[test]
fn json_has_every_column_and_nests_what_is_nested() {
    let rows: serde_json::Value = serde_json::from_str(&text(Format::Json, &[batch(), batch()])).unwrap();
    assert_eq!(rows.as_array().unwrap().len(), 4);
    assert_eq!(rows[0]["list"], serde_json::json!(["a\"b", null]));
    assert_eq!(rows[1]["name"], serde_json::Value::Null);
    assert_eq!(text(Format::Ndjson, &[batch()]).lines().count(), 2);
}

#[test]
fn markdown_escapes_what_has_a_meaning() {
    let shown = text(Format::Markdown, &[batch()]);
    assert!(shown.contains("x\\|&lt;b&gt;"), "{shown}");
    assert_eq!(shown.lines().count(), 4);
}

#[test]
fn no_rows_are_still_an_answer() {
    let empty = RecordBatch::new_empty(Arc::new(Schema::new(vec![Field::new("n", DataType::Int64, true)])));
    assert_eq!(text(Format::Json, std::slice::from_ref(&empty)), "[]\n");
    assert_eq!(text(Format::Csv, std::slice::from_ref(&empty)), "n\n");
    assert_eq!(text(Format::Table, std::slice::from_ref(&empty)), " n\n───\n");
    assert_eq!(text(Format::Markdown, &[empty]), "| n |\n|---:|\n");
}
