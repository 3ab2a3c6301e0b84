//! Leases, by a clock that the test sets.

use std::sync::atomic::{AtomicBool, Ordering};

use milepost_store::StoreOptions;

use super::*;

async fn place(folder: &tempfile::TempDir) -> Place {
    Place::open(&folder.path().display().to_string(), &StoreOptions::default()).await.unwrap()
}

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds)
}

async fn given(place: &Place, owner: &str, seconds: i64) -> Lease {
    match Lease::take(place.clone(), owner, at(seconds)).await.unwrap() {
        Asked::Given(lease) => lease,
        Asked::Held(holder) => panic!("{holder:?} has it"),
    }
}

async fn held(place: &Place, seconds: i64) -> Holder {
    match Lease::take(place.clone(), "other", at(seconds)).await.unwrap() {
        Asked::Held(holder) => holder,
        Asked::Given(_) => panic!("it was given at {seconds}"),
    }
}

#[tokio::test]
async fn who_was_killed_is_waited_for_two_minutes_and_named() {
    let folder = tempfile::tempdir().unwrap();
    let place = place(&folder).await;
    std::mem::forget(given(&place, "dead", 0).await);
    for seconds in [0, 59, 61, 119] {
        assert_eq!(held(&place, seconds).await, Holder { owner: "dead".to_owned(), until: at(120) });
    }
    let mut next = given(&place, "next", 120).await;
    assert!(next.renew(at(150)).await.unwrap());
    assert_eq!(held(&place, 200).await, Holder { owner: "next".to_owned(), until: at(270) });
    next.release(at(201)).await.unwrap();
    given(&place, "other", 201).await;
}

#[tokio::test]
async fn who_slept_has_lost_it_before_another_may_have_it() {
    let folder = tempfile::tempdir().unwrap();
    let place = place(&folder).await;
    let mut slow = given(&place, "slow", 0).await;
    // nobody has it, and it is not given to who may have to share it
    assert!(!slow.renew(at(60)).await.unwrap());
    assert_eq!(held(&place, 119).await.owner, "slow");
    let mut fast = given(&place, "fast", 120).await;
    // not even who thinks that it is earlier
    assert!(!slow.renew(at(30)).await.unwrap());
    assert!(fast.renew(at(130)).await.unwrap());
}

#[tokio::test]
async fn of_many_one_has_it() {
    let folder = tempfile::tempdir().unwrap();
    let place = place(&folder).await;
    std::mem::forget(given(&place, "dead", 0).await);
    let asked = futures::future::join_all((0..8).map(|_| Lease::take(place.clone(), "one", at(500)))).await;
    let given = asked.iter().filter(|asked| matches!(asked, Ok(Asked::Given(_))));
    assert_eq!(given.count(), 1, "{asked:?}");
}

#[tokio::test]
async fn work_ends_when_its_lease_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let place = place(&folder).await;
    let every = Duration::from_millis(5);
    let lease = given(&place, "slow", 0).await;
    let is_through = AtomicBool::new(false);
    let work = async {
        // somebody whose clock is far ahead takes over
        given(&place, "thief", 1000).await;
        tokio::time::sleep(Duration::from_secs(60)).await;
        is_through.store(true, Ordering::SeqCst);
    };
    assert_eq!(keep(lease, &Clock::at(at(1)), every, work).await.unwrap(), None);
    assert!(!is_through.load(Ordering::SeqCst));
    // and the other one's lease is not given back
    assert_eq!(held(&place, 1001).await.owner, "thief");
}

#[tokio::test]
async fn work_that_takes_long_keeps_its_lease_and_gives_it_back() {
    let folder = tempfile::tempdir().unwrap();
    let place = place(&folder).await;
    let lease = given(&place, "long", 0).await;
    let clock = Clock::at(at(40));
    let work = async {
        // renewed by the clock of the work
        while held(&place, 0).await.until == at(120) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        held(&place, 130).await.owner
    };
    let done = keep(lease, &clock, Duration::from_millis(5), work).await.unwrap();
    assert_eq!(done.as_deref(), Some("long"));
    given(&place, "next", 130).await;
}

#[tokio::test]
async fn what_is_no_lease_does_not_count() {
    let folder = tempfile::tempdir().unwrap();
    let place = place(&folder).await;
    std::fs::write(folder.path().join("notes.txt"), "mine").unwrap();
    let mut lease = given(&place, "one", 0).await;
    assert!(lease.renew(at(20)).await.unwrap());
    lease.release(at(30)).await.unwrap();
    given(&place, "two", 30).await;
    assert!(folder.path().join("notes.txt").exists());
}
