//! A number of 256 bits whose exponent is a whole number of any size, so that nothing overflows or underflows.

use std::cell::RefCell;

use dashu_base::{BitTest, Sign, UnsignedAbs};
use dashu_float::round::mode::HalfEven;
use dashu_float::{ConstCache, Context, FBig};
use dashu_int::IBig;

/// Binary floating point of the library, rounded to the nearest.
pub type Big = FBig<HalfEven, 2>;

/// The bits of a part.
pub const BITS: usize = 256;

/// Parts further apart than this do not touch each other.
const APART: usize = 2 * BITS + 64;

/// The context of this many bits.
pub fn context(bits: usize) -> Context<HalfEven> {
    Context::new(bits)
}

/// Calls a function with the constants that this thread has computed already.
pub fn with_constants<T>(f: impl FnOnce(&mut ConstCache) -> T) -> T {
    thread_local!(static CONSTANTS: RefCell<ConstCache> = RefCell::new(ConstCache::default()));
    CONSTANTS.with_borrow_mut(f)
}

/// ln 2 to this many bits.
pub fn ln_2(bits: usize) -> Big {
    with_constants(|constants| constants.ln2(bits))
}

/// `m * 2^e`, with `m` in [1, 2) up to its sign; or 0, and then `e` is 0.
#[derive(Clone, Debug)]
pub struct Part {
    /// The significand.
    pub m: Big,
    /// The exponent.
    pub e: IBig,
}

impl Part {
    /// Nothing.
    pub fn zero() -> Part {
        Part { m: Big::ZERO.with_precision(BITS).value(), e: IBig::ZERO }
    }

    /// `m * 2^e`, rounded to the bits of a part.
    pub fn new(m: Big, e: IBig) -> Part {
        if m.repr().significand().is_zero() {
            return Part::zero();
        }
        let m = m.with_precision(BITS).value();
        let own = m.repr().exponent() + m.repr().significand().unsigned_abs().bit_len() as isize - 1;
        Part { m: m >> own, e: e + own }
    }

    /// A finite number of the machine, exactly.
    pub fn from_f64(x: f64) -> Part {
        Part::new(Big::try_from(x).expect("a finite number"), IBig::ZERO)
    }

    /// Whether it is 0.
    pub fn is_zero(&self) -> bool {
        self.m.repr().significand().is_zero()
    }

    /// Whether it is below 0.
    pub fn is_negative(&self) -> bool {
        !self.is_zero() && self.m.repr().sign() == Sign::Negative
    }

    /// Its exponent as a machine number; far ones come out as the nearest end.
    pub fn exponent(&self) -> i64 {
        let far = if self.e < IBig::ZERO { i64::MIN / 4 } else { i64::MAX / 4 };
        i64::try_from(&self.e).ok().filter(|e| e.abs() < i64::MAX / 4).unwrap_or(far)
    }

    /// The number in the library's own form; `None` where its exponent is beyond that.
    pub fn big(&self) -> Option<Big> {
        let e = isize::try_from(&self.e).ok().filter(|e| e.abs() < 1 << 60)?;
        Some(self.m.clone() << e)
    }

    /// Times a power of 2.
    pub fn scaled(&self, power: &IBig) -> Part {
        if self.is_zero() { Part::zero() } else { Part { m: self.m.clone(), e: &self.e + power } }
    }

    /// Its opposite.
    pub fn negated(&self) -> Part {
        Part { m: -self.m.clone(), e: self.e.clone() }
    }

    /// The sum, rounded, and what rounding took away.
    pub fn sum(&self, other: &Part) -> (Part, Part) {
        if self.is_zero() || other.is_zero() {
            return (if self.is_zero() { other.clone() } else { self.clone() }, Part::zero());
        }
        let (big, small) = if self.e >= other.e { (self, other) } else { (other, self) };
        let gap = &big.e - &small.e;
        if gap > IBig::from(APART) {
            return (big.clone(), small.clone());
        }
        let gap = isize::try_from(&gap).expect("a small number");
        // In as many bits as hold every bit of both, because the library's sums in fewer are not always the nearest.
        let small = small.m.clone() >> gap;
        let bits = 2 * BITS + APART + 2;
        let exact = context(bits).add(big.m.repr(), small.repr()).expect("a finite sum").value();
        let near = exact.clone().with_precision(BITS).value();
        let rest = exact - &near;
        (Part::new(near, big.e.clone()), Part::new(rest, big.e.clone()))
    }

    /// The product, rounded, and what rounding took away.
    pub fn product(&self, other: &Part) -> (Part, Part) {
        if self.is_zero() || other.is_zero() {
            return (Part::zero(), Part::zero());
        }
        let e = &self.e + &other.e;
        let exact = context(2 * BITS).mul(self.m.repr(), other.m.repr()).expect("a finite product").value();
        let near = exact.clone().with_precision(BITS).value();
        let rest = exact - &near;
        (Part::new(near, e.clone()), Part::new(rest, e))
    }

    /// The quotient, rounded; `other` is not 0.
    pub fn quotient(&self, other: &Part) -> Part {
        if self.is_zero() { Part::zero() } else { Part::new(&self.m / &other.m, &self.e - &other.e) }
    }
}
