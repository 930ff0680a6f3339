//! Reads files of src/ffi.

use crate::model::{Constant, Function, Interface, Struct, Type, Variable};
use proc_macro2::TokenTree;
use syn::{Attribute, Expr, FnArg, GenericArgument, Item, Lit, Meta, Pat, PathArguments, ReturnType, Visibility};

/// Adds what a file declares. What cannot be read is an error that says where.
pub fn read(source: &str, file: &str, to: &mut Interface) {
    let parsed = syn::parse_file(source).unwrap_or_else(|error| panic!("{file}: {error}"));
    let first_constant = to.constants.len();
    for item in &parsed.items {
        one_item(item, to).unwrap_or_else(|error| panic!("{file}: {error}"));
    }
    // As cbindgen writes them: those of named types come after the types.
    to.constants[first_constant..].sort_by_key(|constant| matches!(constant.of, Type::Named(_)));
}

/// Whether the library exports it.
pub fn is_exported(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| match &attribute.meta {
        Meta::List(list) if list.path.is_ident("unsafe") => list.tokens.to_string() == "no_mangle",
        Meta::Path(path) => path.is_ident("no_mangle"),
        _ => false,
    })
}

fn one_item(item: &Item, to: &mut Interface) -> Result<(), String> {
    match item {
        Item::Const(constant) if is_public(&constant.vis) => {
            let name = constant.ident.to_string();
            let value = number(&constant.expr).ok_or(format!("{name} is not a plain number"))?;
            to.comments += &comment(&constant.attrs);
            to.constants.push(Constant { name, of: type_of(&constant.ty)?, value });
        }
        Item::Type(alias) if is_public(&alias.vis) => {
            let name = alias.ident.to_string();
            to.comments += &comment(&alias.attrs);
            match callback(&alias.ty) {
                Some(function) => to.callbacks.push(bare_function(name, function, &comment(&alias.attrs))?),
                None => to.aliases.push((name, type_of(&alias.ty)?)),
            }
        }
        Item::Struct(of) if is_public(&of.vis) => {
            to.comments += &comment(&of.attrs);
            if of.attrs.iter().any(|attribute| attribute.path().is_ident("repr")) {
                to.structs.push(members(of, &mut to.comments)?);
            }
        }
        Item::Fn(function) if is_exported(&function.attrs) => {
            let text = comment(&function.attrs);
            let named = |argument: &FnArg| match argument {
                FnArg::Typed(argument) => match &*argument.pat {
                    Pat::Ident(name) => variable(name.ident.to_string(), &argument.ty, &text),
                    _ => Err(format!("{}: an argument has no name", function.sig.ident)),
                },
                FnArg::Receiver(_) => Err(format!("{} has a self", function.sig.ident)),
            };
            to.functions.push(Function {
                name: function.sig.ident.to_string(),
                arguments: function.sig.inputs.iter().map(named).collect::<Result<_, _>>()?,
                returns: returned(&function.sig.output)?,
            });
            to.comments += &text;
        }
        Item::Macro(expanded) if mentions_export(expanded.mac.tokens.clone()) => {
            return Err("a macro exports functions: cbindgen and this tool do not see them".into());
        }
        _ => {}
    }
    Ok(())
}

fn mentions_export(tokens: proc_macro2::TokenStream) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(word) => word == "no_mangle",
        TokenTree::Group(group) => mentions_export(group.stream()),
        _ => false,
    })
}

fn is_public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

/// The text of a doc comment.
pub fn comment(attributes: &[Attribute]) -> String {
    let mut text = String::new();
    for attribute in attributes {
        if let Meta::NameValue(pair) = &attribute.meta
            && pair.path.is_ident("doc")
            && let Expr::Lit(literal) = &pair.value
            && let Lit::Str(line) = &literal.lit
        {
            text += &line.value();
            text.push('\n');
        }
    }
    text
}

fn number(expression: &Expr) -> Option<i64> {
    match expression {
        Expr::Lit(literal) => match &literal.lit {
            Lit::Int(number) => number.base10_parse().ok(),
            _ => None,
        },
        Expr::Unary(negative) if matches!(negative.op, syn::UnOp::Neg(_)) => number(&negative.expr).map(|n| -n),
        _ => None,
    }
}

fn members(of: &syn::ItemStruct, comments: &mut String) -> Result<Struct, String> {
    let name = of.ident.to_string();
    let mut members = Vec::new();
    for field in &of.fields {
        let text = comment(&field.attrs);
        let member = field.ident.as_ref().ok_or(format!("{name} has members without names"))?.to_string();
        let mut member = match callback(&field.ty) {
            Some(_) => Variable { name: member, of: Type::Callback, is_list: false, initially: None },
            None => variable(member, &field.ty, "")?,
        };
        member.initially = initially(&text);
        members.push(member);
        *comments += &text;
    }
    Ok(Struct { name, members })
}

/// "Initially 1." in a comment.
fn initially(comment: &str) -> Option<String> {
    let value = comment.split_once("Initially ")?.1.split_once('.')?.0;
    Some(value.trim().to_string())
}

fn variable(name: String, of: &syn::Type, comment: &str) -> Result<Variable, String> {
    let is_list = comment.contains(&format!("`{name}["));
    Ok(Variable { is_list, of: type_of(of)?, name, initially: None })
}

fn returned(of: &ReturnType) -> Result<Type, String> {
    match of {
        ReturnType::Default => Ok(Type::Void),
        ReturnType::Type(_, of) => type_of(of),
    }
}

/// The function in `Option<unsafe extern "C" fn(...)>`.
fn callback(of: &syn::Type) -> Option<&syn::TypeBareFn> {
    let syn::Type::Path(path) = of else { return None };
    let option = path.path.segments.last().filter(|segment| segment.ident == "Option")?;
    let PathArguments::AngleBracketed(inside) = &option.arguments else { return None };
    match inside.args.first()? {
        GenericArgument::Type(syn::Type::BareFn(function)) => Some(function),
        _ => None,
    }
}

fn bare_function(name: String, function: &syn::TypeBareFn, comment: &str) -> Result<Function, String> {
    let named = |argument: &syn::BareFnArg| {
        let (word, _) = argument.name.as_ref().ok_or(format!("an argument of {name} has no name"))?;
        variable(word.to_string(), &argument.ty, comment)
    };
    let arguments = function.inputs.iter().map(named).collect::<Result<_, _>>()?;
    Ok(Function { arguments, returns: returned(&function.output)?, name })
}

fn type_of(of: &syn::Type) -> Result<Type, String> {
    Ok(match of {
        syn::Type::Tuple(nothing) if nothing.elems.is_empty() => Type::Void,
        syn::Type::Ptr(pointer) => {
            Type::Pointer { to: Box::new(type_of(&pointer.elem)?), mutable: pointer.mutability.is_some() }
        }
        syn::Type::Array(array) => {
            let n = number(&array.len).ok_or("the length of an array is not a plain number")?;
            Type::Array(Box::new(type_of(&array.elem)?), n as usize)
        }
        syn::Type::Path(path) => {
            let name = path.path.segments.last().ok_or("a path is empty")?.ident.to_string();
            match name.as_str() {
                "c_void" => Type::Void,
                "c_char" => Type::Char,
                "u8" => Type::U8,
                "i32" => Type::I32,
                "i64" => Type::I64,
                "u64" => Type::U64,
                "f32" => Type::F32,
                "f64" => Type::F64,
                "bool" | "usize" | "isize" | "u32" | "Option" => return Err(format!("{name} is no type for C here")),
                _ => Type::Named(name),
            }
        }
        _ => return Err("a type that the C interface does not have".into()),
    })
}
