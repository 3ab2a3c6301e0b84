//! How memory is had, and given back.

use libmimalloc_sys::{mi_option_set, mi_option_t};

/// Decoding and encoding make many short-lived buffers on several threads; mimalloc hands those out faster than the
/// system's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Number of the option that says for how many milliseconds memory that was freed is kept (`mi_option_purge_delay`).
const PURGE_DELAY: mi_option_t = 15;

/// Gives memory back to the system as soon as it is freed, and takes it in small pages.
///
/// A conversion moves gigabytes through buffers that live for a moment. Kept for a second, as by default, and in huge pages of
/// which a part is used, they came to 760 MB at the peak where 480 MB are needed, and it was not faster.
pub(crate) fn give_back_at_once() {
    #[expect(unsafe_code, reason = "neither has a safe face; both are numbers, set once, before other threads run")]
    // SAFETY: any option may be set to any number at any time, and so may this attribute of the process; nothing is borrowed
    // or handed over. A system that does not know of huge pages says so, and has none
    unsafe {
        mi_option_set(PURGE_DELAY, 0);
        #[cfg(target_os = "linux")]
        libc::prctl(libc::PR_SET_THP_DISABLE, 1, 0, 0, 0);
    }
}
