//! Checks a report against the schema that `sixty report --schema` prints: as much of JSON Schema as it uses, and
//! stricter, since a key that the schema does not name is a problem. A keyword that is not known here is one too.

use std::process::Command;
use std::sync::LazyLock;

use serde_json::Value;

/// As the program prints it.
static SCHEMA: LazyLock<Value> = LazyLock::new(|| {
    let output = Command::new(env!("CARGO_BIN_EXE_sixty")).args(["report", "--schema"]).output().unwrap();
    serde_json::from_slice(&output.stdout).unwrap()
});

/// Everything about the document that the schema does not allow, each with its place.
pub fn problems(document: &Value) -> Vec<String> {
    problems_in(&SCHEMA, document)
}

/// The same against another schema.
pub fn problems_in(schema: &Value, document: &Value) -> Vec<String> {
    let mut found = Vec::new();
    check(schema, schema, document, "$", &mut found);
    found
}

fn fits(root: &Value, schema: &Value, value: &Value) -> bool {
    let mut found = Vec::new();
    check(root, schema, value, "", &mut found);
    found.is_empty()
}

fn check(root: &Value, schema: &Value, value: &Value, place: &str, found: &mut Vec<String>) {
    let mut wrong = |what: String| found.push(format!("{place}: {what}"));
    for (keyword, rule) in schema.as_object().unwrap() {
        match keyword.as_str() {
            "const" if rule != value => wrong(format!("{value} is not {rule}")),
            "enum" if !rule.as_array().unwrap().contains(value) => wrong(format!("{value} is none of {rule}")),
            "type" if !is_of(rule, value) => wrong(format!("{value} is not of type {rule}")),
            "format" if !is_formatted(rule, value) => wrong(format!("{value} is no {rule}")),
            "minimum" if value.as_f64().is_some_and(|number| number < rule.as_f64().unwrap()) => {
                wrong(format!("{value} is less than {rule}"));
            }
            "maximum" if value.as_f64().is_some_and(|number| number > rule.as_f64().unwrap()) => {
                wrong(format!("{value} is more than {rule}"));
            }
            "minItems" if value.as_array().is_some_and(|items| (items.len() as u64) < rule.as_u64().unwrap()) => {
                wrong(format!("fewer than {rule} items"));
            }
            "maxItems" if value.as_array().is_some_and(|items| (items.len() as u64) > rule.as_u64().unwrap()) => {
                wrong(format!("more than {rule} items"));
            }
            // Fulfilled, or read below together with what they are about.
            "$schema"
            | "$defs"
            | "title"
            | "description"
            | "const"
            | "enum"
            | "type"
            | "format"
            | "minimum"
            | "maximum"
            | "minItems"
            | "maxItems"
            | "additionalProperties"
            | "required"
            | "items"
            | "prefixItems"
            | "properties" => {}
            "$ref" => {
                let name = rule.as_str().unwrap().strip_prefix("#/$defs/").unwrap();
                check(root, &root["$defs"][name], value, place, found);
                return check_rest(root, schema, value, place, found);
            }
            "anyOf" | "oneOf" => {
                let fitting = rule.as_array().unwrap().iter().filter(|one| fits(root, one, value)).count();
                if fitting == 0 || (keyword == "oneOf" && fitting > 1) {
                    wrong(format!("{value} fits {fitting} of {rule}"));
                }
            }
            other => wrong(format!("the keyword {other} is not known to this test")),
        }
    }
    check_rest(root, schema, value, place, found);
}

/// What an object and a list hold.
fn check_rest(root: &Value, schema: &Value, value: &Value, place: &str, found: &mut Vec<String>) {
    if let Some(object) = value.as_object()
        && schema["type"] == "object"
    {
        let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
        found.extend(required.filter(|key| !object.contains_key(*key)).map(|key| format!("{place}: no {key}")));
        for (key, inner) in object {
            let place = format!("{place}.{key}");
            match (schema["properties"].get(key), schema.get("additionalProperties")) {
                (Some(rule), _) | (None, Some(rule @ Value::Object(_))) => check(root, rule, inner, &place, found),
                _ => found.push(format!("{place}: the schema does not name it")),
            }
        }
    }
    if let Some(items) = value.as_array() {
        for (index, item) in items.iter().enumerate() {
            if let Some(rule) = schema["prefixItems"].get(index).or_else(|| schema.get("items")) {
                check(root, rule, item, &format!("{place}[{index}]"), found);
            }
        }
    }
}

fn is_of(rule: &Value, value: &Value) -> bool {
    let is = |name: &Value| match name.as_str().unwrap() {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        "number" => value.is_number(),
        "integer" => value.is_u64() || value.is_i64(),
        other => panic!("{other} is no type"),
    };
    rule.as_array().map_or_else(|| is(rule), |names| names.iter().any(is))
}

fn is_formatted(rule: &Value, value: &Value) -> bool {
    match (rule.as_str().unwrap(), value.as_str()) {
        ("date-time", Some(text)) => {
            // Always UTC, always milliseconds: 2026-02-03T03:21:09.123Z.
            text.len() == 24 && text.ends_with('Z') && chrono::DateTime::parse_from_rfc3339(text).is_ok()
        }
        // The width of a number in the program.
        ("double" | "uint" | "uint8" | "uint64", _) => true,
        _ => value.is_null(),
    }
}
