//! How many checks passed, failed and were skipped, and how the test runners say it.

use std::fmt;
use std::ops::AddAssign;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) passed: usize,
    pub(crate) failed: usize,
    pub(crate) skipped: usize,
}

impl Tally {
    pub(crate) const PASSED: Self = Self {
        passed: 1,
        failed: 0,
        skipped: 0,
    };
    pub(crate) const FAILED: Self = Self {
        passed: 0,
        failed: 1,
        skipped: 0,
    };
    pub(crate) const SKIPPED: Self = Self {
        passed: 0,
        failed: 0,
        skipped: 1,
    };

    /// Reads a summary line of `cargo test`, of which there is one a test binary:
    /// `test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s`
    pub(crate) fn of_libtest(line: &str) -> Option<Self> {
        let plain = without_colours(line);
        let (_, counts) = plain.strip_prefix("test result: ")?.split_once(". ")?;
        Some(Self::of_counts(counts.split(';')))
    }

    /// Reads nextest's summary line, of which there is one a run:
    /// `     Summary [   0.012s] 6 tests run: 4 passed (1 slow, 1 leaky), 1 failed, 1 timed out, 2 skipped`
    pub(crate) fn of_nextest(line: &str) -> Option<Self> {
        let plain = without_colours(line);
        let (_, rest) = plain
            .trim_start()
            .strip_prefix("Summary [")?
            .split_once("] ")?;
        let (_, counts) = rest.split_once(" run: ")?;
        Some(Self::of_counts(without_brackets(counts).split(',')))
    }

    /// Reads Vitest's summary line, of which there is one a run:
    /// `      Tests  1 failed | 4 passed | 1 skipped (6)`
    pub(crate) fn of_vitest(line: &str) -> Option<Self> {
        let plain = without_colours(line);
        let counts = plain.trim_start().strip_prefix("Tests  ")?;
        let counts = without_brackets(counts);
        let tally = Self::of_counts(counts.split('|'));
        (tally != Self::default()).then_some(tally)
    }

    fn of_counts<'a>(counts: impl Iterator<Item = &'a str>) -> Self {
        let mut tally = Self::default();
        for count in counts {
            let Some((number, what)) = count.trim().split_once(' ') else {
                continue;
            };
            let Ok(number) = number.parse::<usize>() else {
                continue;
            };
            match what.trim() {
                "passed" => tally.passed += number,
                "failed" | "exec failed" | "timed out" => tally.failed += number,
                "ignored" | "skipped" | "todo" => tally.skipped += number,
                _ => {} // measured, filtered out: these were not asked for
            }
        }
        tally
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} passed, {} failed, {} skipped",
            self.passed, self.failed, self.skipped
        )
    }
}

/// Drops `ESC [ … letter`, which a runner writes when colours are forced on it.
fn without_colours(line: &str) -> String {
    let mut pieces = line.split("\x1b[");
    let mut plain = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        plain.push_str(
            piece
                .trim_start_matches(|c: char| !c.is_ascii_alphabetic())
                .get(1..)
                .unwrap_or_default(),
        );
    }
    plain
}

fn without_brackets(counts: &str) -> String {
    let mut depth = 0_usize;
    let mut outside = String::new();
    for c in counts.chars() {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ if depth == 0 => outside.push(c),
            _ => {}
        }
    }
    outside
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(passed: usize, failed: usize, skipped: usize) -> Option<Tally> {
        Some(Tally {
            passed,
            failed,
            skipped,
        })
    }

    #[test]
    fn a_line_of_cargo_test_is_read() {
        let passing = "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 7 filtered out; finished in 0.01s\n";
        let failing = "test result: FAILED. 12 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 2s";
        assert_eq!(Tally::of_libtest(passing), tally(3, 0, 1));
        assert_eq!(Tally::of_libtest(failing), tally(12, 2, 0));
    }

    #[test]
    fn a_line_of_nextest_is_read() {
        let read = Tally::of_nextest;
        assert_eq!(
            read("     Summary [   0.005s] 1 test run: 1 passed, 0 skipped\n"),
            tally(1, 0, 0)
        );
        assert_eq!(
            read("     Summary [  61.250s] 9/20 tests run: 8 passed, 1 failed, 3 skipped"),
            tally(8, 1, 3)
        );
        assert_eq!(
            read(
                "Summary [ 1s] 9 tests run: 5 passed (1 slow, 2 flaky), 1 failed, 2 exec failed, 1 timed out, 4 skipped"
            ),
            tally(5, 4, 4)
        );
        assert_eq!(
            read("Summary [ 1s] 2 tests run: 1 passed, 1 failed (1 due to being leaky), 0 skipped"),
            tally(1, 1, 0)
        );
    }

    #[test]
    fn a_line_of_vitest_is_read() {
        let read = Tally::of_vitest;
        assert_eq!(read("      Tests  23 passed (23)\n"), tally(23, 0, 0));
        assert_eq!(
            read("      Tests  1 failed | 4 passed | 2 skipped | 1 todo (8)"),
            tally(4, 1, 3)
        );
        let coloured = "\x1b[2m      Tests \x1b[22m \x1b[1m\x1b[31m1 failed\x1b[39m\x1b[22m\x1b[2m | \x1b[22m\x1b[1m\x1b[32m4 \
                        passed\x1b[39m\x1b[22m\x1b[90m (5)\x1b[39m";
        assert_eq!(read(coloured), tally(4, 1, 0));
        for line in [
            " Test Files  3 passed (3)",
            "      Tests  no tests",
            "Tests",
            " ✓ src/a.test.ts (3 tests) 4ms",
        ] {
            assert_eq!(read(line), None, "{line:?}");
        }
    }

    #[test]
    fn colours_do_not_hide_a_line() {
        let nextest = "\x1b[32;1m     Summary\x1b[0m [   0.005s] \x1b[1m3\x1b[0m tests run: \
                       \x1b[1m2\x1b[0m \x1b[32;1mpassed\x1b[0m, \x1b[1m1\x1b[0m \x1b[31;1mfailed\x1b[0m, \
                       \x1b[1m0\x1b[0m \x1b[33;1mskipped\x1b[0m";
        assert_eq!(Tally::of_nextest(nextest), tally(2, 1, 0));
        let libtest = "test result: \x1b[32mok\x1b[m. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out";
        assert_eq!(Tally::of_libtest(libtest), tally(3, 0, 0));
    }

    #[test]
    fn other_lines_are_not_summaries() {
        for line in [
            "",
            "running 3 tests",
            "test result",
            "Summary",
            "Summary [ 1s]",
            "\x1b[",
            "test a ... ok",
            "摘要 [",
        ] {
            assert_eq!(
                (Tally::of_libtest(line), Tally::of_nextest(line)),
                (None, None),
                "{line:?}"
            );
        }
        // The output of one failed test, which nextest shows in the middle of its own, is not nextest's summary.
        assert_eq!(
            Tally::of_nextest("test result: FAILED. 0 passed; 1 failed; 0 ignored"),
            None
        );
    }

    #[test]
    fn the_last_line_has_its_exact_form() {
        let mut total = Tally::PASSED;
        total += Tally::FAILED;
        total += Tally {
            passed: 40,
            failed: 0,
            skipped: 2,
        };
        assert_eq!(total.to_string(), "41 passed, 1 failed, 2 skipped");
    }
}
