//! Where the time of a run goes, stage by stage.
//!
//! A thread that works for a run says so once ([`Timings::on_this_thread`]), and then which stage it is in ([`enter`]). Stages
//! lie in each other: while an inner one runs, the outer one does not. Whoever is not asked for timings has no thread that
//! said so, and pays one look at a variable of the thread.

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// What a conversion does, in the order in which a record meets it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Objects are listed, and the ledger asked which are known.
    List,
    /// Objects are read or fetched, and unpacked.
    Unpack,
    /// Records are found in the text.
    Frame,
    /// Records become rows.
    Flatten,
    /// Rows are ready, and reading waits until the writer takes them.
    Wait,
    /// Rows are put in the order of their partition.
    Sort,
    /// Rows are compared with those that are there.
    Compare,
    /// Rows are put together, encoded and compressed.
    Encode,
    /// Files are put into the lake.
    Put,
    /// The transaction log is read and written.
    Commit,
    /// Sources are entered in the ledger.
    Ledger,
}

impl Stage {
    /// All stages, in order.
    pub const ALL: [Self; 11] = [
        Self::List,
        Self::Unpack,
        Self::Frame,
        Self::Flatten,
        Self::Wait,
        Self::Sort,
        Self::Compare,
        Self::Encode,
        Self::Put,
        Self::Commit,
        Self::Ledger,
    ];

    /// One word, for tables and JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::List => "list",
            Self::Unpack => "unpack",
            Self::Frame => "frame",
            Self::Flatten => "flatten",
            Self::Wait => "wait",
            Self::Sort => "sort",
            Self::Compare => "compare",
            Self::Encode => "encode",
            Self::Put => "put",
            Self::Commit => "commit",
            Self::Ledger => "ledger",
        }
    }
}

/// Time spent in each stage, added up over all threads.
#[derive(Debug, Clone, Default)]
pub struct Timings {
    nanos: Arc<[AtomicU64; Stage::ALL.len()]>,
}

impl Timings {
    /// From now on until the guard is dropped, stages that this thread enters count.
    #[must_use]
    pub fn on_this_thread(&self) -> OnThread {
        CLOCK.with_borrow_mut(|clock| {
            *clock = Some(Clock { timings: self.clone(), stage: None, since: Instant::now() });
        });
        OnThread(())
    }

    /// Adds time that no thread worked through, such as waiting for a store.
    pub fn add(&self, stage: Stage, time: Duration) {
        let nanos = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        self.nanos[stage as usize].fetch_add(nanos, Ordering::Relaxed);
    }

    /// Time spent in a stage so far.
    #[must_use]
    pub fn of(&self, stage: Stage) -> Duration {
        Duration::from_nanos(self.nanos[stage as usize].load(Ordering::Relaxed))
    }
}

thread_local! {
    static CLOCK: RefCell<Option<Clock>> = const { RefCell::new(None) };
}

/// What a thread is doing, and since when.
struct Clock {
    timings: Timings,
    stage: Option<Stage>,
    since: Instant,
}

impl Clock {
    /// Goes over to another stage; gives the one before.
    fn turn_to(&mut self, stage: Option<Stage>) -> Option<Stage> {
        let now = Instant::now();
        if let Some(stage) = self.stage {
            self.timings.add(stage, now - self.since);
        }
        self.since = now;
        std::mem::replace(&mut self.stage, stage)
    }
}

/// The thread counts until this is dropped.
#[derive(Debug)]
pub struct OnThread(());

impl Drop for OnThread {
    fn drop(&mut self) {
        CLOCK.with_borrow_mut(|clock| {
            if let Some(mut clock) = clock.take() {
                clock.turn_to(None);
            }
        });
    }
}

/// The thread is in a stage until this is dropped; then it is in the one before again.
#[derive(Debug)]
pub struct Entered {
    before: Option<Stage>,
}

/// Says that this thread is in a stage from now on.
#[must_use]
pub fn enter(stage: Stage) -> Entered {
    let before = CLOCK.with_borrow_mut(|clock| clock.as_mut().and_then(|clock| clock.turn_to(Some(stage))));
    Entered { before }
}

impl Drop for Entered {
    fn drop(&mut self) {
        CLOCK.with_borrow_mut(|clock| clock.as_mut().map(|clock| clock.turn_to(self.before)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEP: Duration = Duration::from_millis(20);

    #[test]
    fn an_inner_stage_does_not_count_for_the_outer_one() {
        let timings = Timings::default();
        {
            let _running = timings.on_this_thread();
            let _outer = enter(Stage::Flatten);
            {
                let _inner = enter(Stage::Wait);
                std::thread::sleep(3 * STEP);
            }
            std::thread::sleep(STEP);
        }
        assert!(timings.of(Stage::Wait) >= 3 * STEP);
        assert!(timings.of(Stage::Flatten) >= STEP && timings.of(Stage::Flatten) < timings.of(Stage::Wait));
        assert_eq!(timings.of(Stage::Sort), Duration::ZERO);
    }

    #[test]
    fn threads_add_up_and_those_that_were_not_asked_do_not_count() {
        let timings = Timings::default();
        let work = |counts: bool| {
            let timings = timings.clone();
            std::thread::spawn(move || {
                let _running = counts.then(|| timings.on_this_thread());
                let _at = enter(Stage::Encode);
                std::thread::sleep(STEP);
            })
        };
        let threads = [work(true), work(true), work(false)];
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        assert!(timings.of(Stage::Encode) >= 2 * STEP && timings.of(Stage::Encode) < 30 * STEP);
        timings.add(Stage::Encode, STEP);
        assert!(timings.of(Stage::Encode) >= 3 * STEP);
    }

    #[test]
    fn every_stage_has_its_place_and_name() {
        for (at, stage) in Stage::ALL.into_iter().enumerate() {
            assert_eq!(stage as usize, at);
            assert!(Stage::ALL[..at].iter().all(|other| other.name() != stage.name()));
        }
    }
}
