//! [`Element`] for f32: constants, bit tricks, polynomials.

use super::{Element, pow};
use crate::carrier::Fx;
use crate::real::Real;

/// The bit pattern of sqrt(1/2).
const SQRT_HALF: u32 = 0x3f35_04f3;

impl Element for f32 {
    const INFINITY: Self = f32::INFINITY;
    const MIN_NORMAL: Self = f32::MIN_POSITIVE;
    const DIVISOR_SCALE: Self = 4_294_967_296.0; // 2^32

    const MAGIC: f64 = 12_582_912.0;
    const LN2_HI: f64 = 6.931_457_52e-1;
    const LN2_LO: f64 = 1.428_606_77e-6;
    const EXP_MIN: f64 = -105.0;
    const EXP_MAX: f64 = 90.0;
    const EXP_TIMES_MAX: f64 = 264.0;
    const EXPM1_MIN: f64 = -18.0;
    const SUBNORMAL_SCALE: (f64, f64) = (16_777_216.0, 24.0);
    const LOG1P_EXPONENT: f64 = 100.0;
    const TANH_MAX: f64 = 10.0;
    const ERF_MAX: f64 = 3.93;

    super::primitives!(f32);

    #[inline(always)]
    fn xor_sign(self, other: Self) -> Self {
        f32::from_bits(self.to_bits() ^ (other.to_bits() & 0x8000_0000))
    }

    #[inline(always)]
    fn pow2(t: Self) -> Self {
        f32::from_bits(t.to_bits().wrapping_add(127) << 23)
    }

    #[inline(always)]
    fn pow2_less(t: Self, u: Self) -> Self {
        let twice = u.to_bits().wrapping_add(u.to_bits());
        f32::from_bits(t.to_bits().wrapping_sub(twice).wrapping_add(127) << 23)
    }

    #[inline(always)]
    fn scale(self, t: Self) -> Self {
        // The halved bit pattern has half of k, rounded down, in its low bits; the rest is shifted out.
        let n = t.to_bits();
        let half = n >> 1;
        self * Self::pow2(f32::from_bits(half)) * Self::pow2(f32::from_bits(n.wrapping_sub(half)))
    }

    #[inline(always)]
    fn split(self) -> (Self, Self) {
        // Measured from sqrt(1/2), the exponent field is k + 127.
        let n = self.to_bits().wrapping_add(0x3f80_0000 - SQRT_HALF);
        // 2^23 + (k + 127), without a conversion from integer.
        let k = f32::from_bits((n >> 23) | 0x4b00_0000) - (8_388_608.0 + 127.0);
        (k, f32::from_bits((n & 0x007f_ffff).wrapping_add(SQRT_HALF)))
    }

    #[inline(always)]
    fn pow<const FUSED: bool>(self, y: Self) -> Self {
        pow::narrow::<FUSED>(self, y)
    }

    #[inline(always)]
    fn exp_tail<const FUSED: bool>(r: Fx<Self, FUSED>) -> Fx<Self, FUSED> {
        r.horner([
            0.5,
            0.1666666716337204,
            0.041666507720947266,
            0.008333177305758,
            0.0013930865097790956,
            0.0001997230720007792,
        ])
    }

    #[inline(always)]
    fn log_sum<const FUSED: bool>(
        f: Fx<Self, FUSED>,
        k: Fx<Self, FUSED>,
        c: Fx<Self, FUSED>,
    ) -> Fx<Self, FUSED> {
        let f2 = f * f;
        // (log(1 + f) - f + f^2 / 2) / f^3
        let p = f.horner([
            0.3333333432674408,
            -0.24999989569187164,
            0.19999845325946808,
            -0.1666797250509262,
            0.1429326981306076,
            -0.1245618611574173,
            0.10936255007982254,
            -0.10512322187423706,
            0.11041997373104095,
            -0.07086694240570068,
        ]);
        let y = (f2 * f).mul_add(p, k.mul_add(Fx::lit(Self::LN2_LO), c));
        let y = f2.mul_add(Fx::lit(-0.5), y);
        k.mul_add(Fx::lit(Self::LN2_HI), f + y)
    }

    #[inline(always)]
    fn log_unit<const FUSED: bool>(
        f: Fx<Self, FUSED>,
        hi: Fx<Self, FUSED>,
        lo: Fx<Self, FUSED>,
    ) -> Fx<Self, FUSED> {
        let f2 = f * f;
        // The same as in log_sum, fitted for [-1/4, 1/2].
        let p = f.horner([
            0.3333333432674408,
            -0.25,
            0.19999997317790985,
            -0.16666710376739502,
            0.1428082138299942,
            -0.12486442923545837,
            0.11245743185281754,
            -0.10515096783638,
            0.08615545183420181,
            -0.03829164803028107,
        ]);
        let y = (f2 * f).mul_add(p, lo);
        let y = f2.mul_add(Fx::lit(-0.5), y);
        hi + (f + y)
    }

    #[inline(always)]
    fn tanh_tail<const FUSED: bool>(z: Fx<Self, FUSED>) -> Fx<Self, FUSED> {
        z.horner([
            -0.3333333432674408,
            0.13333410024642944,
            -0.0539851039648056,
            0.022026991471648216,
            -0.009567750617861748,
            0.005038597155362368,
            -0.0023476360365748405,
        ])
    }

    #[inline(always)]
    fn sinh_tail<const FUSED: bool>(z: Fx<Self, FUSED>) -> Fx<Self, FUSED> {
        z.horner([0.16666666646842135, 0.00833333967591706, 0.00019838101968683888, 2.8062802582276946e-06])
    }

    #[inline(always)]
    fn log_cosh_tail<const FUSED: bool>(z: Fx<Self, FUSED>) -> Fx<Self, FUSED> {
        z.horner([
            -0.08333333219581482,
            0.022222120696500803,
            -0.0067445203255342935,
            0.002178207997942322,
            -0.0007130782724689785,
            0.00021419105590299073,
            -4.838669834836152e-05,
            5.627390845058575e-06,
        ])
    }

    #[inline(always)]
    fn erf_tail<const FUSED: bool>(z: Fx<Self, FUSED>) -> Fx<Self, FUSED> {
        z.horner([
            0.12837916612625122,
            -0.37612634897232056,
            0.11283741891384125,
            -0.026863371953368187,
            0.005215638317167759,
            -0.0008408058201894164,
            0.00010718224075390026,
            -8.083463399088942e-06,
        ])
    }

    #[inline(always)]
    fn erf_log<const FUSED: bool>(a: Fx<Self, FUSED>) -> Fx<Self, FUSED> {
        a.horner([
            -0.0003389319754205644,
            1.1303300857543945,
            0.631616473197937,
            0.11033253371715546,
            -0.02660795859992504,
            0.004847984295338392,
            -0.000623629312030971,
            5.1109225751133636e-05,
            -2.1743237539340043e-06,
            2.4647540897149156e-08,
        ])
    }
}
