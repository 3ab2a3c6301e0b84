//! Mutated inputs, by the thousand, through everything that turns bytes into rows: it may only ever answer with rows, rejects
//! and errors.
//!
//! Each test mutates at another layer: the packed bytes, the text in them, the values of records. What is kept in `corpus/` is
//! replayed first. The runs are bounded and the same every time; `MILEPOST_FUZZ_SECONDS` makes them longer and
//! `MILEPOST_FUZZ_SEED` different. An input that fails is written beside the build: put it into the corpus when it is mended.

#![expect(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a test that panics has failed")]

mod mutate;

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use milepost_ingest::{Blob, Etag, Folders, Options, Source, Status, pipeline};
use milepost_schema::rebuild::Rebuilder;
use mutate::Mutator;

/// Inputs of one run of the pipeline.
const BATCH: usize = 64;
/// Mutations of one test, if nobody asks for more.
const MUTATIONS: usize = 40_000;

fn corpus() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.into_iter().map(|path| fs::read(path).unwrap()).collect()
}

/// What a run came to.
#[derive(Debug, Default, Clone, Copy)]
struct Sums {
    records: u64,
    rejected: u64,
    damaged: u64,
}

/// Runs inputs through the pipeline; says what went wrong, if anything did.
fn probe(inputs: &[Vec<u8>], salvage: bool) -> Result<Sums, String> {
    let mut folders = Folders::default();
    let source = |(at, bytes): (usize, &Vec<u8>)| {
        let blob = Blob::Memory(bytes.as_slice().into());
        Source::held(&format!("/{at}"), blob, bytes.len() as u64, Etag::Changed(0, 0), &mut folders)
    };
    let sources: Arc<Vec<Source>> = Arc::new(inputs.iter().enumerate().map(source).collect());
    let options = Options {
        threads: 2,
        batch_rows: 50,
        batch_bytes: 1 << 20,
        window_bytes: 1 << 20,
        salvage,
        rules: None,
        fetcher: None,
        timings: None,
    };
    let (mut sums, mut rows, mut rejects, mut finished) = (Sums::default(), 0, 0, 0);
    let mut line = String::new();
    for piece in pipeline::run(sources, options) {
        let piece = piece.map_err(|error| error.to_string())?;
        if let Some(batch) = piece.batch {
            let rebuilder = Rebuilder::new(&batch).map_err(|error| error.to_string())?;
            for row in 0..batch.num_rows() {
                line.clear();
                rebuilder.write(row, &mut line).map_err(|error| error.to_string())?;
                serde_json::from_str::<serde::de::IgnoredAny>(&line).map_err(|error| format!("{error}: {line}"))?;
            }
            rows += batch.num_rows() as u64;
        }
        rejects += piece.rejects.iter().filter(|reject| reject.record.is_some()).count() as u64;
        for outcome in piece.finished {
            finished += usize::from(!outcome.is_member);
            if let Status::Damaged { .. } = outcome.status {
                sums.damaged += 1;
                if outcome.records > 0 {
                    return Err(format!("rows of a damaged object: {outcome:?}"));
                }
            }
            sums.records += outcome.records;
            sums.rejected += outcome.rejected;
        }
    }
    if finished != inputs.len() {
        return Err(format!("{finished} of {} objects are accounted for", inputs.len()));
    }
    if (sums.records, sums.rejected) != (rows + rejects, rejects) {
        return Err(format!("{sums:?}, but {rows} rows and {rejects} rejects"));
    }
    Ok(sums)
}

/// As [`probe`], but finds the input that fails and keeps it.
fn check(inputs: &[Vec<u8>], salvage: bool) -> Sums {
    let error = match probe(inputs, salvage) {
        Ok(sums) => return sums,
        Err(error) => error,
    };
    for input in inputs {
        if let Err(error) = probe(std::slice::from_ref(input), salvage) {
            let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("fuzz-failure-{}", input.len()));
            fs::File::create(&path).unwrap().write_all(input).unwrap();
            panic!("{error}\nthe input is in {}", path.display());
        }
    }
    panic!("only together: {error}");
}

/// Mutates until the time or the number is up.
fn fuzz(name: &str, salvage: bool, mut make: impl FnMut(&mut Mutator) -> Vec<u8>) {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let seconds = number("MILEPOST_FUZZ_SECONDS").map(Duration::from_secs);
    let mut mutator = Mutator::new(number("MILEPOST_FUZZ_SEED").unwrap_or(1), corpus());
    let (started, mut done, mut sums) = (Instant::now(), 0, Sums::default());
    while seconds.map_or(done < MUTATIONS, |limit| started.elapsed() < limit) {
        let inputs: Vec<Vec<u8>> = (0..BATCH).map(|_| make(&mut mutator)).collect();
        let found = check(&inputs, salvage);
        sums.records += found.records;
        sums.rejected += found.rejected;
        sums.damaged += found.damaged;
        done += BATCH;
    }
    println!("{name}: {done} inputs, {sums:?}, {:.1} s", started.elapsed().as_secs_f64());
    // a mutator that breaks everything, or nothing, tests little
    assert!(sums.records > 0 && sums.rejected + sums.damaged > 0, "{sums:?}");
}

#[test]
fn the_corpus_is_read_without_complaint() {
    for salvage in [false, true] {
        let sums = check(&corpus(), salvage);
        assert!(sums.records > 40 && sums.rejected > 0, "{sums:?}");
    }
}

#[test]
fn unpack_takes_any_bytes() {
    fuzz("unpack", false, |mutator| {
        let bytes = mutator.pick();
        mutator.bytes(bytes)
    });
}

#[test]
fn unpack_salvages_from_any_bytes() {
    fuzz("salvage", true, |mutator| {
        let bytes = mutator.pick();
        mutator.bytes(bytes)
    });
}

#[test]
fn frame_takes_any_text() {
    fuzz("frame", false, |mutator| {
        let text = mutator.pick_text();
        mutator.tokens(text)
    });
}

#[test]
fn decode_takes_any_record() {
    fuzz("decode", false, |mutator| {
        let record = mutator.pick_record();
        let record = mutator.tokens(record);
        [b"{\"Records\":[", &record[..], b",{\"eventName\":\"ok\"}]}"].concat()
    });
}
