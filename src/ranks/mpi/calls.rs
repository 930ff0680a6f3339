//! What MPI says of itself, of its errors and of handles, as results.

use crate::base::error::{Error, Result};
use ::mpi::ffi;
use std::ffi::c_int;

/// A communicator of the caller's.
pub type Communicator = ffi::MPI_Comm;

/// A Fortran handle.
pub type Fint = ffi::RSMPI_Fint;

/// Room for any text that MPI writes.
const TEXT: usize = 8192;

/// Text of a fixed buffer that MPI has filled.
fn text(buffer: &[u8], length: c_int) -> String {
    let length = usize::try_from(length).unwrap_or(0).min(buffer.len());
    let end = buffer[..length].iter().position(|byte| *byte == 0);
    let text = String::from_utf8_lossy(&buffer[..end.unwrap_or(length)]);
    // A message is one line; some MPIs write a whole stack of them.
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

pub(super) fn check(function: &str, code: c_int) -> Result<()> {
    if code == ffi::MPI_SUCCESS as c_int {
        return Ok(());
    }
    let (mut buffer, mut length) = ([0u8; TEXT], 0);
    // SAFETY: there is room for the longest text.
    let known = unsafe { ffi::MPI_Error_string(code, buffer.as_mut_ptr().cast(), &mut length) };
    let reason = match known == ffi::MPI_SUCCESS as c_int {
        true => text(&buffer, length),
        false => format!("error {code}"),
    };
    Err(Error::Communication(format!("{function}: {reason}")))
}

/// The communicator that a Fortran handle stands for; none: this process alone.
pub(crate) fn communicator(fortran: Option<i32>) -> Communicator {
    // SAFETY: the handle is one of a transport that lives, or a constant.
    unsafe {
        match fortran {
            Some(handle) => ffi::RSMPI_Comm_f2c(handle),
            None => ffi::RSMPI_COMM_SELF,
        }
    }
}

/// The Fortran handle of a communicator.
pub(crate) fn fortran(communicator: Communicator) -> Fint {
    // SAFETY: the communicator is valid.
    unsafe { ffi::RSMPI_Comm_c2f(communicator) }
}

/// Name and version of the MPI library: the first line of what it says of itself.
pub fn library() -> String {
    let (mut buffer, mut length) = ([0u8; TEXT], 0);
    // SAFETY: allowed at any time, and there is room for the longest text.
    unsafe { ffi::MPI_Get_library_version(buffer.as_mut_ptr().cast(), &mut length) };
    let mut lines = buffer.split(|byte| *byte == b'\n' || *byte == 0);
    let first = lines.find(|line| !line.trim_ascii().is_empty());
    first.map_or(String::new(), |line| text(line, line.len() as c_int))
}

pub(super) fn null_request() -> ffi::MPI_Request {
    // SAFETY: a constant.
    unsafe { ffi::RSMPI_REQUEST_NULL }
}

/// Is MPI there to be called: initialised and not finalised?
pub(super) fn fails_unless_running() -> Result<()> {
    let (mut initialised, mut finalised) = (0, 0);
    // SAFETY: both may be called at any time.
    unsafe {
        check("MPI_Initialized", ffi::MPI_Initialized(&mut initialised))?;
        check("MPI_Finalized", ffi::MPI_Finalized(&mut finalised))?;
    }
    if initialised == 0 {
        return Err(Error::InvalidState(
            "MPI is not initialised: call MPI_Init before (MPI sessions alone are not enough)".into(),
        ));
    }
    if finalised != 0 {
        return Err(Error::InvalidState("MPI is already finalised".into()));
    }
    Ok(())
}

/// The level of thread support that MPI gives.
pub(super) fn thread_support() -> Result<c_int> {
    let mut provided = 0;
    // SAFETY: MPI is running.
    let code = unsafe { ffi::MPI_Query_thread(&mut provided) };
    check("MPI_Query_thread", code)?;
    Ok(provided)
}

/// Is it the handle of a communicator? Found out without an error that the program would see, as
/// far as that can be done without a change of its error handlers that it could see.
pub(super) fn is_known(communicator: Communicator) -> Result<bool> {
    // SAFETY: handles are numbers or addresses; Fortran's table has every communicator.
    let fortran = unsafe {
        if communicator == std::mem::zeroed() {
            return Ok(false);
        }
        let fortran = ffi::RSMPI_Comm_c2f(communicator);
        if ffi::RSMPI_Comm_f2c(fortran) != communicator {
            return Ok(false);
        }
        fortran
    };
    if size_of::<Communicator>() > size_of::<u32>() {
        return Ok(true);
    }
    // In MPICH and its relatives a handle is a number, Fortran's is the same. Bits say what it
    // stands for; whether there is a communicator with that number only an error does. It is made to
    // come back where no other thread of the program can be in MPI meanwhile; elsewhere the
    // program's error handler has it.
    let bits = fortran as u32;
    if bits >> 30 == 0 || bits >> 26 & 15 != 1 {
        return Ok(false);
    }
    if thread_support()? == ffi::MPI_THREAD_MULTIPLE as c_int {
        return Ok(true);
    }
    let _returned = ErrorsReturn::new()?;
    let mut inter = 0;
    // SAFETY: an error comes back.
    let code = unsafe { ffi::MPI_Comm_test_inter(communicator, &mut inter) };
    Ok(code == ffi::MPI_SUCCESS as c_int)
}

/// While it lives, errors on the predefined communicators come back as codes: those on handles that
/// are none go there. Only for programs in which no other thread is in MPI meanwhile.
struct ErrorsReturn(Vec<(ffi::MPI_Comm, ffi::MPI_Errhandler)>);

impl ErrorsReturn {
    fn new() -> Result<Self> {
        let mut before = ErrorsReturn(Vec::new());
        // SAFETY: MPI is running; the handlers are put back when this is dropped.
        unsafe {
            for communicator in [ffi::RSMPI_COMM_WORLD, ffi::RSMPI_COMM_SELF] {
                let mut handler = ffi::RSMPI_ERRORS_RETURN;
                check("MPI_Comm_get_errhandler", ffi::MPI_Comm_get_errhandler(communicator, &mut handler))?;
                before.0.push((communicator, handler));
                check("MPI_Comm_set_errhandler", ffi::MPI_Comm_set_errhandler(communicator, ffi::RSMPI_ERRORS_RETURN))?;
            }
        }
        Ok(before)
    }
}

impl Drop for ErrorsReturn {
    fn drop(&mut self) {
        for (communicator, handler) in &mut self.0 {
            // SAFETY: what was there before; the handle that was got is given back.
            unsafe {
                ffi::MPI_Comm_set_errhandler(*communicator, *handler);
                ffi::MPI_Errhandler_free(handler);
            }
        }
    }
}
