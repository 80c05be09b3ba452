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

    fn largest(self) -> f64 {
        if self == Format::F32 { f64::from(f32::MAX) } else { f64::MAX }
    }
}

#[cfg(test)]
mod tests {
    use super::Format;
    use crate::wide::Wide;

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
