//! The C interface as data: what src/ffi says, in the order in which it says it.

/// A type, as far as the interface goes.
#[derive(Clone, Debug, PartialEq)]
pub enum Type {
    /// Nothing, or what a pointer to anything points to.
    Void,
    /// Of C: `char`.
    Char,
    /// A byte.
    U8,
    /// 32 bits.
    I32,
    /// 64 bits.
    I64,
    /// 64 bits without a sign.
    U64,
    /// `float`.
    F32,
    /// `double`.
    F64,
    /// One that has a name: a struct, a handle, a callback, an alias, or a type of MPI.
    Named(String),
    /// A pointer, to what is not const if `mutable`.
    Pointer {
        /// What it points to.
        to: Box<Type>,
        /// Whether that may be written.
        mutable: bool,
    },
    /// An array in a struct.
    Array(Box<Type>, usize),
    /// A callback in a struct.
    Callback,
}

impl Type {
    /// Whether it is a handle of MPI as C has it, which other languages do not.
    fn is_of_c_alone(&self) -> bool {
        match self {
            Type::Pointer { to, .. } => to.is_of_c_alone(),
            Type::Named(name) => name == "MPI_Comm",
            _ => false,
        }
    }
}

/// An argument, or a member of a struct.
#[derive(Clone, Debug)]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// Its type.
    pub of: Type,
    /// Argument: whether it is a list, which the comment of the function writes as `name[...]`.
    pub is_list: bool,
    /// Member: its first value, if that is not zero. The comment says so in a sentence: "Initially 1."
    pub initially: Option<String>,
}

/// A constant.
#[derive(Clone, Debug)]
pub struct Constant {
    /// Its name.
    pub name: String,
    /// Its type.
    pub of: Type,
    /// Its value.
    pub value: i64,
}

/// A struct whose members are the caller's to see.
#[derive(Clone, Debug)]
pub struct Struct {
    /// Its name.
    pub name: String,
    /// Its members.
    pub members: Vec<Variable>,
}

/// A function, or the type of a callback.
#[derive(Clone, Debug)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// Its arguments.
    pub arguments: Vec<Variable>,
    /// What it returns.
    pub returns: Type,
}

impl Function {
    /// Whether other languages than C can call it.
    pub fn is_for_bindings(&self) -> bool {
        !self.arguments.iter().any(|argument| argument.of.is_of_c_alone())
    }
}

/// What one header declares.
#[derive(Clone, Debug, Default)]
pub struct Interface {
    /// Names for numbers: `dicod_status` is an `i32`.
    pub aliases: Vec<(String, Type)>,
    /// Constants.
    pub constants: Vec<Constant>,
    /// Structs.
    pub structs: Vec<Struct>,
    /// Types of callbacks.
    pub callbacks: Vec<Function>,
    /// Functions.
    pub functions: Vec<Function>,
    /// The comments of all of them.
    pub comments: String,
}

impl Interface {
    /// The struct of that name.
    pub fn struct_named(&self, name: &str) -> Option<&Struct> {
        self.structs.iter().find(|s| s.name == name)
    }

    /// Whether that is the name of a type of callbacks.
    pub fn is_callback(&self, name: &str) -> bool {
        self.callbacks.iter().any(|callback| callback.name == name)
    }

    /// What a name that is an alias stands for.
    pub fn resolved<'a>(&'a self, of: &'a Type) -> &'a Type {
        match of {
            Type::Named(name) => self.aliases.iter().find(|alias| alias.0 == *name).map_or(of, |alias| &alias.1),
            _ => of,
        }
    }

    /// Whether the header has an initialiser of it: where a comment speaks of one.
    pub fn has_initialiser(&self, of: &Struct) -> bool {
        let name = initialiser(&of.name);
        let words = self.comments.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        words.into_iter().any(|word| word == name)
    }

    /// Bytes of a struct on a 64-bit machine.
    pub fn size_of(&self, of: &Struct) -> usize {
        let mut size = 0usize;
        for member in &of.members {
            let (bytes, alignment) = self.layout(&member.of);
            size = size.next_multiple_of(alignment) + bytes;
        }
        let alignment = of.members.iter().map(|member| self.layout(&member.of).1).max().unwrap_or(1);
        size.next_multiple_of(alignment)
    }

    /// Bytes and alignment.
    fn layout(&self, of: &Type) -> (usize, usize) {
        match self.resolved(of) {
            Type::Char | Type::U8 => (1, 1),
            Type::I32 | Type::F32 => (4, 4),
            Type::Array(of, n) => {
                let (bytes, alignment) = self.layout(of);
                (n * bytes, alignment)
            }
            _ => (8, 8),
        }
    }
}

/// How the initialiser of a struct is called.
pub fn initialiser(of: &str) -> String {
    of.to_uppercase() + "_INIT"
}
