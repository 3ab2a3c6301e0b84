//! The same for a single group, where somebody asks for that.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use arrow::array::ArrayRef;
use datafusion::common::ScalarValue;
use datafusion::error::Result;
use datafusion::logical_expr::{Accumulator, EmitTo, GroupsAccumulator as _};

use super::groups::Pairs;

/// All pairs are of group 0. The lock is for the type alone: what is asked for by one thread only must be fit for several.
pub(super) struct OneGroup(Mutex<Pairs>);

impl OneGroup {
    pub(super) fn new(pairs: Pairs) -> Self {
        Self(Mutex::new(pairs))
    }

    fn pairs(&mut self) -> &mut Pairs {
        self.0.get_mut().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for OneGroup {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("OneGroup").finish_non_exhaustive()
    }
}

impl Accumulator for OneGroup {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let groups = vec![0; values.first().map_or(0, |values| values.len())];
        self.pairs().update_batch(values, &groups, None, 1)
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        let pairs = self.pairs();
        pairs.expect(1);
        ScalarValue::try_from_array(&pairs.evaluate(EmitTo::All)?, 0)
    }

    fn size(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).size()
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        let pairs = self.pairs();
        pairs.expect(1);
        pairs.state(EmitTo::All)?.iter().map(|state| ScalarValue::try_from_array(state, 0)).collect()
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let groups = vec![0; states.first().map_or(0, |states| states.len())];
        self.pairs().merge_batch(states, &groups, 1)
    }
}
