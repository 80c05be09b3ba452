//! Formulas that are read at run time: every construct of the language, errors, threads, odd shapes.

use lossdef_engine::dynamic::Loss;
use lossdef_engine::load;
use ndarray::{Array1, Array2, arr1, arr2};

/// The sum of the values for `x = [0.5, 2.0]` and `y = [1.0, -1.0]`.
fn sum(formula: &str) -> f64 {
    let module = load("test.def", formula).unwrap_or_else(|report| panic!("{report}"));
    let loss = module.get("f").unwrap_or_else(|| panic!("{formula}"));
    let (x, y) = (arr1(&[0.5, 2.0]), arr1(&[1.0, -1.0]));
    let mut call = loss.dynamic().call().reduction(lossdef_engine::reduction::ReductionKind::Sum);
    for input in loss.spec().inputs {
        call = call.input(input.name, if input.name == "x" { &x } else { &y });
    }
    call.evaluate().unwrap_or_else(|error| panic!("{formula}: {error}")).value.scalar().unwrap()
}

#[test]
fn every_construct_is_computed() {
    let table: &[(&str, f64)] = &[
        ("loss f(x) = x", 2.5),
        ("loss f(x) = 3", 6.0),
        ("loss f(x, y) = x + y * 2 - -x / 4", 0.5 + 2.0 + 0.125 + 2.0 - 2.0 + 0.5),
        ("loss f(x) = x^2 + x^3", 0.25 + 0.125 + 4.0 + 8.0),
        ("loss f(x, y) = if x > 1 and not (y > 0) then x else y", 1.0 + 2.0),
        ("loss f(x, y) = max(x, y) + min(x, y) + clamp(x, 0, 1)", 0.5 + 1.0 + 0.5 + 2.0 - 1.0 + 1.0),
        ("loss f(x; a = 3.0) = a * x / a", 2.5),
        ("loss f(x; a: bool = true) = if a then x else 0", 2.5),
        ("loss f(x) = x keep x > 1", 2.0),
        ("loss f(x[c]) = sum[c](x)", 2.5),
        ("loss f(x[c]) = max[c](x) - min[c](x)", 1.5),
        ("loss f(x[c], y[c]) = sum[c](x * y)", -1.5),
        ("fn half(a; of = 2.0) = a / of loss f(x) = half(x) + half(x, of = 4)", 1.25 + 0.625),
        ("fn dot[d](a, b) = sum[d](a * b) loss f(x[c], y[c]) = dot[c](x, y) + dot[c](x, x)", -1.5 + 4.25),
        ("loss g(x) = x^2 loss f(x, y) = g(x) + g(y)", 6.25),
        ("loss f(x, y) = d^2 + e where e = 2 * d, d = x - y", 0.25 - 1.0 + 9.0 + 6.0),
        ("loss f(x, y) = x keep y > 0 mean by x", 0.5),
        ("loss f(x; a: bool = false) = if a then x else -x", -2.5),
        ("loss f(x) = stop(x) + with_grad(x^2, 3)", 2.5 + 4.25),
        ("loss f(x[s..], y[s..]) = norm[s](x * y)", 4.25_f64.sqrt()),
        ("loss f(x[c]) = sum[i in c, j in c | i < j](x[j] - x[i])", 1.5),
        ("loss f(x[c], y[c]) = sum[c | y > 0](x) + size(c) + sum[c](c * x)", 0.5 + 2.0 + 2.0),
        ("loss f(x[c]) = count[c](x > 1) + (if any[c](x > 1) and not all[c](x > 1) then 0.5 else 0)", 1.5),
    ];
    for (formula, expected) in table {
        let found = sum(formula);
        assert!((found - expected).abs() < 1e-12, "{formula}: {found}, not {expected}");
    }
}

#[test]
fn a_report_shows_the_line() {
    let report = load("wrong.def", "loss f(x) = x + unknown").unwrap_err().to_string();
    assert!(report.contains("wrong.def") && report.contains("unknown"), "{report}");
}

#[test]
fn the_same_text_is_one_module() {
    let text = "loss once(x) = x^2";
    let specs = [(); 2].map(|()| load("a.def", text).unwrap().get("once").unwrap().spec());
    assert!(std::ptr::eq(specs[0], specs[1]));
}

#[test]
fn what_is_outside_of_its_domain_is_found() {
    let loss = load("d.def", "loss f(x in [0, 1]) = x").unwrap().get("f").unwrap();
    let mut x = Array1::from_elem(1000, 0.5);
    x[777] = 2.0;
    let error = loss.dynamic().call().input("x", &x).evaluate().unwrap_err().to_string();
    assert!(error.contains("777"), "{error}");
    x[777] = 1.0;
    assert!(loss.dynamic().call().input("x", &x).evaluate().is_ok());
}

#[test]
fn too_many_inputs_are_an_error() {
    let names = |count: usize| (0..count).map(|i| format!("x{i}")).collect::<Vec<_>>();
    let evaluate = |count: usize| {
        let text = format!("loss f({}) = {}", names(count).join(", "), names(count).join(" + "));
        let loss = load("many.def", &text).unwrap().get("f").unwrap();
        let x = arr1(&[1.0, 2.0]);
        let call = names(count).iter().fold(loss.dynamic().call(), |call, name| call.input(name, &x));
        call.evaluate().map(|result| result.value.scalar())
    };
    assert_eq!(evaluate(64), Ok(Some(96.0)));
    assert!(evaluate(65).unwrap_err().to_string().contains("65 inputs"));
}

#[test]
fn many_threads_get_one_result() {
    let loss = load("t.def", "loss f(x[.., c]) = log(sum[c](exp(x)))").unwrap().get("f").unwrap();
    let x = Array2::from_shape_fn((300, 70), |(i, j)| ((i * 31 + j * 7) % 17) as f64 / 3.0);
    let run = || loss.dynamic().call().input("x", &x).gradient("x").evaluate().unwrap();
    let expected = run();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| assert_eq!(run(), expected));
        }
    });
}

#[test]
fn odd_shapes_are_results_or_errors() {
    let loss = load("o.def", "loss f(x[.., c], y[.., c]) = sum[c](abs(x - y))").unwrap().get("f").unwrap();
    let call = |x: &Array2<f32>, y: &Array2<f32>| {
        loss.dynamic()
            .call()
            .input("x", x)
            .input("y", y)
            .gradient("x")
            .evaluate()
            .map(|result| result.value.scalar())
    };
    let zeros = |a, b| Array2::<f32>::zeros((a, b));
    assert_eq!(call(&zeros(3, 0), &zeros(3, 0)), Ok(Some(0.0)));
    assert!(call(&zeros(0, 3), &zeros(0, 3)).unwrap().unwrap().is_nan());
    assert!(call(&zeros(2, 3), &zeros(3, 2)).is_err());
    assert_eq!(call(&arr2(&[[1.0, 2.0]]), &arr2(&[[0.0, 4.0]])), Ok(Some(3.0)));
}

#[test]
fn a_mean_divides_by_what_counts() {
    let loss = load("m.def", "loss f(x, y) = x^2 keep y > 0 mean by x").unwrap().get("f").unwrap();
    let (x, y) = (arr1(&[1.0, 2.0, 5.0]), arr1(&[1.0, 3.0, -1.0]));
    let call = || loss.dynamic().call().input("x", &x).input("y", &y).gradient("x");
    let result = call().evaluate().unwrap();
    assert_eq!(result.value.scalar(), Some(5.0 / 3.0));
    // (2 x (x1 + x2) - (x1^2 + x2^2)) / (x1 + x2)^2, and nothing of the third.
    let gradient = result.gradient("x").unwrap().to_f64();
    for (found, expected) in gradient.iter().zip([1.0 / 9.0, 7.0 / 9.0, 0.0]) {
        assert!((found - expected).abs() < 1e-12, "{gradient}");
    }
    let partial = call().denominator_gradient("x").partial().unwrap();
    assert_eq!(partial.denominator_gradient("x").unwrap().to_f64(), arr1(&[1.0, 1.0, 0.0]).into_dyn());
}

#[test]
fn derivatives_are_those_that_the_formula_names() {
    let loss = load("s.def", "loss f(x) = stop(x) * x + with_grad(x^2, 7 * x)").unwrap().get("f").unwrap();
    let x = arr1(&[3.0]);
    let result = loss.dynamic().call().input("x", &x).gradient("x").evaluate().unwrap();
    assert_eq!(result.value.scalar(), Some(18.0));
    assert_eq!(result.gradient("x").unwrap().to_f64(), arr1(&[10.0]).into_dyn());
}

#[test]
fn labels_and_sets_are_visited() {
    let formula = "loss f(x[.., c], y: index c, z[.., k]: set c; squared: bool = false) =
        x[y] + sum[j in z](if squared then x[j]^2 else x[j]) + sum[i in c | i not in z](10)";
    let loss = load("l.def", formula).unwrap().get("f").unwrap();
    let x = arr2(&[[1.0, 2.0, 4.0], [8.0, 16.0, 32.0]]);
    let (y, z) = (arr1(&[2i64, 0]), arr2(&[[0i64, 1, -1], [2, -1, 1]]));
    let result = |squared: bool| {
        let call = loss.dynamic().call().input("x", &x).input("y", &y).input("z", &z);
        call.parameter("squared", squared)
            .reduction(lossdef_engine::reduction::ReductionKind::None)
            .gradient("x")
            .evaluate()
            .unwrap()
    };
    assert_eq!(result(false).value.to_f64(), arr1(&[17.0, 60.0]).into_dyn());
    assert_eq!(result(true).value.to_f64(), arr1(&[19.0, 1052.0]).into_dyn());
    let expected = arr2(&[[2.0, 4.0, 1.0], [1.0, 0.0, 64.0]]).into_dyn();
    assert_eq!(result(true).gradient("x").unwrap().to_f64(), expected);
    let bad = arr1(&[2i64, 3]);
    let call = loss.dynamic().call().input("x", &x).input("y", &bad).input("z", &z);
    assert!(call.evaluate().unwrap_err().to_string().contains('3'));
}

#[test]
fn unchecked_lets_elements_pass() {
    let loss = load("u.def", "loss f(x in [0, 1]) = 2 * x").unwrap().get("f").unwrap();
    let x = arr1(&[0.5, 3.0]);
    assert!(loss.dynamic().call().input("x", &x).evaluate().is_err());
    let result = loss.dynamic().call().input("x", &x).unchecked().evaluate().unwrap();
    assert_eq!(result.value.scalar(), Some(3.5));
}
