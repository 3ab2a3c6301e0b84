//! A seeded generator of CloudTrail archives in the S3 layout
