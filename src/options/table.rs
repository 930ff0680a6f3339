//! A table of options, and the macros that make one.

use crate::base::error::{Error, Result};
use crate::options::aliases::Alias;
use crate::options::nearest;
use crate::options::per::Per;

/// Type and range of an option.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// A number, from the first to the second. Infinite ones are allowed if the second is.
    Real(f64, f64),
    /// A list of finite numbers, each at least this.
    Reals(Per, f64),
    /// An integer, at least this.
    Integer(i64),
    /// A list of integers, each at least this.
    Integers(Per, i64),
    /// 0 or 1.
    Flag,
    /// A list of 0 or 1.
    Flags(Per),
    /// One of these words.
    Word(&'static [&'static str]),
}

impl Kind {
    /// The type in C: the end of the name of the function that sets it.
    pub fn type_name(&self) -> &'static str {
        match self {
            Kind::Real(..) => "real",
            Kind::Reals(..) => "reals",
            Kind::Integer(_) | Kind::Flag => "integer",
            Kind::Integers(..) | Kind::Flags(_) => "integers",
            Kind::Word(_) => "string",
        }
    }

    /// What a value, or each entry of a list, has to be; words separated by ", ".
    pub fn allowed(&self) -> String {
        match *self {
            Kind::Real(least, most) if most < f64::MAX => format!("from {least} to {most}"),
            Kind::Real(least, _) | Kind::Reals(_, least) => format!("at least {least}"),
            Kind::Integer(least) | Kind::Integers(_, least) => format!("at least {least}"),
            Kind::Flag | Kind::Flags(_) => "0 or 1".into(),
            Kind::Word(words) => words.join(", "),
        }
    }
}

/// One row.
#[derive(Clone, Copy, Debug)]
pub struct Spec {
    /// Key by which it is set.
    pub key: &'static str,
    /// Type and range.
    pub kind: Kind,
    /// Default, as text.
    pub default: &'static str,
    /// What it means.
    pub meaning: &'static str,
}

/// A table, and what messages about it say.
pub struct Face {
    /// Its rows.
    pub(crate) rows: &'static [Spec],
    /// What a row is called.
    pub(crate) noun: &'static str,
    /// How the names of the functions of C begin.
    pub(crate) prefix: &'static str,
    /// Names that others have for its keys.
    pub(crate) aliases: &'static [Alias],
}

impl Face {
    /// The number of the row with this key, and the row.
    pub(crate) fn find(&self, key: &str) -> Result<(usize, &'static Spec)> {
        self.rows.iter().enumerate().find(|(_, spec)| spec.key == key).ok_or_else(|| {
            let keys = self.rows.iter().map(|spec| spec.key);
            Error::UnknownOption { noun: self.noun, key: key.into(), hint: nearest::hint(key, keys, self.aliases) }
        })
    }
}

/// The rows of two tables.
pub(super) const fn joined<const N: usize>(first: &[Spec], second: &[Spec]) -> [Spec; N] {
    let mut all = [first[0]; N];
    let mut i = 0;
    while i < N {
        all[i] = if i < first.len() { first[i] } else { second[i - first.len()] };
        i += 1;
    }
    all
}

/// A field of a table, to be read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    /// A number.
    Real(f64),
    /// A list of numbers.
    Reals(&'a [f64]),
    /// An integer.
    Integer(i64),
    /// A list of integers.
    Integers(&'a [i64]),
    /// 0 or 1.
    Flag(bool),
    /// A list of 0 or 1.
    Flags(&'a [bool]),
    /// A word.
    Word(&'static str),
}

/// A field of a table, to be set.
pub enum Slot<'a> {
    /// A number.
    Real(&'a mut f64),
    /// A list of numbers.
    Reals(&'a mut Vec<f64>),
    /// An integer.
    Integer(&'a mut i64),
    /// A list of integers.
    Integers(&'a mut Vec<i64>),
    /// 0 or 1.
    Flag(&'a mut bool),
    /// A list of 0 or 1.
    Flags(&'a mut Vec<bool>),
    /// A word.
    Word(&'a mut dyn Choice),
}

/// An enum whose variants have words.
pub trait Choice {
    /// Becomes the variant whose word has this number.
    fn choose(&mut self, number: usize);
}

/// A table of options: made by `options!`.
pub trait Fields {
    /// The rows, and what messages say of them.
    fn face(&self) -> &'static Face;

    /// What the option of this row is set to.
    fn value(&self, row: usize) -> Option<Value<'_>>;

    /// The field of this row.
    fn slot(&mut self, row: usize) -> Option<Slot<'_>>;
}

/// What can be a field of a table.
pub(super) trait Field {
    fn value(&self) -> Value<'_>;
    fn slot(&mut self) -> Slot<'_>;
}

macro_rules! fields {
    ($($type:ty: $variant:ident($field:ident => $value:expr);)*) => {$(
        impl Field for $type {
            fn value(&self) -> Value<'_> {
                let $field = self;
                Value::$variant($value)
            }

            fn slot(&mut self) -> Slot<'_> {
                Slot::$variant(self)
            }
        }
    )*};
}

fields! {
    f64: Real(x => *x);
    Vec<f64>: Reals(list => list);
    i64: Integer(n => *n);
    Vec<i64>: Integers(list => list);
    bool: Flag(flag => *flag);
    Vec<bool>: Flags(list => list);
}

/// Makes an enum whose variants are the words of an option, in this order.
macro_rules! words {
    ($(#[$about:meta])* pub enum $name:ident { $($(#[$what:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name {
            $($(#[$what])* $variant,)*
        }

        impl $name {
            /// The words.
            pub const WORDS: &'static [&'static str] = &[$($word),*];

            /// The word for it.
            pub const fn word(self) -> &'static str {
                Self::WORDS[self as usize]
            }
        }

        impl $crate::options::table::Choice for $name {
            fn choose(&mut self, number: usize) {
                *self = [$($name::$variant),*][number];
            }
        }

        impl $crate::options::table::Field for $name {
            fn value(&self) -> $crate::options::table::Value<'_> {
                $crate::options::table::Value::Word(self.word())
            }

            fn slot(&mut self) -> $crate::options::table::Slot<'_> {
                $crate::options::table::Slot::Word(self)
            }
        }
    };
}

/// Makes a table: a struct with a field for each line
///
/// ```text
/// name: kind(range) = default, "what it means";
/// ```
///
/// and everything by which it is set and read. The kinds, with an example each:
///
/// ```text
/// real(0.0) = 0.1             at least 0 and finite; real(0.0, 1.0): from 0 to 1; real(0.0, inf): infinite, too
/// reals(Axis, 0.0)            a list, empty by default, with an entry per axis (Axis; AxisOrAll: or one) or per atom (Atom)
/// integer(-1) = 7             at least -1
/// integers(Axis, 1)
/// flag = 0                    0 or 1
/// flags(Axis)
/// word(Strategy) = Greedy     an enum that `words!` has made
/// ```
macro_rules! options {
    (
        $(#[$about:meta])*
        pub struct $name:ident: $noun:literal, $prefix:literal, $aliases:expr, keys $before:literal {
            $($field:ident: $kind:ident $(($($range:tt)*))? $(= $number:literal)? $(= $name_of:ident)?, $meaning:expr;)*
        }
        $($(#[$about_group:meta])* and $group:ident: $Group:ident;)?
    ) => {
        $(#[$about])*
        #[derive(Clone, Debug, PartialEq)]
        pub struct $name {
            $(#[doc = $meaning] pub $field: options!(@type $kind $(($($range)*))?),)*
            $($(#[$about_group])* pub $group: $Group,)?
        }

        impl Default for $name {
            fn default() -> Self {
                $name {
                    $($field: options!(@value $kind $(($($range)*))? $($number)? $($name_of)?),)*
                    $($group: $Group::default(),)?
                }
            }
        }

        impl $name {
            const OWN: &'static [$crate::options::Spec] = &[$($crate::options::Spec {
                key: concat!($before, stringify!($field)),
                kind: options!(@kind $kind $(($($range)*))?),
                default: options!(@text $kind $(($($range)*))? $($number)? $($name_of)?),
                meaning: $meaning,
            }),*];

            /// All rows.
            pub const TABLE: &'static [$crate::options::Spec] = options!(@rows $($Group)?);
        }

        impl $crate::options::table::Fields for $name {
            fn face(&self) -> &'static $crate::options::table::Face {
                const FACE: &$crate::options::table::Face = &$crate::options::table::Face {
                    rows: $name::TABLE,
                    noun: $noun,
                    prefix: $prefix,
                    aliases: $aliases,
                };
                FACE
            }

            fn value(&self, row: usize) -> Option<$crate::options::table::Value<'_>> {
                use $crate::options::table::Field;
                let own = [$(self.$field.value()),*];
                let found = own.get(row).copied();
                $(let found = found.or_else(|| self.$group.value(row - own.len()));)?
                found
            }

            fn slot(&mut self, row: usize) -> Option<$crate::options::table::Slot<'_>> {
                use $crate::options::table::Field;
                let found = [$(self.$field.slot()),*].into_iter().nth(row);
                $(let found = found.or_else(|| self.$group.slot(row - $name::OWN.len()));)?
                found
            }
        }
    };

    (@rows) => { Self::OWN };
    (@rows $Group:ident) => {
        &$crate::options::table::joined::<{ Self::OWN.len() + $Group::TABLE.len() }>(Self::OWN, $Group::TABLE)
    };

    (@type real $_:tt) => { f64 };
    (@type reals $_:tt) => { Vec<f64> };
    (@type integer $_:tt) => { i64 };
    (@type integers $_:tt) => { Vec<i64> };
    (@type flag) => { bool };
    (@type flags $_:tt) => { Vec<bool> };
    (@type word($word:ident)) => { $word };

    (@kind real($least:expr)) => { $crate::options::Kind::Real($least, f64::MAX) };
    (@kind real($least:expr, inf)) => { $crate::options::Kind::Real($least, f64::INFINITY) };
    (@kind real($least:expr, $most:expr)) => { $crate::options::Kind::Real($least, $most) };
    (@kind reals($per:ident, $least:expr)) => { $crate::options::Kind::Reals($crate::options::Per::$per, $least) };
    (@kind integer($least:expr)) => { $crate::options::Kind::Integer($least) };
    (@kind integers($per:ident, $least:expr)) => { $crate::options::Kind::Integers($crate::options::Per::$per, $least) };
    (@kind flag) => { $crate::options::Kind::Flag };
    (@kind flags($per:ident)) => { $crate::options::Kind::Flags($crate::options::Per::$per) };
    (@kind word($word:ident)) => { $crate::options::Kind::Word($word::WORDS) };

    (@value real $_:tt inf) => { f64::INFINITY };
    (@value real $_:tt $default:literal) => { $default as f64 };
    (@value integer $_:tt $default:literal) => { $default };
    (@value flag $default:literal) => { $default == 1 };
    (@value word($word:ident) $default:ident) => { $word::$default };
    (@value $list:ident $_:tt) => { Vec::new() };

    (@text real $_:tt inf) => { "inf" };
    (@text real $_:tt $default:literal) => { stringify!($default) };
    (@text integer $_:tt $default:literal) => { stringify!($default) };
    (@text flag $default:literal) => { stringify!($default) };
    (@text word($word:ident) $default:ident) => { $word::$default.word() };
    (@text $list:ident $_:tt) => { "" };
}

pub(super) use {options, words};

#[cfg(test)]
mod tests {
    use crate::options::table::{Kind, Value};
    use crate::options::{Fields, Table};

    words! {
        /// A word.
        pub enum Colour {
            /// As blood.
            Red = "red",
            /// Between.
            BlueGreen = "blue-green",
        }
    }

    options! {
        /// Of a part.
        pub struct Part: "thing", "part", &[], keys "part_" {
            size: integer(1) = 4, "how many";
        }
    }

    // CONTRIBUTING.md shows the line of `damping`.
    options! {
        /// All kinds.
        pub struct Whole: "thing", "whole", &[], keys "" {
            damping: real(0.0, 1.0) = 0.5, "fraction of a step that is taken";
            limit: real(0.0, inf) = inf, "a limit";
            least: integer(-1) = -1, "may be negative";
            colour: word(Colour) = BlueGreen, "not the first";
            shape: integers(Axis, 1), "a list";
            weights: reals(Atom, 0.0), "a list";
            on: flags(Atom), "a list";
            loud: flag = 1, "set at first";
        }
        /// Of its part.
        and part: Part;
    }

    #[test]
    fn an_option_is_one_line() {
        let contributing = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/CONTRIBUTING.md")).unwrap();
        let line = "damping: real(0.0, 1.0) = 0.5, \"fraction of a step that is taken\";";
        assert!(contributing.contains(line) && include_str!("table.rs").contains(&format!("            {line}\n")));
        let mut whole = Whole::default();
        assert_eq!((whole.damping, whole.get_real("damping")), (0.5, Ok(0.5)));
        whole.set_real("damping", 0.25).unwrap();
        assert_eq!((whole.damping, whole.get_real("damping")), (0.25, Ok(0.25)));
        let text = whole.set_real("damping", 2.0).unwrap_err().to_string();
        assert_eq!(text, "thing \"damping\" must be from 0 to 1, is 2");
        let row = Whole::TABLE[0];
        assert_eq!((row.key, row.kind, row.default), ("damping", Kind::Real(0.0, 1.0), "0.5"));
        assert_eq!(row.meaning, "fraction of a step that is taken");
    }

    #[test]
    fn a_table_with_another_one_in_it_has_the_rows_of_both() {
        let mut whole = Whole::default();
        let expected = Whole {
            damping: 0.5,
            limit: f64::INFINITY,
            least: -1,
            colour: Colour::BlueGreen,
            shape: vec![],
            weights: vec![],
            on: vec![],
            loud: true,
            part: Part { size: 4 },
        };
        assert_eq!(whole, expected);
        let defaults: Vec<_> = Whole::TABLE.iter().map(|row| (row.key, row.default)).collect();
        let first = [("damping", "0.5"), ("limit", "inf"), ("least", "-1"), ("colour", "blue-green"), ("shape", "")];
        assert_eq!(defaults[..5], first);
        assert_eq!(defaults[5..], [("weights", ""), ("on", ""), ("loud", "1"), ("part_size", "4")]);
        whole.set_integer("part_size", 7).unwrap();
        assert_eq!((whole.part.size, whole.get_integer("part_size")), (7, Ok(7)));
        assert_eq!(whole.value(8), Some(Value::Integer(7)));
        assert!(whole.value(9).is_none() && whole.slot(9).is_none());
        let text = whole.set_integer("part_size", 0).unwrap_err().to_string();
        assert_eq!(text, "thing \"part_size\" must be at least 1, is 0");
        let text = whole.set_integer("shape", 1).unwrap_err().to_string();
        assert_eq!(text, "thing \"shape\" must be a list of integers (whole_set_integers), is the integer 1");
        let text = whole.get_real("colour").unwrap_err().to_string();
        assert_eq!(text, "thing \"colour\" must be a string (whole_get_string), is asked for as a real number");
        assert_eq!(Colour::Red.word(), "red");
    }

    #[test]
    fn texts_are_read_as_what_the_option_is() {
        let mut whole = Whole::default();
        let text = "damping=1e-1 shape=2,3\n least=-1\tcolour=red weights=.5,1e-300 on=1,0 limit=7 loud=0 part_size=9 ";
        whole.parse(text).unwrap();
        let expected = Whole {
            damping: 0.1,
            limit: 7.0,
            least: -1,
            colour: Colour::Red,
            shape: vec![2, 3],
            weights: vec![0.5, 1e-300],
            on: vec![true, false],
            loud: false,
            part: Part { size: 9 },
        };
        assert_eq!(whole, expected);
        // What it is as text reads back as the same, whatever was set before.
        let mut other = Whole::default();
        other.parse(&whole.to_text()).unwrap();
        assert_eq!(other, whole);
        other.parse(&Whole::default().to_text()).unwrap();
        assert_eq!(other, Whole::default());
        whole.set_real("damping", 0.1 + 0.2).unwrap();
        other.parse(&whole.to_text()).unwrap();
        assert_eq!(other.damping.to_bits(), (0.1f64 + 0.2).to_bits());
        whole.set_text("shape", " 4, 5 ").unwrap();
        assert_eq!(whole.shape, [4, 5]);
        whole.set_text("shape", "").unwrap();
        assert_eq!(whole.shape, [0; 0]);
        for (key, text, message) in [
            ("damping", "much", "thing \"damping\" must be a real number, is \"much\""),
            ("damping", "", "thing \"damping\" must be a real number, is \"\""),
            ("damping", "nan", "thing \"damping\" must be from 0 to 1, is NaN"),
            ("least", "1.5", "thing \"least\" must be an integer that fits in 64 bits, is \"1.5\""),
            (
                "least",
                "9223372036854775808",
                "thing \"least\" must be an integer that fits in 64 bits, is \"9223372036854775808\"",
            ),
            ("least", "-2", "thing \"least\" must be at least -1, is -2"),
            ("loud", "yes", "thing \"loud\" must be 0 or 1, is \"yes\""),
            ("loud", "2", "thing \"loud\" must be 0 or 1, is 2"),
            ("colour", "blue", "thing \"colour\" must be \"red\" or \"blue-green\", is \"blue\""),
            ("shape", "1,,2", "thing \"shape[1]\" must be an integer that fits in 64 bits, is \"\""),
            ("shape", "1,2,", "thing \"shape[2]\" must be an integer that fits in 64 bits, is \"\""),
            ("shape", "1,0", "thing \"shape[1]\" must be at least 1, is 0"),
            ("weights", "1,inf", "thing \"weights[1]\" must be at least 0 and finite, is inf"),
            ("on", "1,x", "thing \"on[1]\" must be 0 or 1, is \"x\""),
            ("sizes", "1", "there is no thing \"sizes\""),
        ] {
            let before = whole.clone();
            assert_eq!(whole.set_text(key, text).unwrap_err().to_string(), message);
            // All or nothing.
            let error = whole.parse(&format!("damping=0.75 {key}={text}"));
            assert_eq!(error.unwrap_err().to_string(), message);
            assert_eq!(whole, before);
        }
        for text in ["damping", "damping=0.75 loud", "damping =1"] {
            let before = whole.clone();
            let message = whole.parse(text).unwrap_err().to_string();
            assert!(message.starts_with("text must be pairs key=value with blanks between"), "{message}");
            assert_eq!(whole, before);
        }
    }
}
