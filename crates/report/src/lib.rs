//! Saved questions: the catalogue of queries, their parameters
