//! Receivers: how they are told apart, and how long they are waited for.

use super::*;

fn hook(address: &str) -> Delivery {
    Delivery { webhook: Some(address.to_owned()), ..Delivery::default() }
}

#[test]
fn receivers_of_one_name_have_keys_of_their_own() {
    let command = |words: &[&str]| Delivery {
        command: words.iter().map(|word| (*word).to_owned()).collect(),
        ..Delivery::default()
    };
    let all = [
        hook("https://hooks.example.com/services/A"),
        hook("https://hooks.example.com/services/B"),
        Delivery { form: Form::Slack, ..hook("https://hooks.example.com/services/A") },
        command(&["page", "--team", "blue"]),
        command(&["page", "--team", "red"]),
        command(&["page", "--team blue"]),
    ];
    let keys: std::collections::BTreeSet<String> = all.iter().map(Delivery::key).collect();
    assert_eq!(keys.len(), all.len(), "{keys:?}");
    assert_eq!(all[0].key(), all[0].clone().key());
    assert!(all[0].key().starts_with("webhook-hooks-example-com-"), "{}", all[0].key());
    assert!(!keys.iter().any(|key| key.contains("services")), "an address may hold a secret");
}

#[test]
fn a_key_stays_a_short_name_of_a_file() {
    let email = (0..50).map(|number| format!("somebody-{number}@a-long-name.example.com")).collect();
    let key = Delivery { email, ..Delivery::default() }.key();
    assert!(key.len() < 90, "{key}");
    assert!(key.chars().all(|char| char.is_ascii_alphanumeric() || char == '-'), "{key}");
}

#[tokio::test]
async fn who_never_answers_is_not_waited_for() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = silent.local_addr().unwrap();
    let asked = async {
        let mut streams = Vec::new();
        loop {
            streams.push(silent.accept().await.unwrap().0);
        }
    };
    let in_a_second = Delivery { timeout: Some("1s".to_owned()), ..Delivery::default() };
    let all = [
        Delivery { webhook: Some(format!("http://{address}")), ..in_a_second.clone() },
        Delivery {
            email: vec!["a@example.com".to_owned()],
            from: Some("m@example.com".to_owned()),
            smtp: Some(format!("smtp://{address}")),
            ..in_a_second.clone()
        },
        Delivery { command: ["sleep", "600"].map(str::to_owned).to_vec(), ..in_a_second },
    ];
    let message = Message::default();
    let told = tokio::select! {
        told = send_to_all(&all, &message).collect::<Vec<_>>() => told,
        () = asked => Vec::new(),
    };
    let reasons: Vec<String> = told.into_iter().map(|(_, told)| told.unwrap_err()).collect();
    assert_eq!(reasons.len(), 3);
    for (reason, end) in reasons.iter().zip(["answer within 1 s", "answer within 1 s", "ran for more than 1 s"]) {
        assert!(reason.ends_with(end), "{reason}");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn what_a_command_started_ends_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let pid = folder.path().join("pid");
    let script = format!("sleep 600 & echo $! > '{}'; wait", pid.display());
    let slow = Delivery {
        command: ["sh", "-c", &script].map(str::to_owned).to_vec(),
        timeout: Some("1s".to_owned()),
        ..Delivery::default()
    };
    let (slow, message) = ([slow], Message::default());
    let told: Vec<_> = send_to_all(&slow, &message).collect().await;
    assert!(told[0].1.is_err());
    let pid = std::fs::read_to_string(pid).unwrap();
    let asked = std::time::Instant::now();
    loop {
        let state = std::fs::read_to_string(format!("/proc/{}/stat", pid.trim())).unwrap_or_default();
        if state.is_empty() || state.contains(") Z ") {
            return;
        }
        assert!(asked.elapsed().as_secs() < 30, "it goes on: {state}");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

#[test]
fn a_timeout_is_some_seconds_or_minutes() {
    let check = |text: &str| Delivery { timeout: Some(text.to_owned()), ..hook("https://example.com") }.check();
    assert_eq!((check("1s"), check("10m")), (Ok(()), Ok(())));
    for wrong in ["", "0s", "11m", "5", "soon"] {
        assert!(check(wrong).unwrap_err().contains("timeout"), "{wrong}");
    }
    let slow = Delivery { timeout: Some("3m".to_owned()), ..hook("https://example.com") };
    assert_eq!(slow.key(), hook("https://example.com").key(), "who has more time is the same receiver");
}

#[test]
fn a_webhook_is_an_address_of_the_web() {
    for right in ["http://localhost:1/x", "https://example.com", "${SLACK_URL}"] {
        assert_eq!(hook(right).check(), Ok(()), "{right}");
    }
    for wrong in ["example.com/hook", "file:///etc/passwd", "ftp://example.com", ""] {
        assert!(hook(wrong).check().is_err(), "{wrong}");
    }
}
