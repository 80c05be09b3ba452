//! Errors in units in the last place.

use crate::wide::Wide;

/// A format of the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// Single precision.
    F32,
    /// Double precision.
    F64,
}

impl Format {
    /// Its name.
    pub fn name(self) -> &'static str {
        if self == Format::F32 { "f32" } else { "f64" }
    }

    /// The bits of its significand.
    pub fn bits(self) -> i64 {
        if self == Format::F32 { 24 } else { 53 }
    }

    /// The exponents of its smallest normal and of its largest number.
    pub fn exponents(self) -> (i64, i64) {
        if self == Format::F32 { (-126, 127) } else { (-1022, 1023) }
    }

    /// The number nearest to a wide one.
    pub fn round(self, x: &Wide) -> f64 {
        if self == Format::F32 { f64::from(x.to_f32()) } else { x.to_f64() }
    }

    /// The unit in the last place of a number of this size.
    pub fn unit(self, x: &Wide) -> Wide {
        let (least, most) = self.exponents();
        let exponent = x.exponent().unwrap_or(least).clamp(least, most);
        Wide::one().scaled(exponent - self.bits() + 1)
    }

    /// How far a result is from the exact one, in units of the last place of the latter. Infinite where one is
    /// finite in this format and the other is not, or only one is NaN.
    pub fn error(self, got: f64, exact: &Wide) -> f64 {
        if got.is_nan() || exact.is_nan() {
            return if got.is_nan() && exact.is_nan() { 0.0 } else { f64::INFINITY };
        }
        let want = self.round(exact);
        if got == want {
            // Half a unit at most; how much is not worth telling from 0 where it is infinite.
            return if got.is_finite() { self.distance(got, exact) } else { 0.0 };
        }
        if got.is_infinite() || want.is_infinite() {
            // One rounds to the largest number, the other just beyond it.
            let near = |x: f64| if x.is_infinite() { self.largest().copysign(x) } else { x };
            let close = got.is_sign_negative() == want.is_sign_negative()
                && near(got) == near(want)
                && exact.is_finite();
            return if close { 1.0 } else { f64::INFINITY };
        }
        self.distance(got, exact)
    }

    fn distance(self, got: f64, exact: &Wide) -> f64 {
        (&(&Wide::new(got) - exact).abs() / &self.unit(exact)).to_f64()
    }

    /// One of its numbers with as few digits as tell it from its neighbours.
    pub fn text(self, x: f64) -> String {
        let plain = x == 0.0 || !x.is_finite() || (1e-4..1e7).contains(&x.abs());
        match (self, plain) {
            (Format::F32, true) => (x as f32).to_string(),
            (Format::F32, false) => format!("{:e}", x as f32),
            (Format::F64, true) => x.to_string(),
            (Format::F64, false) => format!("{x:e}"),
        }
    }

    /// Its largest number.
    pub fn largest(self) -> f64 {
        if self == Format::F32 { f64::from(f32::MAX) } else { f64::MAX }
    }

    /// Its smallest number above 0, a subnormal one.
    pub fn smallest(self) -> f64 {
        if self == Format::F32 { f64::from(f32::from_bits(1)) } else { f64::from_bits(1) }
    }

    /// The power of 2, or the nearest of its numbers.
    pub fn power(self, exponent: i64) -> f64 {
        self.round(&Wide::one().scaled(exponent))
    }

    /// Whether its significand has room for this number, whatever the exponent.
    pub fn fits(self, x: &Wide) -> bool {
        let Some(exponent) = x.exponent() else { return true };
        let near = x.scaled(-exponent);
        Wide::new(self.round(&near)) == near
    }

    /// The place of one of its numbers in their order; both zeros have the place 0.
    pub fn place(self, x: f64) -> i64 {
        let bits = match self {
            Format::F32 => i64::from((x.abs() as f32).to_bits()),
            Format::F64 => x.abs().to_bits() as i64,
        };
        if x < 0.0 { -bits } else { bits }
    }

    /// The number at a place, or the infinity beyond the last one.
    pub fn number(self, place: i64) -> f64 {
        let bits = place.unsigned_abs().min(self.place(f64::INFINITY) as u64);
        let size = match self {
            Format::F32 => f64::from(f32::from_bits(bits as u32)),
            Format::F64 => f64::from_bits(bits),
        };
        if place < 0 { -size } else { size }
    }

    /// So many places further.
    pub fn step(self, x: f64, places: i64) -> f64 {
        self.number(self.place(x) + places)
    }
}

#[cfg(test)]
mod tests {
    use super::Format;
    use crate::wide::Wide;

    #[test]
    fn numbers_stand_in_order() {
        for format in [Format::F32, Format::F64] {
            assert_eq!(format.step(0.0, 1), format.smallest());
            assert_eq!(format.step(format.smallest(), -2), -format.smallest());
            assert_eq!(format.step(format.largest(), 1), f64::INFINITY);
            assert_eq!(format.step(format.largest(), 9), f64::INFINITY);
            for x in [1.0, -0.75, 3e-39, -format.largest()] {
                let x = format.round(&Wide::new(x));
                assert_eq!(format.number(format.place(x)), x);
            }
            assert!(format.fits(&Wide::new(0.75).scaled(-5000)));
            assert!(!format.fits(&(&Wide::one() + &Wide::one().scaled(-60))));
        }
    }

    #[test]
    fn errors_are_counted_in_the_format() {
        let one = Wide::one();
        assert_eq!(Format::F64.error(1.0 + f64::EPSILON, &one), 1.0);
        assert_eq!(Format::F32.error(1.0 + f64::from(f32::EPSILON), &one), 1.0);
        assert_eq!(Format::F64.error(f64::NAN, &one), f64::INFINITY);
        assert_eq!(Format::F64.error(f64::INFINITY, &Wide::new(1e5).exp()), 0.0);
        assert_eq!(Format::F64.error(0.0, &Wide::new(-1e5).exp()), 0.0);
        assert_eq!(Format::F64.error(f64::INFINITY, &one), f64::INFINITY);
        // Below the smallest normal number the unit does not shrink.
        assert_eq!(Format::F64.error(5e-324, &Wide::zero()), 1.0);
    }
}
