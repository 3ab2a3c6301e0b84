//! How memory is had, and given back.
//!
//! A conversion has gigabytes of rows made by some threads and freed by others, beside small things that stay. The
//! allocator before this one kept what lay between those: 30 MB more with each million events.

/// Hands out memory by size, so that what stays does not hold on to what goes.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Its settings. What was freed is given back to the system within two seconds, large buffers like small ones. A conversion
/// frees half of its memory with each commit and needs it again within a second or two: given back sooner, it would have to be
/// mapped and cleared anew, which was a tenth of all time; kept for ever, what only one stage needs would never be another's.
#[expect(unsafe_code, reason = "the allocator finds its settings by this name, before the program runs")]
// SAFETY: nothing else has the name, and it is what the allocator expects: a pointer to text that ends with a zero
#[unsafe(export_name = "_rjem_malloc_conf")]
pub(crate) static SETTINGS: &[u8; 58] = b"dirty_decay_ms:2000,muzzy_decay_ms:0,oversize_threshold:0\0";
