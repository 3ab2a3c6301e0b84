//! Record batches in, one committed Delta table out, and back to a snapshot
