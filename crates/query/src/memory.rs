//! Who gets how much memory: equal shares for steps that can spill, and a part that they leave to those that cannot.
//!
//! DataFusion's own fair pool lets sorts fill all of it; the merge of what they spilled, which cannot spill itself, then finds
//! nothing left and the query fails although it could go on. And such a merge takes as many files as there is memory for: the
//! first of several would leave nothing to the others, so they have equal shares too.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use datafusion::error::{DataFusionError, Result};
use datafusion::execution::memory_pool::{
    MemoryConsumer, MemoryLimit, MemoryPool, MemoryReservation, human_readable_size,
};

/// The part of the pool that is left to steps which cannot spill: one in so many.
pub(crate) const LEFT_PART: usize = 4;

/// How the names of steps begin that merge what a sort has spilled.
const MERGE: &str = "ExternalSorterMerge";

/// A pool of that many bytes.
#[derive(Debug)]
pub(crate) struct SharedPool {
    bytes: usize,
    used: Mutex<Used>,
}

#[derive(Debug, Default)]
struct Used {
    /// Steps that can spill.
    spillers: usize,
    /// Steps that merge what was spilled.
    merges: usize,
    by_spillers: usize,
    by_others: usize,
}

impl SharedPool {
    pub(crate) fn new(bytes: usize) -> Self {
        Self { bytes, used: Mutex::default() }
    }

    fn used(&self) -> MutexGuard<'_, Used> {
        self.used.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Bytes that one step which can spill may have.
    fn share(&self, used: &Used) -> usize {
        let left = used.by_others.max(self.bytes / LEFT_PART);
        self.bytes.saturating_sub(left) / used.spillers.max(1)
    }

    /// Bytes that one merge may have: all of them leave to others what steps that can spill leave.
    fn share_of_merge(&self, used: &Used) -> usize {
        (self.bytes - self.bytes / LEFT_PART) / used.merges.max(1)
    }

    /// Bytes that a step may have beside those that it has.
    fn available(&self, used: &Used, reservation: &MemoryReservation) -> usize {
        let consumer = reservation.consumer();
        let free = self.bytes.saturating_sub(used.by_others + used.by_spillers);
        if consumer.can_spill() {
            self.share(used).saturating_sub(reservation.size())
        } else if is_merge(consumer) {
            free.min(self.share_of_merge(used).saturating_sub(reservation.size()))
        } else {
            free
        }
    }
}

fn is_merge(consumer: &MemoryConsumer) -> bool {
    consumer.name().starts_with(MERGE)
}

impl fmt::Display for SharedPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "shared({})", human_readable_size(self.bytes))
    }
}

impl MemoryPool for SharedPool {
    fn name(&self) -> &str {
        "shared"
    }

    fn register(&self, consumer: &MemoryConsumer) {
        let mut used = self.used();
        used.spillers += usize::from(consumer.can_spill());
        used.merges += usize::from(is_merge(consumer));
    }

    fn unregister(&self, consumer: &MemoryConsumer) {
        let mut used = self.used();
        used.spillers = used.spillers.saturating_sub(usize::from(consumer.can_spill()));
        used.merges = used.merges.saturating_sub(usize::from(is_merge(consumer)));
    }

    fn grow(&self, reservation: &MemoryReservation, additional: usize) {
        let mut used = self.used();
        if reservation.consumer().can_spill() {
            used.by_spillers += additional;
        } else {
            used.by_others += additional;
        }
    }

    fn shrink(&self, reservation: &MemoryReservation, shrink: usize) {
        let mut used = self.used();
        if reservation.consumer().can_spill() {
            used.by_spillers = used.by_spillers.saturating_sub(shrink);
        } else {
            used.by_others = used.by_others.saturating_sub(shrink);
        }
    }

    fn try_grow(&self, reservation: &MemoryReservation, additional: usize) -> Result<()> {
        let mut used = self.used();
        let available = self.available(&used, reservation);
        if additional > available {
            // in the words of DataFusion's pools
            return Err(DataFusionError::ResourcesExhausted(format!(
                "Failed to allocate additional {} for {} with {} already allocated for this reservation - {} remain",
                human_readable_size(additional),
                reservation.consumer().name(),
                human_readable_size(reservation.size()),
                human_readable_size(available),
            )));
        }
        if reservation.consumer().can_spill() {
            used.by_spillers += additional;
        } else {
            used.by_others += additional;
        }
        Ok(())
    }

    fn reserved(&self) -> usize {
        let used = self.used();
        used.by_spillers + used.by_others
    }

    fn memory_limit(&self) -> MemoryLimit {
        MemoryLimit::Finite(self.bytes)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn spillers_leave_something_to_the_others() {
        let pool: Arc<dyn MemoryPool> = Arc::new(SharedPool::new(1000));
        let first = MemoryConsumer::new("sort").with_can_spill(true).register(&pool);
        let second = MemoryConsumer::new("sort").with_can_spill(true).register(&pool);
        let merge = MemoryConsumer::new("merge").register(&pool);
        assert!(first.try_grow(375).is_ok() && first.try_grow(1).is_err());
        assert!(second.try_grow(375).is_ok());
        assert!(merge.try_grow(250).is_ok() && merge.try_grow(1).is_err());
        drop(second);
        assert!(first.try_grow(375).is_ok() && merge.try_grow(1).is_err());
        drop((first, merge));
        assert_eq!(pool.reserved(), 0);
    }

    #[test]
    fn no_merge_takes_what_another_needs() {
        let pool: Arc<dyn MemoryPool> = Arc::new(SharedPool::new(1000));
        let merge = |at: usize| MemoryConsumer::new(format!("ExternalSorterMerge[{at}]")).register(&pool);
        let (first, second) = (merge(0), merge(1));
        assert!(first.try_grow(375).is_ok() && first.try_grow(1).is_err());
        assert!(second.try_grow(375).is_ok() && second.try_grow(1).is_err());
        let other = MemoryConsumer::new("SortPreservingMergeExec[0]").register(&pool);
        assert!(other.try_grow(250).is_ok() && other.try_grow(1).is_err());
        drop((other, second));
        assert!(first.try_grow(375).is_ok() && first.try_grow(1).is_err());
    }
}
