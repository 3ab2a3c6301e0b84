//! Functions that can make a value of any size from a small one, with a look at the size before it is made.
//!
//! The memory of a query is watched where rows are kept: by sorts, groups, joins. A function is asked for its values and makes
//! them, and `repeat('x', 2000000000)` is gone wrong before anybody could say so. So each such call is put behind another that
//! says how much it would make. Names, types and documentation stay the function's own.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::Transformed;
use datafusion::common::{DFSchema, Result};
use datafusion::error::DataFusionError;
use datafusion::execution::memory_pool::human_readable_size;
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::expr_rewriter::FunctionRewrite;
use datafusion::logical_expr::simplify::{ExprSimplifyResult, SimplifyContext};
use datafusion::logical_expr::{ColumnarValue, Expr, Operator, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl};

use super::as_inner::as_inner;
use super::joined_texts::JoinedTexts;
use super::sizes::{self, Size};

/// Functions by name, and what their values come to.
const SIZES: [(&str, Size); 12] = [
    ("repeat", sizes::repeat),
    ("lpad", sizes::pad),
    ("rpad", sizes::pad),
    ("replace", sizes::replace),
    ("regexp_replace", sizes::regexp_replace),
    ("concat", sizes::concat),
    ("concat_ws", sizes::concat_ws),
    ("array_repeat", sizes::array_repeat),
    ("array_resize", sizes::array_resize),
    ("array_to_string", sizes::array_to_string),
    ("range", sizes::range),
    ("generate_series", sizes::range),
];

/// Puts the look at the size before each call.
#[derive(Debug)]
pub(super) struct BoundSizes {
    /// Most bytes that the values of one batch may take.
    pub(super) most_bytes: usize,
}

impl FunctionRewrite for BoundSizes {
    fn name(&self) -> &'static str {
        "bound_sizes_of_values"
    }

    fn rewrite(&self, expr: Expr, schema: &DFSchema, _: &ConfigOptions) -> Result<Transformed<Expr>> {
        if let Expr::BinaryExpr(operator) = &expr
            && operator.op == Operator::StringConcat
        {
            let call = JoinedTexts::instead_of(operator, schema, self.most_bytes);
            return Ok(call.map_or(Transformed::no(expr), Transformed::yes));
        }
        Ok(bounded(expr, self.most_bytes))
    }
}

fn bounded(expr: Expr, most_bytes: usize) -> Transformed<Expr> {
    let Expr::ScalarFunction(call) = expr else { return Transformed::no(expr) };
    let known = SIZES.iter().find(|(name, _)| *name == call.func.name());
    match known {
        Some((_, size)) if call.func.inner().downcast_ref::<Bounded>().is_none() => {
            let func = ScalarUDF::new_from_impl(Bounded { inner: call.func, size: *size, most_bytes });
            Transformed::yes(Expr::ScalarFunction(ScalarFunction::new_udf(Arc::new(func), call.args)))
        }
        _ => Transformed::no(Expr::ScalarFunction(call)),
    }
}

/// # Errors
/// It would be more than there may be.
pub(super) fn check(name: &str, bytes: usize, most_bytes: usize) -> Result<()> {
    if bytes <= most_bytes {
        return Ok(());
    }
    Err(DataFusionError::ResourcesExhausted(format!(
        "`{name}` would make {} of values at once, and at most {} may be made",
        human_readable_size(bytes),
        human_readable_size(most_bytes),
    )))
}

/// A function that looks before it makes its values.
#[derive(Debug)]
struct Bounded {
    inner: Arc<ScalarUDF>,
    size: Size,
    most_bytes: usize,
}

impl PartialEq for Bounded {
    fn eq(&self, other: &Self) -> bool {
        self.inner == other.inner && self.most_bytes == other.most_bytes
    }
}

impl Eq for Bounded {}

impl Hash for Bounded {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.inner.hash(state);
        self.most_bytes.hash(state);
    }
}

impl ScalarUDFImpl for Bounded {
    as_inner!();

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        check(self.name(), (self.size)(&args)?, self.most_bytes)?;
        self.inner.invoke_with_args(args)
    }

    fn simplify(&self, args: Vec<Expr>, context: &SimplifyContext) -> Result<ExprSimplifyResult> {
        Ok(match self.inner.simplify(args, context)? {
            // the same function with fewer arguments, as a rule
            ExprSimplifyResult::Simplified(expr) => ExprSimplifyResult::Simplified(bounded(expr, self.most_bytes).data),
            original @ ExprSimplifyResult::Original(_) => original,
        })
    }
}
