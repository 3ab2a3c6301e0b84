//! The functions behind PostgreSQL's JSON operators (`->`, `->>`, `?`, `#>`, `#>>`), over what is known of a batch already.
//!
//! datafusion-functions-json reads each text from its beginning in every call. Here the names of a path are looked up as all
//! other functions of this module do, and its function gets what is found instead of the whole texts: a view of them, not a
//! copy. What is no such call, an array of keys or a union, goes to it as it is.

use std::sync::{Arc, LazyLock};

use arrow::array::{Array as _, AsArray as _, StringArray, StringViewBuilder};
use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::ScalarValue;
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, Documentation, ExpressionPlacement, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl,
    Signature,
};
use datafusion_functions_json::udfs;

use super::json_documents::Documents;
use super::json_path::{Path, Rule, Step};

/// The functions that take a path, each with the one in its place.
static FUNCTIONS: LazyLock<Vec<(Arc<ScalarUDF>, Arc<ScalarUDF>)>> = LazyLock::new(|| {
    let all = [
        udfs::json_as_text_udf(),
        udfs::json_contains_udf(),
        udfs::json_get_udf(),
        udfs::json_get_array_udf(),
        udfs::json_get_bool_udf(),
        udfs::json_get_float_udf(),
        udfs::json_get_int_udf(),
        udfs::json_get_json_udf(),
        udfs::json_get_str_udf(),
        udfs::json_length_udf(),
        udfs::json_object_keys_udf(),
    ];
    let shared = |original: Arc<ScalarUDF>| {
        let shared = Arc::new(ScalarUDF::new_from_impl(Shared { original: Arc::clone(&original) }));
        (original, shared)
    };
    all.map(shared).into()
});

/// The function that does the same and shares what it finds out; `None` if `function` is none of those.
pub(crate) fn shared(function: &ScalarUDF) -> Option<Arc<ScalarUDF>> {
    let is_it = |original: &ScalarUDF| original.name() == function.name() && original == function;
    FUNCTIONS.iter().find(|(original, _)| is_it(original)).map(|(_, shared)| Arc::clone(shared))
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Shared {
    original: Arc<ScalarUDF>,
}

impl ScalarUDFImpl for Shared {
    fn name(&self) -> &str {
        self.original.name()
    }

    fn aliases(&self) -> &[String] {
        self.original.aliases()
    }

    fn signature(&self) -> &Signature {
        self.original.signature()
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        self.original.return_type(arguments)
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs) -> Result<FieldRef> {
        self.original.return_field_from_args(args)
    }

    fn placement(&self, args: &[ExpressionPlacement]) -> ExpressionPlacement {
        self.original.placement(args)
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.original.documentation()
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let args = match of_values(&args)? {
            Some(reduced) => reduced,
            None => args,
        };
        self.original.invoke_with_args(args)
    }
}

/// The call on what the names of the path lead to, with what is behind them in the path.
fn of_values(args: &ScalarFunctionArgs) -> Result<Option<ScalarFunctionArgs>> {
    let Some((ColumnarValue::Array(json), path)) = args.args.split_first() else { return Ok(None) };
    let Some(texts) = json.as_string_opt::<i32>() else { return Ok(None) };
    let Some(mut steps) = constants(path)? else { return Ok(None) };
    let names: Path = steps.iter().map_while(name).collect();
    // places in a view have 32 bits
    if names.is_empty() || u32::try_from(texts.values().len()).is_err() {
        return Ok(None);
    }
    let values = ColumnarValue::Array(Arc::new(values(args, texts, &names)?.finish()));
    let rest = steps.drain(names.len()..).map(ColumnarValue::Scalar);
    let arguments: Vec<ColumnarValue> = std::iter::once(values).chain(rest).collect();
    let field = |argument: &ColumnarValue| Arc::new(Field::new("argument", argument.data_type(), true));
    Ok(Some(ScalarFunctionArgs { arg_fields: arguments.iter().map(field).collect(), args: arguments, ..args.clone() }))
}

fn values(args: &ScalarFunctionArgs, texts: &StringArray, names: &[Step]) -> Result<StringViewBuilder> {
    let mut json = Documents::new(args, 0)?;
    let mut values = StringViewBuilder::with_capacity(texts.len());
    let block = values.append_block(texts.values().clone());
    let start = texts.values().as_ptr().addr();
    let short = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    for row in 0..texts.len() {
        match json.find(row, names, Rule::Postgres) {
            Some(value) => {
                values.try_append_view(block, short(value.as_ptr().addr() - start), short(value.len()))?;
            }
            None => values.append_null(),
        }
    }
    Ok(values)
}

/// The steps of a path, if all of them are constants; one list may be all of it.
fn constants(path: &[ColumnarValue]) -> Result<Option<Vec<ScalarValue>>> {
    if let [ColumnarValue::Scalar(ScalarValue::List(list))] = path {
        if list.len() != 1 {
            return Ok(None);
        }
        let elements = list.value(0);
        return (0..elements.len())
            .map(|at| ScalarValue::try_from_array(&elements, at))
            .collect::<Result<_>>()
            .map(Some);
    }
    let scalar = |argument: &ColumnarValue| match argument {
        ColumnarValue::Scalar(ScalarValue::List(_)) | ColumnarValue::Array(_) => None,
        ColumnarValue::Scalar(value) => Some(value.clone()),
    };
    Ok(path.iter().map(scalar).collect())
}

fn name(step: &ScalarValue) -> Option<Step> {
    step.try_as_str().flatten().map(|name| Step::Member(name.to_owned()))
}

#[cfg(test)]
mod tests {
    use arrow::array::ArrayRef;
    use datafusion::common::config::ConfigOptions;

    use super::*;

    fn call(function: &ScalarUDF, json: &ArrayRef, path: &[ScalarValue]) -> ColumnarValue {
        let path = path.iter().cloned().map(ColumnarValue::Scalar);
        let args: Vec<ColumnarValue> = std::iter::once(ColumnarValue::Array(Arc::clone(json))).chain(path).collect();
        let types: Vec<DataType> = args.iter().map(ColumnarValue::data_type).collect();
        let returns = function.return_type(&types).unwrap();
        let args = ScalarFunctionArgs {
            arg_fields: types.iter().map(|kind| Arc::new(Field::new("a", kind.clone(), true))).collect(),
            args,
            number_rows: json.len(),
            return_field: Arc::new(Field::new("r", returns, true)),
            config_options: Arc::new(ConfigOptions::new()),
        };
        function.invoke_with_args(args).unwrap()
    }

    #[test]
    fn the_answers_are_those_of_the_functions_themselves() {
        let texts = [
            Some(r#"{"a":"escaped\nvalue","b":null,"c":[1,{"x":true},-7],"d":{"k":1.5,"l":{}}}"#),
            Some(r#" {"a":42 , "a":"second","b":true,"d":{},"n\u0061me":"n"}"#),
            Some(r#"[{"a":1},["x"],{"d":{"k":"in an array"}}]"#),
            Some(r#"{"c":{"1":"a member","x":[]}, "d":"text"}"#),
            Some(r#"{"a":18446744073709551616,"c":"1"}"#),
            Some("not JSON"),
            Some(""),
            Some("\"text\""),
            None,
        ];
        let all: ArrayRef = Arc::new(StringArray::from(texts.to_vec()));
        let text = |name: &str| ScalarValue::from(name);
        let list = |names: &[&str]| {
            let names: Vec<ScalarValue> = names.iter().map(|name| text(name)).collect();
            ScalarValue::List(ScalarValue::new_list(&names, &DataType::Utf8, true))
        };
        let paths = [
            vec![text("a")],
            vec![text("name")],
            vec![text("missing")],
            vec![text("b")],
            vec![text("d"), text("k")],
            vec![text("d"), text("l"), text("m")],
            vec![text("c"), ScalarValue::Int64(Some(1))],
            vec![text("c"), text("1")],
            vec![text("c"), text("1"), text("x")],
            vec![text("c"), text("-1")],
            vec![text("0"), text("a")],
            vec![ScalarValue::Int64(Some(2)), text("d"), text("k")],
            vec![text("a"), ScalarValue::Utf8(None)],
            vec![list(&["d", "k"])],
            vec![list(&["c", "1", "x"])],
        ];
        for json in [&all, &all.slice(1, 5)] {
            for (original, shared) in FUNCTIONS.iter() {
                for path in &paths {
                    let (one, other) = (call(original, json, path), call(shared, json, path));
                    let (ColumnarValue::Array(one), ColumnarValue::Array(other)) = (one, other) else { panic!() };
                    assert_eq!(&one, &other, "{} {path:?}", original.name());
                }
            }
        }
    }

    #[test]
    fn each_function_is_replaced_once() {
        for (original, instead) in FUNCTIONS.iter() {
            assert_eq!(shared(original).as_ref(), Some(instead));
            assert_eq!(shared(instead), None);
        }
    }
}
