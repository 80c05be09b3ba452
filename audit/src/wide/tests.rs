//! Known constants to 70 digits and more, and the laws that make a naive formula come out right.

use dashu_float::DBig;
use dashu_float::round::mode::HalfAway;

use super::Wide;

/// The first 70 digits of a number.
fn digits(x: &Wide) -> String {
    let decimal = x.big(600).expect("finite").with_base_and_precision::<10>(70).value();
    decimal.with_rounding::<HalfAway>().to_string()
}

#[track_caller]
fn is(x: &Wide, expected: &str) {
    let (got, want) = (digits(x), expected.parse::<DBig>().expect("a number"));
    let distance = (got.parse::<DBig>().expect("a number") - &want) / &want;
    assert!(distance.to_f64().value().abs() < 1e-66, "{got}\n{expected}");
}

fn of(x: f64) -> Wide {
    Wide::new(x)
}

#[test]
fn functions_agree_with_published_constants() {
    is(&super::functions::pi(), "3.14159265358979323846264338327950288419716939937510582097494459230781640");
    is(&of(1.0).exp(), "2.71828182845904523536028747135266249775724709369995957496696762772407663");
    is(&of(2.0).ln(), "0.693147180559945309417232121458176568075500134360255254120680009493393622");
    is(&of(2.0).sqrt(), "1.41421356237309504880168872420969807856967187537694807317667973799073247");
    is(&of(10.0).ln(), "2.30258509299404568401799145468436420760110148862877297603332790096757261");
    is(&of(1.0).sin(), "0.841470984807896506652502321630298999622563060798371065672751709991910404");
    is(&of(1.0).cos(), "0.540302305868139717400936607442976603732310420617922227670097255381100395");
    is(&of(1.0).tan(), "1.55740772465490223050697480745836017308725077238152003838394660569886139");
    is(&of(1.0).atan(), "0.785398163397448309615660845819875721049292349843776455243736148076954102");
    is(&of(1.0).tanh(), "0.761594155955764888119458282604793590412768597257936551596810500121953245");
    is(&of(1.0).sinh(), "1.17520119364380145688238185059560081515571798133409587022956541301330757");
    is(&of(1.0).cosh(), "1.54308063481524377847790562075706168260152911236586370473740221471076906");
    is(&of(1.0).erf(), "0.842700792949714869341220635082609259296066997966302908459937897834717255");
}

#[test]
fn the_two_ways_to_the_error_function_meet() {
    let (below, above) = (of(5.999_999_999), of(6.000_000_001));
    let complement = |x: &Wide| &Wide::one() - &x.erf();
    // erfc falls by the factor exp(-x^2 + y^2) and a little more.
    let slope = &(&complement(&above) - &complement(&below)) / &(&above - &below);
    let bell = &(-&of(36.0)).exp().scaled(1) / &super::functions::pi().sqrt();
    assert!((&slope / &bell).to_f64() + 1.0 < 1e-15, "{}", (&slope / &bell).to_f64());
    is(
        &complement(&of(10.0)),
        "2.08848758376254475700078629495778861156081811932116372701221371393817470e-45",
    );
}

#[test]
fn nothing_is_lost_beside_one() {
    for x in [-3.0, -40.0, -800.0, -1e5, -1e18, -1e300] {
        // log(1 - (1 - exp(x))) = x
        let rest = &Wide::one() - &of(x).exp();
        let back = (&Wide::one() - &rest).ln();
        assert_eq!(back.to_f64(), x);
        assert!((&back - &of(x)).abs() <= of(x).abs().scaled(-240), "{x}");
    }
    for x in [1e-3, 1e-30, 5e-324] {
        assert!(((&of(x).exp() - &Wide::one()).to_f64() - x.exp_m1()).abs() <= x.exp_m1() * 1e-15);
        assert_eq!(of(x).sinh().to_f64(), x.sinh());
        assert_eq!(of(x).tanh().to_f64(), x.tanh());
    }
}

#[test]
fn sums_of_far_numbers_are_exact() {
    // Both parts together have room for one and for every bit of a number down to 2^-440.
    for e in 1..440 {
        for m in [1.0, 1.3, 1.05, -1.7, -1.999] {
            let x = of(m).scaled(-e);
            for near in [1.0, -1.0, 1.5] {
                let back = &(&of(near) + &x) - &of(near);
                assert!(back == x, "{near} + {m} * 2^-{e}");
            }
        }
    }
}

#[test]
fn exponentials_of_exponentials_end() {
    // As many bits as the exponent is large would be needed: more than there is memory.
    for x in [1e9, 1e18, 1e300] {
        assert_eq!(of(x).cosh().exp(), of(f64::INFINITY));
        assert!((-&of(x).exp()).exp().is_zero());
    }
    assert!(of(1000.0).exp().exp().is_finite());
}

#[test]
fn small_numbers_keep_their_digits() {
    // log(1 + x) and exp(x) - 1 by their series, for every size of x at which few terms are enough.
    for e in (20..1000).step_by(7) {
        let x = of(1.3).scaled(-e);
        let (mut log, mut rise) = (Wide::zero(), Wide::zero());
        let (mut power, mut share) = (Wide::one(), Wide::one());
        for n in 1..30 {
            let over = &Wide::one() / &of(f64::from(n));
            power = &power * &x;
            share = &(&share * &x) * &over;
            let term = &power * &over;
            log = if n % 2 == 1 { &log + &term } else { &log - &term };
            rise = &rise + &share;
        }
        let near = |got: &Wide, right: &Wide| (&(got - right) / right).abs() < Wide::one().scaled(-240);
        assert!(near(&x.ln_1p_small(), &log) && near(&x.exp_m1_small(), &rise), "{e}");
    }
}

#[test]
fn functions_undo_each_other() {
    for x in [1e-300, 1e-20, 0.1, 0.5, 0.75, 1.0, 1.5, 3.0, 77.7, 1e9, 1e200] {
        let x = of(x);
        for back in [
            x.exp().ln(),
            x.ln().exp(),
            x.sqrt().pow(&of(2.0)),
            &x.pow(&of(2.5)).pow(&of(0.5)) / &x.pow(&of(0.25)),
        ] {
            let error = (&(&back - &x) / &x).abs();
            assert!(error < Wide::one().scaled(-200), "{} {}", x.to_f64(), error.to_f64());
        }
        let unity = &(&x.sin() * &x.sin()) + &(&x.cos() * &x.cos());
        assert!((&unity - &Wide::one()).abs() < Wide::one().scaled(-240), "{}", x.to_f64());
    }
}

#[test]
fn ends_follow_ieee_754() {
    let (zero, one, infinite) = (Wide::zero(), Wide::one(), of(f64::INFINITY));
    assert!((&zero / &zero).is_nan() && (&infinite - &infinite).is_nan() && (&zero * &infinite).is_nan());
    assert_eq!(&one / &zero, infinite);
    assert_eq!(-&infinite, zero.ln());
    assert!(of(-1.0).ln().is_nan() && of(-1.0).sqrt().is_nan() && of(-1.5).pow(&of(0.5)).is_nan());
    assert_eq!(zero.pow(&of(-2.0)), infinite);
    assert_eq!(of(-2.0).pow(&of(101.0)), -&of(2.0).pow(&of(101.0)));
    assert_eq!((-&infinite).exp(), zero);
    assert_eq!(zero.pow(&zero), one);
    assert!(Wide::Nan != Wide::Nan && Wide::Nan.partial_cmp(&one).is_none());
}

#[test]
fn numbers_of_the_machine_go_in_and_out() {
    for x in [0.0, 1.5, -5e-324, 1e-310, f64::MAX, f64::MIN_POSITIVE, f64::INFINITY, 0.1] {
        assert_eq!(of(x).to_f64(), x);
        assert_eq!(of(x).to_f32(), x as f32);
    }
    assert_eq!(of(1e5).exp().to_f64(), f64::INFINITY);
    assert_eq!(of(-1e5).exp().to_f64(), 0.0);
    assert_eq!((&of(f64::MAX) + &of(f64::MAX)).to_f64(), f64::INFINITY);
}

#[test]
fn the_largest_number_stays_the_largest() {
    for more in [1e-20, -1e-20, 1e10, 5e-324] {
        assert_eq!((&of(f64::from(f32::MAX)) + &of(more)).to_f32(), f32::MAX);
        assert_eq!((&of(f64::MAX) + &of(more)).to_f64(), f64::MAX);
        assert_eq!((&of(1.5) + &of(more * 1e-20)).to_f32(), 1.5);
    }
}
