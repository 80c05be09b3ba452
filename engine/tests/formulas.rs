//! Formulas that are read at run time: every construct of the language, errors, threads, odd shapes.

use lossdef_engine::dynamic::Loss;
use lossdef_engine::load;
use ndarray::{Array1, Array2, arr1, arr2};

/// The sum of the values for `x = [0.5, 2.0]` and `y = [1.0, -1.0]`.
fn sum(formula: &str) -> f64 {
    let module = load("test.def", formula).unwrap_or_else(|report| panic!("{report}"));
    let loss = module.iter().next().unwrap_or_else(|| panic!("{formula}"));
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
