//! Where the two texts of a pair are not compared, and why. An exception that nothing needs is an error.

/// The inputs of a sample, each with its numbers.
pub type Sample = [Vec<f64>];

/// What is left out of a comparison.
pub struct Exception {
    pub pair: &'static str,
    /// The results concerned: `value`, the names of inputs for gradients, or nothing for all.
    pub of: &'static [&'static str],
    pub at: At,
    pub why: &'static str,
}

/// Where something is left out.
pub enum At {
    /// Samples of which this holds.
    Samples(fn(&Sample) -> bool),
    /// Wherever the last bit of an input moves the result by as much as the texts differ.
    IllConditioned,
    /// Nowhere, but the texts may differ by so many units in the last place.
    Within(u64),
}

fn infinite(sample: &Sample) -> bool {
    sample.iter().flatten().any(|x| x.is_infinite())
}

/// Where sums, products or powers of a few inputs overflow in one order and not in another.
fn huge(sample: &Sample) -> bool {
    sample.iter().flatten().any(|x| x.abs() > 1e30)
}

/// Where squares overflow in `f32`.
fn square_overflows(sample: &Sample) -> bool {
    sample.iter().flatten().any(|x| x.abs() > 1e18)
}

fn cube_overflows(sample: &Sample) -> bool {
    sample[0][0].abs() > 1e12
}

/// Where a sigmoid of a cubic polynomial is subnormal in `f32`.
fn cubic_vanishes(sample: &Sample) -> bool {
    let x = sample[0][0];
    1.594 * (x + 0.0447 * x.powi(3)) < -85.0
}

fn equal(sample: &Sample) -> bool {
    sample[0][0] == sample[1][0]
}

const fn except(
    pair: &'static str,
    of: &'static [&'static str],
    at: fn(&Sample) -> bool,
    why: &'static str,
) -> Exception {
    Exception { pair, of, at: At::Samples(at), why }
}

const fn ill_conditioned(pair: &'static str, of: &'static [&'static str], why: &'static str) -> Exception {
    Exception { pair, of, at: At::IllConditioned, why }
}

const GUARD: &str = "0 log 0 is 0 in the language, where 0 times an infinite softplus is not a number";
const MAX: &str = "max shares its derivative at the kink, and relu has none there";
const SQUARE: &str = "where the square is infinite, the quotient by hand is inf / inf";
const ORDER: &str = "the same products overflow in one order and not in the other";
const TARGET: &str =
    "the derivative q (log(q / p) - sum(q log(q / p))) in the logits of q keeps its digits in neither text";

pub const EXCEPTIONS: &[Exception] = &[
    except(
        "softplus_by_hand",
        &["x"],
        |sample| sample[0][0] == 0.0,
        "relu and abs have kinks at 0, and the derivative 0 there",
    ),
    except("bce", &[], infinite, GUARD),
    except("bce_by_hand", &[], infinite, GUARD),
    except("positive_bce", &[], infinite, GUARD),
    ill_conditioned("positive_bce", &["t"], "it vanishes where a is the quotient of two softplus"),
    except("focal", &["x"], huge, ORDER),
    except("focal_of_both", &[], infinite, GUARD),
    except("bernoulli_kl", &[], infinite, GUARD),
    except("poisson", &[], infinite, GUARD),
    except("gelu", &["x"], cube_overflows, "x^3 times a sigmoid of 0 is not a number where x^3 is infinite"),
    except("gelu", &["x"], cubic_vanishes, "what a subnormal sigmoid lacks in digits, x^3 multiplies"),
    ill_conditioned("gelu", &["x"], "the exponent is a cubic polynomial, and the derivative vanishes"),
    except("pseudo_huber", &["value"], square_overflows, SQUARE),
    except("scaled_pseudo_huber", &["value"], square_overflows, SQUARE),
    except("charbonnier", &["value"], square_overflows, SQUARE),
    except("magnitude", &["x", "t"], equal, "the root has no derivative at 0, where abs has 0"),
    except("magnitude", &["x", "t"], huge, "inf / inf is not a number, where the difference is infinite"),
    except("hinge", &["x", "y"], |sample| sample[0][0] * sample[1][0] == 1.0, MAX),
    except("pinball", &["x", "t"], equal, MAX),
    except(
        "gaussian",
        &[],
        |sample| sample[2][0].abs() > 80.0,
        "exp(-s) overflows a little before exp(s) is 0",
    ),
    ill_conditioned("gaussian", &["value"], "the logarithm of the variance cancels against the square"),
    except("distillation", &[], huge, ORDER),
    except("distillation", &["z"], |_| true, TARGET),
    Exception {
        pair: "distillation",
        of: &["value"],
        at: At::Within(4),
        why: "each of the four terms of the sum is rounded, in the naive text by itself",
    },
    except("kl", &[], huge, ORDER),
    except("kl", &["z"], |_| true, TARGET),
    ill_conditioned("kl", &["value", "x"], "differences of logits cancel"),
    ill_conditioned("kl_of_logs", &["t"], "it vanishes where t is x - 1"),
];
