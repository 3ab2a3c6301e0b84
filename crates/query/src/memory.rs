//! Who gets how much memory: equal shares for steps that can spill, and a part that they leave to those that cannot.
//!
//! DataFusion's own fair pool lets sorts fill all of it; the merge of what they spilled, which cannot spill itself, then finds
//! nothing left and the query fails although it could go on.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use datafusion::error::{DataFusionError, Result};
use datafusion::execution::memory_pool::{
    MemoryConsumer, MemoryLimit, MemoryPool, MemoryReservation, human_readable_size,
};

/// The part of the pool that is left to steps which cannot spill: one in so many.
const LEFT_PART: usize = 4;

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
        if consumer.can_spill() {
            self.used().spillers += 1;
        }
    }

    fn unregister(&self, consumer: &MemoryConsumer) {
        if consumer.can_spill() {
            let mut used = self.used();
            used.spillers = used.spillers.saturating_sub(1);
        }
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
        let can_spill = reservation.consumer().can_spill();
        let available = if can_spill {
            self.share(&used).saturating_sub(reservation.size())
        } else {
            self.bytes.saturating_sub(used.by_others + used.by_spillers)
        };
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
        if can_spill {
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
}
