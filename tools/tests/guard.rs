//! Every exported function runs in the guard: what is not would run with the host's traps and rounding, and panic into it.

use dicod_tools::read::{comment, is_exported};
use proc_macro2::{Delimiter, TokenStream, TokenTree};
use std::collections::BTreeSet;
use std::path::Path;
use syn::{Item, ItemFn, Visibility};

/// What a text calls: names that parentheses follow, also within macros.
fn calls(tokens: TokenStream, found: &mut BTreeSet<String>) {
    let mut last = None;
    for token in tokens {
        if let TokenTree::Group(group) = &token {
            if let (Delimiter::Parenthesis, Some(name)) = (group.delimiter(), last.take()) {
                found.insert(name);
            }
            calls(group.stream(), found);
        }
        last = match token {
            TokenTree::Ident(name) => Some(name.to_string()),
            _ => None,
        };
    }
}

struct Function {
    file: String,
    item: ItemFn,
    calls: BTreeSet<String>,
}

fn functions(folder: &Path, found: &mut Vec<Function>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            functions(&path, found);
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        for item in syn::parse_file(&text).unwrap().items {
            if let Item::Fn(item) = item {
                let mut called = BTreeSet::new();
                item.block.stmts.iter().for_each(|statement| calls(quote::quote!(#statement), &mut called));
                found.push(Function { file: path.display().to_string(), item, calls: called });
            }
        }
    }
}

#[test]
fn every_exported_function_runs_in_the_guard() {
    let mut all = Vec::new();
    functions(&dicod_tools::root().join("src/ffi"), &mut all);
    // What runs its body in the guard, for all files or for its own.
    let mut guards = BTreeSet::from([(String::new(), "guard".to_string())]);
    loop {
        let before = guards.len();
        for function in &all {
            let guarded = |file: &str| function.calls.iter().any(|call| guards.contains(&(file.into(), call.clone())));
            if guarded("") || guarded(&function.file) {
                let file = match function.item.vis {
                    Visibility::Inherited => function.file.clone(),
                    _ => String::new(),
                };
                guards.insert((file, function.item.sig.ident.to_string()));
            }
        }
        if guards.len() == before {
            break;
        }
    }
    let mut n = 0;
    for function in all.iter().filter(|function| is_exported(&function.item.attrs)) {
        let name = function.item.sig.ident.to_string();
        let guarded = guards.contains(&(String::new(), name.clone()));
        // Text that is there always; what may be called in a signal handler, where a thread's storage may not be touched;
        // an index.
        let returns = &function.item.sig.output;
        let text = quote::quote!(#returns).to_string().contains("c_char");
        let plain = text || comment(&function.item.attrs).contains("signal handler") || name == "parmap_task_get_index";
        assert!(guarded || plain, "{name} of {} has no guard", function.file);
        n += 1;
    }
    assert!(n > 150, "the sources were not understood");
}
