//! Contexts on ranks that the program connects itself.

use crate::ffi::boundary::*;
use crate::ffi::context::{create, dicod_context};
use crate::ranks::table::{Connected, dicod_transport};

/// Makes a context on the ranks that `transport` connects: `*context`. Free it with dicod_context_free().
///
/// Everything that is said of contexts over MPI holds for it: the same results, bit for bit, on any number of ranks; the same errors
/// on every rank. The struct is copied; what it points to is the library's to free by its function `free` once this has
/// succeeded, with the context and all that was made with it; after an error it is still the caller's. `n_threads` as in
/// dicod_context_create(), it may differ between ranks.
///
/// Collective over the ranks; so are the functions that say so, with a context like this one: every rank calls them in the same
/// order. What the transport itself is told wrong is refused on this rank alone, before anything is sent.
/// Errors: DICOD_ERROR_NULL_POINTER (transport, one of its functions send, test, probe, receive and reduce, context);
/// DICOD_ERROR_INVALID_ARGUMENT (struct_size, rank, n_ranks, may_have_threads; n_threads, also more than 1 where the transport
/// allows no threads); DICOD_ERROR_COMMUNICATION.
#[unsafe(no_mangle)]
pub extern "C" fn dicod_context_create_on(
    transport: *const dicod_transport,
    n_threads: i32,
    context: *mut *mut dicod_context,
) -> dicod_status {
    guard(|| {
        let table = sized(transport, "transport", "transport->struct_size", "a transport: DICOD_TRANSPORT_INIT")?;
        let connected = Connected::new(table)?;
        create(n_threads, context, || Ok(connected.transport()))?;
        connected.take();
        Ok(())
    })
}
