//! Is a line of JSON what `crates/client/schema/v1.json` says? Knows the few keywords of JSON Schema that
//! stand there, and refuses any other: what is not looked at is a check that cannot fail. Stricter than
//! the standard: a field that is not described is wrong.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

/// The schema of the lines.
#[derive(Debug)]
pub(crate) struct Schema(Value);

impl Schema {
    /// Of the repository at this path.
    pub(crate) fn of(repository: &Path) -> Self {
        let path = repository.join("crates/client/schema/v1.json");
        let text = std::fs::read_to_string(&path).expect("the schema is there");
        Self(serde_json::from_str(&text).expect("it is JSON"))
    }

    /// The types of lines that it has.
    pub(crate) fn types(&self) -> BTreeSet<String> {
        let types = at(&self.0, "oneOf").as_array().expect("a list of types");
        types.iter().map(|of_type| name(at(of_type, "$ref"))).collect()
    }

    /// Checks a line, and says of which type it is.
    #[track_caller]
    pub(crate) fn check(&self, line: &str) -> String {
        let value: Value = serde_json::from_str(line).unwrap_or_else(|why| panic!("{why}: {line}"));
        let of_type = at(&value, "type").as_str().unwrap_or_else(|| panic!("no type: {line}"));
        assert!(self.types().contains(of_type), "an unknown type: {line}");
        if let Err(why) = self.fits(self.definition(of_type), &value, of_type) {
            panic!("{why}: {line}");
        }
        of_type.to_owned()
    }

    fn definition(&self, name: &str) -> &Value {
        at(at(&self.0, "$defs"), name)
    }

    fn fits(&self, schema: &Value, value: &Value, place: &str) -> Result<(), String> {
        let wrong = |what: &dyn std::fmt::Display| Err(format!("{place}: {value} {what}"));
        for (keyword, wanted) in schema.as_object().expect("a schema is an object") {
            match keyword.as_str() {
                "description" => {}
                "$ref" => self.fits(self.definition(&name(wanted)), value, place)?,
                "const" if value == wanted => {}
                "enum" if wanted.as_array().is_some_and(|all| all.contains(value)) => {}
                "type" if is_of(wanted, value) => {}
                "minimum" if value.as_u64() >= wanted.as_u64() => {}
                "pattern" if is_like(value.as_str(), wanted.as_str()) => {}
                "required" => {
                    for field in wanted.as_array().expect("a list of fields") {
                        if value.get(field.as_str().unwrap_or_default()).is_none() {
                            return wrong(&format_args!("has no {field}"));
                        }
                    }
                }
                "properties" => {
                    for (field, value) in value.as_object().expect("its type is object") {
                        let described = wanted.get(field);
                        let described =
                            described.ok_or(format!("{place}.{field} is not described"))?;
                        self.fits(described, value, &format!("{place}.{field}"))?;
                    }
                }
                "items" => {
                    for value in value.as_array().expect("its type is array") {
                        self.fits(wanted, value, place)?;
                    }
                }
                "const" | "enum" | "type" | "minimum" | "pattern" => {
                    return wrong(&format_args!("is not {keyword} {wanted}"));
                }
                other => return Err(format!("{place}: the checker does not know \"{other}\"")),
            }
        }
        Ok(())
    }
}

/// A field; null if there is none.
fn at<'a>(value: &'a Value, field: &str) -> &'a Value {
    value.get(field).unwrap_or(&Value::Null)
}

/// `#/$defs/time`
fn name(reference: &Value) -> String {
    let reference = reference.as_str().and_then(|text| text.strip_prefix("#/$defs/"));
    reference.expect("it refers to $defs").to_owned()
}

fn is_of(wanted: &Value, value: &Value) -> bool {
    match wanted {
        Value::Array(any) => any.iter().any(|wanted| is_of(wanted, value)),
        wanted => match wanted.as_str() {
            Some("string") => value.is_string(),
            Some("integer") => value.is_u64(),
            Some("object") => value.is_object(),
            Some("array") => value.is_array(),
            Some("null") => value.is_null(),
            other => panic!("the checker does not know the type {other:?}"),
        },
    }
}

/// Patterns of digits, `[0-9]{N}`, and of characters that stand for themselves.
fn is_like(text: Option<&str>, pattern: Option<&str>) -> bool {
    let pattern = pattern.and_then(|pattern| pattern.strip_prefix('^')?.strip_suffix('$'));
    let (Some(mut text), Some(pattern)) = (text, pattern) else { return false };
    let mut parts = pattern.split("[0-9]{");
    let literal = |text: &str| text.replace("\\.", ".");
    let Some(rest) = text.strip_prefix(&literal(parts.next().unwrap_or_default())) else {
        return false;
    };
    text = rest;
    for part in parts {
        let (count, behind) = part.split_once('}').expect("a count of digits");
        let count: usize = count.parse().expect("a count of digits");
        let Some((digits, rest)) = text.split_at_checked(count) else { return false };
        let Some(rest) = rest.strip_prefix(&literal(behind)) else { return false };
        if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return false;
        }
        text = rest;
    }
    text.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(schema: &str, value: &str) -> bool {
        let schema = serde_json::from_str(schema).unwrap();
        let value = serde_json::from_str(value).unwrap();
        Schema(Value::Null).fits(&schema, &value, "").is_ok()
    }

    #[test]
    fn what_does_not_fit_is_seen() {
        let time = r#"{"type":"string","pattern":"^[0-9]{4}-[0-9]{2}\\.Z$"}"#;
        assert!(fits(time, r#""2026-11.Z""#));
        for wrong in [r#""2026-1x.Z""#, r#""2026-11.""#, r#""2026-11.Z ""#, "7"] {
            assert!(!fits(time, wrong), "{wrong}");
        }
        let object = r#"{"type":"object","required":["a"],
            "properties":{"a":{"const":1},"b":{"type":["null","array"],"items":{"minimum":2}}}}"#;
        assert!(fits(object, r#"{"a":1}"#) && fits(object, r#"{"a":1,"b":[2]}"#));
        for wrong in [r#"{}"#, r#"{"a":2}"#, r#"{"a":1,"b":[1]}"#, r#"{"a":1,"c":1}"#] {
            assert!(!fits(object, wrong), "{wrong}");
        }
        assert!(!fits(r#"{"maximum":3}"#, "2"), "a keyword that it does not know");
    }
}
