//! Differences that keep their digits and exponentials that do not overflow, however they are written; and texts beside
//! them, which stay.

use super::{check, stable};

#[test]
fn hyperbolic_functions_arise_from_exponentials() {
    check("loss f(x) = (exp(x) + exp(-x)) / 2", "cosh(x)", "sinh(x)");
    check("loss f(x, w) = w * exp(-x) - w * exp(x)", "-(2 * w * sinh(x))", "-(2 * w * cosh(x))");
    check("loss f(x, w) = w * exp(x) + exp(-x)", "w * exp(x) + exp(-x)", "w * exp(x) - exp(-x)");
    check(
        "loss f(x) = (exp(x) - exp(-x)) / (exp(x) + exp(-x))",
        "tanh(x)",
        "2 * sigmoid(2 * x) * sigmoid(-(2 * x)) + 2 * sigmoid(2 * x) * sigmoid(-(2 * x))",
    );
    check(
        "loss f(x) = (exp(2 * x) - 1) / (exp(2 * x) + 1)",
        "tanh(x)",
        "4 * sigmoid(-(2 * x)) * sigmoid(2 * x)",
    );
    check("loss f(x) = log(exp(x) + exp(-x))", "0.6931471805599453 + log_cosh(x)", "tanh(x)");
    check("loss f(x) = cosh(x) - 1", "2 * sinh(0.5 * x)^2", "sinh(x)");
    check("loss f(x) = cosh(x) - 2", "cosh(x) - 2", "sinh(x)");
    check("loss f(x) = exp(x) / cosh(x)", "2 * sigmoid(2 * x)", "4 * sigmoid(2 * x) * sigmoid(-(2 * x))");
    check("loss f(x) = 2 * sinh(x / 2)^2", "2 * sinh(0.5 * x)^2", "sinh(x)");
    check("loss f(x) = x + softplus(-2 * x) - log(2)", "log_cosh(x)", "tanh(x)");
    check("loss f(x) = x + softplus(-2 * x) - 0.7", "x + softplus(-(2 * x)) - 0.7", "tanh(x)");
}

#[test]
fn a_tanh_and_a_sigmoid_keep_their_digits_beside_one() {
    let slope = "4 * sigmoid(2 * x) * sigmoid(-(2 * x))";
    check("loss f(x) = 1 + tanh(x)", "2 * sigmoid(2 * x)", slope);
    check("loss f(x) = 1 - tanh(x)", "2 * sigmoid(-(2 * x))", &format!("-({slope})"));
    check("loss f(x) = tanh(x) - 1", "-(2 * sigmoid(-(2 * x)))", slope);
    check("loss f(x, w) = w - w * tanh(x / 2)", "2 * w * sigmoid(-x)", "-(2 * w * sigmoid(-x) * sigmoid(x))");
    check(
        "loss f(x, w) = 2 * w - w * tanh(x)",
        "w * (2 - tanh(x))",
        "-(4 * w * sigmoid(2 * x) * sigmoid(-(2 * x)))",
    );
    check("loss f(x) = 1 - tanh(x)^2", slope, "-(8 * tanh(x) * sigmoid(2 * x) * sigmoid(-(2 * x)))");
    check("loss f(x) = 2 * sigmoid(x) - 1", "tanh(0.5 * x)", "2 * sigmoid(x) * sigmoid(-x)");
    check("loss f(x) = 1 - 2 * sigmoid(x)", "-tanh(0.5 * x)", "-(2 * sigmoid(x) * sigmoid(-x))");
    check("loss f(x) = 3 * sigmoid(x) - 1", "3 * sigmoid(x) - 1", "3 * sigmoid(x) * sigmoid(-x)");
    check(
        "loss f(x) = sigmoid(x) - sigmoid(-x)",
        "tanh(0.5 * x)",
        "sigmoid(x) * sigmoid(-x) + sigmoid(x) * sigmoid(-x)",
    );
    check(
        "loss f(x, y) = sigmoid(x) - sigmoid(y)",
        "(sigmoid(x) * sigmoid(-y) + sigmoid(y) * sigmoid(-x)) * tanh(0.5 * (x - y))",
        "sigmoid(x) * sigmoid(-x)",
    );
}

#[test]
fn opposite_logarithms_leave_a_number() {
    check("loss f(x) = softplus(x) - softplus(-x)", "x", "1");
    check("loss f(x, w in (0, 9)) = w * log(sigmoid(-x)) - w * log(sigmoid(x))", "-(x * w)", "-w");
    check(
        "loss f(x, w) = w * softplus(x) - softplus(-x)",
        "w * softplus(x) - softplus(-x)",
        "sigmoid(-x) + w * sigmoid(x)",
    );
    check("loss f(x) = softplus(x) - x", "softplus(-x)", "-sigmoid(-x)");
    check("loss f(x) = log(sigmoid(x) / sigmoid(-x))", "x", "1");
    let (value, slope) = stable("loss f(t, x) = -t * log(sigmoid(x)) - (1 - t) * log(1 - sigmoid(x))");
    assert!(value.contains("log_sigmoid"), "{value}");
    assert!(slope.ends_with("then x else 0)"), "{slope}");
    // Conditions of the text are not guards.
    let value = "(if y > 0 then log_sigmoid(-x) else 0) - (if y > 1 then log_sigmoid(x) else 0)";
    assert_eq!(stable(&format!("loss f(x, y) = {value}")).0, value);
}

#[test]
fn logits_by_hand_keep_the_digits_of_a_small_loss() {
    let (value, slope) =
        ("t * softplus(-x) + softplus(x) * (1 - t)", "sigmoid(x) * (1 - t) - t * sigmoid(-x)");
    check("loss f(x, t in [0, 1]) = softplus(x) - t * x", value, slope);
    check(
        "loss f(x, t in [0, 1]) = max(x, 0) - x * t + log(1 + exp(-abs(x)))",
        value,
        "(1 - t) * sigmoid(x) - t * sigmoid(-x)",
    );
    check("loss f(x, t in {0, 1}) = sigmoid(x) - t", slope, "sigmoid(x) * sigmoid(-x)");
    check("loss f(x, t) = softplus(x) - t * x", "softplus(x) - x * t", "sigmoid(x) - t");
    check("loss f(x) = relu(x) + log1p(exp(-abs(x)))", "softplus(x)", "if x == 0 then 0 else sigmoid(x)");
    check("loss f(x) = max(-x, 0) + softplus(-abs(x))", "softplus(-x)", "-sigmoid(-x)");
    check(
        "loss f(x, y) = relu(y) + softplus(-abs(x))",
        "relu(y) + softplus(-abs(x))",
        "-(sigmoid(-abs(x)) * sign(x))",
    );
}

#[test]
fn a_cosine_keeps_its_digits_beside_one() {
    check("loss f(x) = 1 - cos(x)", "2 * sin(0.5 * x)^2", "sin(x)");
    check("loss f(x, w) = w * cos(2 * x) - w", "-(2 * w * sin(x)^2)", "-(2 * w * sin(2 * x))");
    check("loss f(x) = 1 - cos(x)^2", "sin(x)^2", "sin(2 * x)");
    check("loss f(x) = 2 - cos(x)", "2 - cos(x)", "sin(x)");
}

#[test]
fn a_root_keeps_its_digits_beside_what_it_holds() {
    let root = "if x^2 < inf then x^2 / (sqrt(1 + x^2) + 1) else x^2";
    check("loss f(x) = sqrt(1 + x^2) - 1", root, "x / sqrt(1 + x^2)");
    check(
        "loss f(x) = 1 - sqrt(x^2 + 1)",
        "-(if x^2 < inf then x^2 / (sqrt(x^2 + 1) + 1) else x^2)",
        "-(x / sqrt(x^2 + 1))",
    );
    check("loss f(x in [-1, 1]) = sqrt(4 + x) - 2", "x / (sqrt(4 + x) + 2)", "0.5 / sqrt(4 + x)");
    check(
        "loss f(x; e in (0, inf) = 1e-3) = sqrt(x^2 + e^2) - e",
        "if x^2 < inf then x^2 / (sqrt(x^2 + e^2) + e) else x^2",
        "x / sqrt(x^2 + e^2)",
    );
    check("loss f(x; e = 1e-3) = sqrt(x^2 + e^2) - e", "sqrt(x^2 + e^2) - e", "x / sqrt(x^2 + e^2)");
    check("loss f(x) = sqrt(1 + x^2) - 2", "sqrt(1 + x^2) - 2", "x / sqrt(1 + x^2)");
    check("loss f(x) = sqrt(x^2)", "abs(x)", "x / abs(x)");
}

#[test]
fn two_exponentials_do_not_overflow() {
    let stable = "max(x, y) + softplus(-abs(x - y))";
    check("loss f(x, y) = log(exp(x) + exp(y))", stable, "sigmoid(x - y)");
    check("loss f(x, y) = x + softplus(y - x)", stable, "sigmoid(x - y)");
    check("loss f(x, y) = exp(x) / (exp(x) + exp(y))", "sigmoid(x - y)", "sigmoid(x - y) * sigmoid(y - x)");
    check("loss f(x, y) = -log(exp(x) / (exp(x) + exp(y)))", "-log_sigmoid(x - y)", "-sigmoid(y - x)");
    check(
        "loss f(x, y, z) = exp(x) / (exp(y) + exp(z))",
        "exp(x) / (exp(y) + exp(z))",
        "exp(x) / (exp(y) + exp(z))",
    );
}

#[test]
fn a_shift_by_hand_leaves_a_logsumexp() {
    let shares = "exp(x - logsumexp[c](x))";
    check(
        "loss f(x[.., c]) = m + log(sum[c](exp(x - m))) where m = stop(max[c](x))",
        "logsumexp[c](x)",
        shares,
    );
    check("loss f(x[.., c], m) = m + logsumexp[c](x + m)", "m + logsumexp[c](x + m)", shares);
    // Its logarithms of shares stay together, so that no offset of theirs costs digits.
    let kl = "loss f(x[.., c], z[.., c]) = sum[c](q * log(q / p)) where q[c] = softmax[c](z), p[c] = softmax[c](x)";
    assert!(stable(kl).0.contains("z - logsumexp[c](z) - (x - logsumexp[c](x))"), "{}", stable(kl).0);
}

/// Of several logits over a temperature, no exponential is left that can overflow.
#[test]
fn an_exponential_leaves_a_sum_with_shares() {
    let (_, slope) = stable(
        "loss f(x[.., c], z[.., c]; tau in (0, inf) = 2.0) =
             -tau^2 * sum[c](exp(z / tau) / sum[c](exp(z / tau)) * log(exp(x / tau) / sum[c](exp(x / tau))))",
    );
    assert!(slope.starts_with("exp(x / tau - logsumexp[c](x / tau)) * sum[c]("), "{slope}");
    assert!(!slope.contains("exp(x / tau)") && !slope.contains("exp(z / tau)"), "{slope}");
}

#[test]
fn quotients_share_a_divisor() {
    check("loss f(x, y, s) = x / s - y / s", "(x - y) / s", "1 / s");
    check("loss f(x, y, s) = x^9 / s - y / s", "x^9 / s - y / s", "9 * x^8 / s");
    let (value, _) = stable("loss f(x, y, z) = sigmoid(x) / sigmoid(z) * (sigmoid(z) / y)");
    assert_eq!(value, "sigmoid(x) / y");
    let (value, _) = stable("loss f(x, y, z) = x / z * (z / y)");
    assert_eq!(value, "x / z * (z / y)");
}
