//! What the user named as sources: finds the objects behind it, on disks and in object stores, and has the latter fetched.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use glob::{MatchOptions, Pattern};
use milepost_ingest::layout::{Folder, is_of_another_service};
use milepost_ingest::{Blob, Discovery, Etag, Fetched, Fetcher, Finding, Scope, Source};
use milepost_store::fetch::{Content, FetchOptions, Prefetch, Wanted};
use milepost_store::listing::{Found, ListError, ObjectMeta, Step, bucket_address, list, object_at};
use milepost_store::{Place, StoreOptions, reason};

use crate::printer::Printer;
use crate::progress::ListingProgress;

/// Characters that make a pattern of an address.
const PATTERN: [char; 3] = ['*', '?', '['];
/// Folders of other services that are named; the rest is counted.
const NAMED_FOLDERS: usize = 3;
/// What is fetched ahead takes this part of the memory.
const FETCHED_IN_MEMORY: usize = 8;

/// Objects that were found, and the stores that those of object stores lie in.
pub(super) struct Sources {
    pub(super) discovery: Discovery,
    pub(super) stores: Vec<Place>,
}

/// Finds the objects behind `arguments` as far as they are in `scope`, without those of the lake.
///
/// # Errors
/// An argument names nothing, or its store cannot be listed.
pub(super) async fn find(
    arguments: &[String],
    lake: &str,
    scope: Scope,
    options: &StoreOptions,
    printer: &Printer,
) -> anyhow::Result<Sources> {
    let remote_lake = if Place::is_remote(lake) { Some(Place::open(lake, options).await?) } else { None };
    let local_lake = remote_lake.is_none().then(|| Path::new(lake));
    let finding = Finding::new(local_lake, scope.clone());
    let mut search =
        Search { finding, stores: Vec::new(), scope, lake: remote_lake, other_services: Vec::new(), printer };
    for argument in arguments {
        if Place::is_remote(argument) {
            search.remote(argument, options).await?;
        } else {
            search.finding.find(argument)?;
        }
    }
    search.name_other_services();
    Ok(Sources { discovery: search.finding.finish(), stores: search.stores })
}

/// Fetches those of `sources` that lie in `stores`, ahead of their turn; `None` if there are no stores.
pub(super) fn fetcher(sources: &Arc<Vec<Source>>, stores: Vec<Place>, memory_bytes: usize) -> Option<Fetcher> {
    if stores.is_empty() {
        return None;
    }
    let stores: Vec<_> = stores.into_iter().map(|place| (bucket_address(&place), place)).collect();
    let all = Arc::clone(sources);
    let wanted = move |position: usize| {
        let source: &Source = all.get(position)?;
        let (address, place) = stores.get(usize::try_from(source.store()?).ok()?)?;
        Wanted::new(place, source.uri().strip_prefix(address)?, source.size, source.etag.condition())
    };
    let budget_bytes = memory_bytes / FETCHED_IN_MEMORY;
    let prefetch = Prefetch::start(sources.len(), wanted, FetchOptions { budget_bytes, ..FetchOptions::default() });
    Some(Fetcher::new(move |position| {
        let fetched = prefetch.take(position).map_err(|error| error.to_string())?;
        let blob = match fetched.content {
            Content::Memory(bytes) => Blob::Memory(bytes.into()),
            Content::File(file) => Blob::Spooled(Arc::new(file)),
        };
        Ok(Fetched { blob, guard: Box::new(fetched.room) })
    }))
}

struct Search<'a> {
    finding: Finding,
    stores: Vec<Place>,
    scope: Scope,
    /// The lake, if it lies in an object store.
    lake: Option<Place>,
    /// Folders that were left out as they belong to other services.
    other_services: Vec<String>,
    printer: &'a Printer,
}

impl Search<'_> {
    /// Lists a prefix, a glob or a single object.
    async fn remote(&mut self, argument: &str, options: &StoreOptions) -> anyhow::Result<()> {
        let (address, pattern) = match argument.find(PATTERN) {
            None => (argument, None),
            Some(at) => (argument[..at].rsplit_once('/').map_or(argument, |(folder, _)| folder), Some(argument)),
        };
        let place = Place::open(address, options).await?;
        let bucket = bucket_address(&place);
        let pattern = pattern.map(|_| key_pattern(&place, address, argument)).transpose()?;
        let store = self.store_number(&place, &bucket);
        let before = self.finding.count();
        let Listed { found_any, refused } = self.list(&place, store, pattern.as_ref()).await;
        if !found_any && pattern.is_none() {
            // not a folder: a single object, or nothing
            let object = object_at(&place).await.map_err(|error| refused.unwrap_or(error))?;
            add(&mut self.finding, &bucket, store, &object);
        } else if let Some(error) = refused {
            return Err(error.into());
        } else if !found_any {
            return Err(ListError::Nothing { address: argument.to_owned() }.into());
        }
        self.finding.sort_after(before);
        Ok(())
    }

    fn store_number(&mut self, place: &Place, bucket: &str) -> u32 {
        let known = self.stores.iter().position(|store| bucket_address(store) == bucket);
        let number = known.unwrap_or_else(|| {
            self.stores.push(place.clone());
            self.stores.len() - 1
        });
        u32::try_from(number).unwrap_or(u32::MAX)
    }

    /// Adds what is below `place`.
    async fn list(&mut self, place: &Place, store: u32, pattern: Option<&Pattern>) -> Listed {
        let (bucket, root) = (bucket_address(place), place.path().as_ref());
        let lake = self.lake.as_ref().filter(|lake| bucket_address(lake) == bucket);
        let lake = lake.map(|lake| lake.path().as_ref().to_owned());
        let is_lake = |key: &str| lake.as_ref().is_some_and(|lake| is_at_or_below(key, lake));
        // whoever names the folder of another service, or a folder in the lake, means it
        let takes_other_services = is_of_another_service(root);
        let takes_lake = lake.as_ref().is_some_and(|lake| root != lake && is_at_or_below(root, lake));
        let scope = self.scope.clone();
        let (mut left_out, mut other_services, mut listed) = (0, Vec::new(), Listed::default());
        let plan = |folder: &str| {
            if is_lake(folder) && !takes_lake {
                return Step::Skip;
            }
            let depth = folder[root.len().min(folder.len())..].split('/').filter(|part| !part.is_empty()).count();
            match scope.folder(folder, depth) {
                Folder::OutOfScope => {
                    left_out += 1;
                    Step::Skip
                }
                Folder::OfAnotherService if takes_other_services => Step::Below { after: None, before: None },
                Folder::OfAnotherService => {
                    other_services.push(format!("{bucket}{folder}"));
                    Step::Skip
                }
                Folder::Look { at_most } => Step::Look { at_most },
                Folder::Below { after, before } => Step::Below { after, before },
            }
        };
        let options = MatchOptions { require_literal_separator: true, ..MatchOptions::default() };
        let mut progress = ListingProgress::new(self.printer, place.name());
        let finding = &mut self.finding;
        let take = |found: Found<'_>| match found {
            Found::Objects(objects) => {
                progress.add(objects.len());
                for object in objects {
                    let key = object.location.as_ref();
                    let folder = key.rsplit_once('/').map_or("", |(folder, _)| folder);
                    let is_other = !takes_other_services && is_of_another_service(folder);
                    let is_named = pattern.is_none_or(|pattern| pattern.matches_with(key, options));
                    if !is_named || is_other || (is_lake(key) && !takes_lake) {
                        continue;
                    }
                    listed.found_any = true;
                    if scope.enters(folder) {
                        add(finding, &bucket, store, &object);
                    }
                }
            }
            Found::Unreadable(folder, source) if folder == root => {
                listed.refused = Some(ListError::Refused { address: place.name().to_owned(), source });
            }
            Found::Unreadable(folder, error) => {
                let reason = format!("cannot be listed: {}", reason(&error));
                finding.add_unreadable(format!("{bucket}{folder}/"), reason);
                listed.found_any = true;
            }
        };
        list(place, plan, take).await;
        progress.finish();
        listed.found_any |= left_out > 0 || !other_services.is_empty();
        self.finding.add_left_out(left_out);
        self.other_services.append(&mut other_services);
        listed
    }

    /// Says which folders were left out.
    fn name_other_services(&mut self) {
        let folders = &mut self.other_services;
        folders.sort();
        folders.dedup();
        if folders.is_empty() {
            return;
        }
        let named =
            folders.iter().take(NAMED_FOLDERS).map(|folder| format!("`{folder}`")).collect::<Vec<_>>().join(", ");
        let more = folders.len().saturating_sub(NAMED_FOLDERS);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        self.printer.say(&format!("left out, as other services write there: {named}{more}"));
    }
}

/// What a listing came to.
#[derive(Debug, Default)]
struct Listed {
    /// There is something, be it that it is out of scope or cannot be looked into.
    found_any: bool,
    /// Why the place itself cannot be listed.
    refused: Option<ListError>,
}

/// The part of a glob that keys are matched with.
fn key_pattern(place: &Place, address: &str, argument: &str) -> anyhow::Result<Pattern> {
    let folder = match place.path().as_ref() {
        "" => String::new(),
        path => format!("{}/", Pattern::escape(path)),
    };
    let rest = argument[address.len()..].trim_start_matches('/');
    Pattern::new(&format!("{folder}{rest}")).with_context(|| format!("`{argument}` is not a glob pattern"))
}

/// Adds an object of the store with this number.
fn add(finding: &mut Finding, bucket: &str, store: u32, object: &ObjectMeta) {
    let modified = object.last_modified;
    let nanos = modified.timestamp_nanos_opt().and_then(|nanos| u64::try_from(nanos).ok()).unwrap_or(0);
    let etag = object.e_tag.as_deref().map_or_else(|| Etag::Changed(nanos, object.size), Etag::of_store);
    let uri = format!("{bucket}{}", object.location);
    finding.add_remote(&uri, store, modified.timestamp_micros(), object.size, etag);
}

fn is_at_or_below(key: &str, folder: &str) -> bool {
    folder.is_empty() || key.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
