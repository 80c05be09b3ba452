//! Calls by name give what typed calls give.

mod formulas;

use formulas::{
    Masked, MaskedFormula, Mse, MseFormula, MseGrads, Scaled, ScaledFormula, SmoothL1, SmoothL1Formula,
};
use lossdef_runtime::any::AnyArray;
use lossdef_runtime::dynamic::{Catalogue, Dynamic, DynamicCall};
use lossdef_runtime::reduction::{BatchMean, MeanOver, ReductionKind, Sum, Unreduced};
use ndarray::{Array2, ArrayD, IxDyn, arr0, array};

static CATALOGUE: Catalogue = Catalogue::new(&[
    Dynamic::<MseFormula>::LOSS,
    Dynamic::<SmoothL1Formula>::LOSS,
    Dynamic::<MaskedFormula>::LOSS,
    Dynamic::<ScaledFormula>::LOSS,
]);

fn samples() -> (Array2<f64>, Array2<f64>, Array2<f64>) {
    let x = Array2::from_shape_fn((4, 3), |(i, j)| ((i * 7 + j * 5) % 11) as f64 / 3.0);
    let t = Array2::from_shape_fn((4, 3), |(i, j)| ((i * 3 + j * 8) % 7) as f64 / 7.0);
    let w = Array2::from_shape_fn((4, 1), |(i, _)| (i + 1) as f64 / 2.0);
    (x, t, w)
}

fn call(name: &str) -> DynamicCall<'static> {
    CATALOGUE.get(name).unwrap().call()
}

#[test]
fn the_catalogue() {
    assert_eq!(CATALOGUE.names().collect::<Vec<_>>(), ["mse", "smooth_l1", "masked", "scaled"]);
    assert!(CATALOGUE.get("mes").is_none());
    assert_eq!(CATALOGUE.iter().len(), 4);
    assert_eq!(Mse::dynamic().spec(), Mse::SPEC);
    assert_eq!(format!("{:?}", Mse::dynamic()), "Dynamic(mse)");
    for loss in CATALOGUE {
        assert!(loss.spec().inputs.len() >= 2);
    }
}

#[test]
fn equals_the_typed_call() {
    let (x, t, w) = samples();
    let result = call("mse")
        .input("input", &x)
        .input("target", t.view())
        .input("weight", &w)
        .gradient("input")
        .gradient("weight")
        .evaluate()
        .unwrap();
    let (mut gx, mut gw) = (x.clone(), w.clone());
    let grads = MseGrads::new().input(&mut gx).weight(&mut gw);
    let value = Mse::new().on(&x, &t).weight(&w).forward_backward_into(grads).unwrap();
    assert_eq!(result.value, AnyArray::F64(arr0(value).into_dyn()));
    assert_eq!(result.value.scalar(), Some(value));
    assert_eq!(result.gradient("input").unwrap().as_f64().unwrap(), &gx.into_dyn());
    assert_eq!(result.gradient("weight").unwrap().to_f64(), gw.into_dyn());
    assert_eq!(result.gradient("target"), None);

    let (x, t) = (x.mapv(|x| x as f32), t.mapv(|t| t as f32));
    let smooth = || call("smooth_l1").input("input", &x).input("target", &t).parameter("beta", 0.5);
    let typed = SmoothL1::new().beta(0.5);
    let scalar = |kind| smooth().reduction(kind).evaluate().unwrap().value.scalar().unwrap() as f32;
    assert_eq!(scalar(ReductionKind::Mean), typed.forward(&x, &t).unwrap());
    assert_eq!(scalar(ReductionKind::Sum), typed.reduction(Sum).forward(&x, &t).unwrap());
    assert_eq!(scalar(ReductionKind::BatchMean), typed.reduction(BatchMean).forward(&x, &t).unwrap());
    assert_eq!(scalar(ReductionKind::MeanOver(7.0)), typed.reduction(MeanOver(7.0)).forward(&x, &t).unwrap());
    let each =
        smooth().reduction(ReductionKind::None).upstream_each(&t).gradient("input").evaluate().unwrap();
    let typed = typed.reduction(Unreduced);
    assert_eq!(each.value, typed.forward(&x, &t).unwrap().into_dyn().into());
    let gradient = typed.backward(&x, &t, &t).unwrap();
    assert_eq!(each.gradient("input"), Some(&AnyArray::F32(gradient.into_dyn())));
    let doubled = smooth().upstream(2.0).gradient("target").evaluate().unwrap();
    let single = smooth().gradient("target").evaluate().unwrap();
    let ratio = doubled.gradient("target").unwrap().to_f64() / single.gradient("target").unwrap().to_f64();
    assert!(ratio.iter().all(|&ratio| ratio == 2.0 || ratio.is_nan()));
}

#[test]
fn other_element_types() {
    let (x, t, _) = samples();
    let keep = x.mapv(|x| x > 1.0);
    let result =
        call("masked").input("input", &x).input("target", &t).input("type", &keep).evaluate().unwrap();
    assert_eq!(result.value.scalar(), Some(Masked::new().forward(&x, &t, &keep).unwrap()));

    let label = x.mapv(|x| x as i64);
    let scale = arr0(3.0);
    let expected = Scaled::new(2.0).loud(true).shift(-2).forward(&x, &label, &scale).unwrap();
    let scaled = || {
        let call = call("scaled").input("input", &x).input("scale", &scale);
        call.parameter("factor", 2.0).parameter("loud", true).parameter("shift", -2)
    };
    let value = |call: DynamicCall<'_>| call.evaluate().unwrap().value.scalar();
    assert_eq!(value(scaled().input("label", &label)), Some(expected));
    assert_eq!(value(scaled().input("label", &label.mapv(|l| l as i32))), Some(expected));
    assert_eq!(value(scaled().input("label", &label.mapv(|l| l as u8))), Some(expected));
}

#[test]
fn callers_buffers_and_partial_results() {
    let (x, t, w) = samples();
    let mse = || call("mse").input("input", &x).input("target", &t).input("weight", &w);
    let (mut gx, mut gd, mut values) = (x.mapv(|_| 0.0), w.mapv(|_| 0.0), x.mapv(|_| 0.0));
    let result = mse()
        .gradient_into("input", &mut gx)
        .gradient("weight")
        .denominator_gradient_into("weight", gd.view_mut())
        .denominator_gradient("target")
        .values_into(&mut values)
        .upstream(5.0)
        .partial()
        .unwrap();
    assert_eq!(result.partial, Mse::new().on(&x, &t).weight(&w).partial().unwrap());
    assert_eq!(gx, (&x - &t) * &w * 2.0);
    assert_eq!(gd, Array2::from_elem((4, 1), 3.0));
    assert_eq!(values, Mse::new().reduction(Unreduced).on(&x, &t).weight(&w).forward().unwrap());
    assert_eq!(result.denominator_gradient("target").unwrap().to_f64(), ArrayD::zeros(IxDyn(&[4, 3])));
    let mut gw = w.clone();
    Mse::new().on(&x, &t).weight(&w).partial_into(MseGrads::new().weight(&mut gw)).unwrap();
    assert_eq!(result.numerator_gradient("weight").unwrap().to_f64(), gw.into_dyn());
}

#[test]
fn errors() {
    let (x, t, _) = samples();
    let text =
        |call: DynamicCall<'_>| call.evaluate().map_or_else(|error| error.to_string(), |_| String::new());
    let mse = || call("mse").input("input", &x);
    assert_eq!(text(mse()), "mse: required input `target` was not given");
    assert_eq!(
        text(mse().input("taget", &t)),
        "mse: there is no input `taget`; inputs are `input`, `target`, `weight`"
    );
    assert_eq!(
        text(mse().input("target", &t).parameter("beta", 1.0)),
        "mse: there is no parameter `beta`; parameters are none"
    );
    assert_eq!(
        text(mse().input("target", &t.mapv(|t| t as f32))),
        "mse: `target` has elements of type f32 but must have f64 elements, as the first float input of the call has"
    );
    assert_eq!(
        text(mse().input("target", &t.mapv(|t| t as i64))),
        "mse: `target` has elements of type i64 but must have float elements (f32 or f64)"
    );
    assert_eq!(
        text(mse().input("target", &array![1.0])),
        "mse: `input` has shape [4, 3] but `target` has shape [1]; required inputs must have the same shape"
    );
    assert_eq!(
        text(mse().input("target", &t).gradient_into("input", &mut array![1.0])),
        "mse: the buffer for the gradient of `input` has shape [1] but must have [4, 3]"
    );
    assert_eq!(
        text(mse().input("target", &t).upstream_each(&array![1.0])),
        "mse: the upstream derivative has shape [1] but the result has shape []"
    );
    let masked = || call("masked").input("input", &x).input("target", &t);
    assert_eq!(
        text(masked().input("type", &x)),
        "masked: `type` has elements of type f64 but must have bool elements"
    );
    let keep = x.mapv(|_| true);
    assert_eq!(text(masked().input("type", &keep).gradient("type")), "masked: `type` is not differentiable");
    assert_eq!(
        text(masked().input("input", &t).input("target", &x).input("type", &keep)),
        "masked: `target` is 1.6666666666666667 at [0, 1], outside of [0, 1]"
    );
    let (ones, one, row) = (x.mapv(|_| 1i64), arr0(1.0), array![1.0]);
    let scaled = || call("scaled").input("input", &x).input("label", &ones);
    assert_eq!(
        text(scaled().input("scale", &one)),
        "scaled: parameter `factor` was not given and has no default"
    );
    assert_eq!(
        text(scaled().input("scale", &row).parameter("factor", 2.0)),
        "scaled: `scale` has shape [1] but must be 0-dimensional"
    );
    let scaled = || scaled().input("scale", &one).parameter("factor", 2.0);
    assert_eq!(
        text(scaled().parameter("shift", 0.5)),
        "scaled: parameter `shift` is 0.5, but must be a whole number up to 2^53"
    );
    assert_eq!(
        text(scaled().parameter("loud", 2.0)),
        "scaled: parameter `loud` is 2, but must be true or false (1 or 0)"
    );
}

#[test]
fn the_derivative_of_the_denominator_belongs_to_partials() {
    let x = array![1.0, 2.0];
    let call = Mse::dynamic().call().input("input", &x).input("target", &x).denominator_gradient("weight");
    let error = call.evaluate().unwrap_err().to_string();
    assert!(error.contains("`weight`") && error.contains("`partial`"), "{error}");
}

#[test]
fn shapes_without_elements() {
    let (x, t, w) = samples();
    let shapes = |weight: &ArrayD<f64>| {
        call("mse").input("input", &x).input("target", &t).input("weight", weight).shapes().unwrap()
    };
    let both = vec![Some(0), Some(1)];
    let column = shapes(&w.clone().into_dyn());
    assert_eq!(column.samples, [4, 3]);
    assert_eq!(column.along, [both.clone(), both.clone(), vec![Some(0), None]]);
    let row = shapes(&array![1.0, 2.0, 3.0].into_dyn());
    assert_eq!(row.along, [both.clone(), both.clone(), vec![None, Some(0)]]);
    let missing = call("mse").input("input", &x).input("target", &t).shapes().unwrap();
    assert_eq!(missing.along, [both.clone(), both, vec![None, None]]);

    // Shapes are asked, elements are not.
    let keep = x.mapv(|_| true);
    let masked = || call("masked").input("input", &t).input("target", &x).input("type", &keep);
    assert!(masked().evaluate().is_err() && masked().shapes().is_ok());
    let text = |call: DynamicCall<'_>| call.shapes().unwrap_err().to_string();
    assert_eq!(text(call("mse").input("input", &x)), "mse: required input `target` was not given");
    assert_eq!(
        text(call("mse").input("input", &x).input("target", &array![1.0])),
        "mse: `input` has shape [4, 3] but `target` has shape [1]; required inputs must have the same shape"
    );
    assert_eq!(text(masked().gradient("type")), "masked: `type` is not differentiable");
    assert_eq!(
        text(masked().gradient("typ").reduction(ReductionKind::Sum)).split(';').next(),
        Some("masked: there is no input `typ`")
    );
    let (ones, one) = (x.mapv(|_| 1i64), arr0(1.0));
    let scaled = call("scaled").input("input", &x).input("label", &ones).input("scale", &one);
    assert_eq!(
        text(scaled.parameter("factor", 2.0).parameter("shift", 0.5)),
        "scaled: parameter `shift` is 0.5, but must be a whole number up to 2^53"
    );
}

#[test]
fn the_numerator_is_not_rounded() {
    let (x, t, _) = samples();
    let (x, t) = (x.mapv(|x| x as f32), t.mapv(|t| t as f32));
    let mse = || call("mse").input("input", &x).input("target", &t);
    let partial = mse().partial().unwrap().partial;
    for reduction in [ReductionKind::Mean, ReductionKind::Sum, ReductionKind::None] {
        let numerator = mse().reduction(reduction).gradient("input").evaluate().unwrap().numerator;
        assert_eq!(numerator, partial.numerator);
    }
    assert_ne!(f64::from(partial.numerator as f32), partial.numerator);
}
