//! `TIMESTAMP` without a number of digits: microseconds, as the lake has them.
//!
//! DataFusion takes nanoseconds, which end in the year 2262, and open ends are often written as the year 9999.

use arrow::datatypes::{DataType, Field, FieldRef, TimeUnit};
use datafusion::error::Result;
use datafusion::logical_expr::planner::TypePlanner;
use datafusion::sql::sqlparser::ast::{DataType as SqlType, TimezoneInfo};

/// Says what the types are that DataFusion has otherwise, or not at all.
#[derive(Debug)]
pub(crate) struct Microseconds;

impl TypePlanner for Microseconds {
    fn plan_type_field(&self, written: &SqlType) -> Result<Option<FieldRef>> {
        let zone = match written {
            SqlType::Timestamp(None, TimezoneInfo::None | TimezoneInfo::WithoutTimeZone)
            | SqlType::TimestampNtz(None)
            | SqlType::Datetime(None) => None,
            SqlType::Timestamp(None, TimezoneInfo::Tz | TimezoneInfo::WithTimeZone) => Some("UTC".into()),
            _ => return Ok(None),
        };
        let kind = DataType::Timestamp(TimeUnit::Microsecond, zone);
        Ok(Some(Field::new("timestamp", kind, true).into()))
    }
}
