//! What the lake holds, and where days are missing.

use serde_json::{Value, json};

use crate::context::{Context, log};
use crate::time_travel::record;

#[test]
fn gaps_and_partitions_come_from_the_log() {
    let context = Context::new();
    let days = ["2026-03-01", "2026-03-04", "2026-03-05", "2026-03-07"];
    let records: Vec<Value> = (1..).zip(days).map(|(id, day)| record(id, day, "eu-west-1")).collect();
    context.write("a.json", log(&records));
    context.run(&["convert", "a.json"]).ended_with(0);
    let gaps = context.run(&["lake", "info", "--gaps", "-F", "csv"]).ended_with(0).stdout;
    let expected = "account,region,from,to,days\n012345678901,eu-west-1,2026-03-02,2026-03-03,2\n\
                    012345678901,eu-west-1,2026-03-06,2026-03-06,1\n";
    assert_eq!(gaps, expected);
    let partitions = context.run(&["lake", "info", "--partitions", "-F", "json"]).ended_with(0).json();
    assert_eq!(partitions.as_array().unwrap().len(), 4);
    assert_eq!((&partitions[0]["date"], &partitions[0]["rows"]), (&json!("2026-03-01"), &json!(1)));
    let before = context.run(&["lake", "info", "--partitions", "--as-of", "0", "-F", "json"]).ended_with(0).json();
    assert_eq!(before, json!([]));
}
