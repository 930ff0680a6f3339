//! The modules dicod_c and dicod_mpi_c: the C functions as Fortran sees them.

use super::wrapped;
use crate::model::{Function, Interface, Struct, Type, Variable};
use std::fmt::Write;

const TOP: &str = "\
! The C interface of libdicod as Fortran sees it, name by name: include/dicod.h describes it.
!
! Generated from src/ffi by tools (make header): change it there. The module dicod is the comfortable way.
!
! Pointers are type(c_ptr), handles that a function sets are passed by reference, structs too; those may be left out where
! the header says that they may be NULL.
module dicod_c
  use, intrinsic :: iso_c_binding
  implicit none
  public

";

const MPI_TOP: &str = "\
! The C functions of include/dicod_mpi.h. Generated from src/ffi by tools (make header): change it there.
module dicod_mpi_c
  use, intrinsic :: iso_c_binding
  implicit none
  public

  interface
";

/// The module dicod_c.
pub fn module(c: &Interface) -> String {
    let mut out = TOP.to_string();
    for constant in &c.constants {
        let (kind, name, value) = (kind(c, &constant.of), &constant.name, constant.value);
        writeln!(out, "  integer({kind}), parameter :: {name} = {value}_{kind}").unwrap();
    }
    for of in &c.structs {
        out += &structure(c, of);
    }
    out += "\n  abstract interface\n";
    for function in &c.callbacks {
        out += &procedure(c, function, true);
    }
    out += "  end interface\n\n  interface\n";
    for function in &c.functions {
        out += &procedure(c, function, false);
    }
    out + "  end interface\nend module\n"
}

/// The module dicod_mpi_c: of dicod_mpi.h what is not for C alone.
pub fn module_of_mpi(c: &Interface, mpi: &Interface) -> String {
    let mut out = MPI_TOP.to_string();
    for function in mpi.functions.iter().filter(|function| function.is_for_bindings()) {
        out += &procedure(c, function, false);
    }
    out + "  end interface\nend module\n"
}

/// Kind of an integer.
fn kind(c: &Interface, of: &Type) -> &'static str {
    match c.resolved(of) {
        Type::I32 => "c_int32_t",
        Type::I64 | Type::U64 => "c_int64_t",
        Type::Named(name) if name == "MPI_Fint" => "c_int",
        other => panic!("no integer of Fortran is {other:?}"),
    }
}

fn scalar(c: &Interface, of: &Type) -> String {
    match c.resolved(of) {
        Type::F64 => "real(c_double)".into(),
        Type::F32 => "real(c_float)".into(),
        other => format!("integer({})", kind(c, other)),
    }
}

fn structure(c: &Interface, of: &Struct) -> String {
    let mut out = format!("\n  type, bind(c) :: {}\n", of.name);
    for member in &of.members {
        let name = &member.name;
        let line = match &member.of {
            _ if name == "struct_size" => {
                format!("integer(c_int64_t) :: struct_size = {}_c_int64_t", c.size_of(of))
            }
            Type::Pointer { .. } => format!("type(c_ptr) :: {name} = c_null_ptr"),
            Type::Callback => format!("type(c_funptr) :: {name} = c_null_funptr"),
            Type::Named(of) if c.is_callback(of) => format!("type(c_funptr) :: {name} = c_null_funptr"),
            Type::Array(of, n) if **of == Type::Char => {
                format!("character(kind=c_char) :: {name}({n}) = c_null_char")
            }
            Type::Array(of, n) => format!("{} :: {name}({n}) = 0", scalar(c, of)),
            of => format!("{} :: {name} = {}", scalar(c, of), member.initially.as_deref().unwrap_or("0")),
        };
        writeln!(out, "    {line}").unwrap();
    }
    out + "  end type\n"
}

/// A callback is never without a struct that it is handed.
fn procedure(c: &Interface, function: &Function, is_callback: bool) -> String {
    let name = &function.name;
    let names: Vec<_> = function.arguments.iter().map(|argument| argument.name.as_str()).collect();
    let bind = match is_callback {
        true => "bind(c)".to_string(),
        false => format!("bind(c, name='{name}')"),
    };
    let (word, ending) = match function.returns {
        Type::Void => ("subroutine", ""),
        _ => ("function", " result(outcome)"),
    };
    let mut out = wrapped(4, &format!("{word} {name}({}) {bind}{ending}", names.join(", ")));
    out += "      import\n";
    for one in &function.arguments {
        out += &wrapped(6, &argument(c, one, is_callback));
    }
    match &function.returns {
        Type::Void => {}
        Type::Pointer { .. } => out += "      type(c_ptr) :: outcome\n",
        of => writeln!(out, "      {} :: outcome", scalar(c, of)).unwrap(),
    }
    out + &format!("    end {word}\n")
}

fn argument(c: &Interface, argument: &Variable, of_callback: bool) -> String {
    let name = &argument.name;
    let optional = if of_callback { "" } else { ", optional" };
    match &argument.of {
        Type::Named(of) if c.is_callback(of) => format!("type(c_funptr), value :: {name}"),
        Type::Pointer { to, mutable } => match &**to {
            Type::Named(of) if c.struct_named(of).is_some() => match mutable {
                false if argument.is_list => format!("type({of}), intent(in) :: {name}(*)"),
                false => format!("type({of}), intent(in) :: {name}"),
                true => format!("type({of}), intent(inout){optional} :: {name}"),
            },
            Type::Pointer { .. } if *mutable => format!("type(c_ptr), intent(inout){optional} :: {name}"),
            _ => format!("type(c_ptr), value :: {name}"),
        },
        of => format!("{}, value :: {name}", scalar(c, of)),
    }
}
