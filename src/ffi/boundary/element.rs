//! The element type of arrays: float or double, decided once, when a handle is made.

use crate::base::error::Error;
use crate::base::wording::in_c;
use crate::linalg::Real;

/// An element type that C can name.
pub(crate) trait Element: Real {
    /// Its code, DICOD_F32 or DICOD_F64.
    const CODE: i64 = 8 * size_of::<Self>() as i64;
    /// Its name in C.
    const NAME: &'static str;

    fn wrap<F: Family>(of: F::Of<Self>) -> Either<F>;
    fn unwrap<F: Family>(either: &mut Either<F>) -> Option<&mut F::Of<Self>>;
}

/// What a handle holds, an encoder, say, for each element type.
pub(crate) trait Family {
    type Of<T: Element>;
}

/// One of a family.
pub(crate) enum Either<F: Family> {
    F64(F::Of<f64>),
    F32(F::Of<f32>),
}

macro_rules! element {
    ($type:ty, $name:literal, $kind:ident) => {
        impl Element for $type {
            const NAME: &'static str = $name;

            fn wrap<F: Family>(of: F::Of<Self>) -> Either<F> {
                Either::$kind(of)
            }

            fn unwrap<F: Family>(either: &mut Either<F>) -> Option<&mut F::Of<Self>> {
                match either {
                    Either::$kind(of) => Some(of),
                    _ => None,
                }
            }
        }
    };
}
element!(f64, "double", F64);
element!(f32, "float", F32);

/// The same for either element type.
macro_rules! for_either {
    ($either:expr, $of:ident => $body:expr) => {
        match $either {
            $crate::ffi::boundary::Either::F64($of) => $body,
            $crate::ffi::boundary::Either::F32($of) => $body,
        }
    };
}
pub(crate) use for_either;

/// An array is of type `T`, a handle of the other one.
pub(crate) fn other_type<T: Element>(argument: &str, handle: &str) -> Error {
    let (other, suffix) = match T::CODE == f64::CODE {
        true => (f32::NAME, "with"),
        false => (f64::NAME, "without"),
    };
    let function = in_c(format!(" (call the function {suffix} _f32)"));
    let allowed = format!("an array of {other}, as the {handle} is{function}");
    Error::argument(argument, format!("one of {}", T::NAME), allowed)
}
