//! `sql`: formats, errors, what it refuses, and which files it reads.

use std::fs;

use serde_json::{Value, json};

use crate::context::shared;

fn sql(arguments: &[&str]) -> crate::context::Output {
    shared().context.run(&[&["sql"], arguments].concat())
}

#[test]
fn every_format_has_the_same_rows() {
    let query = "SELECT service, count(*) AS n FROM events WHERE service IN ('kms', 'ssm') GROUP BY 1 ORDER BY 1";
    let run = |format: &str| sql(&[query, "--format", format]).ended_with(0).stdout;
    let rows: Value = serde_json::from_str(&run("json")).unwrap();
    let (kms, ssm) = (rows[0]["n"].as_u64().unwrap(), rows[1]["n"].as_u64().unwrap());
    assert!(kms > 100 && ssm > 100);
    assert_eq!(rows, json!([{"service": "kms", "n": kms}, {"service": "ssm", "n": ssm}]));
    assert_eq!(run("ndjson"), format!("{{\"service\":\"kms\",\"n\":{kms}}}\n{{\"service\":\"ssm\",\"n\":{ssm}}}\n"));
    assert_eq!(run("csv"), format!("service,n\nkms,{kms}\nssm,{ssm}\n"));
    assert_eq!(run("tsv"), format!("service\tn\nkms\t{kms}\nssm\t{ssm}\n"));
    assert_eq!(run("markdown"), format!("| service | n |\n|---|---:|\n| kms | {kms} |\n| ssm | {ssm} |\n"));
    let table = run("table");
    assert_eq!(table.lines().count(), 4, "{table}");
    assert!(table.starts_with(" service │ n\n─────────┼─"), "{table}");
}

#[test]
fn files_get_the_format_of_their_extension_and_appear_when_complete() {
    let context = &shared().context;
    let query = "SELECT event_id, event_time, resources FROM events LIMIT 10";
    for (name, magic) in
        [("a.parquet", &b"PAR1"[..]), ("a.arrow", b"\xff\xff\xff\xff"), ("a.csv", b"event_id,"), ("a.json", b"[{")]
    {
        sql(&[query, "--output", name]).ended_with(0);
        assert!(fs::read(context.path(name)).unwrap().starts_with(magic), "{name}");
    }
    sql(&["SELECT 1 / 0 AS x FROM events", "--output", "failed.csv"]).ended_with(1);
    assert!(!context.path("failed.csv").exists());
    let left: Vec<_> = fs::read_dir(context.path(""))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .filter(|name| name.contains("partial"))
        .collect();
    assert_eq!(left, Vec::<String>::new());
    sql(&[query, "--output", "no/such/folder.csv"]).ended_with(1);
}

#[test]
fn output_keeps_what_is_there_and_writes_to_special_files_in_place() {
    use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _, symlink};
    let context = &shared().context;
    let target = context.write("private.csv", "old");
    fs::set_permissions(&target, fs::Permissions::from_mode(0o600)).unwrap();
    symlink(&target, context.path("link.csv")).unwrap();
    sql(&["SELECT 1 AS one", "--output", "link.csv"]).ended_with(0);
    assert_eq!(fs::read_to_string(&target).unwrap(), "one\n1\n");
    assert_eq!(fs::metadata(&target).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(fs::symlink_metadata(context.path("link.csv")).unwrap().is_symlink());
    sql(&["SELECT 1", "--output", "/dev/null"]).ended_with(0);
    assert!(fs::metadata("/dev/null").unwrap().file_type().is_char_device());
    assert_eq!(sql(&["SELECT 1 AS one", "-F", "csv", "--output", "-"]).ended_with(0).stdout, "one\n1\n");
    sql(&["SELECT 1", "--output", "answer.xls"]).ended_with(2);
}

#[test]
fn the_query_comes_from_an_argument_a_file_or_stdin() {
    let context = &shared().context;
    context.write("q.sql", "SELECT 1 AS one");
    for (arguments, stdin) in [
        (&["sql", "SELECT 1 AS one", "-F", "csv"][..], ""),
        (&["sql", "-f", "q.sql", "-F", "csv"], ""),
        (&["sql", "-", "-F", "csv"], "SELECT 1 AS one;\n"),
        (&["sql", "-F", "csv"], "SELECT 1 AS one"),
    ] {
        assert_eq!(context.run_with(arguments, &[], stdin).ended_with(0).stdout, "one\n1\n", "{arguments:?}");
    }
    let output = context.run(&["sql"]).ended_with(2);
    assert_eq!(output.stderr, "error: there is no query\nhint: give it as an argument, with -f FILE, or on stdin\n");
    assert_eq!(sql(&["SELECT 1", "-f", "q.sql"]).code, 2);
}

#[test]
fn lake_and_format_come_from_the_environment_or_the_file_too() {
    let shared = shared();
    let context = crate::context::Context::new();
    let query = ["sql", "SELECT 1 AS one"];
    let environment = [("MILEPOST_LAKE", shared.lake()), ("MILEPOST_FORMAT", "csv".to_owned())];
    let environment: Vec<(&str, &str)> = environment.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(context.run_with(&query, &environment, "").ended_with(0).stdout, "one\n1\n");
    context.write("milepost.toml", format!("lake = {:?}\n", shared.lake()));
    context.run(&query).ended_with(0);
    // the environment goes before the file
    context.run_with(&query, &[("MILEPOST_LAKE", "elsewhere")], "").ended_with(1);
}

#[test]
fn errors_point_into_the_query_and_say_what_is_near() {
    let error = |query: &str| sql(&[query]).ended_with(1).stderr;
    assert_eq!(
        error("SELECT event_nam FROM events"),
        "error: there is no column `event_nam` at line 1, column 8\n  |\n1 | SELECT event_nam FROM events\n  |        ^\n\
         hint: did you mean `event_name`?\n"
    );
    assert_eq!(
        error("SELECT 1\nFROM evnts"),
        "error: there is no table `evnts` at line 2, column 6\n  |\n2 | FROM evnts\n  |      ^\nhint: did you mean `events`?\n"
    );
    assert_eq!(
        error("SELEC 1"),
        "error: cannot parse the query: Expected: an SQL statement, found: SELEC at line 1, column 1\n  |\n1 | SELEC 1\n  | ^\n"
    );
    // the spelling of the records leads to the column
    assert!(error("SELECT eventName FROM events").contains("hint: did you mean `event_name`?"));
    assert!(error("SELECT lowr('A')").contains("error: there is no function `lowr`"));
    assert!(
        error("SELECT sum(event_name) FROM events")
            .contains("the function `sum` does not take (`event_name`: VARCHAR) at line 1, column 8")
    );
    assert!(
        error("SELECT x.event_name FROM events e")
            .contains("there is no table or alias `x` with a column `event_name`")
    );
    assert!(error("SELECT 1; SELECT 2").contains("error: there is more than one query"));
    assert!(error("SELECT * FROM events WHERE event_id = $id").contains("hint: add --param id=VALUE"));
    assert!(error("SELECT * FROM events WHERE read_only = 'true'").contains("hint: compare with true or false"));
}

#[test]
fn errors_of_casts_point_at_the_type() {
    let error = |query: &str| sql(&[query]).ended_with(1).stderr;
    assert_eq!(
        error("SELECT event_id,\n  CAST(request_parameters AS ARRAY(ROW(a VARCHR))) FROM events"),
        "error: there is no type `VARCHR` at line 2, column 42\n  |\n2 |   CAST(request_parameters AS ARRAY(ROW(a VARCHR))) FROM events\n  \
         |                                          ^\nhint: did you mean `VARCHAR`?\n"
    );
    for (query, message) in [
        (
            "SELECT CAST(request_parameters AS ROW(a BIGINT,\n  b ARRAY(weird))) FROM events",
            "there is no type `weird` at line 2, column 11",
        ),
        ("SELECT CAST('[]' AS ARRAY(DECIMAL(99)))", "a DECIMAL has 1 to 38 digits, not 99 at line 1, column 27"),
        (
            "SELECT CAST('{}' AS MAP(ARRAY(JSON), JSON))",
            "the keys of a MAP are text, numbers or booleans at line 1, column 25",
        ),
        ("SELECT CAST('[]' AS ARRAY(JSON b))", "`)` or a comma is missing in the type at line 1, column 32"),
        ("SELECT CAST('[]' AS ARRAY(JSON FROM events", "Expected: ), found: EOF"),
        (
            "SELECT CAST(5 AS ARRAY(BIGINT))",
            "the value cannot be cast to `ARRAY(BIGINT)`: a number is not taken for a list at line 1, column 18",
        ),
        (
            "SELECT CAST(resources AS ARRAY(ROW(a VARCHAR))) FROM cloudtrail_logs",
            "a struct of 3 fields is no ROW of 1 at line 1, column 26",
        ),
        ("SELECT CAST(1 AS WEIRD) FROM events", "there is no type `WEIRD` at line 1, column 18"),
        (
            "SELECT CAST(eventname AS BIGINT) AS n FROM cloudtrail_logs WHERE eventname = 'Decrypt'",
            "`Decrypt` in `eventname` is no BIGINT at line 1, column 13",
        ),
        ("SELECT json_cast('1', 'WEIRD')", "there is no type `WEIRD`"),
        ("SELECT reduce(5, 0, (s, x) -> s + x, s -> s)", "reduce goes through a list, and not through a number"),
    ] {
        let found = error(query);
        assert!(found.contains(message) && !found.contains("milepost_"), "{query}: {found}");
    }
}

#[test]
fn errors_of_arguments_and_clauses_say_where_they_stand() {
    let error = |query: &str| sql(&[query]).ended_with(1).stderr;
    for (query, place) in [
        ("SELECT ago('7x') FROM events", "at line 1, column 12"),
        ("SELECT ip_in_cidr(source_ip_address, '10.0.0.0/99') FROM events", "at line 1, column 38"),
        ("SELECT arn_part(user_identity_arn, 'foo') FROM events", "at line 1, column 36"),
        ("SELECT event_name FROM events WHERE count(*) > 1 GROUP BY 1", "at line 1, column 31"),
        ("SELECT event_name FROM events LIMIT -1", "at line 1, column 31"),
        ("SELECT json_extract_scalar(requestparameters) FROM cloudtrail_logs", "at line 1, column 8"),
        ("SELECT max(event_name, 3) FROM events", "at line 1, column 8"),
        ("SELECT array_contains(1, 2) FROM cloudtrail_logs", "at line 1, column 8"),
        ("SELECT eventname,\n  length(resources) FROM cloudtrail_logs", "at line 2, column 3"),
        ("SELECT map_entries(requestparameters)[1][3] FROM event_data_store", "at line 1, column 42"),
        ("SELECT dateadd(fortnight, 1, event_time) FROM events", "at line 1, column 16"),
        ("SELECT json_value('{}', 'lax $.a' ERROR ON EMPTY) FROM cloudtrail_logs", "at line 1, column 8"),
    ] {
        let message = error(query);
        assert!(message.contains(place) && message.contains("\nhint: "), "{query}: {message}");
        assert!(!message.contains("Ident {") && !message.contains("Utf8"), "{query}: {message}");
    }
}

#[test]
fn errors_of_types_name_the_column() {
    let error = |query: &str| sql(&[query]).ended_with(1).stderr;
    assert_eq!(
        error("SELECT event_id\nFROM events WHERE date = 'banana'"),
        "error: `banana` is no DATE, and it is compared with `date` at line 2, column 19\n  |\n2 | FROM events WHERE date = 'banana'\n  \
         |                   ^\nhint: write a day as '2026-03-01'\n"
    );
    for (query, message, hint) in [
        (
            "SELECT 1 FROM events WHERE event_time BETWEEN 'yesterday' AND '2026-03-01'",
            "`yesterday` is no TIMESTAMP, and it is compared with `event_time` at line 1, column 28",
            "hint: write an instant as '2026-03-01T12:00:00Z', or say ago('7d')",
        ),
        (
            "SELECT CAST(event_name AS BIGINT) AS n FROM events WHERE event_name = 'Decrypt'",
            "`Decrypt` in `event_name` is no BIGINT at line 1, column 13",
            "hint: TRY_CAST(event_name AS BIGINT) gives null for it",
        ),
        (
            "SELECT e.event_name + 1 FROM events e",
            "cannot compute `e.event_name` (VARCHAR) + BIGINT at line 1, column 8",
            "hint: CAST(",
        ),
        (
            "SELECT 1 FROM cloudtrail_logs WHERE useridentity LIKE '%root%'",
            "`useridentity` is a struct, and LIKE is for text at line 1, column 37",
            "hint: name one of its fields",
        ),
        (
            "SELECT 1 FROM events WHERE date LIKE '2026%'",
            "`date` is a date, and LIKE is for text at line 1, column 28",
            "hint: CAST(",
        ),
        ("SELECT session_issuer_arn.x FROM events", "a field is asked of a value that is text", "column ->> 'name'"),
        (
            "SELECT json_extract_scalar(resources, '$[0]') FROM events",
            "`json_extract_scalar` does not take a value that is a list",
            "hint: ",
        ),
        (
            "SELECT 1,\n  upper(event_time, 1) FROM events",
            "the function `upper` does not take (`event_time`: TIMESTAMP, `1`: BIGINT) at line 2, column 3",
            "hint: there is upper(VARCHAR)",
        ),
        (
            "SELECT upper(event_name), upper(resources) FROM events",
            "the function `upper` does not take (`resources`: ARRAY) at line 1, column 27",
            "hint: there is upper(VARCHAR)",
        ),
        ("SELECT substring(event_name) FROM events", "`substr` needs to know from where at line 1, column 8", "hint: "),
        ("SELECT coalesce() FROM events", "`coalesce` must have at least one argument at line 1, column 8", "hint: "),
        (
            "SELECT to_timestamp(read_only) FROM events",
            "does not take (`read_only`: BOOLEAN) at line 1, column 8",
            "hint: ",
        ),
        (
            "SELECT date_part('hour', event_name) FROM events",
            "in `event_name` is no TIMESTAMP at line 1, column 26",
            "hint: TRY_CAST(",
        ),
        (
            "SELECT count(DISTINCT region, account) FROM events",
            "`count` of DISTINCT values takes one value at line 1, column 8",
            "hint: ",
        ),
        (
            "SELECT array_length(event_name) FROM events",
            "the function `array_length` does not take (`event_name`: VARCHAR) at line 1, column 8",
            "hint: ",
        ),
    ] {
        let found = error(query);
        assert!(found.contains(message) && found.contains(hint), "{query}: {found}");
        assert!(!found.contains("Utf8") && !found.contains("Int64"), "{query}: {found}");
    }
}

#[test]
fn errors_of_groups_point_at_the_column_as_it_is_written() {
    let error = |query: &str| sql(&[query]).ended_with(1).stderr;
    assert_eq!(
        error(
            "SELECT max(userIdentity.arn),\n  UserIdentity.Arn, count(*)\nFROM <event data store id> GROUP BY eventName"
        ),
        "error: the column `UserIdentity.Arn` is neither in GROUP BY nor in an aggregate function at line 2, column 3\n  |\n\
         2 |   UserIdentity.Arn, count(*)\n  |   ^\n\
         hint: add it to GROUP BY, or say which of its values: max(UserIdentity.Arn)\n"
    );
    for (query, name, column) in [
        ("SELECT event_name, region, count(*) FROM events GROUP BY 1", "region", 20),
        ("SELECT useridentity.arn, eventname, count(*) FROM cloudtrail_logs GROUP BY 1", "eventname", 26),
        ("SELECT useridentity.arn, eventname, count(*) FROM cloudtrail_logs GROUP BY 2", "useridentity.arn", 8),
        ("SELECT user_identity.type, count(*) FROM aws_cloudtrail_log GROUP BY event_name", "user_identity.type", 8),
        (
            "SELECT requestParameters.bucketName, count(*) FROM cloudtrail_logs GROUP BY eventname",
            "requestParameters.bucketName",
            8,
        ),
        ("SELECT max(lower(l.eventName)), concat('a', l.eventName) FROM cloudtrail_logs l", "l.eventName", 45),
        ("SELECT date_format(eventTime, '%Y'), count_if(readOnly) FROM event_data_store", "eventTime", 20),
        ("SELECT eventname, count(*) FROM cloudtrail_logs GROUP BY 1 HAVING EventTime > '2020'", "EventTime", 67),
        ("SELECT eventname, count(*) FROM cloudtrail_logs GROUP BY 1 ORDER BY EventTime", "EventTime", 69),
        ("WITH a AS (SELECT region, count(*) AS n FROM events GROUP BY date) SELECT n FROM a", "region", 19),
        ("SELECT 1 FROM events UNION ALL SELECT region FROM events HAVING count(*) > 1", "region", 39),
        // behind the star it has no name of its own
        ("SELECT *, count(*) FROM events GROUP BY event_name", "event_time", 8),
    ] {
        let found = error(query);
        let expected = format!(
            "error: the column `{name}` is neither in GROUP BY nor in an aggregate function at line 1, column {column}\n"
        );
        assert!(found.starts_with(&expected), "{query}: {found}");
    }
    let found = error("SELECT event_name FROM events HAVING region = 'x'");
    assert!(found.contains("`HAVING` chooses among groups, and the query has none at line 1, column 31"), "{found}");
}

/// What fails before there is a row leaves nothing on standard output, and says where it can only be.
#[test]
fn errors_of_computing_come_without_a_heading() {
    for (query, message) in [
        ("SELECT 1 / 0 AS x FROM events", "something is divided by zero at line 1, column 10"),
        ("SELECT 1 AS x,\n  5 % 0 AS y", "something is divided by zero at line 2, column 5"),
        // of two, nothing says which one
        ("SELECT 1 / 1, 1 / 0 FROM events", "something is divided by zero\n"),
        (
            "SELECT event_name FROM events WHERE event_time > now() - INTERVAL '1000000' DAY",
            "a time is too early or too late at line 1, column 58",
        ),
        (
            "SELECT CAST(event_name AS BIGINT) AS n FROM events WHERE event_name = 'Decrypt'",
            "`Decrypt` in `event_name` is no BIGINT at line 1, column 13",
        ),
        (
            "SELECT date_diff('day', CAST('9999-12-31' AS TIMESTAMP(9)), now())",
            "the time `9999-12-31 00:00:00` is too early or too late at line 1, column 30",
        ),
        (
            "SELECT CAST(1 AS DECIMAL(5)),\n  CAST(1 AS decimal (99))",
            "a DECIMAL has 1 to 76 digits, not 99 at line 2, column 13",
        ),
        (
            "SELECT CAST(1 AS NUMERIC(5, 9))",
            "a DECIMAL of 5 digits cannot have 9 of them behind the point at line 1, column 18",
        ),
    ] {
        for format in ["csv", "tsv", "table", "markdown", "json", "ndjson", "arrow", "parquet"] {
            let output = sql(&[query, "-F", format, "--output", "-"]).ended_with(1);
            assert_eq!(output.stdout, "", "{query} as {format}");
            assert!(output.stderr.starts_with(&format!("error: {message}")), "{query}: {}", output.stderr);
        }
    }
    // an answer without rows has its heading
    assert_eq!(sql(&["SELECT event_name FROM events WHERE false", "-F", "csv"]).ended_with(0).stdout, "event_name\n");
}

#[test]
fn errors_of_files_name_them_as_they_were_written() {
    shared().context.write("no.parquet", "no");
    let error = |query: &str| sql(&[query, "--allow-files"]).ended_with(1).stderr;
    for (query, message) in [
        ("SELECT * FROM 'gone.parquet'", "there is no file `gone.parquet`"),
        ("SELECT * FROM 'no.parquet'", "cannot read `no.parquet`: "),
        ("SELECT * FROM read_parquet('no.parquet')", "cannot read `no.parquet`: "),
        ("SELECT * FROM read_csv('gone.csv')", "there is no file `gone.csv`"),
    ] {
        let found = error(query);
        assert!(found.starts_with(&format!("error: {message}")), "{query}: {found}");
    }
    shared().context.write("packed.csv.gz", [0x1f, 0x8b, 8, 0]);
    for query in ["SELECT * FROM read_csv('packed.csv.gz')", "SELECT * FROM 'packed.csv.gz'"] {
        let found = error(query);
        assert!(found.starts_with("error: `packed.csv.gz` is compressed"), "{query}: {found}");
    }
    let refused = sql(&["SELECT * FROM 'no.parquet'"]).ended_with(1).stderr;
    assert!(refused.contains("there is no table `no.parquet`") && refused.contains("--allow-files"), "{refused}");
}

#[test]
fn columns_are_called_as_they_were_written() {
    let header = |query: &str| sql(&[query, "-F", "csv"]).ended_with(0).stdout.lines().next().unwrap().to_owned();
    assert_eq!(
        header(
            "SELECT sum(1), max(resources[1]['arn']), CAST(1 AS DOUBLE), e.region, request_parameters->>'bucketName' FROM events e GROUP BY e.region, 5"
        ),
        "sum(1),max(resources[1]['arn']),CAST(1 AS DOUBLE),region,request_parameters ->> 'bucketName'"
    );
    assert_eq!(
        header("SELECT CAST('[1]' AS ARRAY(BIGINT)), upper(CAST('{}' AS ROW(\"a b\"  VARCHAR))['a b'])"),
        "CAST('[1]' AS ARRAY(BIGINT)),\"upper(CAST('{}' AS ROW(\"\"a b\"\" VARCHAR))['a b'])\""
    );
    assert_eq!(header("SELECT a.region, b.region, 1, 1 FROM events a, events b LIMIT 1"), "region,region_1,1,1_1");
}

/// JSON has texts for names, whatever the keys of a map are.
#[test]
fn maps_with_keys_of_any_type_are_written() {
    let query = "SELECT histogram(x) AS h FROM (VALUES 1, 2, 1) AS t(x)";
    assert_eq!(sql(&[query, "-F", "csv"]).ended_with(0).stdout, "h\n\"{\"\"1\"\":2,\"\"2\"\":1}\"\n");
    assert_eq!(sql(&[query, "-F", "json"]).ended_with(0).stdout, "[{\"h\":{\"1\":2,\"2\":1}}]\n");
}

#[test]
fn a_limit_may_be_a_parameter_and_no_query_is_none() {
    let query = "SELECT 1 AS one FROM events LIMIT $n";
    assert_eq!(sql(&[query, "-p", "n=2", "-F", "csv"]).ended_with(0).stdout, "one\n1\n1\n");
    assert!(sql(&[query, "-p", "n=two"]).ended_with(1).stderr.contains("`two` is no BIGINT"));
    for nothing in [";", " ;; ", "-- nothing"] {
        assert!(sql(&[nothing]).ended_with(2).stderr.starts_with("error: there is no query\n"), "{nothing}");
    }
    let columns = sql(&["SHOW COLUMNS FROM events", "-F", "csv"]).ended_with(0).stdout;
    assert_eq!(columns.matches(",event_id,").count(), 1);
}

#[test]
fn nothing_is_changed_and_no_file_is_touched() {
    let context = &shared().context;
    context.write("secret.csv", "a\n1\n");
    for query in [
        "DELETE FROM events",
        "INSERT INTO files SELECT * FROM files",
        "UPDATE events SET event_name = 'x'",
        "DROP TABLE files",
        "CREATE TABLE t AS SELECT 1",
        "CREATE VIEW v AS SELECT 1",
        "CREATE EXTERNAL TABLE t STORED AS CSV LOCATION 'secret.csv'",
        "COPY events TO 'out.csv'",
        "COPY (SELECT 1) TO 'out.parquet'",
        "SET datafusion.execution.batch_size = 1",
        "EXPLAIN ANALYZE INSERT INTO files SELECT * FROM files",
    ] {
        let output = sql(&[query]).ended_with(1);
        assert!(output.stderr.starts_with("error: this query is not read-only: "), "{query}: {}", output.stderr);
    }
    assert!(sql(&["SELECT * FROM 'secret.csv'"]).ended_with(1).stderr.contains("there is no table"));
    assert!(!context.path("out.csv").exists() && !context.path("out.parquet").exists());
}

#[test]
fn statements_of_athena_that_do_not_ask_say_what_to_do() {
    for (query, message, hint) in [
        ("CREATE TABLE x WITH (format = 'ORC') AS SELECT nope FROM cloudtrail_logs", "CREATE TABLE makes", "--output"),
        ("UNLOAD (SELECT 1) TO 's3://x/' WITH (format = 'PARQUET')", "UNLOAD writes files", "--partition-by"),
        ("MSCK REPAIR TABLE cloudtrail_logs", "MSCK REPAIR TABLE changes", "DESCRIBE events"),
        ("ALTER TABLE t ADD PARTITION (region='x') LOCATION 's3://x'", "ALTER TABLE changes", "DESCRIBE events"),
        (
            "CREATE EXTERNAL TABLE t (u STRUCT<a:STRING>) ROW FORMAT SERDE 'x'",
            "CREATE EXTERNAL TABLE",
            "DESCRIBE events",
        ),
        ("INSERT INTO x SELECT nope FROM cloudtrail_logs", "INSERT adds rows", "milepost export"),
        ("CREATE OR REPLACE VIEW v AS SELECT nope FROM cloudtrail_logs", "CREATE VIEW defines", "--output"),
        ("DROP TABLE x", "DROP takes", "--allow-files"),
        ("SHOW PARTITIONS cloudtrail_logs", "SHOW PARTITIONS is not there", "lake info --partitions"),
        ("PREPARE p FROM SELECT ?", "PREPARE is not there", "--param"),
        ("EXECUTE p USING 'a'", "EXECUTE is not there", "--param"),
    ] {
        let output = sql(&[query]).ended_with(1);
        let first = output.stderr.lines().next().unwrap_or_default();
        assert!(first.contains(message) && output.stderr.contains(hint), "{query}: {}", output.stderr);
    }
}

#[test]
fn constants_that_are_wrong_are_known_before_anything_is_written() {
    for (query, message, place) in [
        ("SELECT json_value(requestparameters, 'lax $.a.size()') FROM cloudtrail_logs", "is no JSONPath", "column 38"),
        ("SELECT date_diff('eon', now(), now()) FROM cloudtrail_logs", "`eon` is no unit of time", "column 18"),
        ("SELECT regexp_like(eventname, '(?!Get)x') FROM cloudtrail_logs", "look-around", "column 31"),
        ("SELECT IPPREFIX 'x' FROM cloudtrail_logs", "`x` is no network", "column 17"),
        ("SELECT 1 FROM cloudtrail_logs WHERE eventname = \"GetUser\"", "single quotes: 'GetUser'", "column 49"),
        ("SELECT eventtime + INTERVAL '1' DAY FROM cloudtrail_logs", "from_iso8601_timestamp(x)", "column 8"),
        ("SELECT json_extract_path(requestparameters, 'a') FROM cloudtrail_logs", "json_extract_scalar(", "column 8"),
        ("SELECT split('a', 'b', 1, 2) FROM cloudtrail_logs", "`split` that takes these arguments", "column 8"),
    ] {
        let output = sql(&[query, "-F", "csv"]).ended_with(1);
        assert_eq!(output.stdout, "", "{query}");
        assert!(output.stderr.contains(message) && output.stderr.contains(place), "{query}: {}", output.stderr);
    }
    let cast = sql(&["SELECT count(*) FROM cloudtrail_logs WHERE CAST(eventtime AS BIGINT) > 5"]).ended_with(1).stderr;
    assert!(cast.contains("` in `eventtime` is no BIGINT at line 1, column 49"), "{cast}");
}

#[test]
fn parameters_are_bound_and_never_pasted() {
    let query = "SELECT count(*) AS n FROM events WHERE event_name = $name";
    let hostile = "name=x' OR '1' = '1";
    assert_eq!(sql(&[query, "--param", hostile, "-F", "csv"]).ended_with(0).stdout, "n\n0\n");
    let found = sql(&[query, "--param", "name=Decrypt", "-F", "csv"]).ended_with(0).stdout;
    assert_ne!(found, "n\n0\n");
}

/// The files that a query's plan reads.
fn files_read(query: &str) -> usize {
    let explained = sql(&[&format!("EXPLAIN {query}"), "-F", "ndjson"]).ended_with(0).stdout;
    let physical = explained.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let plan = physical.filter(|row| row["plan_type"] == "physical_plan").map(|row| row["plan"].to_string());
    let paths: std::collections::BTreeSet<String> = plan
        .flat_map(|plan| {
            plan.split("region=")
                .skip(1)
                .map(|rest| rest.split(".parquet").next().unwrap().to_owned())
                .collect::<Vec<_>>()
        })
        .collect();
    paths.len()
}

#[test]
fn files_that_cannot_hold_an_answer_are_not_read() {
    // 18 partitions of one file each; EXPLAIN names up to five files of each of its groups
    assert_eq!(files_read("SELECT event_name FROM events WHERE region = 'us-east-1' AND date = '2026-03-02'"), 3);
    assert_eq!(
        files_read("SELECT event_name FROM events WHERE account = '012345678901' AND date = DATE '2026-03-03'"),
        2
    );
    let time = "event_time >= TIMESTAMP '2026-03-04T00:00:00Z' AND account = '111122223333'";
    assert_eq!(files_read(&format!("SELECT event_name FROM events WHERE {time}")), 2);
    assert_eq!(files_read("SELECT event_name FROM events WHERE account IN ('012345678901') AND region LIKE 'eu%'"), 3);
    assert_eq!(files_read("SELECT event_name FROM events WHERE event_source = 'a' AND region = 'us-east-1'"), 0);
    assert_eq!(files_read("SELECT event_name FROM events WHERE date > '2026-03-04'"), 0);
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let shared = shared();
    let all = "SELECT * FROM events";
    let mut commands = vec![vec!["export"]];
    commands
        .extend(["table", "csv", "json", "markdown", "parquet", "arrow"].map(|format| vec!["sql", all, "-F", format]));
    for command in commands {
        let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_milepost"))
            .args(&command)
            .args(["--lake", &shared.lake()])
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!((output.status.code(), stderr), (Some(0), String::new()), "{command:?}");
    }
}
