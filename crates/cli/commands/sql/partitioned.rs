//! `--partition-by`: an answer as a folder of files, one folder a value, as Hive has it.

use std::fs::{self, File};
use std::io::{self, BufWriter, IsTerminal as _, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::Context as _;
use indicatif::HumanCount;
use milepost_query::Engine;
use milepost_query::output::{Folders, Format, write_folders};
use milepost_store::{Place, Upload};

use crate::args::SqlArgs;
use crate::commands::answer::{Question, Target, is_remote};
use crate::diagnostics::{ExitStatus, Hinted};
use crate::printer::Printer;

pub(super) async fn write(
    engine: &Engine,
    question: Question<'_>,
    args: &SqlArgs,
    target: &Target,
    printer: &Printer,
) -> anyhow::Result<ExitStatus> {
    let started = Instant::now();
    let output = target.output.as_deref().unwrap_or(Path::new("."));
    let format = format(args)?;
    let asked = async {
        let answer = engine.partitioned(question.sql, question.parameters, &args.partition_by).await;
        answer.map_err(|error| question.wrong(error))
    };
    let answer = question.limits.run(asked).await?.on_a_task();
    let mut sink = Sink::new(output, target).await?;
    let columns = args.partition_by.len();
    let written = async { Ok(write_folders(answer, columns, format, target.layout, &mut sink).await?) };
    let (rows, files) = match question.limits.run_since(started, written).await {
        Ok(written) => written,
        Err(error) => {
            sink.discard();
            return Err(match error.downcast() {
                Ok(error) => question.wrong(error),
                Err(error) => error,
            });
        }
    };
    sink.finish()?;
    if io::stderr().is_terminal() {
        let (rows, files) = (HumanCount(rows), HumanCount(files));
        printer.say(&format!("{rows} rows in {files} files in {:.2} s", started.elapsed().as_secs_f64()));
    }
    Ok(ExitStatus::Done)
}

/// A folder has no extension that could say the format.
fn format(args: &SqlArgs) -> anyhow::Result<Format> {
    match args.output.format {
        None => Ok(Format::Parquet),
        Some(Format::Table | Format::Markdown) => Err(Hinted {
            message: "--partition-by writes files for programs".to_owned(),
            hint: "there are: parquet, arrow, csv, tsv, json, ndjson".to_owned(),
            status: ExitStatus::WrongUsage,
        }
        .into()),
        Some(format) => Ok(format),
    }
}

/// Where the files go.
enum Sink {
    /// A folder, which appears under its name once it is complete.
    Folder { temporary: PathBuf, path: PathBuf },
    /// A prefix in a store. Each file appears once it is complete.
    Prefix(Place),
}

/// A file that is written to.
enum Open {
    File(BufWriter<File>),
    Object(Box<Upload>),
}

impl Sink {
    async fn new(output: &Path, target: &Target) -> anyhow::Result<Self> {
        if is_remote(output) {
            let place = Place::open(&output.to_string_lossy(), &target.store).await?;
            return if place.is_empty().await? { Ok(Self::Prefix(place)) } else { Err(occupied(output)) };
        }
        let path = std::path::absolute(output).with_context(|| format!("`{}` is no path", output.display()))?;
        if path.exists() && fs::read_dir(&path).map_or(true, |mut entries| entries.next().is_some()) {
            return Err(occupied(output));
        }
        let name = path.file_name().with_context(|| format!("`{}` is no name for a folder", output.display()))?;
        let mut name = name.to_owned();
        name.push(format!(".{}.partial", std::process::id()));
        let temporary = path.with_file_name(name);
        fs::create_dir_all(&temporary).with_context(|| format!("cannot write `{}`", output.display()))?;
        Ok(Self::Folder { temporary, path })
    }

    /// Puts a folder under its name.
    fn finish(self) -> anyhow::Result<()> {
        if let Self::Folder { temporary, path } = self {
            let failed = || format!("cannot write `{}`", path.display());
            if path.exists() {
                fs::remove_dir(&path).with_context(failed)?;
            }
            fs::rename(&temporary, &path).with_context(failed)?;
        }
        Ok(())
    }

    fn discard(self) {
        if let Self::Folder { temporary, .. } = self {
            let _ = fs::remove_dir_all(temporary);
        }
    }
}

impl Folders for Sink {
    type File = Open;

    async fn create(&mut self, path: &str) -> io::Result<Open> {
        match self {
            Self::Folder { temporary, .. } => {
                let path = temporary.join(path);
                if let Some(folder) = path.parent() {
                    fs::create_dir_all(folder)?;
                }
                Ok(Open::File(BufWriter::new(File::create(path)?)))
            }
            Self::Prefix(place) => {
                let place = place.object(path).map_err(io::Error::other)?;
                Ok(Open::Object(Box::new(Upload::begin(&place))))
            }
        }
    }

    async fn finish(&mut self, file: Open) -> io::Result<()> {
        match file {
            Open::File(mut out) => out.flush(),
            Open::Object(upload) => upload.finish().map_err(io::Error::other),
        }
    }
}

impl Write for Open {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::File(out) => out.write(bytes),
            Self::Object(upload) => upload.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::File(out) => out.flush(),
            Self::Object(upload) => upload.flush(),
        }
    }
}

fn occupied(output: &Path) -> anyhow::Error {
    Hinted {
        message: format!("`{}` is there already and not an empty folder", output.display()),
        hint: "name a new folder with --output".to_owned(),
        status: ExitStatus::Failed,
    }
    .into()
}
