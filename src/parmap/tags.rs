//! What the messages of a map are about.

use crate::ranks::Tag;

/// Units of work, and the end of a run: from the root.
pub const UNITS: Tag = Tag::MAP;
/// Replies to the root.
pub const REPLIES: Tag = Tag(Tag::MAP.0 + 1);
/// What is to be stopped: from the root. News may be left when a run ends.
pub const SIGNALS: Tag = Tag(Tag::MAP.0 + 2);
/// What a rank has done of the tasks that its program pulled: to the root.
pub const LEDGERS: Tag = Tag(Tag::MAP.0 + 3);
/// What the root calls, of ranks that serve.
pub const CALLS: Tag = Tag(Tag::MAP.0 + 4);
