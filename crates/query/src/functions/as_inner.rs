//! What a function around another one says of itself: what the other one says.

/// The methods of a `ScalarUDFImpl` with a function `inner` that are those of `inner`.
macro_rules! as_inner {
    () => {
        fn name(&self) -> &str {
            self.inner.name()
        }

        fn aliases(&self) -> &[String] {
            self.inner.aliases()
        }

        fn schema_name(&self, args: &[datafusion::prelude::Expr]) -> datafusion::error::Result<String> {
            self.inner.schema_name(args)
        }

        fn signature(&self) -> &datafusion::logical_expr::Signature {
            self.inner.signature()
        }

        fn coerce_types(
            &self,
            given: &[arrow::datatypes::DataType],
        ) -> datafusion::error::Result<Vec<arrow::datatypes::DataType>> {
            self.inner.coerce_types(given)
        }

        fn return_type(
            &self,
            given: &[arrow::datatypes::DataType],
        ) -> datafusion::error::Result<arrow::datatypes::DataType> {
            self.inner.return_type(given)
        }

        fn return_field_from_args(
            &self,
            args: datafusion::logical_expr::ReturnFieldArgs<'_>,
        ) -> datafusion::error::Result<arrow::datatypes::FieldRef> {
            self.inner.return_field_from_args(args)
        }

        fn is_strict(&self) -> bool {
            self.inner.is_strict()
        }

        fn evaluate_bounds(
            &self,
            input: &[&datafusion::logical_expr::interval_arithmetic::Interval],
        ) -> datafusion::error::Result<datafusion::logical_expr::interval_arithmetic::Interval> {
            self.inner.evaluate_bounds(input)
        }

        fn output_ordering(
            &self,
            inputs: &[datafusion::logical_expr::sort_properties::ExprProperties],
        ) -> datafusion::error::Result<datafusion::logical_expr::sort_properties::SortProperties> {
            self.inner.output_ordering(inputs)
        }

        fn preserves_lex_ordering(
            &self,
            inputs: &[datafusion::logical_expr::sort_properties::ExprProperties],
        ) -> datafusion::error::Result<bool> {
            self.inner.preserves_lex_ordering(inputs)
        }

        fn documentation(&self) -> Option<&datafusion::logical_expr::Documentation> {
            self.inner.documentation()
        }
    };
}

pub(super) use as_inner;
