//! How memory is had, and given back.
//!
//! A conversion has gigabytes of rows made by some threads and freed by others, beside small things that stay. The
//! allocator before this one kept what lay between those: 30 MB more with each million events.

/// Hands out memory by size, so that what stays does not hold on to what goes.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Its settings. What was freed is given back to the system within a third of a second, large buffers like small ones: a
/// conversion frees half of its memory with each commit, and needs it again a moment later.
#[expect(unsafe_code, reason = "the allocator finds its settings by this name, before the program runs")]
// SAFETY: nothing else has the name, and it is what the allocator expects: a pointer to text that ends with a zero
#[unsafe(export_name = "_rjem_malloc_conf")]
pub(crate) static SETTINGS: &[u8; 57] = b"dirty_decay_ms:300,muzzy_decay_ms:0,oversize_threshold:0\0";
