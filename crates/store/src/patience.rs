//! How often something is tried that a store could not do.
//!
//! The store's client repeats a request that is refused for the moment by itself, for minutes. It gives up on an answer that
//! breaks off, and on what looks final and may not be. What is not done there is done here.

use std::time::Duration;

use object_store::Error;

use crate::reason::is_final;

/// Attempts at one thing.
const ATTEMPTS: u32 = 4;
/// Time before the second attempt; each further one waits four times as long.
const FIRST_WAIT: Duration = Duration::from_millis(100);

/// Attempts that are left.
#[derive(Debug)]
pub(crate) struct Patience {
    left: u32,
    wait: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { left: ATTEMPTS - 1, wait: FIRST_WAIT }
    }
}

impl Patience {
    /// Waits, and says whether to try again.
    pub(crate) async fn outlasts(&mut self, error: &Error) -> bool {
        if self.left == 0 || is_final(error) {
            return false;
        }
        tokio::time::sleep(self.wait).await;
        self.left -= 1;
        self.wait *= 4;
        true
    }
}
