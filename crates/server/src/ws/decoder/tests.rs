use proptest::prelude::*;

use super::*;

const MASK: [u8; 4] = [0x37, 0xFA, 0x21, 0x3D];

/// A client's frame.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first];
    match payload.len() {
        length @ 0..126 => bytes.push(0x80 | length as u8),
        length @ 126..=0xFFFF => {
            bytes.push(0x80 | 126);
            bytes.extend_from_slice(&(length as u16).to_be_bytes());
        }
        length => {
            bytes.push(0x80 | 127);
            bytes.extend_from_slice(&(length as u64).to_be_bytes());
        }
    }
    bytes.extend_from_slice(&MASK);
    let mut payload = payload.to_vec();
    unmask(&mut payload, MASK);
    bytes.extend_from_slice(&payload);
    bytes
}

fn decoder() -> Decoder {
    Decoder::new(100_000, 8)
}

/// An event that owns what it says.
#[derive(Debug, PartialEq, Eq, Clone)]
enum Said {
    Text(String),
    Binary(Vec<u8>),
    Ping(Vec<u8>),
    Pong,
    Close(Option<u16>),
}

impl From<Event<'_>> for Said {
    fn from(event: Event<'_>) -> Self {
        match event {
            Event::Text(text) => Self::Text(text.to_owned()),
            Event::Binary(payload) => Self::Binary(payload.to_vec()),
            Event::Ping(payload) => Self::Ping(payload.to_vec()),
            Event::Pong => Self::Pong,
            Event::Close(code) => Self::Close(code),
        }
    }
}

/// All events of `bytes`, up to the first violation.
fn feed(decoder: &mut Decoder, bytes: &[u8]) -> (Vec<Said>, Option<Violation>) {
    let mut bytes = bytes.to_vec();
    let mut said = Vec::new();
    let mut used = 0;
    loop {
        match decoder.decode(&mut bytes[used..]) {
            Err(violation) => return (said, Some(violation)),
            Ok((taken, event)) => {
                used += taken;
                match event {
                    Some(event) => said.push(event.into()),
                    None => {
                        assert_eq!(used, bytes.len(), "without an event all is used");
                        return (said, None);
                    }
                }
            }
        }
    }
}

/// The code that answers `bytes`, which must be found even when they come one by one.
fn refused(bytes: &[u8]) -> Option<u16> {
    let whole = feed(&mut decoder(), bytes).1;
    let mut decoder = decoder();
    let piecewise = bytes.iter().find_map(|&byte| feed(&mut decoder, &[byte]).1);
    assert_eq!(whole, piecewise);
    whole.map(|violation| violation.code)
}

#[test]
fn messages_of_every_length_class_arrive() {
    for length in [0, 1, 3, 4, 125, 126, 127, 65_535, 65_536, 100_000] {
        let text = "x".repeat(length);
        let (said, violation) = feed(&mut decoder(), &frame(0x81, text.as_bytes()));
        assert_eq!((said, violation), (vec![Said::Text(text)], None));
        let payload = vec![0xFF; length];
        let (said, violation) = feed(&mut decoder(), &frame(0x82, &payload));
        assert_eq!((said, violation), (vec![Said::Binary(payload)], None));
    }
}

#[test]
fn fragments_become_one_message_and_control_frames_may_stand_between_them() {
    let bytes = [
        frame(0x01, "鸿".as_bytes()),
        frame(0x89, b"there?"),
        frame(0x00, &"雁".as_bytes()[..1]),
        frame(0x8A, b""),
        frame(0x80, &"雁".as_bytes()[1..]),
        frame(0x02, b"a"),
        frame(0x80, b"b"),
        frame(0x81, b"next"),
    ]
    .concat();
    let expected = vec![
        Said::Ping(b"there?".to_vec()),
        Said::Pong,
        Said::Text("鸿雁".to_owned()),
        Said::Binary(b"ab".to_vec()),
        Said::Text("next".to_owned()),
    ];
    assert_eq!(feed(&mut decoder(), &bytes), (expected, None));
}

#[test]
fn frames_against_the_rules_are_answered_with_1002() {
    let unmasked = [0x81, 0x01, b'a'];
    let huge = [0x82, 0xFF, 0x80, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4];
    let long_for_125 = [0x81, 0x80 | 126, 0, 125];
    let long_for_65535 = [0x81, 0x80 | 127, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF];
    for (bytes, rule) in [
        (unmasked.to_vec(), "masked"),
        (huge.to_vec(), "top bit"),
        (long_for_125.to_vec(), "fewest bytes (16 bits)"),
        (long_for_65535.to_vec(), "fewest bytes (64 bits)"),
        (frame(0xC1, b""), "RSV1"),
        (frame(0xA1, b""), "RSV2"),
        (frame(0x91, b""), "RSV3"),
        (frame(0x83, b""), "opcode 3"),
        (frame(0x87, b""), "opcode 7"),
        (frame(0x8B, b""), "opcode 11"),
        (frame(0x8F, b""), "opcode 15"),
        (frame(0x09, b""), "fragmented ping"),
        (frame(0x08, b""), "fragmented close"),
        (frame(0x89, &[0; 126]), "long ping"),
        (frame(0x80, b""), "continuation of nothing"),
        (frame(0x00, b""), "continuation of nothing, more to come"),
        (
            [frame(0x01, b""), frame(0x81, b"")].concat(),
            "text in a message",
        ),
        (
            [frame(0x01, b""), frame(0x82, b"")].concat(),
            "binary in a message",
        ),
        (
            [frame(0x01, b""), frame(0x80, b""), frame(0x80, b"")].concat(),
            "continuation after the end",
        ),
        (frame(0x88, &[3]), "half a code"),
    ] {
        assert_eq!(refused(&bytes), Some(close::PROTOCOL_ERROR), "{rule}");
    }
}

#[test]
fn close_codes_are_those_that_may_be_sent() {
    for code in [1000, 1001, 1003, 1007, 1011, 1014, 3000, 3999, 4000, 4999] {
        let bytes = frame(0x88, &u16::to_be_bytes(code));
        assert_eq!(feed(&mut decoder(), &bytes).0, [Said::Close(Some(code))]);
    }
    for code in [
        0, 999, 1004, 1005, 1006, 1015, 1016, 2000, 2999, 5000, 65_535,
    ] {
        let bytes = frame(0x88, &u16::to_be_bytes(code));
        assert_eq!(refused(&bytes), Some(close::PROTOCOL_ERROR), "{code}");
    }
    assert_eq!(
        feed(&mut decoder(), &frame(0x88, b"")).0,
        [Said::Close(None)]
    );
    let reason = [&[0x03, 0xE8], "再见".as_bytes()].concat();
    assert_eq!(
        feed(&mut decoder(), &frame(0x88, &reason)).0,
        [Said::Close(Some(1000))]
    );
    assert_eq!(
        refused(&frame(0x88, &[0x03, 0xE8, 0xFF])),
        Some(close::INVALID_TEXT)
    );
}

#[test]
fn text_that_is_no_utf_8_is_refused_at_its_first_wrong_byte() {
    for bad in [
        &b"\xFF"[..],
        b"ok\xC0\x80",
        b"\xED\xA0\x80",
        b"\xF4\x90\x80\x80",
        b"cut \xE9\xB8",
    ] {
        assert_eq!(
            refused(&frame(0x81, bad)),
            Some(close::INVALID_TEXT),
            "{bad:?}"
        );
        let split = [frame(0x01, &bad[..1]), frame(0x80, &bad[1..])].concat();
        assert_eq!(refused(&split), Some(close::INVALID_TEXT), "{bad:?}");
    }
    // Long before the frame or the message ends.
    let mut decoder = decoder();
    let bytes = frame(0x01, b"good \xF4\x90 and so on, for long");
    assert_eq!(feed(&mut decoder, &bytes[..6 + 6]), (vec![], None));
    let (_, violation) = feed(&mut decoder, &bytes[6 + 6..6 + 7]);
    assert_eq!(violation.map(|v| v.code), Some(close::INVALID_TEXT));
    // Binary messages may be anything.
    assert_eq!(
        refused(&[frame(0x02, b"\xFF"), frame(0x80, b"\xC0")].concat()),
        None
    );
}

#[test]
fn a_message_over_the_limit_is_refused_by_its_header_alone() {
    let mut long = frame(0x81, &vec![b'a'; 100_001]);
    long.truncate(14);
    assert_eq!(refused(&long), Some(close::TOO_BIG));
    let mut second = frame(0x80, &[b'a'; 2]);
    second.truncate(6);
    let bytes = [frame(0x01, &vec![b'a'; 99_999]), second].concat();
    assert_eq!(refused(&bytes), Some(close::TOO_BIG));
}

#[test]
fn a_message_of_too_many_fragments_is_refused_though_they_are_empty() {
    let first = frame(0x02, b"");
    let more = frame(0x00, b"");
    let enough = [first, more.repeat(7)].concat();
    assert_eq!(refused(&enough), None);
    assert_eq!(
        refused(&[enough.clone(), more].concat()),
        Some(close::TOO_BIG)
    );
    // The count begins anew with each message.
    let last = frame(0x80, b"");
    let full = [frame(0x02, b""), frame(0x00, b"").repeat(6), last].concat();
    assert_eq!(refused(&full.repeat(3)), None);
}

#[test]
fn only_what_is_unfinished_is_kept() {
    let mut decoder = decoder();
    let bytes = frame(0x81, &[b'a'; 50_000]);
    feed(&mut decoder, &bytes);
    assert_eq!(decoder.held_bytes(), 0);
    feed(&mut decoder, &bytes[..30_000]);
    assert!((29_900..=50_000).contains(&decoder.held_bytes()));
    assert!(decoder.is_partial() && decoder.in_message());
    assert_eq!(feed(&mut decoder, &bytes[30_000..]).0.len(), 1);
    assert_eq!(decoder.held_bytes(), 0);
    assert!(!decoder.is_partial());
    // A header that announces much is no reason to allocate.
    feed(&mut decoder, &bytes[..8]);
    assert_eq!(decoder.held_bytes(), 0);
    assert!(decoder.is_partial());
}

#[test]
fn a_control_frame_in_pieces_leaves_the_message_around_it_as_it_was() {
    let mut decoder = decoder();
    let ping = frame(0x89, b"in pieces");
    feed(&mut decoder, &frame(0x01, b"to be "));
    assert_eq!(feed(&mut decoder, &ping[..9]), (vec![], None));
    assert_eq!(
        feed(&mut decoder, &ping[9..]).0,
        [Said::Ping(b"in pieces".to_vec())]
    );
    let (said, _) = feed(&mut decoder, &frame(0x80, b"continued"));
    assert_eq!(said, [Said::Text("to be continued".to_owned())]);
    assert_eq!(decoder.held_bytes(), 0);
}

/// A message in a few fragments, or a control frame.
fn part() -> impl Strategy<Value = (Vec<u8>, Vec<Said>)> {
    let payload = prop::collection::vec(any::<u8>(), 0..300);
    let control = prop::collection::vec(any::<u8>(), 0..=125);
    prop_oneof![
        (
            "\\PC{0,90}",
            prop::collection::vec(0.0..1.0, 0..4),
            control.clone()
        )
            .prop_map(|(text, cuts, ping)| {
                let mut bytes = fragments(0x1, text.as_bytes(), &cuts);
                let mut said = Vec::new();
                if cuts.len() == 1 {
                    // Between the two fragments.
                    let at = (text.len() as f64 * cuts[0]) as usize;
                    let first = frame(0x01, &text.as_bytes()[..at]).len();
                    bytes.splice(first..first, frame(0x89, &ping));
                    said.push(Said::Ping(ping));
                }
                said.push(Said::Text(text));
                (bytes, said)
            }),
        (payload, prop::collection::vec(0.0..1.0, 0..4)).prop_map(|(payload, cuts)| (
            fragments(0x2, &payload, &cuts),
            vec![Said::Binary(payload)]
        )),
        control.prop_map(|ping| (frame(0x89, &ping), vec![Said::Ping(ping)])),
        Just((frame(0x8A, b"late"), vec![Said::Pong])),
    ]
}

fn fragments(opcode: u8, payload: &[u8], cuts: &[f64]) -> Vec<u8> {
    let mut cuts: Vec<usize> = cuts
        .iter()
        .map(|cut| (payload.len() as f64 * cut) as usize)
        .collect();
    cuts.sort_unstable();
    let mut bytes = Vec::new();
    let mut from = 0;
    let mut first = opcode;
    for cut in cuts {
        bytes.extend(frame(first, &payload[from..cut]));
        (from, first) = (cut, 0);
    }
    bytes.extend(frame(0x80 | first, &payload[from..]));
    bytes
}

proptest! {
    #[test]
    fn bytes_mean_the_same_however_they_are_cut(
        parts in prop::collection::vec(part(), 1..8),
        sizes in prop::collection::vec(1_usize..64, 1..20),
    ) {
        let bytes: Vec<u8> = parts.iter().flat_map(|(bytes, _)| bytes.clone()).collect();
        let expected: Vec<Said> = parts.into_iter().flat_map(|(_, said)| said).collect();
        let mut decoder = Decoder::new(1000, 8);
        let mut said = Vec::new();
        let mut rest = bytes.as_slice();
        for size in sizes.into_iter().cycle() {
            let (piece, left) = rest.split_at(size.min(rest.len()));
            let (events, violation) = feed(&mut decoder, piece);
            prop_assert_eq!(violation, None);
            said.extend(events);
            rest = left;
            if rest.is_empty() {
                break;
            }
        }
        prop_assert_eq!(said, expected);
        prop_assert_eq!(decoder.held_bytes(), 0);
        prop_assert!(!decoder.is_partial());
    }

    #[test]
    fn no_bytes_are_too_strange(
        pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 0..20),
        starts in prop::collection::vec(prop::sample::select(vec![0x00, 0x01, 0x02, 0x80, 0x81, 0x82, 0x88, 0x89]), 20),
    ) {
        let mut decoder = Decoder::new(1000, 8);
        for (piece, first) in pieces.iter().zip(starts) {
            // Half of it looks like frames, so that some of it comes further than the first header.
            let bytes = [frame(first, piece), piece.clone()].concat();
            let end = if piece.len() % 2 == 0 { bytes.len() } else { bytes.len() - piece.len() };
            let (_, violation) = feed(&mut decoder, &bytes[..end]);
            prop_assert!(decoder.held_bytes() <= 1000 + 125);
            if violation.is_some() {
                break;
            }
        }
    }
}
