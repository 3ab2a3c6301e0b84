//! Functions on values with fields: resources under the names of other tables, any value as JSON, the whole record as JSON.

use std::fmt::Write as _;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, ListArray, RecordBatch, StringArray, StructArray};
use arrow::datatypes::{DataType, Field, Fields, Schema};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::common::{exec_err, internal_err};
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility};
use milepost_schema::COLUMNS;
use milepost_schema::rebuild::Rebuilder;
use milepost_schema::write_json_string;

use super::FunctionDoc;
use super::arguments::{array, result};

pub(super) const DOCS: [FunctionDoc; 3] = [
    FunctionDoc { call: "resource_arns(resources)", meaning: "the ARNs of a list of resources" },
    FunctionDoc {
        call: "to_json(value)",
        meaning: "a struct, list, map or number as JSON text; text is taken for JSON already",
    },
    FunctionDoc { call: "typeof(value)", meaning: "the type of a value, as DuckDB calls it" },
];

/// Names that other tables give the fields of a resource, by position: ours is `{arn, arn_prefix, account_id, type}`.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Renaming {
    function: &'static str,
    /// Name there, and ours.
    fields: &'static [(&'static str, &'static str)],
}

pub(super) const RENAMINGS: [&Renaming; 3] = [
    &Renaming {
        function: "athena_resources",
        fields: &[("arn", "arn"), ("accountid", "account_id"), ("type", "type")],
    },
    &Renaming {
        function: "lake_resources",
        fields: &[("accountid", "account_id"), ("type", "type"), ("arn", "arn"), ("arnprefix", "arn_prefix")],
    },
    &Renaming {
        function: "tailpipe_resources",
        fields: &[("arn", "arn"), ("account_id", "account_id"), ("type", "type")],
    },
];

/// `athena_resources(resources)` and its like.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct RenamedResources {
    renaming: &'static Renaming,
    signature: Signature,
}

impl RenamedResources {
    pub(super) fn new(renaming: &'static Renaming) -> Self {
        Self { renaming, signature: Signature::any(1, Volatility::Immutable) }
    }

    fn element(&self) -> Arc<Field> {
        let fields: Fields =
            self.renaming.fields.iter().map(|(name, _)| Field::new(*name, DataType::Utf8, true)).collect();
        Arc::new(Field::new_list_field(DataType::Struct(fields), true))
    }
}

impl ScalarUDFImpl for RenamedResources {
    fn name(&self) -> &str {
        self.renaming.function
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::List(self.element()))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let resources = array(&args, 0)?;
        let Some(resources) = resources.as_list_opt::<i32>() else {
            return internal_err!("resources are no list");
        };
        let Some(structs) = resources.values().as_struct_opt() else {
            return internal_err!("resources are no list of structs");
        };
        let mut columns: Vec<ArrayRef> = Vec::new();
        for (_, ours) in self.renaming.fields {
            match structs.column_by_name(ours) {
                Some(column) => columns.push(Arc::clone(column)),
                None => return internal_err!("resources have no field {ours}"),
            }
        }
        let element = self.element();
        let DataType::Struct(fields) = element.data_type() else { return internal_err!("not a struct") };
        let values = StructArray::try_new(fields.clone(), columns, structs.nulls().cloned())?;
        let list =
            ListArray::try_new(element, resources.offsets().clone(), Arc::new(values), resources.nulls().cloned())?;
        result(&args, Arc::new(list))
    }
}

/// `resource_arns(resources)`.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct ResourceArns(Signature);

impl ResourceArns {
    pub(super) fn new() -> Self {
        Self(Signature::any(1, Volatility::Immutable))
    }
}

impl ScalarUDFImpl for ResourceArns {
    fn name(&self) -> &'static str {
        "resource_arns"
    }

    fn signature(&self) -> &Signature {
        &self.0
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::List(Arc::new(Field::new_list_field(DataType::Utf8, true))))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let resources = array(&args, 0)?;
        let structs = resources.as_list_opt::<i32>().and_then(|list| Some((list, list.values().as_struct_opt()?)));
        let Some((list, Some(arns))) = structs.map(|(list, structs)| (list, structs.column_by_name("arn"))) else {
            return internal_err!("resources are no list of structs");
        };
        let element = Arc::new(Field::new_list_field(DataType::Utf8, true));
        let arns = ListArray::try_new(element, list.offsets().clone(), Arc::clone(arns), list.nulls().cloned())?;
        result(&args, Arc::new(arns))
    }
}

/// `to_json(value)`.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct ToJson(Signature);

impl ToJson {
    pub(super) fn new() -> Self {
        Self(Signature::any(1, Volatility::Immutable))
    }
}

impl ScalarUDFImpl for ToJson {
    fn name(&self) -> &'static str {
        "to_json"
    }

    fn signature(&self) -> &Signature {
        &self.0
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        result(&args, json_of(&array(&args, 0)?)?)
    }
}

/// Values as JSON text; text is taken for JSON already.
pub(super) fn json_of(values: &ArrayRef) -> Result<ArrayRef> {
    if values.data_type().is_string() {
        return Ok(arrow::compute::cast(values, &DataType::Utf8)?);
    }
    let mut texts = Vec::with_capacity(values.len());
    for row in 0..values.len() {
        let mut json = String::new();
        write_json(values, row, &mut json)?;
        texts.push(values.is_valid(row).then_some(json));
    }
    Ok(Arc::new(StringArray::from(texts)))
}

/// Writes one value as JSON, nulls included, as DuckDB does.
fn write_json(array: &ArrayRef, row: usize, out: &mut String) -> Result<()> {
    if array.is_null(row) {
        out.push_str("null");
        return Ok(());
    }
    match array.data_type() {
        DataType::Struct(fields) => {
            let structs = array.as_struct();
            for (index, (field, column)) in fields.iter().zip(structs.columns()).enumerate() {
                out.push(if index == 0 { '{' } else { ',' });
                write_json_string(out, field.name());
                out.push(':');
                write_json(column, row, out)?;
            }
            out.push_str(if fields.is_empty() { "{}" } else { "}" });
        }
        DataType::List(_) => {
            let items = array.as_list::<i32>().value(row);
            out.push('[');
            for index in 0..items.len() {
                if index > 0 {
                    out.push(',');
                }
                write_json(&items, index, out)?;
            }
            out.push(']');
        }
        DataType::Map(_, _) => {
            let entries: ArrayRef = Arc::new(array.as_map().value(row));
            let (keys, values) = (Arc::clone(entries.as_struct().column(0)), Arc::clone(entries.as_struct().column(1)));
            out.push('{');
            for index in 0..entries.len() {
                if index > 0 {
                    out.push(',');
                }
                write_json(&keys, index, out)?;
                out.push(':');
                write_json(&values, index, out)?;
            }
            out.push('}');
        }
        kind => {
            let text = ArrayFormatter::try_new(array, &FormatOptions::default())?.value(row).to_string();
            if kind.is_numeric() || *kind == DataType::Boolean {
                let _ = write!(out, "{text}");
            } else {
                write_json_string(out, &text);
            }
        }
    }
    Ok(())
}

/// `typeof(value)`.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct TypeName(Signature);

impl TypeName {
    pub(super) fn new() -> Self {
        Self(Signature::any(1, Volatility::Immutable))
    }
}

impl ScalarUDFImpl for TypeName {
    fn name(&self) -> &'static str {
        "typeof"
    }

    fn signature(&self) -> &Signature {
        &self.0
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        match args.args.first() {
            Some(value) => Ok(ColumnarValue::Scalar(type_name(&value.data_type()).into())),
            None => exec_err!("typeof takes one value"),
        }
    }
}

pub(super) fn type_name(kind: &DataType) -> String {
    match kind {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => "VARCHAR".to_owned(),
        DataType::Boolean => "BOOLEAN".to_owned(),
        DataType::Int64 => "BIGINT".to_owned(),
        DataType::Int32 => "INTEGER".to_owned(),
        DataType::Float64 => "DOUBLE".to_owned(),
        DataType::Date32 => "DATE".to_owned(),
        DataType::Timestamp(_, Some(_)) => "TIMESTAMP WITH TIME ZONE".to_owned(),
        DataType::Timestamp(_, None) => "TIMESTAMP".to_owned(),
        DataType::Null => "\"NULL\"".to_owned(),
        DataType::List(item) => format!("{}[]", type_name(item.data_type())),
        DataType::Map(entries, _) => match entries.data_type() {
            DataType::Struct(fields) if fields.len() == 2 => {
                format!("MAP({}, {})", type_name(fields[0].data_type()), type_name(fields[1].data_type()))
            }
            other => other.to_string(),
        },
        DataType::Struct(fields) => {
            let fields: Vec<String> =
                fields.iter().map(|field| format!("{} {}", field.name(), type_name(field.data_type()))).collect();
            format!("STRUCT({})", fields.join(", "))
        }
        other => other.to_string().to_uppercase(),
    }
}

/// `event_json(columns…)`: the record that the columns of a row come from.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct EventJson(Signature);

impl EventJson {
    pub(super) fn new() -> Self {
        Self(Signature::variadic_any(Volatility::Immutable))
    }
}

impl ScalarUDFImpl for EventJson {
    fn name(&self) -> &'static str {
        "event_json"
    }

    fn signature(&self) -> &Signature {
        &self.0
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let mut fields = Vec::with_capacity(args.args.len());
        let mut columns = Vec::with_capacity(args.args.len());
        for (index, column) in COLUMNS.iter().enumerate().take(args.args.len()) {
            let values = array(&args, index)?;
            fields.push(Field::new(column.name, values.data_type().clone(), true));
            columns.push(values);
        }
        let external = |error| DataFusionError::External(Box::new(error));
        let batch = RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)?;
        let rebuilder = Rebuilder::new(&batch).map_err(external)?;
        let mut records = Vec::with_capacity(batch.num_rows());
        for row in 0..batch.num_rows() {
            let mut record = String::new();
            rebuilder.write(row, &mut record).map_err(external)?;
            records.push(Some(record));
        }
        result(&args, Arc::new(StringArray::from(records)))
    }
}
