//! Binders, normalisers, labels and towers of indices, and the text that a graph prints.

use lossdef_compiler::display::Printer;

use crate::{Call, checked, close, logsumexp, noise, read};

#[test]
fn binders_over_nothing_and_over_what_passes() {
    let forms = [
        ("sum[c | x > t](x)", 0.0),
        ("prod[c | x > t](x)", 1.0),
        ("mean[c | x > t](x)", f64::NAN),
        ("max[c | x > t](x)", f64::NEG_INFINITY),
        ("min[c | x > t](x)", f64::INFINITY),
        ("logsumexp[c | x > t](x)", f64::NEG_INFINITY),
        ("norm[c | x > t](x)", 0.0),
        ("[any[c | x > t](x > 0)]", 0.0),
        ("[all[c | x > t](x > 0)]", 1.0),
        ("count[c | x > t](x == x)", 0.0),
        ("mean[c, e | x > t](x * y)", f64::NAN),
    ];
    let (n, c, e) = (2, 4, 2);
    let (x, y) = (noise(n * c, 23), noise(n * e, 24));
    for (form, nothing) in forms {
        let loss = checked(&format!("loss a(x[.., c], y[.., e], t[..]) = {form} + 0 * sum[e](y)"));
        let call = Call::new(&loss, &[("..", n), ("c", c), ("e", e)]);
        let call = call.with("x", &x).with("y", &y).with("t", &[100.0, -0.5]);
        let values = call.values();
        assert!(values[0] == nothing || values[0].is_nan() && nothing.is_nan(), "{form}: {values:?}");
        let row: Vec<f64> = x[c..].iter().copied().filter(|x| *x > -0.5).collect();
        let count = row.len() as f64;
        let wanted = match form.split_once('[').map(|(name, _)| name) {
            Some("sum") => row.iter().sum(),
            Some("prod") => row.iter().product(),
            Some("mean") if form.contains('e') && form.contains("c, e") => {
                row.iter().sum::<f64>() * y[e..].iter().sum::<f64>() / (count * e as f64)
            }
            Some("mean") => row.iter().sum::<f64>() / count,
            Some("max") => row.iter().copied().fold(f64::MIN, f64::max),
            Some("min") => row.iter().copied().fold(f64::MAX, f64::min),
            Some("logsumexp") => logsumexp(row.iter().copied()),
            Some("norm") => row.iter().map(|x| x * x).sum::<f64>().sqrt(),
            Some("count") => count,
            _ if form.contains("any") => f64::from(row.iter().any(|x| *x > 0.0)),
            _ => f64::from(row.iter().all(|x| *x > 0.0)),
        };
        close(&values[1..], &[wanted]);
    }
}

#[test]
fn normalisers_keep_their_axis() {
    let loss = checked(
        "loss a(x[.., c, h], y[.., c, h]) = sum[c, h](y * (softmax[c](x) + log_softmax[h](x) + unit[c, h](x)))",
    );
    let (c, h) = (3, 2);
    let (x, y) = (noise(c * h, 25), noise(c * h, 26));
    let call = Call::new(&loss, &[("c", c), ("h", h)]).with("x", &x).with("y", &y);
    let at = |i: usize, j: usize| x[i * h + j];
    let norm = x.iter().map(|x| x * x).sum::<f64>().sqrt();
    let mut wanted = 0.0;
    for i in 0..c {
        for j in 0..h {
            let soft = at(i, j).exp() / (0..c).map(|k| at(k, j).exp()).sum::<f64>();
            let log = at(i, j) - logsumexp((0..h).map(|k| at(i, k)));
            wanted += y[i * h + j] * (soft + log + at(i, j) / norm);
        }
    }
    close(&call.values(), &[wanted]);
}

#[test]
fn labels_pick_from_inputs_locals_and_leading_axes() {
    let loss = checked(
        "loss picks(x[.., c, h], t[..]: index c, u[.., c]: index h, Y[.., k]: set c) =
             sum[h](x[t]) + q[t] + sum[c](x[c, u]) + mean[j in Y](q[j]) + r[t]
             where q[c] = sum[h](x), r = max[h](x)",
    );
    let (c, h, k) = (3, 2, 2);
    let x = noise(c * h, 27);
    let call = Call::new(&loss, &[("c", c), ("h", h), ("k", k)]);
    let call = call.with("x", &x).with("t", &[2.0]).with("u", &[1.0, 0.0, 1.0]).with("Y", &[1.0, 2.0]);
    let q = |i: usize| (0..h).map(|j| x[i * h + j]).sum::<f64>();
    let r = x[2 * h].max(x[2 * h + 1]);
    let wanted = q(2) + q(2) + x[1] + x[h] + x[2 * h + 1] + (q(1) + q(2)) / 2.0 + r;
    close(&call.values(), &[wanted]);
}

/// What is printed is read as the same formula.
#[test]
fn printed_formulas_are_read_again() {
    let formulas = [
        ("x[.., c], t[..]: index c", "x[t]", "x[t]"),
        ("x[.., c, h], t[..]: index c", "sum[h](x[t])", "sum[h](x[t, h])"),
        (
            "x[.., c]",
            "sum[c](sum[j in c](x[j] * x[c]) * x) + max[c](x)",
            "sum[c](sum[j in c](x[j] * x) * x) + max[c](x)",
        ),
        ("x[.., c], t[..]: index c", "-sum[c | c != t](log(softmax[c](x)))", ""),
        (
            "x[.., c], Y[.., k]: set c",
            "sum[j in Y, i in c | i not in Y](relu(1 - x[j] + x[i])) / size(c)",
            "sum[j in Y, i in c | i not in Y](relu(1 - x[j] + x[i])) / size(c)",
        ),
        ("x[.., c], Y[.., c]: set c", "mean[c | c in Y and x > 0](x)", "mean[c | c in Y and x > 0](x)"),
        ("x[.., c], Y[.., k]: set c", "max[j in Y | x[j] > 0](x[j])", "max[j in Y | x[j] > 0](x[j])"),
        ("x[.., c], Y[.., k]: set c", "count[j in Y, i in c | i != j](x[i] > x[j])", ""),
        (
            "x[.., c, h]",
            "sum[c, h](x) + norm[c](max[h | x > 0](x))",
            "sum[c, h](x) + norm[c](max[h | x > 0](x))",
        ),
        (
            "q[n, d], k[n, d]",
            "logsumexp[j in n](s[n, j]) - s[n, n] where s[i, j] = sum[d](q[i, d] * k[j, d])",
            "logsumexp[j in n](sum[d](q * k[j, d])) - sum[d](q * k)",
        ),
        ("x[n, d]", "sum[d]((x - mean[n](x))^2)", "sum[d]((x - mean[n_ in n](x[n_, d]))^2)"),
        ("x[.., c]", "max[c](f[c]) where f[i] = sum[c](x[c] * x[i])", ""),
        ("x[n, s..]", "mean[s](x^2) + [any[s](x > 0)]", "mean[s](x^2) + [any[s](x > 0)]"),
    ];
    for (inputs, formula, wanted) in formulas {
        let print = |formula: &str| {
            let (losses, reports) = read(&format!("loss a({inputs}) = {formula}"));
            let Some(loss) = losses.last() else { return reports };
            Printer::new(loss, &loss.graph).text(loss.value)
        };
        let once = print(formula);
        assert_eq!(print(&once), once, "{formula}");
        if !wanted.is_empty() {
            assert_eq!(once, wanted);
        }
    }
}

/// Definitions in a long row share what they can, and are refused where there is no room for their indices.
#[test]
fn towers_of_indices() {
    let mut doubled = "loss a(x[.., c]) = sum[c](f18[c])\n where f0[i] = x[i]".to_owned();
    let mut long = "loss a(x[.., c]) = sum[c](f70[c])\n where f0[i] = x[i]".to_owned();
    for k in 1..=18 {
        doubled.push_str(&format!(", f{k}[i] = sum[j in c](f{0}[j] * f{0}[i])", k - 1));
    }
    for k in 1..=70 {
        long.push_str(&format!(", f{k}[i] = f{}[i] * x[i]", k - 1));
    }
    let binders: String = (0..70).map(|k| format!("sum[j{k} in c](x[j{k}] * ")).collect();
    let deep = format!("loss a(x[.., c]) = {binders}1{}", ")".repeat(70));
    let calls: String = (0..40).map(|k| format!(" + h[c](x * {k})")).collect();
    let helpers = format!(
        "fn h[c](x) = sum[c](s[c, c])\n where s[i, j] = x[i] * x[j] + t[j, i], t[k, l] = max[m in c](x[m] - x[k] - x[l])
         loss a(x[.., c]) = 0{calls}"
    );
    let codes = |text: &str| {
        let (losses, reports) = read(text);
        let codes = ["L0102", "L0308"].into_iter().filter(|code| reports.contains(code));
        (losses.len(), codes.collect::<Vec<_>>().join(" "))
    };
    assert_eq!(codes(&doubled), (1, String::new()));
    assert_eq!(codes(&long), (0, "L0308".to_owned()));
    assert_eq!(codes(&deep), (0, "L0308".to_owned()));
    assert_eq!(codes(&helpers), (1, String::new()));
}
