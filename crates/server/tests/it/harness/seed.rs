//! The seed document as a witness: what its examples of events have, ours must have too.

use hongyan_client::Event;
use hongyan_protocol::EventType;
use serde_json::{Map, Value};

use super::{BEGINNING, Person};

/// Whether `event` is word for word what `from` made `receiver` hear, and has all that the seed's example has.
///
/// `data` is compared as JSON, so a field too many counts as much as one too few; `Null` means that there is none.
pub(crate) fn assert_event(
    event: &Event,
    event_type: EventType,
    from: &Person,
    receiver: &Person,
    data: Value,
) {
    let wire = serde_json::to_value(event.received()).unwrap();
    let mut expected = Map::new();
    if !data.is_null() {
        expected.insert("data".to_owned(), data);
    }
    expected.insert("eventType".to_owned(), event_type.as_str().into());
    expected.insert("fromUserId".to_owned(), from.id().to_string().into());
    expected.insert("toUserId".to_owned(), receiver.id().to_string().into());
    expected.insert("time".to_owned(), BEGINNING.into());
    assert_eq!(wire, Value::Object(expected));
    if let Some(example) = example(event_type.as_str()) {
        assert_has_all_of(&wire, &example, event_type.as_str());
    }
}

/// The example of an event in the seed document; some events have none.
fn example(event: &str) -> Option<Value> {
    let document = include_str!("../../../../../docs/seed.md");
    let (_, examples) = document
        .split_once("- 事件通知参数格式")
        .expect("the examples of events");
    let (_, after) = examples.split_once(&format!("- {event}\n"))?;
    let (_, after) = after.split_once("```json").expect("an example");
    let (json, _) = after.split_once("```").expect("the end of the example");
    Some(serde_json::from_str(json).unwrap())
}

fn assert_has_all_of(wire: &Value, example: &Value, place: &str) {
    match (wire, example) {
        (Value::Object(wire), Value::Object(example)) => {
            for (key, value) in example {
                let place = format!("{place}.{key}");
                let ours = wire
                    .get(key)
                    .unwrap_or_else(|| panic!("{place} is missing"));
                assert_has_all_of(ours, value, &place);
            }
        }
        _ => assert_eq!(
            std::mem::discriminant(wire),
            std::mem::discriminant(example),
            "{place}: {wire} instead of something like {example}"
        ),
    }
}
