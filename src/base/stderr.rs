//! What ready-made callbacks write to stderr: the one place that writes to a terminal, because it was asked to.

use std::io::{IsTerminal, Write};
use std::sync::atomic::{AtomicI64, Ordering};

/// Writes a text. Who cannot see it doesn't miss it.
pub(crate) fn say(text: &str) {
    let _ = std::io::stderr().write_all(text.as_bytes());
}

/// Draws a bar and a text in a terminal, over the last one; anywhere else writes a line every other second and one at the end.
/// `told` is when it last did.
pub(crate) fn bar(told: &AtomicI64, text: String, part: (i64, i64), elapsed: f64, end: bool) {
    let terminal = std::io::stderr().is_terminal();
    let now = (elapsed / 2.0) as i64;
    // Relaxed: it only says how often a line is written.
    let before = told.swap(if end { 0 } else { now }, Ordering::Relaxed);
    if terminal || end || now != before {
        say(&drawn(text, part, terminal, end));
    }
}

fn drawn(text: String, (done, all): (i64, i64), terminal: bool, end: bool) -> String {
    if !terminal {
        return text + "\n";
    }
    let mut drawn = String::new();
    if all > 0 {
        let full = (30 * i128::from(done.clamp(0, all)) / i128::from(all)) as usize;
        drawn = format!("[{}{}] ", "#".repeat(full), " ".repeat(30 - full));
    }
    let newline = if end { "\n" } else { "" };
    format!("\r{drawn}{text}\x1b[K{newline}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_gets_a_bar_and_anything_else_lines() {
        let text = || "sweep: 10 of 30".to_string();
        assert_eq!(drawn(text(), (10, 30), false, false), "sweep: 10 of 30\n");
        let bar = format!("\r[{}{}] sweep: 10 of 30\x1b[K", "#".repeat(10), " ".repeat(20));
        assert_eq!(drawn(text(), (10, 30), true, false), bar);
        assert!(drawn(text(), (30, 30), true, true).ends_with("\n"));
        // Of a stream the end is not known.
        assert_eq!(drawn("30".into(), (30, -1), true, false), "\r30\x1b[K");
    }
}
