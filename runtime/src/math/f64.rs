//! [`Element`] for f64: constants, bit tricks, polynomials.

use super::{Element, pow};
use crate::carrier::Fx;
use crate::real::Real;

/// The bit pattern of sqrt(1/2).
const SQRT_HALF: u64 = 0x3fe6_a09e_667f_3bcd;

impl Element for f64 {
    const INFINITY: Self = f64::INFINITY;
    const MIN_NORMAL: Self = f64::MIN_POSITIVE;
    const DIVISOR_SCALE: Self = 18_446_744_073_709_551_616.0; // 2^64

    const MAGIC: f64 = 6_755_399_441_055_744.0;
    const LN2_HI: f64 = 0.693_147_180_369_123_8;
    const LN2_LO: f64 = 1.908_214_929_270_587_7e-10;
    const EXP_MIN: f64 = -750.0;
    const EXP_MAX: f64 = 720.0;
    const EXP_TIMES_MAX: f64 = 2127.0;
    const EXPM1_MIN: f64 = -38.0;
    const SUBNORMAL_SCALE: (f64, f64) = (18_014_398_509_481_984.0, 54.0);
    const LOG1P_EXPONENT: f64 = 1000.0;
    const TANH_MAX: f64 = 20.0;
    const ERF_MAX: f64 = 5.93;

    super::primitives!(f64);

    #[inline(always)]
    fn xor_sign(self, other: Self) -> Self {
        f64::from_bits(self.to_bits() ^ (other.to_bits() & 0x8000_0000_0000_0000))
    }

    #[inline(always)]
    fn pow2(t: Self) -> Self {
        f64::from_bits(t.to_bits().wrapping_add(1023) << 52)
    }

    #[inline(always)]
    fn pow2_less(t: Self, u: Self) -> Self {
        let twice = u.to_bits().wrapping_add(u.to_bits());
        f64::from_bits(t.to_bits().wrapping_sub(twice).wrapping_add(1023) << 52)
    }

    #[inline(always)]
    fn scale(self, t: Self) -> Self {
        // The halved bit pattern has half of k, rounded down, in its low bits; the rest is shifted out.
        let n = t.to_bits();
        let half = n >> 1;
        self * Self::pow2(f64::from_bits(half)) * Self::pow2(f64::from_bits(n.wrapping_sub(half)))
    }

    #[inline(always)]
    fn split(self) -> (Self, Self) {
        // Measured from sqrt(1/2), the exponent field is k + 1023.
        let n = self.to_bits().wrapping_add(0x3ff0_0000_0000_0000 - SQRT_HALF);
        // 2^52 + (k + 1023), without a conversion from integer.
        let k = f64::from_bits((n >> 52) | 0x4330_0000_0000_0000) - (4_503_599_627_370_496.0 + 1023.0);
        (k, f64::from_bits((n & 0x000f_ffff_ffff_ffff).wrapping_add(SQRT_HALF)))
    }

    #[inline(always)]
    fn pow<const FUSED: bool>(self, y: Self) -> Self {
        pow::wide::<FUSED>(self, y)
    }

    #[inline(always)]
    fn exp_tail<const FUSED: bool>(r: Fx<Self, FUSED>) -> Fx<Self, FUSED> {
        r.horner([
            0.5,
            0.1666666666666667,
            0.04166666666666668,
            0.008333333333325895,
            0.0013888888888876985,
            0.00019841269875417748,
            2.4801587342422265e-05,
            2.755725481475451e-06,
            2.755725700547098e-07,
            2.5105415038674527e-08,
            2.0920350094831164e-09,
        ])
    }

    #[inline(always)]
    fn log_sum<const FUSED: bool>(
        f: Fx<Self, FUSED>,
        k: Fx<Self, FUSED>,
        c: Fx<Self, FUSED>,
    ) -> Fx<Self, FUSED> {
        // log(1 + f) = 2 s + 2/3 s^3 + ...; the coefficients of fdlibm.
        let half_f2 = f * f * Fx::lit(0.5);
        let s = f / (Fx::lit(2.0) + f);
        let z = s * s;
        let p = z.horner([
            0.6666666666666735,
            0.3999999999940942,
            0.2857142874366239,
            0.22222198432149784,
            0.1818357216161805,
            0.15313837699209373,
            0.14798198605116586,
        ]);
        let y = s.mul_add(half_f2 + z * p, k.mul_add(Fx::lit(Self::LN2_LO), c)) - half_f2;
        k.mul_add(Fx::lit(Self::LN2_HI), y + f)
    }

    #[inline(always)]
    fn log_unit<const FUSED: bool>(
        f: Fx<Self, FUSED>,
        hi: Fx<Self, FUSED>,
        lo: Fx<Self, FUSED>,
    ) -> Fx<Self, FUSED> {
        // As in log_sum, but fitted for f up to 1/2.
        let half_f2 = f * f * Fx::lit(0.5);
        let s = f / (Fx::lit(2.0) + f);
        let z = s * s;
        let p = z.horner([
            0.6666666666666666,
            0.4000000000000914,
            0.28571428566938484,
            0.22222223089826973,
            0.18181735027891213,
            0.15388954543253358,
            0.13208239307892908,
            0.13618952280055438,
        ]);
        let y = s.mul_add(half_f2 + z * p, lo) - half_f2;
        hi + (y + f)
    }

    #[inline(always)]
    fn tanh_tail<const FUSED: bool>(z: Fx<Self, FUSED>) -> Fx<Self, FUSED> {
        z.horner([
            -0.3333333333333333,
            0.1333333333333271,
            -0.0539682539676286,
            0.021869488507011516,
            -0.008863234764691537,
            0.0035921155043865897,
            -0.0014556985871896672,
            0.0005890204535147542,
            -0.00023393927717701163,
            7.833522335088892e-05,
            6.063965471007193e-06,
            -5.610093466149873e-05,
            6.091228297375706e-05,
            -2.6114370788213956e-05,
        ])
    }

    #[inline(always)]
    fn sinh_tail<const FUSED: bool>(z: Fx<Self, FUSED>) -> Fx<Self, FUSED> {
        z.horner([
            0.16666666666666666,
            0.008333333333333299,
            0.00019841269841324198,
            2.7557319191381816e-06,
            2.5052117695907823e-08,
            1.6057679623801638e-10,
            7.746178593018827e-13,
        ])
    }

    #[inline(always)]
    fn log_cosh_tail<const FUSED: bool>(z: Fx<Self, FUSED>) -> Fx<Self, FUSED> {
        z.horner([
            -0.08333333333333331,
            0.02222222222221543,
            -0.006746031745628699,
            0.0021869488441181653,
            -0.0007386028427312531,
            0.00025657968112701877,
            -9.098518744791783e-05,
            3.2763764460715926e-05,
            -1.1917386168408733e-05,
            4.332589467041657e-06,
            -1.5350249824273704e-06,
            5.042705596339249e-07,
            -1.4219577881027301e-07,
            3.1002554345544735e-08,
            -4.492284146144507e-09,
            3.16879825924233e-10,
        ])
    }

    #[inline(always)]
    fn erf_tail<const FUSED: bool>(z: Fx<Self, FUSED>) -> Fx<Self, FUSED> {
        z.horner([
            0.1283791670955126,
            -0.3761263890318392,
            0.11283791670961849,
            -0.02686617064638415,
            0.005223977638594943,
            -0.0008548327884539932,
            0.00012055370273863246,
            -1.4926755245382915e-05,
            1.6484857292946772e-06,
            -1.6690818989903497e-07,
            1.796855903431269e-08,
            -3.225464376643255e-09,
            8.312869279964946e-10,
            -1.2674955360199325e-10,
        ])
    }

    #[inline(always)]
    fn erf_log<const FUSED: bool>(a: Fx<Self, FUSED>) -> Fx<Self, FUSED> {
        // [0.9486, 2.395]
        let low = a.horner([
            2.4406156221181246e-10,
            1.1283791838612562,
            0.6366195444157947,
            0.10277397442831794,
            -0.019133535591992355,
            -0.00019601474671764336,
            0.0016708250315215648,
            -0.0005524146197559028,
            -1.83278715855662e-05,
            0.00010588695240965002,
            -6.080120706081408e-05,
            2.198355594396636e-05,
            -5.783106366890765e-06,
            1.1377813705880485e-06,
            -1.6489304454993934e-07,
            1.6732492584952462e-08,
            -1.0654997914064566e-09,
            3.21029502323892e-11,
        ]);
        // [2.395, 5.93]
        let high = a.horner([
            -0.00107906665772518,
            1.1330220123408603,
            0.6273135754034022,
            0.1142647753916261,
            -0.02883263353517035,
            0.0056198803994348305,
            -0.0007605310012949706,
            4.541454144745852e-05,
            7.675346167300879e-06,
            -2.6561821927744997e-06,
            4.0705475608405217e-07,
            -3.922112011837412e-08,
            2.435466224694414e-09,
            -8.985731871873025e-11,
            1.5063552670912619e-12,
        ]);
        Fx::select(a > Fx::lit(2.395), high, low)
    }
}
