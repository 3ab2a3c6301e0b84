//! Who is told what: receivers that look alike, long lists, deliveries that fail.

use super::*;

/// Changes of one hour, as many as are wanted.
fn changes(count: u32) -> Vec<Value> {
    (1..=count).map(|id| event("2026-03-01T12:00:00Z", "UpdateIdentityPool", id)).collect()
}

fn of_pools(rest: &str) -> Job {
    job("cognito-identity-pool-changes", &format!("cron = \"0 * * * *\"\nwindow = \"24h\"\n{rest}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn receivers_of_one_name_are_told_each() {
    let context = Context::new();
    deliver(&context, "one", &changes(1));
    let web = Web::start(&[200]);
    let written = |name: &str| context.path(name).display().to_string();
    let (a, b) = (written("a"), written("b"));
    let running = scheduler(
        &context,
        vec![of_pools(&format!(
            "deliver = [{{ webhook = \"{0}/a\" }}, {{ webhook = \"{0}/b\" }}, {{ webhook = \"{0}/b\", form = \"slack\" }},\n\
             {{ command = [\"sh\", \"-c\", \"cat >> '{a}'; echo >> '{a}'\"] }},\n\
             {{ command = [\"sh\", \"-c\", \"cat >> '{b}'; echo >> '{b}'\"] }}]",
            web.url
        ))],
    )
    .await;
    for hour in 13..16 {
        let done = tick(&running, &format!("2026-03-01T{hour}:00:00Z")).await;
        assert_eq!(done[0].error, None);
    }
    assert_eq!(web.bodies().len(), 3);
    for path in ["a", "b"] {
        assert_eq!(read(&context.path(path)).lines().count(), 1, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_list_of_mailboxes_is_told_once() {
    let context = Context::new();
    deliver(&context, "one", &changes(1));
    let mail = Mail::start();
    let all: Vec<String> = (0..60).map(|number| format!("'somebody-{number}@a-long-name.example.com'")).collect();
    let rest = format!("deliver = [{{ email = [{}], from = 'm@example.com', smtp = '{}' }}]", all.join(", "), mail.url);
    let running = scheduler(&context, vec![of_pools(&rest)]).await;
    for hour in 13..15 {
        let done = tick(&running, &format!("2026-03-01T{hour}:00:00Z")).await;
        assert_eq!((done[0].outcome, done[0].error.as_deref()), (Outcome::Done, None));
    }
    assert_eq!(mail.mails().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn all_rows_of_a_window_are_told_and_written() {
    let context = Context::new();
    deliver(&context, "many", &changes(150));
    let web = Web::start(&[200]);
    let rest = format!(
        "{}formats = ['csv']\nfile = 'all.csv'\ndeliver = [{{ webhook = '{}' }}]",
        destination(&context),
        web.url
    );
    let running = scheduler(&context, vec![of_pools(&rest)]).await;
    let done = tick(&running, "2026-03-01T13:00:00Z").await;
    assert_eq!((done[0].rows, done[0].told, done[0].notes.len()), (150, 150, 0), "{done:?}");
    assert_eq!(read(&context.path("out/all.csv")).lines().count(), 151);
    let body: Value = serde_json::from_str(&web.bodies()[0]).unwrap();
    assert_eq!((&body["new_rows"], &body["rows_shown"], &body["truncated"]), (&json!(150), &json!(50), &json!(true)));
    assert_eq!(body["rows"].as_array().unwrap().len(), 50);
    // as the report has its columns, not by their names
    let text = &web.bodies()[0];
    let place = |name: &str| text.find(&format!("\"{name}\":")).unwrap();
    assert!(place("event_time") < place("account") && place("region") < place("event_name"), "{text}");
    // who says how many gets so many
    let few = of_pools(&format!("{}name = 'few'\nparams = {{ limit = 100 }}\n", destination(&context)));
    let done = tick(&scheduler(&context, vec![few]).await, "2026-03-01T13:00:00Z").await;
    assert_eq!(done[0].rows, 100);
    assert!(done[0].notes[0].contains("cut at 100 rows"), "{done:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_that_nobody_took_is_there_all_the_same() {
    let context = Context::new();
    deliver(&context, "one", &changes(1));
    let (forbidden, gone, up) = (Web::start(&[403]), Web::start(&[410]), Web::start(&[200]));
    let rest = format!(
        "{}formats = ['csv']\nfile = 'out.csv'\n\
         deliver = [{{ webhook = '{}' }}, {{ webhook = '{}' }}, {{ webhook = '{}' }}]",
        destination(&context),
        forbidden.url,
        up.url,
        gone.url
    );
    let running = scheduler(&context, vec![of_pools(&rest)]).await;
    let done = &tick(&running, "2026-03-01T13:00:00Z").await[0];
    let error = done.error.as_deref().unwrap();
    assert!(error.contains("it answered 403") && error.contains("; ") && error.contains("it answered 410"), "{error}");
    assert_eq!((done.outcome, done.rows, done.told, done.outputs.len()), (Outcome::Failed, 1, 1, 1));
    assert_eq!(done.seen.newest.len(), 1);
    assert_eq!(read(&context.path("out/out.csv")).lines().count(), 2);
    let history = context.run(&["schedule", "history", "-F", "json"]).ended_with(0).json();
    assert_eq!((&history[0]["outcome"], &history[0]["rows"]), (&json!("failed"), &json!(1)));
    assert!(history[0]["lake_version"].as_u64().unwrap() > 0);
    // and it is tried again: who was told is not told twice
    assert_eq!(tick(&running, "2026-03-01T13:05:00Z").await[0].outcome, Outcome::Failed);
    assert_eq!(up.bodies().len(), 1);
}
