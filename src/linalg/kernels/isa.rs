//! Instruction sets.

/// Instruction sets with a compiled variant, chosen at run time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Isa {
    /// What every machine of the architecture has.
    Portable,
    /// AVX2.
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// AVX-512 F, VL and DQ.
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

impl Isa {
    /// The best one that this machine has.
    pub fn detect() -> Self {
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512vl")
                && is_x86_feature_detected!("avx512dq")
            {
                return Isa::Avx512;
            }
            if is_x86_feature_detected!("avx2") {
                return Isa::Avx2;
            }
        }
        Isa::Portable
    }

    /// As people call it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Isa::Portable => "no extension",
            #[cfg(target_arch = "x86_64")]
            Isa::Avx2 => "AVX2",
            #[cfg(target_arch = "x86_64")]
            Isa::Avx512 => "AVX-512",
        }
    }

    /// Whether [`super::Kernels::correlate`] is faster than a matrix product.
    pub(in crate::linalg) fn sums_quickly(self) -> bool {
        self != Isa::Portable && !self.is_avx2()
    }

    fn is_avx2(self) -> bool {
        #[cfg(target_arch = "x86_64")]
        return self == Isa::Avx2;
        #[cfg(not(target_arch = "x86_64"))]
        false
    }
}
