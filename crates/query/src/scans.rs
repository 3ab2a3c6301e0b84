//! What a query read of the lake, and what it could leave out: by partition, by the log's statistics, by row group.

use std::sync::{Arc, Mutex, PoisonError};

use datafusion::common::tree_node::{TreeNode as _, TreeNodeRecursion};
use datafusion::datasource::source::DataSourceExec;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::metrics::{MetricValue, MetricsSet};
use serde::Serialize;

/// Scans larger than this deserve a word if nothing bounded them.
const LARGE_SCAN_BYTES: u64 = 256 << 20;

/// What was read, over all tables of a query. Bytes are those of compressed files.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct ScanSummary {
    /// Data files of the tables that were scanned.
    pub files: u64,
    /// Files that were left out because of their partition.
    pub files_pruned_by_partition: u64,
    /// Files that were left out because of the bounds of their columns, or their Bloom filters.
    pub files_pruned_by_statistics: u64,
    /// Files that were scanned.
    pub files_read: u64,
    /// Bytes of all files.
    pub bytes: u64,
    /// Bytes that were read.
    pub bytes_read: u64,
    /// Row groups of the files that were scanned, as far as they were looked at.
    pub row_groups: u64,
    /// Row groups that were left out.
    pub row_groups_pruned: u64,
    /// Bytes spilled to disk.
    pub bytes_spilled: u64,
    /// Whether a large table of events was scanned without a condition on time or partition.
    pub unbounded: bool,
}

/// What one scan was planned to do.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct PlannedScan {
    pub(crate) files: usize,
    pub(crate) bytes: u64,
    pub(crate) pruned_by_partition: usize,
    pub(crate) pruned_by_statistics: usize,
    pub(crate) bytes_left: u64,
    /// Whether a condition on time or partition could leave files out.
    pub(crate) is_bounded: bool,
}

/// Scans of one query, noted while it is planned.
#[derive(Debug, Default)]
pub(crate) struct ScanLog(Mutex<Vec<PlannedScan>>);

impl ScanLog {
    pub(crate) fn add(&self, scan: PlannedScan) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(scan);
    }
}

/// Counts along while a query runs.
#[derive(Debug, Clone)]
pub struct ScanWatch {
    planned: Arc<ScanLog>,
    plan: Arc<dyn ExecutionPlan>,
}

impl ScanWatch {
    pub(crate) fn new(planned: Arc<ScanLog>, plan: Arc<dyn ExecutionPlan>) -> Self {
        Self { planned, plan }
    }

    /// What was read so far.
    #[must_use]
    pub fn summary(&self) -> ScanSummary {
        let mut summary = ScanSummary::default();
        for scan in self.planned.0.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            summary.files += scan.files as u64;
            summary.bytes += scan.bytes;
            summary.files_pruned_by_partition += scan.pruned_by_partition as u64;
            summary.files_pruned_by_statistics += scan.pruned_by_statistics as u64;
            summary.unbounded |= !scan.is_bounded && scan.bytes_left >= LARGE_SCAN_BYTES;
        }
        let mut reads = false;
        // a plan that was made is walked without errors
        let _ = self.plan.apply(|node| {
            reads |= node.is::<DataSourceExec>();
            if let Some(metrics) = node.metrics() {
                if node.is::<DataSourceExec>() {
                    add_scan(&metrics, &mut summary);
                }
                summary.bytes_spilled += metrics.spilled_bytes().unwrap_or(0) as u64;
            }
            Ok(TreeNodeRecursion::Continue)
        });
        // what the log says is not read: `count(*)` of a table
        if reads {
            summary.files_read = summary.files - summary.files_pruned_by_partition - summary.files_pruned_by_statistics;
        }
        // a scan that was never asked for a row has read nothing, and LIMIT may make one read little
        summary.unbounded &= summary.bytes_read >= LARGE_SCAN_BYTES / 4;
        summary
    }
}

fn add_scan(metrics: &MetricsSet, summary: &mut ScanSummary) {
    for metric in metrics.iter() {
        match metric.value() {
            MetricValue::Count { name, count } if name == "bytes_scanned" => {
                summary.bytes_read += count.value() as u64;
            }
            // the first of the three looks at every group, the others at what is left
            MetricValue::PruningMetrics { name, pruning_metrics } if name == "row_groups_pruned_statistics" => {
                summary.row_groups += (pruning_metrics.pruned() + pruning_metrics.matched()) as u64;
                summary.row_groups_pruned += pruning_metrics.pruned() as u64;
            }
            MetricValue::PruningMetrics { name, pruning_metrics }
                if name == "row_groups_pruned_bloom_filter" || name == "limit_pruned_row_groups" =>
            {
                summary.row_groups_pruned += pruning_metrics.pruned() as u64;
            }
            _ => {}
        }
    }
}
