//! SQL over the lake: the only crate that names DataFusion
