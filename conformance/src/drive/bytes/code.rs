//! floor 7: values as bytes of a fuzzer, and back.
//!
//! Every byte string stands for a plan: what is missing is zero, numbers that are too large go round. A plan
//! can be written, so that recorded traffic can be made into seeds, and reading gives the same plan again.

use arbitrary::{Result, Unstructured};

/// A value that fuzzers can make.
pub trait Code: Sized {
    /// Takes the value from the front.
    ///
    /// # Errors
    /// None in practice: what is missing is zero.
    fn read(input: &mut Unstructured<'_>) -> Result<Self>;

    /// Appends the bytes that stand for the value.
    fn write(&self, out: &mut Vec<u8>);
}

macro_rules! numbers {
    ($($type:ty)*) => {
        $(impl Code for $type {
            fn read(input: &mut Unstructured<'_>) -> Result<Self> {
                let mut bytes = [0; size_of::<Self>()];
                input.fill_buffer(&mut bytes)?;
                Ok(Self::from_le_bytes(bytes))
            }

            fn write(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.to_le_bytes());
            }
        })*
    };
}

numbers! { u8 i8 u16 u32 }

impl Code for bool {
    fn read(input: &mut Unstructured<'_>) -> Result<Self> {
        Ok(u8::read(input)? & 1 == 1)
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.push(u8::from(*self));
    }
}

/// A few octets, as they are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Octets(Vec<u8>);

impl Octets {
    /// How many there are at the most.
    pub const MAX: usize = 127;

    /// The first octets of `bytes`.
    pub fn new(bytes: &[u8]) -> Self {
        Self(bytes.get(..Self::MAX).unwrap_or(bytes).to_vec())
    }

    /// The octets.
    pub fn as_slice(&self) -> &[u8] {
        &self.0
    }
}

impl Code for Octets {
    fn read(input: &mut Unstructured<'_>) -> Result<Self> {
        let wanted = usize::from(u8::read(input)?) % (Self::MAX + 1);
        Ok(Self(input.bytes(wanted.min(input.len()))?.to_vec()))
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.extend(u8::try_from(self.0.len()));
        out.extend_from_slice(&self.0);
    }
}

/// Defines a type together with its code. Of an enumeration the first variant is the likeliest: it has half
/// of all codes.
macro_rules! coded {
    ($(#[$meta:meta])* pub struct $name:ident { $($(#[$about:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $name { $($(#[$about])* pub $field: $type,)* }

        impl $crate::drive::bytes::code::Code for $name {
            fn read(input: &mut arbitrary::Unstructured<'_>) -> arbitrary::Result<Self> {
                Ok(Self { $($field: $crate::drive::bytes::code::Code::read(input)?,)* })
            }

            fn write(&self, out: &mut Vec<u8>) {
                let Self { $($field,)* } = self;
                $($field.write(out);)*
            }
        }
    };
    ($(#[$meta:meta])* pub enum $name:ident {
        $($(#[$about:meta])* $variant:ident $({ $($(#[$inner:meta])* $field:ident: $type:ty,)* })?,)*
    }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum $name { $($(#[$about])* $variant $({ $($(#[$inner])* $field: $type,)* })?,)* }

        impl $name {
            /// The names of the variants, in order of their codes.
            pub const VARIANTS: &[&str] = &[$(stringify!($variant)),*];

            /// Takes what belongs to the variant with this code.
            ///
            /// # Errors
            /// If there is no such variant.
            pub fn read_variant(
                wanted: usize,
                input: &mut arbitrary::Unstructured<'_>,
            ) -> arbitrary::Result<Self> {
                let _ = &input;
                let mut variants = 0_usize..;
                $(if variants.next() == Some(wanted) {
                    return Ok(Self::$variant $({
                        $($field: $crate::drive::bytes::code::Code::read(input)?,)*
                    })?);
                })*
                Err(arbitrary::Error::IncorrectFormat)
            }
        }

        impl $crate::drive::bytes::code::Code for $name {
            fn read(input: &mut arbitrary::Unstructured<'_>) -> arbitrary::Result<Self> {
                let code = usize::from(u8::read(input)?);
                Self::read_variant(if code < 128 { code % Self::VARIANTS.len() } else { 0 }, input)
            }

            fn write(&self, out: &mut Vec<u8>) {
                let mut variants = 0_u8..;
                $(let code = variants.next().unwrap_or(0);
                if let Self::$variant $({ $($field,)* })? = self {
                    out.push(code);
                    $($($field.write(out);)*)?
                    return;
                })*
            }
        }
    };
}

pub(crate) use coded;
