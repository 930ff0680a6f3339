//! Encoders and learners alike: handles on activations, in use by one call at a time.

use crate::clock::Clock;
use crate::csc::coder::Coder;
use crate::ffi::boundary::*;
use crate::ffi::context::{Context, Session, ranks};
use std::marker::PhantomData;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Instant;

/// What is behind a handle.
pub(crate) struct Shared<S> {
    pub(crate) context: Option<Arc<Context>>,
    state: Mutex<S>,
    name: &'static str,
}

impl<S> Shared<S> {
    pub(crate) fn new<H: Handle>(context: Option<Arc<Context>>, state: S) -> Arc<Self> {
        Arc::new(Shared { context, state: Mutex::new(state), name: H::NAME })
    }

    pub(crate) fn state(&self) -> Result<MutexGuard<'_, S>> {
        entered(&self.state, self.name)
    }
}

/// A handle on activations.
pub(crate) trait Holder: Handle {
    type State: Holds;

    fn shared(&self) -> &Arc<Shared<Self::State>>;
}

/// What it holds.
pub(crate) trait Holds {
    fn coder(&mut self) -> AnyCoder<'_>;
}

/// A type of handles, its state, and the member of that in which the encoder or learner is, unless it is all of it.
macro_rules! holds {
    ($handle:ty, $state:ty $(, $of:ident)?) => {
        impl $crate::ffi::held::Holder for $handle {
            type State = $state;

            fn shared(&self) -> &Arc<Shared<$state>> {
                &self.0
            }
        }

        impl $crate::ffi::held::Holds for $state {
            fn coder(&mut self) -> $crate::ffi::held::AnyCoder<'_> {
                match &mut (*self)$(.$of)? {
                    Either::F64(of) => Either::F64(of as _),
                    Either::F32(of) => Either::F32(of as _),
                }
            }
        }
    };
}
pub(crate) use holds;

/// Encoders or learners, of either element type.
pub(crate) struct Coders<'h>(PhantomData<&'h ()>);

impl<'h> Family for Coders<'h> {
    type Of<T: Element> = &'h mut dyn Coder<T>;
}

pub(crate) type AnyCoder<'h> = Either<Coders<'h>>;

/// Shared ownership for the time of a call: a callback may free the handle.
pub(crate) fn get<H: Holder>(handle: *const H) -> Result<Arc<Shared<H::State>>> {
    Ok(of(handle)?.shared().clone())
}

/// What a call is about that is the same for encoders and learners.
pub(crate) struct Held<'h> {
    pub(crate) coder: AnyCoder<'h>,
    pub(crate) context: &'h Option<Arc<Context>>,
    /// What it is called.
    pub(crate) name: &'static str,
}

/// Does something with what a handle holds.
pub(crate) fn with<H: Holder, R>(handle: *const H, body: impl FnOnce(Held<'_>) -> Result<R>) -> Result<R> {
    let shared = get(handle)?;
    let state = &mut *shared.state()?;
    body(Held { coder: state.coder(), context: &shared.context, name: H::NAME })
}

/// The same for what needs the context for itself.
pub(crate) fn with_context<H: Holder, R>(handle: *const H, body: impl FnOnce(Held<'_>) -> Result<R>) -> Result<R> {
    with(handle, |held| {
        let _session = Session::enter(held.context)?;
        body(held)
    })
}

/// The same with all of the state, where that is not what encoders and learners have in common.
pub(crate) fn with_state<H: Holder, R>(
    handle: *const H,
    body: impl FnOnce(&mut H::State, &Session<'_>) -> Result<R>,
) -> Result<R> {
    let shared = get(handle)?;
    let state = &mut *shared.state()?;
    let session = Session::enter(&shared.context)?;
    body(state, &session)
}

/// The same for a call that has a limit of time and can be cancelled.
pub(crate) fn timed<H: Holder>(
    handle: *const H,
    body: impl FnOnce(&mut H::State, &Session<'_>, &Clock<'_>) -> Result<dicod_status>,
) -> Result<dicod_status> {
    let start = Instant::now();
    let shared = get(handle)?;
    let state = &mut *shared.state()?;
    let session = Session::run(&shared.context)?;
    let options = for_either!(state.coder(), coder => coder.options().clone());
    session.timed(start, &options, &ranks(&shared.context), |clock| body(state, &session, clock))
}
